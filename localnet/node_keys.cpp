#include "localnet/node_keys.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/log.h"
#include "codec/signed_messages.h"

namespace walrusfs::localnet {
namespace {

constexpr uint8_t kBlsFlag = 0x04;
constexpr uint64_t kMaxKeyFileBytes = 256;
constexpr uint32_t kFirstEpoch = 1;

std::string protocol_key_path(const std::string& node_folder) { return node_folder + "/protocol.key"; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

// The 32 bytes of a tagged key.
Result<Bytes> read_tagged(Files& files, const std::string& path, uint8_t flag) {
  WFS_ASSIGN(Bytes text, read_file(files, path, kMaxKeyFileBytes));
  auto tagged = from_base64(trimmed(as_text(text)));
  wipe(text);
  if (!tagged || tagged->size() != 1 + bls::kSecretKeyBytes || tagged->front() != flag)
    return Error(Code::kCorrupt, path + " holds no key of its kind: delete it, and the node gets a new one");
  return Bytes(tagged->begin() + 1, tagged->end());
}

Status write_tagged(Files& files, const std::string& path, uint8_t flag, ByteView secret) {
  Bytes tagged = {flag};
  tagged.reserve(1 + secret.size());
  append(tagged, secret);
  std::string text = to_base64(tagged) + "\n";
  Status written = write_file_durably(files, path, as_bytes(text));
  wipe(tagged);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return written;
}

Result<NodeKeys> load_or_create_node_keys(Files& files, Rng& rng, const std::string& node_folder) {
  WFS_ASSIGN(bool exists, files.exists(protocol_key_path(node_folder)));
  if (exists) return load_node_keys(files, node_folder);
  NodeKeys keys{bls::SecretKey::generate(rng)};
  WFS_TRY(files.make_directories(node_folder));
  auto secret = keys.protocol.to_bytes();
  Status written = write_tagged(files, protocol_key_path(node_folder), kBlsFlag, secret);
  wipe(secret);
  if (!written) return written.error();
  return keys;
}

}  // namespace

std::string node_server_name(ByteView network_public_key) {
  constexpr size_t kNamedBytes = 4;
  std::string name;
  for (uint8_t byte : network_public_key.first(kNamedBytes)) name += fmt::format("{:x}", byte);
  return name + ".network.walrus.alt";
}

std::string node_folder(const std::string& folder, size_t index) { return folder + "/node-" + std::to_string(index); }

Result<NodeKeys> load_node_keys(Files& files, const std::string& node_folder) {
  const std::string path = protocol_key_path(node_folder);
  WFS_ASSIGN(Bytes secret, read_tagged(files, path, kBlsFlag));
  auto key = bls::SecretKey::parse(secret);
  wipe(secret);
  if (!key) return Error(Code::kCorrupt, path + ": " + key.error().message());
  return NodeKeys{std::move(*key)};
}

Result<Committee> register_nodes(Files& files, Rng& rng, const std::string& folder, Committee committee) {
  std::vector<Member> members = committee.members();
  bool changed = false;
  for (size_t i = 0; i < members.size(); ++i) {
    WFS_ASSIGN(NodeKeys keys, load_or_create_node_keys(files, rng, node_folder(folder, i)));
    const bls::PublicKey key = keys.protocol.public_key();
    if (members[i].key == key) continue;
    if (members[i].key) log_warn("node {} has a new key", i);
    WFS_ASSIGN(const ObjectId id, parse_object_id(members[i].id));
    if (!verify_possession(key, kFirstEpoch, id, prove_possession(keys.protocol, kFirstEpoch, id)))
      return Error(Code::kInternal, "node " + std::to_string(i) + " cannot prove that its key is its own");
    members[i].key = key;
    changed = true;
  }
  if (!changed) return committee;
  Committee registered = Committee(committee.shape(), std::move(members));
  WFS_TRY(save_committee(files, folder, registered));
  return registered;
}

}  // namespace walrusfs::localnet
