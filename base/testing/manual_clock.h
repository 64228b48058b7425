// A clock that moves only when the test says so; sleeping moves it at once. Safe from any thread.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace walrusfs {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp::from_parts(1'700'000'000, 0)) : start_(start) {}

  Timestamp now() override { return {start_.ns + passed_ns_.load()}; }
  Deadline::TimePoint monotonic() override {
    return Deadline::TimePoint(std::chrono::hours(1) + std::chrono::nanoseconds(passed_ns_.load()));
  }
  void sleep_for(Millis duration) override { advance(duration); }
  void advance(Millis duration) { passed_ns_ += std::chrono::nanoseconds(duration).count(); }

 private:
  const Timestamp start_;
  std::atomic<int64_t> passed_ns_{0};
};

}  // namespace walrusfs
