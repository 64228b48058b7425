// What a storage node has healed since it was started.
#pragma once

#include <cstdint>

namespace walrusfs::localnet {

struct HealCounts {
  uint64_t slivers_rebuilt = 0;
  uint64_t bytes_rebuilt = 0;  // of slivers and metadata: what had been lost
  uint64_t bytes_moved = 0;    // requests and answers, without HTTP's own
  uint64_t liars_found = 0;
  uint64_t inconsistent_blobs = 0;
  uint64_t blobs_lacking = 0;  // found incomplete by the last look
};

}  // namespace walrusfs::localnet
