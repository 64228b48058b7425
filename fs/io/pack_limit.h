// How large a pack's blob may be: what is configured, what the store takes, what a publisher's 413 taught
// (remembered in the index for as long as configuration and store say the same), and what a full disk
// leaves room for (forgotten after the next upload). For one thread.
#pragma once

#include "meta/index.h"

namespace walrusfs {

class PackLimit {
 public:
  struct Bounds {
    uint64_t configured = 0;
    uint64_t store = 0;  // BlobStore::max_blob_bytes()
    uint64_t shape = 0;  // CodeShape::max_blob_bytes()
  };
  // `index` must outlive it.
  PackLimit(Index& index, const Bounds& bounds);

  uint64_t bytes() const;

  // The store refused a blob of this size. False when packs cannot become smaller.
  Result<bool> too_large(uint64_t blob_bytes);
  // The disk had no room for a pack. False when packs cannot become smaller.
  bool no_space();
  void space_is_back() { space_bytes_ = UINT64_MAX; }

 private:
  void recall();

  Index& index_;
  const Bounds bounds_;
  uint64_t learned_bytes_ = UINT64_MAX;
  uint64_t space_bytes_ = UINT64_MAX;
};

}  // namespace walrusfs
