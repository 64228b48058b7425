// Bytes of files, from wherever their extents say: spool, frame cache, network. Every byte that comes
// from a pack was checked against its frame's hash.
//
// Safe to call from any thread. One fetch per frame at a time, however many ask for it.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/spool.h"
#include "fs/io/background.h"
#include "fs/io/frame_reader.h"
#include "meta/rows.h"

namespace walrusfs {

struct ContentReaderOptions {
  BackgroundRunner run_later;       // none: prefetch() does nothing
  Millis prefetch_timeout{60'000};  // for one frame
};

class ContentReader {
 public:
  // `spool`, `frames` and `clock` must outlive the reader. Its destructor waits for prefetches that
  // run, not for those that are still queued in `run_later`.
  static std::unique_ptr<ContentReader> make(Spool& spool, FrameReader& frames, Clock& clock,
                                             const ContentReaderOptions& options);
  virtual ~ContentReader() = default;

  // Fills `out` with the file's bytes from `offset` on. `extents` are those of the range (others are
  // ignored); what none covers becomes zero. kStale when a staging file went away meanwhile: take the
  // extents again and repeat; when it says so again for the same extents, the bytes are lost. kCorrupt and kUnavailable
  // name frame, pack and source.
  virtual Status read(const std::vector<Extent>& extents, uint64_t offset, MutableByteView out, Deadline deadline) = 0;

  // A reader goes through a file in order: `ahead` are the extents that it will want soon. Fetches in
  // the background, at most limits::kPrefetchFrames at a time (more are dropped); returns at once.
  virtual void prefetch(const std::vector<Extent>& ahead) = 0;
};

}  // namespace walrusfs
