#include "localnet/committee.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace walrusfs::localnet {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxCommitteeFileBytes = 8 << 20;
constexpr int kFormatVersion = 1;

std::string path_in(const std::string& folder) { return folder + "/committee.json"; }

Error broken(const std::string& why) {
  return Error(Code::kCorrupt, "the committee file of the local network is damaged (" + why +
                                   "); it was left as it is. Only a backup of it helps: it says which node has what");
}

// Every shard has exactly one owner.
bool covers_all(const CodeShape& shape, const std::vector<Member>& members) {
  std::vector<bool> seen(shape.n());
  size_t count = 0;
  for (const Member& member : members) {
    for (ShardIndex shard : member.shards) {
      if (!shape.has(shard) || seen[raw(shard)]) return false;
      seen[raw(shard)] = true;
      ++count;
    }
  }
  return count == shape.n();
}

Result<bls::PublicKey> parse_key(const std::string& text) {
  auto bytes = from_base64(text);
  auto key = bytes ? bls::PublicKey::parse(*bytes) : Result<bls::PublicKey>(bytes.error());
  if (!key || !key->is_valid()) return broken("a node's public key is none");
  return key;
}

Result<std::vector<Member>> parse_members(const ordered_json& list) {
  std::vector<Member> members;
  for (const auto& item : list) {
    Member member;
    auto id = normalise_object_id(item.at("id").get<std::string>());
    if (!id) return broken("a node id is not an object id");
    member.id = *id;
    for (const auto& shard : item.at("shards")) member.shards.push_back(ShardIndex{shard.get<uint16_t>()});
    if (item.contains("publicKey")) {
      WFS_ASSIGN(member.key, parse_key(item.at("publicKey").get<std::string>()));
    }
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace

Error too_many_nodes(uint64_t nodes) {
  return Error(Code::kInvalidArgument, "a network has at most " + std::to_string(kMostNodes) +
                                           " storage nodes with stake, not " + std::to_string(nodes));
}

Committee::Committee(CodeShape shape, std::vector<Member> members)
    : shape_(shape), members_(std::move(members)), owners_(shape.n()) {
  for (size_t i = 0; i < members_.size(); ++i)
    for (ShardIndex shard : members_[i].shards) owners_[raw(shard)] = i;
  for (const Member& member : members_)
    if (member.key) signers_.push_back({*member.key, static_cast<uint32_t>(member.shards.size())});
  if (signers_.size() != members_.size()) signers_.clear();
  for (const Member& member : members_)
    chain_indices_.push_back(static_cast<uint16_t>(
        std::count_if(members_.begin(), members_.end(), [&](const Member& other) { return other.id < member.id; })));
}

const Member* Committee::find(const std::string& id) const {
  auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) { return member.id == id; });
  return found == members_.end() ? nullptr : &*found;
}

Result<Committee> Committee::create(uint32_t shards, uint32_t nodes, Rng& rng) {
  WFS_ASSIGN(CodeShape shape, CodeShape::create(shards));
  if (nodes == 0 || nodes > shards)
    return Error(Code::kInvalidArgument,
                 "a network of " + std::to_string(shards) + " shards needs between 1 and as many nodes");
  if (nodes > kMostNodes) return too_many_nodes(nodes);
  std::vector<Member> members(nodes);
  for (uint32_t i = 0; i < nodes; ++i) {
    members[i].id = random_object_id(rng);
    uint32_t first = static_cast<uint32_t>(uint64_t{shards} * i / nodes);
    uint32_t end = static_cast<uint32_t>(uint64_t{shards} * (i + 1) / nodes);
    for (uint32_t shard = first; shard < end; ++shard) members[i].shards.push_back(ShardIndex(shard));
  }
  return Committee(shape, std::move(members));
}

Result<Committee> Committee::from_json(const std::string& text) {
  try {
    auto root = ordered_json::parse(text);
    if (root.at("version").get<int>() > kFormatVersion)
      return Error(Code::kNewerVersion, "the local network was made by a newer version of this program: update it");
    WFS_ASSIGN(CodeShape shape, CodeShape::create(root.at("shards").get<uint32_t>()));
    WFS_ASSIGN(std::vector<Member> members, parse_members(root.at("nodes")));
    if (!covers_all(shape, members)) return broken("its nodes do not share out all shards");
    return Committee(shape, std::move(members));
  } catch (const ordered_json::exception& problem) {
    return broken(problem.what());
  }
}

std::string Committee::to_json() const {
  ordered_json nodes = ordered_json::array();
  for (const Member& member : members_) {
    ordered_json shards = ordered_json::array();
    for (ShardIndex shard : member.shards) shards.push_back(raw(shard));
    ordered_json node = {{"id", member.id}, {"shards", std::move(shards)}};
    if (member.key) node["publicKey"] = to_base64(member.key->to_bytes());
    nodes.push_back(std::move(node));
  }
  return ordered_json({{"version", kFormatVersion}, {"shards", shape_.n()}, {"nodes", std::move(nodes)}}).dump() + "\n";
}

Status save_committee(Files& files, const std::string& folder, const Committee& committee) {
  return write_file_durably(files, path_in(folder), as_bytes(committee.to_json()));
}

Result<Committee> load_or_create_committee(Files& files, Rng& rng, const std::string& folder, uint32_t shards,
                                           uint32_t nodes) {
  const std::string path = path_in(folder);
  WFS_ASSIGN(bool exists, files.exists(path));
  if (!exists) {
    WFS_ASSIGN(Committee fresh, Committee::create(shards, nodes, rng));
    WFS_TRY(save_committee(files, folder, fresh));
    return fresh;
  }
  WFS_ASSIGN(Bytes text, read_file(files, path, kMaxCommitteeFileBytes));
  auto committee = Committee::from_json(std::string(as_text(text)));
  if (!committee) return committee.error().with_context(path);
  // Nodes that joined later have no shards in the first epoch.
  const auto founders = std::count_if(committee->members().begin(), committee->members().end(),
                                      [](const Member& member) { return !member.shards.empty(); });
  const bool as_many = committee->members().size() == nodes || static_cast<uint32_t>(founders) == nodes;
  if (committee->shape().n() != shards || !as_many)
    return Error(Code::kInvalidArgument,
                 folder + " holds a local network of " + std::to_string(committee->shape().n()) + " shards on " +
                     std::to_string(committee->members().size()) + " nodes, not of " + std::to_string(shards) +
                     " on " + std::to_string(nodes) + ": start it with its own numbers, or use another folder");
  return committee;
}

std::string random_object_id(Rng& rng) {
  Digest raw_id{};
  rng.fill(raw_id);
  return "0x" + to_hex(raw_id);
}

std::optional<std::string> normalise_object_id(std::string_view text) {
  constexpr size_t kHexDigits = 64;
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 2 + kHexDigits) return std::nullopt;
  std::string digits(text.substr(2));
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return "0x" + std::string(kHexDigits - digits.size(), '0') + digits;
}

}  // namespace walrusfs::localnet
