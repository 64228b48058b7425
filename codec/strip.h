// The unit that Reed-Solomon transforms work on: 32 field elements of one symbol, low bytes apart from
// high bytes. A full 64-byte block of a symbol on the wire has this layout already (specification 4.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace walrusfs::codec {

constexpr size_t kStripElements = 32;
constexpr size_t kStripBytes = 2 * kStripElements;

struct alignas(64) Strip {
  uint8_t low[kStripElements];
  uint8_t high[kStripElements];
};
static_assert(sizeof(Strip) == kStripBytes);

using Strips = std::vector<Strip>;

// Strips that a symbol fills, the last one perhaps in part.
constexpr size_t strips_of(size_t symbol_bytes) { return (symbol_bytes + kStripBytes - 1) / kStripBytes; }

// `left` bytes (even, > 0) of the symbol follow at `from`; a tail is padded with zero elements.
inline void load_strip(Strip& strip, const uint8_t* from, size_t left) {
  if (left >= kStripBytes) {
    std::memcpy(&strip, from, kStripBytes);
    return;
  }
  const size_t elements = left / 2;
  std::memset(&strip, 0, kStripBytes);
  std::memcpy(strip.low, from, elements);
  std::memcpy(strip.high, from + elements, elements);
}

inline void store_strip(const Strip& strip, uint8_t* to, size_t left) {
  if (left >= kStripBytes) {
    std::memcpy(to, &strip, kStripBytes);
    return;
  }
  const size_t elements = left / 2;
  std::memcpy(to, strip.low, elements);
  std::memcpy(to + elements, strip.high, elements);
}

}  // namespace walrusfs::codec
