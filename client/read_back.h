// "certified by publisher": a publisher hands out no certificate, so what it stored is read back whole through an
// aggregator and compared with the local file, byte for byte, before anybody relies on it.
#pragma once

#include "base/limits.h"
#include "client/blob_store.h"

namespace walrusfs {

struct ReadBackOptions {
  uint64_t step_bytes = limits::kReadBackBytes;  // held in memory twice; at most limits::kBlobReadBytes
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress = {};
  const CancelToken* cancel = nullptr;  // borrowed for the call
};

// Ok when the network serves exactly the first `size_bytes` of `local` under this blob ID. kCorrupt when it serves
// anything else, kNotFound when it does not know the blob, kStale when `local` is shorter than that, kIo when it cannot
// be read, kCancelled; otherwise the store's errors. The network is not asked for the size: the blob ID commits to it,
// and one that is asked may lie. Blocks; safe from any thread.
Status read_back(BlobStore& store, const BlobId& blob, File& local, uint64_t size_bytes, const ReadBackOptions& options,
                 Deadline deadline);

}  // namespace walrusfs
