// Of which blobs a node lacks something, when each is to be tried, and which of them are beyond healing for now.
//
// A blob is found to be beyond healing at a time, and that holds until everything is due again: when the committees
// change, another answer is possible, and it has to be found anew.
//
// One thread tries blobs and takes looks; the rest is safe from any.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "localnet/heal_counts.h"
#include "localnet/heal_queue.h"

namespace walrusfs::localnet {

class HealBook {
 public:
  using TimePoint = HealQueue::TimePoint;

  // Everything that lacks is due, and the next look finds it.
  void expect_work();
  bool all_due() const;
  // Before a look: whether all is due, which the look sees to.
  bool take_all_due();
  // After it.
  void replace(HealQueue lacking);

  std::optional<BlobId> due(TimePoint now) const;
  std::optional<TimePoint> when(const BlobId& blob) const;
  // To be tried again.
  void put_off(const BlobId& blob, TimePoint when);
  void is_whole(const BlobId& blob);

  // What time it is by this book: what is found out before everything is due again holds no more afterwards.
  uint64_t turn() const;
  // Found in that turn; whether it is news.
  bool set_lost(const BlobId& blob, const SliversLeft& left, uint64_t turn);
  void set_not_lost(const BlobId& blob);
  // In this turn or in an earlier one.
  bool seemed_lost(const BlobId& blob) const;

  std::vector<BlobId> lacking() const;
  std::vector<LostBlob> lost() const;
  size_t count_lacking() const;
  size_t count_lost() const;
  // A look was taken since everything was due.
  bool looked() const;
  // What lacks and is not beyond healing for now; nothing as long as nobody has looked.
  std::optional<std::vector<BlobId>> to_be_healed() const;

 private:
  struct Lost {
    uint64_t turn;
    SliversLeft left;
  };
  mutable Mutex mutex_;
  bool all_due_ GUARDED_BY(mutex_) = true, looked_ GUARDED_BY(mutex_) = false;
  uint64_t turn_ GUARDED_BY(mutex_) = 0;
  HealQueue lacking_ GUARDED_BY(mutex_);
  std::map<BlobId, Lost> lost_ GUARDED_BY(mutex_);  // a part of these
};

}  // namespace walrusfs::localnet
