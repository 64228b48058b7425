// From slivers back to the blob, and the cutting of byte ranges out of systematic slivers.
// Specification sections 11, 14, 18.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "codec/encoder.h"
#include "codec/recovery.h"

namespace walrusfs {

// What is checked after decoding from slivers that each verified (a writer may publish hashes that
// belong to no codeword, and then readers of different slivers would see different bytes).
enum class ConsistencyCheck {
  kSkip,     // nothing
  kDefault,  // hashes of the systematic primary slivers that were not handed in
  kStrict,   // the whole blob is encoded again and its ID compared
};

struct DecodeOptions {
  ConsistencyCheck check = ConsistencyCheck::kDefault;
  unsigned threads = 1;
  const CodecEngine* engine = &default_codec_engine();
  // As EncodeOptions::progress.
  std::function<bool(uint64_t done, uint64_t total)> progress;
  // As EncodeOptions::pool.
  WorkerPool* pool = nullptr;
};

// Decodes a blob from slivers of one axis, each verified by the caller against `metadata`. Slivers of
// another size, of the other axis and repeated ones are passed over; of the rest, exactly the first k1
// (primary) or k2 (secondary) count. kUnavailable when there are too few; kCorrupt when the check
// fails: then the blob was published inconsistent and nobody may read it; kCancelled when the progress
// callback asked to stop.
//
// `out` has metadata.blob_bytes() bytes and receives each of them once, not in order; after a failure it
// holds anything. With mapped files behind slivers and `out` the size of a blob does not matter: scratch
// memory stays below 4 MiB per thread for committees of up to 1000 shards (kStrict: as compute_metadata()).
Status decode_blob_into(const BlobMetadata& metadata, Axis axis, std::span<const SliverView> slivers,
                        MutableByteView out, const DecodeOptions& options = {});

// The same in memory, for blobs that fit there.
Result<Bytes> decode_blob(const BlobMetadata& metadata, Axis axis, std::span<const Sliver> slivers,
                          const DecodeOptions& options = {});

// A part of a byte range that one systematic primary sliver holds.
struct RangePart {
  SliverIndex sliver{};  // primary; its pair has the same number
  ByteRange in_sliver;   // bytes of the sliver's data to take
  uint64_t at = 0;       // where they go, from the start of the range asked for
};

// The systematic primary slivers that hold `range` of the blob, in order, and how to cut them. Every
// row is cut against the blob's length. kRange when the range is empty or ends past the blob.
Result<std::vector<RangePart>> slivers_of_range(const CodeShape& shape, uint64_t blob_bytes, ByteRange range);

}  // namespace walrusfs
