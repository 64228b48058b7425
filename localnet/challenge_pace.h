// How often nodes are challenged, and for what.
#pragma once

#include "base/clock.h"

namespace walrusfs::localnet {

struct ChallengePace {
  Millis between{5'000};
  // Since it was first seen certified: nobody is asked for such a blob. Nodes may postpone rebuilding a new one by half
  // of it (storage-node API, section 11).
  Millis new_blob{60'000};
};

}  // namespace walrusfs::localnet
