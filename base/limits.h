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
constexpr size_t kAclEntries = 511;                  // a page of 4096 bytes is all that FUSE passes on
constexpr uint32_t kLinks = 65'000;                  // as ext4
constexpr size_t kFolderDepth = 64 * kKiB;           // a tar path (below) cannot tell deeper ones; ends circles

// A signed 64-bit offset with room for arithmetic; ext4 stops at 16 TiB.
constexpr uint64_t kFileBytes = uint64_t{1} << 50;

// Frames: the unit of fetching, hashing and caching.
constexpr uint64_t kFrameBytes = kMiB;
constexpr uint64_t kSmallestFrameBytes = 4 * kKiB;

// Packs, as they are written and as they are believed when somebody else wrote them.
constexpr uint64_t kFramesPerPack = 128 * kKiB;         // 128 GiB of T: far more than fits a blob of data
constexpr uint64_t kPackTBytes = kFramesPerPack * kFrameBytes;
constexpr uint64_t kFramesMemberBytes = 32 * kMiB;      // kFramesPerPack lines of at most 160 bytes, and its header
constexpr uint64_t kChangesBytes = 512 * kMiB;          // the rows of some three million files
constexpr size_t kTarPathBytes = 64 * kKiB;             // Linux resolves 4096 at a time, but trees go deeper
constexpr size_t kTarExtendedHeaderBytes = kMiB;        // path, link target, and kXattrsPerInodeBytes of xattrs
constexpr size_t kSparseRangesPerMember = 256 * kKiB;   // GNU tar keeps the whole map in memory
constexpr size_t kAgeHeaderBytes = 64 * kKiB;           // room for hundreds of recipients
constexpr int kScryptLogN = 22;                         // 4 GiB and 16 s: no honest key file asks for more

// Reading: rows of frames kept in memory (72 bytes each: 18 MiB, enough for 256 GiB of packs), and frames
// fetched ahead at a time (twice the largest read-ahead window).
constexpr size_t kFramesInMemory = 256 * kKiB;
constexpr size_t kPrefetchFrames = 64;

// Packing: what a publisher must take at the least; a smaller limit of its is reported, not obeyed.
constexpr uint64_t kSmallestPackBytes = 256 * kKiB;
// Files this large begin at a frame's start, so that aligned reads of them touch one frame each.
constexpr uint64_t kOwnFramesBytes = 4 * kMiB;
// An upload slower than this is given up and tried again; a line this slow cannot keep a volume.
constexpr uint64_t kSlowestUploadBytesPerSecond = 64 * kKiB;
constexpr uint64_t kReadBackBytes = 8 * kMiB;           // compared at a time when a stored pack is checked

// Network: one read stays well below what a daemon can hold several of; the network sells 53 epochs ahead.
constexpr uint64_t kBlobReadBytes = 64 * kMiB;
constexpr uint32_t kEpochsAhead = 53;
constexpr uint64_t kHttpMessageBytes = 64 * kKiB;  // a receipt or an error; true ones have less than 2 KiB
constexpr size_t kRecentStores = 4096;             // blobs whose "not found" is not believed at once

}  // namespace walrusfs::limits
