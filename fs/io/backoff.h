// How long to wait after failures in a row. Pure, but for the dice.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/rng.h"

namespace walrusfs {

constexpr Millis kFirstBackoff{1'000};
constexpr Millis kLongestBackoff{60'000};

// Doubles from one second to a minute, and a random half of it is taken off, so that many mounts do not
// return at once. What trying again cannot heal waits the minute from the start. `failures` >= 1.
Millis backoff_delay(uint64_t failures, bool retryable, Rng& rng);

}  // namespace walrusfs
