// An embedded Walrus network in one process: storage nodes with the real HTTP API, each with its own port
// and folder; a chain with the RPC of a Sui full node; an aggregator, a publisher and an upload relay in
// front, which reach the nodes only over HTTP.
//
// start() returns when everything answers; the destructor stops it. Everything survives restarts: blobs,
// chain, node ids, and ports where they are still free. Calls are safe from any thread.
// docs/localnet.md tells which routes are served and what is not there yet.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "base/rng.h"
#include "localnet/challenge_pace.h"
#include "localnet/faults.h"
#include "localnet/heal_counts.h"
#include "localnet/service_config.h"
#include "localnet/state_file.h"

namespace walrusfs::localnet {

struct LocalnetConfig {
  std::string folder;               // made if missing
  uint32_t nodes = 5;
  uint32_t shards = 301;            // 3f + 1, all nodes together
  std::string address = "127.0.0.1";
  uint16_t aggregator_port = 0;     // 0: the one used before if it is free, else any
  uint16_t publisher_port = 0;
  uint16_t relay_port = 0;
  uint16_t rpc_port = 0;
  uint64_t max_body_bytes = 10'240 * 1024;     // of the publisher; the official default
  uint64_t read_cache_bytes = 256 << 20;       // verified slivers kept by the aggregator
  unsigned encode_threads = 2;
  bool heal = true;           // nodes rebuild what they lack
  uint32_t epoch_seconds = 0;  // 0: epochs end only when told to
  ChallengePace challenges;
  ServiceConfig services;
};

// What everything in here reaches the world through; all must outlive the network.
struct World {
  Files& files;
  Clock& clock;
  Rng& rng;
};

// In FROST: what a node was paid, commission included, and what was withheld because it failed its challenges.
struct NodeRewards {
  uint32_t last_epoch = 0;  // that has ended with it in the committee; 0: none
  uint64_t last_paid = 0, last_withheld = 0;  // for that epoch
  uint64_t paid = 0, withheld = 0;            // ever
  uint64_t epochs_failed = 0;                 // ever
};

struct NodeStatus {
  std::string id, url, folder;
  std::string pinned_key;  // of HTTPS, as curl wants it; empty: HTTP
  bool running = false;
  uint32_t shards = 0;
  uint64_t blobs = 0, slivers = 0, bytes = 0;  // zero while the node does not run
  uint64_t damaged_found = 0;
  uint32_t shards_in_transfer = 0, shards_in_recovery = 0;
  uint64_t slivers_copied = 0;  // in the change of epochs that runs
  HealCounts healing;           // since the node was started
  std::vector<FaultState> faults;
  uint64_t stake_frost = 0, next_stake_frost = 0;  // in this epoch, and at the next choice
  uint64_t challenges_passed = 0, challenges_failed = 0;  // in this epoch
  bool loses_rewards = false;  // of this epoch, if it ended now: it fails its challenges
  NodeRewards rewards;
};

// Beyond healing for now.
struct LostBlobStatus {
  BlobId blob;
  SliversLeft left;      // by the node that found most
  uint32_t nodes = 0;    // that lack something of it and say so
};

struct LostBlobs {
  static constexpr size_t kMostTold = 100;
  uint64_t count = 0;
  std::vector<LostBlobStatus> told;  // the first ones, by id
};

std::string to_json(const LostBlobs& lost);

struct LocalnetStatus {
  std::string folder;
  int64_t pid = 0;
  uint64_t uptime_seconds = 0;
  uint32_t epoch = 0;
  bool changing = false;  // nodes still copy the shards that they gained
  uint32_t shards = 0;
  std::string aggregator_url, publisher_url, relay_url;
  uint64_t max_body_bytes = 0;
  ChainInfo chain;
  std::vector<NodeStatus> nodes;
  uint64_t blobs = 0;  // of the node that has most
  uint64_t bytes = 0;  // of all nodes
  uint64_t blob_bytes = 0;  // of the blobs that they keep, as they were handed in
  LostBlobs lost;
  std::vector<FaultState> ledger_faults;
  // By the aggregator, since the start: slivers fetched and verified, rebuilt from symbols, blobs decoded whole.
  uint64_t slivers_fetched = 0, slivers_rebuilt = 0, blobs_decoded = 0;
};

std::string to_json(const LocalnetStatus& status);

// In the smallest units.
struct FaucetWish {
  std::string address;
  uint64_t mist = 0, frost = 0;
};

class Ledger;
namespace sui {
class FullNode;
}

class Localnet {
 public:
  // kBusy when a network runs in the folder already; kInvalidArgument when the folder holds one of other
  // numbers; kCorrupt when its chain or committee is damaged, or its chain is gone.
  static Result<std::unique_ptr<Localnet>> start(const LocalnetConfig& config, World world);
  ~Localnet();

