// Tells a reader that goes through a file in order from one that jumps about. Pure; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/ids.h"

namespace walrusfs {

class ReadPattern {
 public:
  // Notes a read and answers what to fetch ahead of it; empty when the reader jumps, or when what it
  // will want was asked for already. Kernel read-ahead sends its requests slightly out of order, which
  // still counts as going on.
  ByteRange note(uint64_t offset, uint64_t length, uint64_t window_bytes) {
    const bool goes_on = offset <= expected_ + kSlackBytes && offset + kSlackBytes >= expected_;
    if (!goes_on) {
      in_order_ = 0;
      ahead_to_ = 0;
      expected_ = offset + length;
      return {};
    }
    expected_ = std::max(expected_, offset + length);
    in_order_ = std::min<uint32_t>(in_order_ + 1, kReadsInOrder);
    if (in_order_ < kReadsInOrder || window_bytes == 0) return {};
    if (ahead_to_ >= expected_ + window_bytes / 2) return {};
    const uint64_t from = std::max(ahead_to_, expected_);
    ahead_to_ = expected_ + window_bytes;
    return {from, ahead_to_ - from};
  }

 private:
  static constexpr uint32_t kReadsInOrder = 2;
  static constexpr uint64_t kSlackBytes = 1 << 20;

  uint64_t expected_ = 0;  // where an orderly reader reads next
  uint64_t ahead_to_ = 0;  // asked for up to here
  uint32_t in_order_ = 0;
};

}  // namespace walrusfs
