// The keys of a storage node, in its folder: `protocol.key` signs (BLS), `network.key` is that of its TLS certificate
// (P-256). The form is that of the official tools (key_file.h).
#pragma once

#include <string>

#include "base/crypto_sign.h"
#include "base/files.h"
#include "codec/bls/bls.h"
#include "localnet/committee.h"

namespace walrusfs::localnet {

struct NodeKeys {
  bls::SecretKey protocol;
};

// kNotFound when there is none, kCorrupt when the file holds no key.
Result<NodeKeys> load_node_keys(Files& files, const std::string& node_folder);

// The name in the certificate of the node with that network key (33 bytes): made of its first four bytes, each in hex
// without a leading zero, as the official nodes have it.
std::string node_server_name(ByteView network_public_key);

// Made when it is missing; the folder must exist. kCorrupt when the file holds no key.
Result<SigningKey> load_network_key(Files& files, Rng& rng, const std::string& node_folder);

// Made when there are none, with the folder.
Result<NodeKeys> load_or_create_node_keys(Files& files, Rng& rng, const std::string& node_folder);

// The folder of node `index` of the network in `folder`.
std::string node_folder(const std::string& folder, size_t index);

// What operators and chain do when nodes join: every node gets keys if it has none, proves that it possesses them, and
// the committee learns the public ones. A node whose keys were lost comes back with new ones. Writes the committee when
// it changed.
Result<Committee> register_nodes(Files& files, Rng& rng, const std::string& folder, Committee committee);

}  // namespace walrusfs::localnet
