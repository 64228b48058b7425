#include "fs/io/held_spool.h"

#include "base/log.h"

namespace walrusfs {

void HeldSpool::hold_all() {
  MutexLock lock(mutex_);
  hold_all_ = true;
}

void HeldSpool::hold_only(std::set<StagingId> needed) {
  std::set<StagingId> freed;
  {
    MutexLock lock(mutex_);
    hold_all_ = false;
    needed_ = std::move(needed);
    for (auto it = to_remove_.begin(); it != to_remove_.end();) {
      auto next = std::next(it);
      if (!needed_.contains(*it)) freed.insert(to_remove_.extract(it));
      it = next;
    }
  }
  remove_now(freed);
}

void HeldSpool::let_go(StagingId id) {
  std::set<StagingId> freed;
  {
    MutexLock lock(mutex_);
    needed_.erase(id);
    if (!is_held(id) && to_remove_.erase(id) > 0) freed.insert(id);
  }
  remove_now(freed);
}

Status HeldSpool::punch(StagingId id, ByteRange range) {
  {
    MutexLock lock(mutex_);
    if (is_held(id)) return ok_status();
  }
  return inner_.punch(id, range);
}

Status HeldSpool::remove(StagingId id) {
  {
    MutexLock lock(mutex_);
    if (is_held(id)) {
      to_remove_.insert(id);
      return ok_status();
    }
  }
  return inner_.remove(id);
}

// Nobody is left to tell of a failure here, and none of them loses anything but disk space.
void HeldSpool::remove_now(const std::set<StagingId>& ids) {
  for (StagingId id : ids) {
    if (Status done = inner_.remove(id); !done.ok()) {
      log_warn("Staging file {} keeps its disk space: {}", raw(id), done.error().to_string());
    }
  }
}

}  // namespace walrusfs
