// Bytes of packs: frame by frame from the cache, else from the network, where every byte is checked
// against its frame's hash before anybody sees it.
//
// Safe to call from any thread. One fetch per frame at a time, however many ask for it. A source that
// serves wrong bytes is passed over (BlobStore tries the next one while the check says no); when none is
// left the read fails with kCorrupt, naming pack, frame and sources.
#pragma once

#include <optional>

#include "cache/frame_cache.h"
#include "client/blob_store.h"
#include "fs/io/frame_flights.h"
#include "fs/io/pack_table.h"

namespace walrusfs {

class FrameReader {
 public:
  struct World {
    Index& index;
    FrameCache& cache;
    BlobStore& store;
  };
  // Everything in `world` must outlive the reader. Without an identity only public packs are read.
  FrameReader(const World& world, std::optional<pack::AgeIdentity> identity);

  // Fills `out` with T bytes of the pack from `t_offset` on.
  Status read(PackId id, uint64_t t_offset, MutableByteView out, Deadline deadline);

  // One whole frame, decoded.
  Result<SharedFrame> frame(const OpenPack& pack, const FrameRow& row, Deadline deadline);

  PackTable& packs() { return packs_; }

 private:
  SharedFrame cached(const FrameKey& key, const FrameRow& row);
  Result<SharedFrame> fetch(const OpenPack& pack, const FrameRow& row, Deadline deadline);

  FrameCache& cache_;
  BlobStore& store_;
  PackTable packs_;
  FrameFlights flights_;
};

}  // namespace walrusfs
