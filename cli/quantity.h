// Bytes and times as people write and read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace walrusfs::cli {

// "4096", "64KiB", "1.5 GiB", "10MB" (powers of ten without the i).
Result<uint64_t> parse_bytes(std::string_view text);
// "500ms", "30s", "5min", "2h", "1d".
Result<Millis> parse_duration(std::string_view text);

// SUI or WAL, with up to nine decimals: "2", "0.5". In the smallest unit (MIST, FROST).
Result<uint64_t> parse_coins(std::string_view text);

// What `done` of `total` steps are of `whole` bytes; for progress.
uint64_t part_of(uint64_t whole, uint64_t done, uint64_t total);

std::string format_bytes(uint64_t bytes);      // "1.50 GiB"
std::string format_duration(Millis duration);  // "2 min 5 s"

}  // namespace walrusfs::cli
