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
  std::vector<uint16_t> shards = {};
  Address operator_address = {};  // owns the node's capability
};

struct Genesis {
  Digest seed{};  // of all ids of the chain
  uint64_t time_ms = 0;
  uint32_t epoch = 1;  // of Walrus; 0: there is no committee yet, and no node
  uint16_t n_shards = 0;
  std::vector<GenesisNode> nodes;
  Bytes total_aggregated_key;  // BLS, 48 bytes, compressed: the sum of the nodes' keys
  uint64_t total_capacity_bytes = uint64_t{1} << 50;
  uint64_t storage_price = 11'000, write_price = 20'000;  // FROST per MiB, as on mainnet
  uint32_t longest_reservation = 53;                      // epochs
  uint64_t epoch_duration_ms = 24 * 3600 * 1000;
  // Every node begins with stake for the shards that it has, and votes for its part of the capacity, so that the next
  // committee is the same if nothing happens.
  Address staker = {};                           // owns that stake
  uint64_t stake_per_shard = 1'000'000'000'000;  // FROST: a thousand WAL
  uint16_t commission_rate = 0;                  // 1/10000
};

struct FirstState {
  Network network;
  std::vector<Object> objects;
};

FirstState make_first_state(const Genesis& genesis);

}  // namespace walrusfs::localnet::sui
