// Brings memory into the CPU's second-level cache shortly before it is needed. A line from the third level or from
// main memory takes more than a hundred nanoseconds, and code that works on what it loads waits for a dozen lines
// at a time; asked for in one go, three or four times as many are under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace walrusfs::codec {

// `bytes` > 0 from each symbol + offset on. A hint: results do not depend on it, and any address is allowed.
inline void fetch_ahead(std::span<const uint8_t* const> symbols, size_t offset, size_t bytes) {
  constexpr size_t kLineBytes = 64;
  constexpr int kRead = 0, kSecondLevel = 2;
  for (const uint8_t* symbol : symbols) {
    const uint8_t* from = symbol + offset;
    for (size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(from + at, kRead, kSecondLevel);
    __builtin_prefetch(from + bytes - 1, kRead, kSecondLevel);
  }
}

}  // namespace walrusfs::codec
