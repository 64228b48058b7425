#include "client/pause.h"

#include <algorithm>

namespace walrusfs {
namespace {

constexpr Millis kSlice{100};  // how soon a cancelled pause ends

}  // namespace

Status pause_for(Clock& clock, Millis duration, Deadline deadline, const CancelToken* cancel) {
  if (clock.left(deadline) <= duration) return Error(Code::kTimeout, "no time is left to try again");
  const Deadline end = clock.in(duration);
  while (!clock.passed(end)) {
    if (is_cancelled(cancel)) return Error(Code::kCancelled, "waiting to try again was cancelled");
    clock.sleep_for(std::clamp(clock.left(end), Millis(1), kSlice));
  }
  return ok_status();
}

}  // namespace walrusfs
