// Uploads that come ahead of their blob's registration (`pending=true`): kept in memory, up to limits and for a while,
// until the node learns of the registration and stores them. Storage-node API, section 4.3.
//
// Safe to call from any thread. What is in here has been verified by the caller.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "codec/sliver.h"

namespace walrusfs::localnet {

// The defaults of real nodes.
struct PendingLimits {
  size_t blobs = 1024;
  size_t slivers = 20'480;
  uint64_t all_sliver_bytes = uint64_t{1} << 30;
  uint64_t sliver_bytes = 4 << 20;  // of one
  Millis time_to_live{60'000};      // of a blob, from its metadata on
};

class PendingBuffer {
 public:
  // `clock` must outlive the buffer.
  explicit PendingBuffer(Clock& clock, PendingLimits limits = {}) : clock_(clock), limits_(limits) {}

  // False when there is no room.
  bool put_metadata(const BlobId& blob, BlobMetadata metadata);
  // Nothing when the blob is not here.
  std::shared_ptr<const BlobMetadata> metadata(const BlobId& blob);
  // False when there is no room, or the blob is not here any more.
  bool put_sliver(const BlobId& blob, Sliver sliver);
  bool has_sliver(const BlobId& blob, Axis axis, SliverIndex index);

  // Moving a blob out: take its slivers until none came meanwhile, then forget it, which fails when some did.
  std::vector<Sliver> take_slivers(const BlobId& blob);
  bool forget_if_empty(const BlobId& blob);

 private:
  struct Upload {
    std::shared_ptr<const BlobMetadata> metadata;
    Deadline until = Deadline::never();
    std::map<std::pair<Axis, SliverIndex>, Sliver> slivers;
  };

  // Null when it is not here, or its time is over.
  Upload* find(const BlobId& blob) REQUIRES(mutex_);
  // Its slivers, which do not count any more.
  std::vector<Sliver> release(Upload& upload) REQUIRES(mutex_);
  void drop_expired() REQUIRES(mutex_);

  Clock& clock_;
  const PendingLimits limits_;
  Mutex mutex_;
  std::map<BlobId, Upload> uploads_ GUARDED_BY(mutex_);
  size_t slivers_ GUARDED_BY(mutex_) = 0;
  uint64_t sliver_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs::localnet
