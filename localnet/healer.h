// A storage node that heals itself: what it lacks of certified blobs it rebuilds from the other nodes, over their API.
//
// A node may have been down while a blob was stored, may have lost its disk, may have found damage, or may have gained
// a shard. step() looks for a certified blob of which something is missing and rebuilds one batch of slivers: from
// symbols, or, for small blobs, from a decode of the whole (heal_plan.h tells which). Every sliver is verified against
// the metadata before it is kept. Nodes that lie are named and passed over; a blob that is itself inconsistent is
// brought to the ledger with the verdicts of the nodes.
//
// All certified blobs are looked at when none of those that are known to lack something can be tried, and now and then
// while they are; not at every step, which would take longer than the healing when there are many.
//
// Blobs that were certified lately wait, because their uploads may still be coming in; those that were certified
// before the healer was made, or before the shards of its node changed, do not. A blob that cannot be healed now is
// tried again later.
//
// When too little of a blob can be had, all nodes are asked what they have of it. If nodes with a quorum of the shards
// have answered and it is too little for anybody, the blob is beyond healing for now (sliver_census.h): it is told, it
// is waited for no more, and it is asked for again and again, as a node may come back with what was thought lost.
//
// step() is called by one thread; the rest is safe from any. Memory: two batches, or one blob to decode.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "localnet/heal_book.h"
#include "localnet/ledger.h"
#include "localnet/membership.h"
#include "localnet/sliver_census.h"
#include "localnet/symbol_gatherer.h"
#include "localnet/traffic.h"

namespace walrusfs::localnet {

struct HealerOptions {
  uint64_t batch_bytes = 32 << 20;       // of slivers that are rebuilt at a time
  uint64_t max_decode_bytes = 32 << 20;  // larger blobs are not decoded as a whole
};

class Healer {
 public:
  // Brings the proof that a blob is inconsistent before the ledger.
  using Accuse = std::function<Status(const BlobId&, const InconsistencyProof&)>;
  // All must outlive it. `peers` are clients of this node's own, whose `traffic` counts nothing else.
  Healer(const Membership& membership, std::string id, NodeStore& store, const NodeDirectory& peers,
         const BlobRegistry& registry, Clock& clock, const Traffic& traffic, Accuse accuse, HealerOptions options = {});

  // A bounded piece of work. When it wants to be called next; at once while there is more to do.
  Millis step();
  // Everything that lacks now is due: the shards have changed.
  void expect_work();
  // There is nothing to do now; something may be missing all the same that cannot be healed yet.
  bool idle() const { return idle_; }
  // Nothing is missing of blobs of earlier epochs than this one but what is beyond healing for now. What is stored in
  // an epoch goes to the nodes of that epoch, and those who fail to take it heal it when they can.
  bool has_all_before(uint32_t epoch) const;
  // Blobs of which something is missing; nothing until all were looked at since the shards have changed.
  std::optional<std::vector<BlobId>> lacking() const {
    return book_.looked() ? std::optional(book_.lacking()) : std::nullopt;
  }
  // Those that are beyond healing for now.
  std::vector<LostBlob> lost() const { return book_.lost(); }
  HealCounts counts() const;
  // step() comes to an end soon; it does nothing any more.
  void stop() { stopping_ = true; }

 private:
  std::optional<BlobId> choose();
  std::optional<BlobId> next_due(Deadline::TimePoint now);
  void look_at_all(Deadline::TimePoint now);
  Millis wait_after_certification(const BlobId& blob);
  void mark_states();
  Status heal(const BlobId& blob);
  Status heal_from(const BlobId& blob, const std::vector<Peer>& peers);
  // When that was not enough: asks everybody.
  Status heal_after_census(const BlobId& blob, std::vector<Peer> peers);
  Millis pause_after(const BlobId& blob, Millis took) const;
  Result<std::shared_ptr<const BlobMetadata>> metadata_of(const BlobId& blob, const std::vector<Peer>& peers);
  SliverInventory inventory_of(const BlobId& blob) const;
  Status heal_next_batch(const BlobId& blob, const BlobMetadata& metadata, const std::vector<Peer>& peers);
  Status heal_by_symbols(const BlobId& blob, const BlobMetadata& metadata, const HealBatch& batch,
                         const std::vector<Peer>& peers);
  Status heal_with_proofs(const BlobId& blob, SymbolGatherer& gatherer, size_t target, const std::vector<Peer>& peers);
  Status heal_by_decoding(const BlobId& blob, const BlobMetadata& metadata, const SliverInventory& inventory,
                          const std::vector<Peer>& peers);
  Result<Bytes> decode(const BlobId& blob, const BlobMetadata& metadata, const std::vector<Peer>& peers);
  std::vector<Peer> peers_in_turn();
  Status keep(const BlobId& blob, const Sliver& sliver);

  const Membership& membership_;
  const CodeShape shape_;
  const std::string id_;
  NodeStore& store_;
  const NodeDirectory& peers_;
  const BlobRegistry& registry_;
  Clock& clock_;
  const Traffic& traffic_;
  const Accuse accuse_;
  const HealerOptions options_;

  // Of the thread that steps.
  size_t turn_ = 0;
  Deadline::TimePoint next_look_;
  Millis between_looks_;
  std::map<std::string, Deadline::TimePoint> distrusted_;  // nodes that lied, asked last for a while

  HealBook book_;
  std::atomic<bool> idle_{false}, stopping_{false};
  mutable Mutex mutex_;
  HealCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
