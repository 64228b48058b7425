#include "fs/io/backoff.h"

#include <algorithm>

namespace walrusfs {

Millis backoff_delay(uint64_t failures, bool retryable, Rng& rng) {
  constexpr uint64_t kMostDoublings = 6;
  const uint64_t doublings = std::min(failures > 0 ? failures - 1 : 0, kMostDoublings);
  const Millis whole =
      retryable ? std::min(kFirstBackoff * (int64_t{1} << doublings), kLongestBackoff) : kLongestBackoff;
  const auto half = static_cast<uint64_t>(whole.count() / 2);
  return Millis(static_cast<int64_t>(half + rng.below(half + 1)));
}

}  // namespace walrusfs
