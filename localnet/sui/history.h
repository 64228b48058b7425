// What the last transactions overwrote, so that the chain can be read as it was a moment ago: how a full node sees it
// that lags. In memory and bounded, so it reaches back only so far, and not beyond a restart.
//
// One thread at a time.
#pragma once

#include <deque>
#include <map>

#include "localnet/sui/chain_store.h"

namespace walrusfs::localnet::sui {

class History {
 public:
  // An object before a transaction; nothing when it did not exist.
  using Before = std::vector<std::pair<ObjectId, std::optional<Object>>>;

  // Of the transaction that made this checkpoint.
  void add(uint64_t checkpoint, uint64_t time_ms, Before before);
  // The last checkpoint that there was at that time; the oldest that can be read when that is further back.
  uint64_t checkpoint_at(uint64_t time_ms, uint64_t newest) const;
  // Everything that changed after `checkpoint`, as it was then. Valid until the next add().
  std::map<ObjectId, const std::optional<Object>*> changed_since(uint64_t checkpoint) const;

 private:
  struct Step {
    uint64_t checkpoint = 0, time_ms = 0;
    Before before;
    size_t bytes = 0;
  };

  std::deque<Step> steps_;
  size_t bytes_ = 0;
};

// All steps together: more than a thousand registrations of blobs on a chain with a thousand shards.
constexpr size_t kMostHistoryBytes = 16 << 20;
constexpr size_t kMostHistorySteps = 4096;

// The objects as of a checkpoint that is past. The two must outlive it; no transaction may run meanwhile.
class PastObjects final : public ObjectReader {
 public:
  PastObjects(const ChainStore& now, const History& history, uint64_t checkpoint)
      : now_(now), changed_(history.changed_since(checkpoint)) {}

  std::optional<Object> find(const ObjectId& id) const override;
  // As ChainStore::owned_by().
  std::vector<Object> owned_by(const Address& owner, const std::optional<TypeTag>& type,
                               const std::optional<ObjectId>& after, size_t limit) const;

 private:
  const ChainStore& now_;
  const std::map<ObjectId, const std::optional<Object>*> changed_;
};

}  // namespace walrusfs::localnet::sui
