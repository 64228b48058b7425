// From a blob to its blob ID, metadata and slivers.
//
// The blob is only read, never copied whole: hand in a mapped file. Calls are safe from any thread;
// each starts and ends the worker threads it was asked for, or borrows those of a pool. Specification
// sections 3 to 7.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "codec/sliver.h"
#include "codec/worker_pool.h"

namespace walrusfs {

struct EncodeOptions {
  unsigned threads = 1;
  const CodecEngine* engine = &default_codec_engine();
  // Called now and then with work done and work in all (abstract units), never from two threads at
  // once. Returning false cancels: the call then fails with kCancelled.
  std::function<bool(uint64_t done, uint64_t total)> progress;
  // Where the threads beside the caller's come from; must outlive the call. Without, they are started for it.
  WorkerPool* pool = nullptr;
};

// Every sliver hash of the blob, and with them its blob ID. Scratch memory stays below 128 MiB plus 2 MiB
// per thread, whatever the blob's size, for committees of up to 1000 shards; beyond, it grows with the
// square of the committee. kTooLarge when the blob does not fit the shape.
Result<BlobMetadata> compute_metadata(const CodeShape& shape, ByteView blob, const EncodeOptions& options = {});

struct SliverPair {
  PairIndex pair{};
  Sliver primary;
  Sliver secondary;
};

// Hands out slivers in batches, so that an upload never holds 4.5 times the blob. A batch repeats the
// Reed-Solomon work over the whole blob (systematic slivers are plain copies), never the hashing. Beside
// the slivers a batch takes less than 1 MiB per thread.
class SliverEncoder {
 public:
  // `blob` must outlive the encoder. kTooLarge when it does not fit the shape.
  static Result<SliverEncoder> create(const CodeShape& shape, ByteView blob);

  const CodeShape& shape() const { return shape_; }
  uint16_t symbol_bytes() const { return symbol_bytes_; }
  // Memory that one pair takes; for choosing the size of a batch.
  uint64_t pair_bytes() const;

  // The slivers with these indices, in the order asked for.
  Result<std::vector<Sliver>> slivers(Axis axis, std::span<const SliverIndex> wanted,
                                      const EncodeOptions& options = {}) const;
  // Both slivers of these pairs, in the order asked for.
  Result<std::vector<SliverPair>> pairs(std::span<const PairIndex> wanted, const EncodeOptions& options = {}) const;

 private:
  SliverEncoder(CodeShape shape, ByteView blob, uint16_t symbol_bytes)
      : shape_(shape), blob_(blob), symbol_bytes_(symbol_bytes) {}

  CodeShape shape_;
  ByteView blob_;
  uint16_t symbol_bytes_;
};

// Metadata and every sliver at once, in pair order: for small blobs and tests.
struct EncodedBlob {
  BlobMetadata metadata;
  std::vector<SliverPair> pairs;
};
Result<EncodedBlob> encode_blob(const CodeShape& shape, ByteView blob, const EncodeOptions& options = {});

}  // namespace walrusfs
