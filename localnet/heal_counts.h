// What a storage node has healed since it was started, and what nobody can heal.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"

namespace walrusfs::localnet {

struct HealCounts {
  uint64_t slivers_rebuilt = 0;
  uint64_t bytes_rebuilt = 0;  // of slivers and metadata: what had been lost
  uint64_t bytes_moved = 0;    // requests and answers, without HTTP's own
  uint64_t liars_found = 0;
  uint64_t inconsistent_blobs = 0;
  uint64_t blobs_lacking = 0;  // found incomplete by the last look
  uint64_t blobs_lost = 0;     // of these: beyond healing for now
};

// Different slivers of a blob that the nodes which answer have, and how many of one axis make all others; by axis.
struct SliversLeft {
  size_t found[2] = {0, 0};
  size_t needed[2] = {0, 0};

  // Fewer of both axes cannot be added to: each missing sliver takes as many of the other axis.
  bool suffice() const { return found[0] >= needed[0] || found[1] >= needed[1]; }
};

// Beyond healing as long as no node comes back with more of it.
struct LostBlob {
  BlobId blob;
  SliversLeft left;
};

}  // namespace walrusfs::localnet
