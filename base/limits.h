// Every limit of the program, named, with the reason for its value. Each has a test at the limit and
// one past it, beside the code that enforces it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace walrusfs::limits {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
constexpr uint64_t kGiB = 1024 * kMiB;

// Names and attributes: what Linux itself allows.
constexpr size_t kNameBytes = 255;
constexpr size_t kSymlinkBytes = 4095;
constexpr size_t kXattrNameBytes = 255;
constexpr size_t kXattrValueBytes = 64 * kKiB;
constexpr size_t kXattrsPerInodeBytes = 256 * kKiB;  // names and values; they live in one index row set
constexpr uint32_t kLinks = 65'000;                  // as ext4

// A signed 64-bit offset with room for arithmetic; ext4 stops at 16 TiB.
constexpr uint64_t kFileBytes = uint64_t{1} << 50;

// Frames: the unit of fetching, hashing and caching.
constexpr uint64_t kFrameBytes = kMiB;

}  // namespace walrusfs::limits
