// localnet.json: where a local network is to be reached. Other programs read it; the network itself reads
// back its ports from it, so that URLs stay the same over restarts where they can.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"

namespace walrusfs::localnet {

struct NodeAddress {
  std::string id;
  std::string url;
  uint16_t port = 0;
  uint32_t shards = 0;
};

// What a client of the chain has to know; empty until the network ran with one.
struct ChainInfo {
  std::string rpc_url;  // gRPC-web, and the faucet
  uint16_t rpc_port = 0;
  std::string chain_id, system_object, staking_object, exchange_object, wal_type;
  std::string wallet;  // the address that the publisher pays from
  std::string node_url_scheme = "http";
};

struct LocalnetState {
  bool running = false;
  int64_t pid = 0;
  int64_t started_at = 0;  // seconds since 1970
  uint32_t shards = 0;
  std::string aggregator_url, publisher_url, relay_url, control_url;
  uint16_t aggregator_port = 0, publisher_port = 0, relay_port = 0, control_port = 0;
  std::string control_token;  // to be sent as X-Walrusfs-Token
  uint64_t max_body_bytes = 0;
  ChainInfo chain;
  std::vector<NodeAddress> nodes;
};

// As it stands in localnet.json and in the status: where the RPC is, and "packageConfig" as the official TypeScript
// client takes it.
std::string to_json(const ChainInfo& chain);

Status write_state(Files& files, const std::string& folder, const LocalnetState& state);
// kNotFound when no network ever ran there, kCorrupt when the file cannot be read. `running` is what the
// file says; find_running() asks the lock.
Result<LocalnetState> read_state(Files& files, const std::string& folder);
// The state of a network that runs now; kNotFound when none does.
Result<LocalnetState> find_running(Files& files, const std::string& folder);

}  // namespace walrusfs::localnet
