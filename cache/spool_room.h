// How much the spool may still take: its own bound, what the disk has left, and the reserve.
//
// The bound is kept exactly, by counting. The disk is asked only once per kDiskCheckBytes of growth,
// since others use it too and the answer ages anyway; a write that meets ENOSPC all the same is undone.
// Safe to call from any thread; take() is two atomic additions as a rule.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/mutex.h"

namespace walrusfs {

class SpoolRoom {
 public:
  // Between two looks at the disk at most this much is given out.
  static constexpr uint64_t kDiskCheckBytes = 16 << 20;
  // wait() looks again this often, for room that others than the spool have made.
  static constexpr Millis kLookAgain{200};

  struct Options {
    std::string folder;
    uint64_t bound_bytes = 0;
    uint64_t reserve_bytes = 0;
  };

  // `files` must outlive this.
  SpoolRoom(Files& files, Options options);

  // Takes `bytes`, all or nothing; kNoSpace says which limit was met.
  Status take(uint64_t bytes);
  // What was found to be in use without asking (after a restart, or measured on disk).
  void correct(int64_t by_bytes);
  // Gives back and wakes those who wait.
  void give_back(uint64_t bytes);
  // The disk said ENOSPC although we thought otherwise: ask it before the next bytes.
  void disk_was_full() { disk_margin_.store(0); }

  bool has_room(uint64_t bytes);
  Status wait(uint64_t bytes, Deadline deadline, Clock& clock);

  uint64_t used_bytes() const { return used_.load(); }
  uint64_t bound_bytes() const { return options_.bound_bytes; }

  // The reserve: a file with blocks and no bytes.
  bool release_reserve();
  void take_reserve_if_possible();
  bool reserve_held() const { return reserve_held_.load(); }

 private:
  Status ask_disk(uint64_t bytes) EXCLUDES(disk_mutex_);
  // Free bytes beyond what the reserve still lacks.
  Result<uint64_t> spendable() REQUIRES(disk_mutex_);
  void try_take_reserve(uint64_t free_bytes) REQUIRES(disk_mutex_);
  std::string reserve_path() const { return options_.folder + "/reserve"; }

  // Constant after construction.
  Files& files_;
  const Options options_;

  std::atomic<uint64_t> used_{0};
  std::atomic<int64_t> disk_margin_{0};  // bytes that may be given out before the disk is asked again
  std::atomic<bool> reserve_held_{false};
  std::atomic<uint32_t> waiters_{0};

  Mutex disk_mutex_;  // one asks the disk or moves the reserve; held over those calls alone
  bool reserve_works_ GUARDED_BY(disk_mutex_) = true;

  Mutex wait_mutex_;
  CondVar room_made_;
};

}  // namespace walrusfs
