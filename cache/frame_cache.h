// Local copies of decoded frames, bounded in bytes. Losing all of it costs time, never data.
//
// Safe to call from any thread; safe to delete its folder while in use. Each copy carries magic,
// version, its key, its length and a checksum (cache/frame_file.h); one that does not check out is dropped,
// logged and reported as absent: callers never see a damaged frame. A small part is kept in memory. What
// stays is decided by cache/eviction.h: reading a lot once does not push out what is used often. Nothing is
// synced: after a power cut the checksum finds what is half there.
#pragma once

#include <memory>
#include <string>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

// The hash of a frame's compressed bytes and where it stands in T: same key, same bytes, in any pack.
struct FrameKey {
  Digest hash{};
  uint64_t t_offset = 0;
  bool operator==(const FrameKey&) const = default;
};

struct FrameCacheOptions {
  std::string folder;
  uint64_t bound_bytes = 0;          // on disk, in whole blocks of 4 KiB; 0: nothing is kept on disk
  uint64_t memory_bytes = 64 << 20;  // 0: nothing is kept in memory
};

struct FrameCacheUsage {
  uint64_t bytes = 0;
  uint64_t frames = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t damaged = 0;
};

using SharedFrame = std::shared_ptr<const Bytes>;  // shared: readers keep it while it is evicted

class FrameCache {
 public:
  // `files` must outlive the cache. Scans the folder once and drops strangers. An error only where the
  // folder cannot be meant: no permission, not a folder, read-only.
  static Result<std::unique_ptr<FrameCache>> open(Files& files, const FrameCacheOptions& options);
  virtual ~FrameCache() = default;

  // The frame, or null. Counts as a use for eviction.
  virtual SharedFrame get(const FrameKey& key) = 0;
  // Keeps a copy if there is room after eviction. Failing to keep it is not an error. A frame is at most
  // limits::kFrameBytes; a larger one is kept in memory only.
  virtual void put(const FrameKey& key, SharedFrame frame) = 0;
  virtual FrameCacheUsage usage() const = 0;
};

}  // namespace walrusfs
