// A storage node at work, without port and thread: what it stores, what it answers, and what it does in the
// background, which is to copy the shards that it gains and to heal what it lacks.
//
// step() is called by one thread, follow() and let_go() by one at a time; the rest is safe from any.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "localnet/healer.h"
#include "localnet/shard_sync.h"
#include "localnet/storage_node.h"

namespace walrusfs::localnet {

class NodeWork {
 public:
  // What it has to do with; all must outlive it. `seen` is the chain as the node sees it, which may lag; `peers` are
  // clients of its own, whose `traffic` counts nothing else.
  struct World {
    const Membership& membership;
    const Ledger& chain;
    const BlobRegistry& seen;
    const NodeDirectory& peers;
    const Traffic& traffic;
    Files& files;
    Clock& clock;
  };
  struct Options {
    std::string id;      // in committees
    std::string folder;  // of blobs
    bool heal = true;    // otherwise what is missing stays so
  };
  // What expired while it was down is gone when this returns.
  static Result<std::unique_ptr<NodeWork>> open(const World& world, const Options& options, const bls::SecretKey& key,
                                                Healer::Accuse accuse);

  HttpAnswer answer(HttpCall& call) { return node_.answer(call); }

  // A bounded piece of work. When it wants to be called next.
  Millis step();
  // It comes to an end soon.
  void stop();
  // There is somebody more to ask.
  void expect_work();

  // The committees have changed: shards come and go.
  void follow();
  // It has what is its own of the blobs of earlier epochs, but for what is beyond healing for now.
  bool has_synced(uint32_t epoch) const;
  // Blobs of which it lacks something; nothing as long as it has not looked.
  std::optional<std::vector<BlobId>> lacking() const;
  // All who gained shards in this epoch have them: what was given away is erased, once in an epoch; but of `kept` it is
  // as soon as they are not kept any more.
  Status let_go(const std::set<BlobId>& kept);
  // Forgets blobs that no live object names any more.
  Status drop_expired();

  NodeStore& store() { return *store_; }
  SyncCounts sync_counts() const;
  // Nothing when it does not heal.
  std::optional<HealCounts> heal_counts() const;
  // Blobs that are beyond healing for now.
  std::vector<LostBlob> lost() const;

 private:
  NodeWork(const World& world, const Options& options, const bls::SecretKey& key, std::unique_ptr<NodeStore> store,
           Healer::Accuse accuse);
  std::shared_ptr<ShardSync> current_sync() const;

  const World world_;
  const std::string id_;
  const bls::SecretKey& key_;
  const std::unique_ptr<NodeStore> store_;
  StorageNode node_;
  const std::unique_ptr<Healer> healer_;  // null when it does not heal

  std::atomic<uint32_t> followed_epoch_{0}, let_go_in_{0};
  std::set<BlobId> kept_;  // of whoever lets go
  mutable Mutex mutex_;
  std::shared_ptr<ShardSync> sync_ GUARDED_BY(mutex_);  // of the change that runs; shared with the thread that steps
};

}  // namespace walrusfs::localnet