  LocalnetState state() const;  // URLs, as in localnet.json
  LocalnetStatus status() const;
  LostBlobs lost_blobs() const;

  // Faults: a node that is gone, and back (reading its folder anew, on its old port). Idempotent.
  Status stop_node(size_t node);
  Status start_node(size_t node);

  // A node more, in the committee from the next epoch on; its number. `frost`: its stake, else as much as others have.
  Result<size_t> add_node(std::optional<uint64_t> frost = {});
  // The next committee is without it.
  Status remove_node(size_t node);
  // New WAL, staked with the node.
  Status stake(size_t node, uint64_t frost);

  // Faults on purpose, of a node or, without one, of the ledger; faults.h tells what there is. Nothing in `kind`: all.
  // kInvalidArgument also for settings that would change nothing (fault_check.h).
  Status set_fault(std::optional<size_t> node, FaultRule rule);
  Status clear_faults(std::optional<size_t> node, std::optional<FaultKind> kind);

  // Ends the current epoch: the next committee takes over, and what has expired is dropped by the nodes. The new epoch,
  // when that is done. kBusy while an epoch changes; kTimeout when nodes of too few shards take part.
  Result<uint32_t> advance_epoch();
  Ledger& ledger();
  sui::FullNode& full_node();

  // New coins; the digest of the transaction. kInvalidArgument for an address that is none and for amounts beyond the
  // faucet's limit.
  Result<std::string> faucet(const FaucetWish& wish);

 private:
  struct Impl;
  static Result<std::unique_ptr<Localnet>> start_readable(const LocalnetConfig& config, World world);
  explicit Localnet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// For a process that is nothing but a local network: starts it, calls `started`, waits for SIGTERM or
// SIGINT, stops it cleanly. Call before other threads start: it blocks both signals for the process.
Status serve_until_signalled(const LocalnetConfig& config, World world,
                             const std::function<void(const Localnet&)>& started);

// Asks the network that runs in `folder`, over its control port. kNotFound when none runs.
Result<std::string> fetch_status_json(Files& files, const std::string& folder);
// The new node's number.
Result<size_t> control_add_node(Files& files, const std::string& folder, std::optional<uint64_t> frost);
Status control_stake(Files& files, const std::string& folder, size_t node, uint64_t frost);
// `action` is "stop", "start" or "remove".
Status control_node(Files& files, const std::string& folder, size_t node, const std::string& action);
Status control_set_fault(Files& files, const std::string& folder, std::optional<size_t> node, const FaultRule& rule);
Status control_clear_faults(Files& files, const std::string& folder, std::optional<size_t> node,
                            std::optional<FaultKind> kind);
// What it answers, as JSON: {"epoch": …, "beyondHealing": …}, the latter as in the status.
Result<std::string> control_advance_epoch(Files& files, const std::string& folder);
// The digest of the transaction.
Result<std::string> control_faucet(Files& files, const std::string& folder, const FaucetWish& wish);

}  // namespace walrusfs::localnet
