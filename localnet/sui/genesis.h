// The first state of a local chain: packages, System, Staking with its nodes, and the exchange.
#pragma once

#include <string>
#include <vector>

#include "localnet/sui/network.h"

namespace walrusfs::localnet::sui {

struct GenesisNode {
  ObjectId id;
  std::string name;
  std::string address;       // host:port
  Bytes public_key;          // BLS, 96 bytes, uncompressed
  Bytes network_public_key;  // 33 bytes; may be empty where nodes speak plain HTTP
  std::vector<uint16_t> shards;
};

struct Genesis {
  Digest seed{};  // of all ids of the chain
  uint64_t time_ms = 0;
  uint32_t epoch = 1;  // of Walrus
  uint16_t n_shards = 0;
  std::vector<GenesisNode> nodes;
  Bytes total_aggregated_key;  // BLS, 48 bytes, compressed: the sum of the nodes' keys
  uint64_t total_capacity_bytes = uint64_t{1} << 50;
  uint64_t storage_price = 11'000, write_price = 20'000;  // FROST per MiB, as on mainnet
  uint32_t longest_reservation = 53;                      // epochs
  uint64_t epoch_duration_ms = 24 * 3600 * 1000;
};

struct FirstState {
  Network network;
  std::vector<Object> objects;
};

FirstState make_first_state(const Genesis& genesis);

}  // namespace walrusfs::localnet::sui
