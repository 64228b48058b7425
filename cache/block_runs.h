// Which 4 KiB blocks of a sparse file have been written, so that the spool knows what a write costs
// without asking the disk. Pure arithmetic, not thread-safe. A file written front to back is one run.
#pragma once

#include <cstdint>
#include <map>

#include "base/ids.h"

namespace walrusfs {

class BlockRuns {
 public:
  // What the filesystems that matter allocate at least.
  static constexpr uint64_t kBlockBytes = 4096;

  // Bytes that a write of `range` would add, in whole blocks.
  uint64_t missing_bytes(ByteRange range) const;
  // The range is written; returns the bytes it added, in whole blocks.
  uint64_t add(ByteRange range);
  // The range is punched: blocks wholly inside are gone.
  void remove(ByteRange range);

  uint64_t total_bytes() const { return blocks_ * kBlockBytes; }
  size_t runs() const { return end_by_first_.size(); }

 private:
  std::map<uint64_t, uint64_t> end_by_first_;  // in blocks; neither overlapping nor touching
  uint64_t blocks_ = 0;
};

}  // namespace walrusfs
