// How far the bytes on their way to the network have come, for people who wait: content bytes that were packed,
// uploaded, read back, certified, since the mount. Each goes through all four, so that
// packed >= uploaded >= checked >= certified; what a pack that has to be made again was counted for is taken back.
//
// begin_* and the calls between them come from the stepping thread; counts() from any.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/mutex.h"

namespace walrusfs {

class UploadMeter {
 public:
  struct Counts {
    uint64_t packed = 0;
    uint64_t uploaded = 0;
    uint64_t checked = 0;
    uint64_t certified = 0;
  };

  // A pack is begun; what was counted of one that did not get certified counts no more.
  void begin_pack() { set({certified(), certified(), certified(), certified()}); }
  void add_packed(uint64_t content_bytes) {
    MutexLock lock(mutex_);
    counts_.packed += content_bytes;
  }
  // A finished pack of so much content goes to the network.
  void begin_upload(uint64_t content_bytes) {
    set({certified() + content_bytes, certified(), certified(), certified()});
  }
  // `done` of `total` bytes of that pack's blob.
  void sent(uint64_t done, uint64_t total) {
    MutexLock lock(mutex_);
    counts_.uploaded = counts_.certified + share(done, total);
  }
  void checked(uint64_t done, uint64_t total) {
    MutexLock lock(mutex_);
    counts_.uploaded = counts_.packed;
    counts_.checked = counts_.certified + share(done, total);
  }
  void certify() {
    MutexLock lock(mutex_);
    counts_ = {counts_.packed, counts_.packed, counts_.packed, counts_.packed};
  }

  Counts counts() const {
    MutexLock lock(mutex_);
    return counts_;
  }

 private:
  uint64_t certified() const { return counts().certified; }
  void set(const Counts& counts) {
    MutexLock lock(mutex_);
    counts_ = counts;
  }
  // Content bytes of the pack under way that stand for `done` of its blob's `total`.
  uint64_t share(uint64_t done, uint64_t total) const REQUIRES(mutex_) {
    const auto content = static_cast<double>(counts_.packed - counts_.certified);
    const double part = total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    return static_cast<uint64_t>(content * part);
  }

  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs
