#include "fs/io/held_spool.h"

#include "base/limits.h"
#include "base/log.h"

namespace walrusfs {

void HeldSpool::hold_all() {
  MutexLock lock(mutex_);
  hold_all_ = true;
}

void HeldSpool::hold_only(std::set<StagingId> needed) {
  WaitingMap freed;
  {
    MutexLock lock(mutex_);
    hold_all_ = false;
    needed_ = std::move(needed);
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      auto next = std::next(it);
      if (!needed_.contains(it->first)) freed.insert(waiting_.extract(it));
      it = next;
    }
  }
  carry_out(freed);
}

void HeldSpool::let_go(StagingId id) {
  WaitingMap freed;
  {
    MutexLock lock(mutex_);
    needed_.erase(id);
    if (!is_held(id)) {
      if (auto node = waiting_.extract(id)) freed.insert(std::move(node));
    }
  }
  carry_out(freed);
}

Status HeldSpool::punch(StagingId id, ByteRange range) {
  {
    MutexLock lock(mutex_);
    if (is_held(id)) {
      auto& punches = waiting_[id].punches;
      if (punches.size() < limits::kHeldPunches) punches.push_back(range);
      return ok_status();
    }
  }
  return inner_.punch(id, range);
}

Status HeldSpool::remove(StagingId id) {
  {
    MutexLock lock(mutex_);
    if (is_held(id)) {
      waiting_[id].remove = true;
      return ok_status();
    }
  }
  return inner_.remove(id);
}

// Nobody is left to tell of a failure here, and none of them loses anything but disk space.
void HeldSpool::carry_out(const WaitingMap& work) {
  for (const auto& [id, waiting] : work) {
    Status done = ok_status();
    if (waiting.remove) {
      done = inner_.remove(id);
    } else {
      for (const ByteRange& range : waiting.punches) {
        if (done.ok()) done = inner_.punch(id, range);
      }
    }
    if (!done.ok()) log_warn("Staging file {} keeps its disk space: {}", raw(id), done.error().to_string());
  }
}

}  // namespace walrusfs
