// Blob metadata: the hashes of all slivers of a blob. Its Merkle root and the blob's length make the
// blob ID, so metadata that verifies against an ID tells which slivers are true.
//
// Immutable after construction; safe to share between threads. Layouts: specification sections 7, 10, 13.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/merkle.h"
#include "codec/shape.h"

namespace walrusfs {

struct PairHashes {
  MerkleNode primary;    // of primary sliver p
  MerkleNode secondary;  // of secondary sliver n-1-p
  bool operator==(const PairHashes&) const = default;
};

class BlobMetadata {
 public:
  // `pairs` in pair order, one per shard; the blob must fit the shape.
  static Result<BlobMetadata> create(CodeShape shape, uint64_t blob_bytes, std::vector<PairHashes> pairs);

  // The body of a metadata PUT. Strict: another count than `shape` has, another encoding type, an
  // impossible length, trailing bytes are kCorrupt. Says nothing about the blob ID: see verify().
  static Result<BlobMetadata> parse(const CodeShape& shape, ByteView bcs);
  Bytes to_bytes() const;

  const CodeShape& shape() const { return shape_; }
  uint64_t blob_bytes() const { return blob_bytes_; }
  uint16_t symbol_bytes() const { return symbol_bytes_; }
  uint64_t sliver_bytes(Axis axis) const { return shape_.sliver_bytes(axis, symbol_bytes_); }
  std::span<const PairHashes> pairs() const { return pairs_; }
  // shape().has(index).
  const MerkleNode& sliver_hash(Axis axis, SliverIndex index) const;

  Digest root() const;
  BlobId blob_id() const;
  // kCorrupt unless this is the metadata of that blob.
  Status verify(const BlobId& wanted) const;

  bool operator==(const BlobMetadata&) const = default;

 private:
  BlobMetadata(CodeShape shape, uint64_t blob_bytes, uint16_t symbol_bytes, std::vector<PairHashes> pairs)
      : shape_(shape), blob_bytes_(blob_bytes), symbol_bytes_(symbol_bytes), pairs_(std::move(pairs)) {}

  CodeShape shape_;
  uint64_t blob_bytes_;
  uint16_t symbol_bytes_;
  std::vector<PairHashes> pairs_;
};

// The blob ID that a root and a length make.
BlobId blob_id_of(const Digest& root, uint64_t blob_bytes);

// The form that Sui explorers show: the 32 bytes as a little-endian integer, in decimal (section 8).
std::string blob_id_to_decimal(const BlobId& id);

// The answer to a metadata GET: blob ID, then metadata.
Bytes metadata_with_id_to_bytes(const BlobId& id, const BlobMetadata& metadata);
// Parses it and verifies the metadata against `wanted`, whatever ID the answer claims (an answer
// that claims another one is kCorrupt too).
Result<BlobMetadata> parse_metadata_with_id(const CodeShape& shape, const BlobId& wanted, ByteView bcs);

// The most bytes that metadata of this shape takes, for bounding a download.
uint64_t max_metadata_bytes(const CodeShape& shape);

}  // namespace walrusfs
