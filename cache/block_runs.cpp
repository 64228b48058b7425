#include "cache/block_runs.h"

#include <algorithm>

namespace walrusfs {
namespace {

struct Blocks {
  uint64_t first;
  uint64_t end;
};

Blocks touched_by(ByteRange range) {
  const uint64_t last_byte = range.offset + range.length - 1;
  return {range.offset / BlockRuns::kBlockBytes, last_byte / BlockRuns::kBlockBytes + 1};
}

}  // namespace

uint64_t BlockRuns::missing_bytes(ByteRange range) const {
  if (range.empty()) return 0;
  const Blocks want = touched_by(range);
  uint64_t covered = 0;
  auto run = end_by_first_.upper_bound(want.first);
  if (run != end_by_first_.begin()) --run;
  for (; run != end_by_first_.end() && run->first < want.end; ++run) {
    const uint64_t from = std::max(run->first, want.first);
    const uint64_t to = std::min(run->second, want.end);
    if (to > from) covered += to - from;
  }
  return (want.end - want.first - covered) * kBlockBytes;
}

uint64_t BlockRuns::add(ByteRange range) {
  if (range.empty()) return 0;
  Blocks joined = touched_by(range);
  auto run = end_by_first_.upper_bound(joined.first);
  // The usual write goes on where the last one ended, or over it: no node is made.
  if (run != end_by_first_.begin()) {
    auto before = std::prev(run);
    const bool grows_alone = run == end_by_first_.end() || run->first > joined.end;
    if (before->second >= joined.first && grows_alone) {
      const uint64_t added = joined.end > before->second ? joined.end - before->second : 0;
      before->second += added;
      blocks_ += added;
      return added * kBlockBytes;
    }
    if (before->second >= joined.first) run = before;
  }
  uint64_t covered = 0;
  const uint64_t wanted_end = joined.end;
  while (run != end_by_first_.end() && run->first <= wanted_end) {
    covered += run->second - run->first;
    joined.first = std::min(joined.first, run->first);
    joined.end = std::max(joined.end, run->second);
    run = end_by_first_.erase(run);
  }
  end_by_first_.emplace_hint(run, joined.first, joined.end);
  const uint64_t added = joined.end - joined.first - covered;
  blocks_ += added;
  return added * kBlockBytes;
}

void BlockRuns::remove(ByteRange range) {
  const uint64_t first = range.offset / kBlockBytes + (range.offset % kBlockBytes != 0 ? 1 : 0);
  const uint64_t end = range.length > UINT64_MAX - range.offset ? UINT64_MAX : range.end() / kBlockBytes;
  if (end <= first) return;
  auto run = end_by_first_.upper_bound(first);
  if (run != end_by_first_.begin() && std::prev(run)->second > first) --run;
  while (run != end_by_first_.end() && run->first < end) {
    const Blocks old{run->first, run->second};
    run = end_by_first_.erase(run);
    blocks_ -= std::min(old.end, end) - std::max(old.first, first);
    if (old.first < first) end_by_first_.emplace(old.first, first);
    if (old.end > end) run = end_by_first_.emplace(end, old.end).first;
  }
}

}  // namespace walrusfs
