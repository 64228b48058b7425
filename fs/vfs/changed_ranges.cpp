#include "fs/vfs/changed_ranges.h"

#include <algorithm>
#include <limits>

namespace walrusfs {

void ChangedRanges::add(ByteRange range) {
  if (range.empty()) return;
  uint64_t offset = range.offset;
  uint64_t end = offset + std::min(range.length, std::numeric_limits<uint64_t>::max() - offset);
  auto next = end_by_offset_.upper_bound(offset);
  if (next != end_by_offset_.begin() && std::prev(next)->second >= offset) --next;
  while (next != end_by_offset_.end() && next->first <= end) {
    offset = std::min(offset, next->first);
    end = std::max(end, next->second);
    next = end_by_offset_.erase(next);
  }
  end_by_offset_.emplace_hint(next, offset, end);
  if (end_by_offset_.size() <= kMost) return;
  // Telling more than changed is right, too.
  const uint64_t first = end_by_offset_.begin()->first, last = end_by_offset_.rbegin()->second;
  end_by_offset_ = {{first, last}};
}

std::vector<ByteRange> ChangedRanges::take() {
  std::vector<ByteRange> ranges;
  ranges.reserve(end_by_offset_.size());
  for (const auto& [offset, end] : end_by_offset_) ranges.push_back({offset, end - offset});
  end_by_offset_.clear();
  return ranges;
}

}  // namespace walrusfs
