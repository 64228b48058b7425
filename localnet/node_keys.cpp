#include "localnet/node_keys.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/log.h"
#include "codec/signed_messages.h"
#include "localnet/key_file.h"

namespace walrusfs::localnet {
namespace {

constexpr uint8_t kBlsFlag = 0x04;
constexpr uint32_t kFirstEpoch = 1;

std::string protocol_key_path(const std::string& node_folder) { return node_folder + "/protocol.key"; }

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
  WFS_ASSIGN(Bytes secret, read_key_file(files, path, kBlsFlag));
  auto key = bls::SecretKey::parse(secret);
  wipe(secret);
  if (!key) return Error(Code::kCorrupt, path + ": " + key.error().message());
  return NodeKeys{std::move(*key)};
}

Result<SigningKey> load_network_key(Files& files, Rng& rng, const std::string& node_folder) {
  return load_or_create_key(files, rng, node_folder + "/network.key", KeyScheme::kSecp256r1);
}

Result<NodeKeys> load_or_create_node_keys(Files& files, Rng& rng, const std::string& node_folder) {
  WFS_ASSIGN(bool exists, files.exists(protocol_key_path(node_folder)));
  if (exists) return load_node_keys(files, node_folder);
  NodeKeys keys{bls::SecretKey::generate(rng)};
  WFS_TRY(files.make_directories(node_folder));
  auto secret = keys.protocol.to_bytes();
  Status written = write_key_file(files, protocol_key_path(node_folder), kBlsFlag, secret);
  wipe(secret);
  if (!written) return written.error();
  return keys;
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
