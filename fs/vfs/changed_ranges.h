// Which ranges of a file's extents changed since the journal last took them: apart, in order, merged where they
// touch. Pure. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"

namespace walrusfs {

class ChangedRanges {
 public:
  // As many are told apart (some MiB); beyond that they count as one.
  static constexpr size_t kMost = 16 * limits::kKiB;

  // A range may reach to the end of time (truncation): it is cut there.
  void add(ByteRange range);
  // All of them; none are left.
  std::vector<ByteRange> take();
  bool empty() const { return end_by_offset_.empty(); }

 private:
  std::map<uint64_t, uint64_t> end_by_offset_;
};

}  // namespace walrusfs
