// Drives the changes of epochs of a local network, as on a real one many people's transactions do it together:
//
//     next committee selected → the new epoch begins → nodes copy the shards that they gained, while those who had them
//     before still serve them → each node reports to the chain → at a quorum the change is done → expired blobs are
//     collected; shards given away are erased when all who gained some have them
//
// A blob that is beyond healing holds up no change; of such a blob, and of any other of which somebody lacks something,
// nothing is erased, for it may be what is missing when more of it comes back.
//
// With epochs of a set length the next committee is selected at half of it, as on a real network. In between it sees to
// it that nodes collect what was deleted.
//
// Where a change stands is on the chain, so that one which was interrupted goes on after a restart.
//
// step() is called by one thread; the rest is safe from any.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "localnet/membership.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet {

// What the driver asks of a storage node, and tells it.
class EpochNode {
 public:
  virtual ~EpochNode() = default;
  virtual const std::string& id() const = 0;
  // The committees have changed: shards come and go.
  virtual Status follow_membership() = 0;
  virtual bool runs() const = 0;
  // It has what is its own of the blobs of earlier epochs, but for what is beyond healing for now. False while it does
  // not run.
  virtual bool has_synced(uint32_t epoch) const = 0;
  // Blobs of which it lacks something; nothing while it does not run, or has not looked yet.
  virtual std::optional<std::vector<BlobId>> lacking() const = 0;
  // All who gained shards in this epoch have them: what was given away is erased, but for the blobs that are `kept`.
  // Asked again and again, as it may have been down before.
  virtual Status let_go(const std::set<BlobId>& kept) = 0;
  // Erases blobs that no live object names any more.
  virtual Status drop_expired() = 0;
};

class EpochDriver {
 public:
  using Nodes = std::vector<std::shared_ptr<EpochNode>>;
  struct Options {
    Millis epoch_length{0};  // 0: epochs end only when told to
  };
  // All must outlive it. `nodes` tells all that there are now; `failed_challenges` the ids of those that failed too
  // many challenges in the epoch that ends.
  EpochDriver(sui::FullNode& chain, const Membership& membership, Clock& clock, std::function<Nodes()> nodes,
              std::function<std::vector<std::string>()> failed_challenges, Options options);

  // Begins the next epoch, which step() then carries through. kBusy while a change runs.
  Status begin_change();
  // The same by the thread that steps, for those who must not wait for it.
  void ask_for_change() { asked_ = true; }
  // A bounded piece of work. When it wants to be called next.
  Millis step();
  // Waits until no change runs any more; kTimeout at the deadline: then nodes with too few shards have synced.
  // kUnavailable after end_waits().
  Status wait_until_done(Deadline deadline);
  // The network stops: a change goes on after the next start.
  void end_waits();

 private:
  Status continue_change(const EpochCommittees& change);
  // Whether the next change may begin: at once, or when some were waited for.
  bool may_begin(const EpochCommittees& before) REQUIRES(change_mutex_);
  bool is_worth_waiting(const EpochCommittees& change) REQUIRES(change_mutex_);
  bool quorum_has_synced(const EpochCommittees& now) const;
  // Whether those members who run, or all of them, have what is theirs.
  bool have_synced(const EpochCommittees& now, bool all) const;
  Status let_go_of_the_past() REQUIRES(change_mutex_);
  std::set<BlobId> lacking_somewhere() REQUIRES(change_mutex_);
  Status finish_change() REQUIRES(change_mutex_);
  void set_changing(bool changing);
  // With epochs of a set length: whether so much of it has passed.
  bool has_passed(Millis of_epoch) const;
  Status select_by_time(const EpochCommittees& now);
  Status collect_deleted() REQUIRES(change_mutex_);

  sui::FullNode& chain_;
  const Membership& membership_;
  Clock& clock_;
  const std::function<Nodes()> nodes_;
  const std::function<std::vector<std::string>()> failed_challenges_;
  const Options options_;

  Mutex change_mutex_;  // one thread moves the chain on at a time; taken before mutex_
  Deadline::TimePoint began_ GUARDED_BY(change_mutex_);
  // Since when, and until when, somebody wants a change that waits for nodes that lack something.
  std::optional<Deadline::TimePoint> wanted_since_ GUARDED_BY(change_mutex_);
  Deadline::TimePoint wanted_last_ GUARDED_BY(change_mutex_);
  uint32_t let_go_in_ GUARDED_BY(change_mutex_) = 0;  // epoch
  std::map<std::string, std::vector<BlobId>> lacking_ GUARDED_BY(change_mutex_);  // by node, as it said last
  uint64_t collected_at_ GUARDED_BY(change_mutex_) = 0;  // height of the chain; 0: not yet
  std::atomic<bool> asked_{false};
  Mutex mutex_;
  CondVar done_;
  bool changing_ GUARDED_BY(mutex_);  // until the nodes know that the change is done
  bool ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace walrusfs::localnet
