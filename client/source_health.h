// Which of several servers to ask first, from how they did lately. Arithmetic only: the caller brings the time and
// the lock.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"

namespace walrusfs {

class SourceHealth {
 public:
  using TimePoint = Deadline::TimePoint;

  explicit SourceHealth(size_t sources) : sources_(sources) {}

  // Every source once: the well ones in configured order, then those that failed lately (the longest ago first), last
  // those that served wrong bytes within kShame. Nobody is ever left out.
  std::vector<size_t> order(TimePoint now) const;

  void succeeded(size_t source);
  void failed(size_t source, TimePoint now);
  void lied(size_t source, TimePoint now);

  // A failing source rests this long after its first failure, twice as long after each further one.
  static constexpr Millis kFirstRest{1'000};
  static constexpr Millis kLongestRest{60'000};
  static constexpr Millis kShame{600'000};

 private:
  struct Source {
    uint32_t failures_in_row = 0;
    std::optional<TimePoint> failed_at;
    std::optional<TimePoint> lied_at;
  };
  int tier(const Source& source, TimePoint now) const;

  std::vector<Source> sources_;
};

}  // namespace walrusfs
