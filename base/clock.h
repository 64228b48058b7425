// Time as an argument. Nothing outside base and cli asks the system for it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>

namespace walrusfs {

using Millis = std::chrono::milliseconds;

// Wall-clock time as the filesystem stores it: nanoseconds since 1970, may be negative.
struct Timestamp {
  int64_t ns = 0;
  int64_t seconds() const { return ns >= 0 ? ns / kNsPerSecond : -((-ns + kNsPerSecond - 1) / kNsPerSecond); }
  int64_t nanoseconds() const { return ns - seconds() * kNsPerSecond; }
  static Timestamp from_parts(int64_t seconds, int64_t nanoseconds) {
    return {seconds * kNsPerSecond + nanoseconds};
  }
  auto operator<=>(const Timestamp&) const = default;
  static constexpr int64_t kNsPerSecond = 1'000'000'000;
};

// A point in monotonic time, handed down so that no layer invents its own timeout.
class Deadline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static Deadline never() { return Deadline(TimePoint::max()); }
  explicit Deadline(TimePoint at) : at_(at) {}
  TimePoint at() const { return at_; }
  Deadline sooner_of(Deadline other) const { return Deadline(at_ < other.at_ ? at_ : other.at_); }

 private:
  TimePoint at_;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;                   // wall clock
  virtual Deadline::TimePoint monotonic() = 0;   // never goes back
  virtual void sleep_for(Millis duration) = 0;

  Deadline in(Millis duration) { return Deadline(monotonic() + duration); }
  bool passed(Deadline deadline) { return monotonic() >= deadline.at(); }
  // Zero once the deadline has passed.
  Millis left(Deadline deadline) {
    auto now_at = monotonic();
    if (now_at >= deadline.at()) return Millis(0);
    return std::chrono::duration_cast<Millis>(deadline.at() - now_at);
  }
};

// The system's clock; lives for the whole program.
Clock& system_clock();

}  // namespace walrusfs
