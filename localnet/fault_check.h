// Settings of a fault that would change nothing, told to whoever names them instead of taken in silence.
#pragma once

#include "localnet/faults.h"

namespace walrusfs::localnet {

enum class FaultTarget { kNode, kLedger };

// Beside what Faults::set() refuses by itself. kInvalidArgument, with the setting in its message, for a rule that can
// strike nothing, and for settings that its kind does not look at (unless they are as they would be anyway).
Status check_effective(const FaultRule& rule, FaultTarget target);

}  // namespace walrusfs::localnet
