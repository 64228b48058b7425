// Copies the shards that a node gains at a change of epochs from the nodes that had them, over the sync route.
//
// Every sliver is verified against metadata that verifies against its blob ID. What the old owner does not have, or
// has wrong, is left to the healer; so is the rest of a shard whose old owner failed to answer several times.
//
// step() is called by one thread; the rest is safe from any. Memory: one answer, of 64 MiB at the most.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <vector>

#include "localnet/membership.h"
#include "localnet/node_directory.h"
#include "localnet/node_store.h"

namespace walrusfs::localnet {

struct SyncCounts {
  uint64_t slivers_copied = 0;
  uint64_t shards_given_up = 0;  // left to the healer
};

class ShardSync {
 public:
  // What `self` has gained in the change that runs. All must outlive it; `key` is the node's.
  ShardSync(const EpochCommittees& change, const std::string& self, NodeStore& store, const NodeDirectory& peers,
            const bls::SecretKey& key);

  uint32_t epoch() const { return epoch_; }
  bool done() const { return done_; }
  // Asks for one more answer and keeps what is in it.
  void step();
  SyncCounts counts() const;

 private:
  struct Job {
    ShardIndex shard;
    NodeClientPtr from;
    Axis axis = Axis::kPrimary;
    BlobId first{};  // the next blob to ask for
    int failures = 0;
  };
  Status fetch(Job& job);
  Status keep(const Job& job, const BlobId& blob, const Sliver& sliver);
  void next_axis_or_job();
  void mark_transfer();

  const uint32_t epoch_;
  const CodeShape shape_;
  NodeStore& store_;
  const bls::SecretKey& key_;
  std::deque<Job> jobs_;
  std::atomic<bool> done_{false};
  std::atomic<uint64_t> slivers_copied_{0}, shards_given_up_{0};
};

}  // namespace walrusfs::localnet
