// Many simulations, one per thread at a time. They share nothing but what is the same for all (bls_memo.h), so that
// each is what it would be alone.
#pragma once

#include <functional>

#include "simulation.h"

namespace walrusfs::sim {

struct Seeds {
  uint64_t first = 1, count = 1;
};

struct ManyOutcomes {
  uint64_t done = 0;
  SimCounts counts;                // of those that are done
  std::optional<uint64_t> failed;  // the lowest seed that failed
  std::string failure;
};

// Begins no more after a failure; all seeds below the one that is told have been run then. `see` gets each outcome,
// from any of the threads, one at a time.
ManyOutcomes simulate_many(Seeds seeds, unsigned threads,
                           const std::function<void(uint64_t seed, const SimOutcome& outcome)>& see = {});

}  // namespace walrusfs::sim
