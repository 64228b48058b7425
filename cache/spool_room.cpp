#include "cache/spool_room.h"

#include <algorithm>

#include "base/log.h"

namespace walrusfs {
namespace {

double in_mib(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

Error over_bound(uint64_t bytes, uint64_t bound) {
  return Error(Code::kNoSpace, fmt::format("the spool has no room for {} bytes more under its bound of {:.1f} MiB; "
                                           "wait until uploads make room, or raise the bound",
                                           bytes, in_mib(bound)));
}

Error disk_full(const std::string& folder, uint64_t bytes) {
  return Error(Code::kNoSpace,
               fmt::format("the disk that holds the spool {} has no room for {} bytes more; free some space on it",
                           folder, bytes));
}

}  // namespace

SpoolRoom::SpoolRoom(Files& files, Options options) : files_(files), options_(std::move(options)) {}

Status SpoolRoom::take(uint64_t bytes) {
  if (bytes == 0) return {};
  const uint64_t before = used_.fetch_add(bytes);
  if (before > options_.bound_bytes || bytes > options_.bound_bytes - before) {
    used_.fetch_sub(bytes);
    return over_bound(bytes, options_.bound_bytes);
  }
  const auto signed_bytes = static_cast<int64_t>(bytes);
  if (disk_margin_.fetch_sub(signed_bytes) >= signed_bytes) return {};
  Status answer = ask_disk(bytes);
  if (!answer.ok()) used_.fetch_sub(bytes);
  return answer;
}

void SpoolRoom::correct(int64_t by_bytes) {
  used_.fetch_add(static_cast<uint64_t>(by_bytes));  // modulo 2^64: a negative one subtracts
}

void SpoolRoom::give_back(uint64_t bytes) {
  used_.fetch_sub(bytes);
  if (options_.reserve_bytes > 0 && !reserve_held_.load()) take_reserve_if_possible();
  if (waiters_.load() == 0) return;
  MutexLock lock(wait_mutex_);
  room_made_.notify_all();
}

bool SpoolRoom::has_room(uint64_t bytes) {
  const uint64_t used = used_.load();
  if (used > options_.bound_bytes || bytes > options_.bound_bytes - used) return false;
  if (bytes <= kDiskCheckBytes && disk_margin_.load() >= static_cast<int64_t>(bytes)) return true;
  MutexLock lock(disk_mutex_);
  auto free = spendable();
  return free.ok() && *free >= bytes;
}

Status SpoolRoom::wait(uint64_t bytes, Deadline deadline, Clock& clock) {
  waiters_.fetch_add(1);
  Status outcome;
  {
    MutexLock lock(wait_mutex_);
    while (!has_room(bytes)) {
      const Millis left = clock.left(deadline);
      if (left.count() <= 0) {
        const bool bound_is_it = bytes > options_.bound_bytes || used_.load() > options_.bound_bytes - bytes;
        outcome = bound_is_it ? over_bound(bytes, options_.bound_bytes) : disk_full(options_.folder, bytes);
        break;
      }
      room_made_.wait_for(wait_mutex_, std::min(left, kLookAgain));
    }
  }
  waiters_.fetch_sub(1);
  return outcome;
}

Status SpoolRoom::ask_disk(uint64_t bytes) {
  MutexLock lock(disk_mutex_);
  auto free = spendable();
  if (!free.ok() || *free < bytes) {
    disk_margin_.store(0);
    return free.ok() ? disk_full(options_.folder, bytes) : free.error();
  }
  disk_margin_.store(static_cast<int64_t>(std::min(*free - bytes, kDiskCheckBytes)));
  return {};
}

Result<uint64_t> SpoolRoom::spendable() {
  WFS_ASSIGN(DiskSpace space, files_.space(options_.folder));
  if (!reserve_held_.load()) try_take_reserve(space.free_bytes);
  if (reserve_held_.load()) {
    WFS_ASSIGN(space, files_.space(options_.folder));
    return space.free_bytes;
  }
  return space.free_bytes > options_.reserve_bytes ? space.free_bytes - options_.reserve_bytes : 0;
}

void SpoolRoom::take_reserve_if_possible() {
  MutexLock lock(disk_mutex_);
  if (reserve_held_.load() || !reserve_works_) return;
  auto space = files_.space(options_.folder);
  if (space.ok()) try_take_reserve(space->free_bytes);
}

void SpoolRoom::try_take_reserve(uint64_t free_bytes) {
  // Twice: who has just released it is about to use a part.
  const bool sensible = options_.reserve_bytes > 0 && free_bytes / 2 >= options_.reserve_bytes;
  if (!sensible || !reserve_works_) return;
  auto file = files_.open(reserve_path(), Files::Open::kCreate);
  Status made = file.ok() ? (*file)->reserve({0, options_.reserve_bytes}) : Status(file.error());
  if (made.ok()) {
    reserve_held_.store(true);
    return;
  }
  if (file.ok()) (void)files_.remove(reserve_path()).ok();
  // A filesystem that cannot reserve blocks: the free space is watched instead, see spendable().
  if (made.error().code() == Code::kNotSupported) reserve_works_ = false;
  log_debug("spool: no blocks reserved: {}", made.error().message());
}

bool SpoolRoom::release_reserve() {
  MutexLock lock(disk_mutex_);
  if (!reserve_held_.exchange(false)) return false;
  disk_margin_.store(0);
  return files_.remove(reserve_path()).ok();
}

}  // namespace walrusfs
