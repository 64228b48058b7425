// A clock that stands still until somebody sleeps on it or moves it, so that tests of pauses take no time.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace walrusfs::testing {

class ManualClock final : public Clock {
 public:
  Timestamp now() override {
    MutexLock lock(mutex_);
    return Timestamp::from_parts(1'800'000'000, 0 + elapsed_.count() * 1'000'000);
  }
  Deadline::TimePoint monotonic() override {
    MutexLock lock(mutex_);
    return Deadline::TimePoint{} + std::chrono::hours(1) + elapsed_;
  }
  void sleep_for(Millis duration) override { advance(duration); }

  void advance(Millis duration) {
    MutexLock lock(mutex_);
    elapsed_ += duration;
  }
  Millis elapsed() const {
    MutexLock lock(mutex_);
    return elapsed_;
  }

 private:
  mutable Mutex mutex_;
  Millis elapsed_ GUARDED_BY(mutex_){0};
};

}  // namespace walrusfs::testing
