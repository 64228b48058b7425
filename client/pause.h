// Waiting that ends early when it should. Shared by everything here that tries again.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "client/cancel.h"

namespace walrusfs {

// Sleeps on `clock`. kTimeout at once, without sleeping, when the pause would outlast the deadline; kCancelled soon
// after `cancel` (may be null) was set.
Status pause_for(Clock& clock, Millis duration, Deadline deadline, const CancelToken* cancel);

}  // namespace walrusfs
