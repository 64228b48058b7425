// The embedded network as a process of its own: found, started, asked, stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "cli/config.h"

namespace walrusfs::cli {

struct LocalNetworkOptions {
  std::string folder;
  uint32_t nodes = 5;
  uint32_t shards = 301;
  uint64_t max_body_bytes = 10 << 20;  // the official publisher's limit
  uint32_t epoch_seconds = 0;          // 0: its epochs end only when told to
  LocalServicesConfig services;        // used by the process that runs the network, which reads them for itself
};

struct LocalNetworkState {
  int pid = 0;
  uint32_t shards = 0;
  uint64_t max_body_bytes = 0;
  std::string aggregator_url;
  std::string publisher_url;
  std::string json;  // all of it
};

// Nodes, shards and limit of the network that the folder holds already, running or not. False when it holds none.
bool keep_settings_of_existing(Files& files, LocalNetworkOptions& options);
// kNotFound when it does not run.
Result<LocalNetworkState> local_network_state(Files& files, const std::string& folder);
// Starts it in a process of its own unless it runs; returns when it answers.
Result<LocalNetworkState> ensure_local_network(Files& files, Clock& clock, const LocalNetworkOptions& options);
Status stop_local_network(Files& files, Clock& clock, const std::string& folder);
// Runs it in this process until SIGTERM or SIGINT.
Status serve_local_network(const LocalNetworkOptions& options, const std::function<void()>& on_ready);
// Committees of the next epochs: a node more (its number), one less, more stake. Without `frost` a new node gets as
// much as the others have.
Result<size_t> add_local_node(Files& files, const std::string& folder, std::optional<uint64_t> frost);
Status remove_local_node(Files& files, const std::string& folder, size_t node);
Status stake_with_local_node(Files& files, const std::string& folder, size_t node, uint64_t frost);
// When the change is done, as JSON: the new epoch, and what is beyond healing.
Result<std::string> advance_local_epoch(Files& files, const std::string& folder);
// A fault to try things with: one node is stopped, or started again. Nodes are counted from 0.
Status control_local_node(Files& files, const std::string& folder, size_t node, bool run);

// New coins for `address`, in MIST and FROST; the digest of the transaction.
Result<std::string> local_faucet(Files& files, const std::string& folder, const std::string& address, uint64_t mist,
                                 uint64_t frost);

}  // namespace walrusfs::cli
