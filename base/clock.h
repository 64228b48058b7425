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
  // Rounded down, so that nanoseconds() is never negative.
  int64_t seconds() const { return ns / kNsPerSecond - (ns % kNsPerSecond < 0 ? 1 : 0); }
  int64_t nanoseconds() const { return ns % kNsPerSecond + (ns % kNsPerSecond < 0 ? kNsPerSecond : 0); }
  // Times beyond the years 1677 to 2262 become the nearest one that fits, as Linux filesystems do.
  static Timestamp from_parts(int64_t seconds, int64_t nanoseconds) {
    int64_t whole = 0;
    const bool fits = !__builtin_mul_overflow(seconds, kNsPerSecond, &whole);
    if (fits && !__builtin_add_overflow(whole, nanoseconds, &whole)) return {whole};
    // Before 1970 the second just below the range still fits together with its nanoseconds.
    const int64_t part = nanoseconds - kNsPerSecond;
    if (seconds < 0 && !__builtin_mul_overflow(seconds + 1, kNsPerSecond, &whole) &&
        !__builtin_add_overflow(whole, part, &whole)) {
      return {whole};
    }
    return {seconds < 0 ? INT64_MIN : INT64_MAX};
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
