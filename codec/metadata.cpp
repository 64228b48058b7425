#include "codec/metadata.h"

#include <string>

#include "base/crypto.h"

namespace walrusfs {
namespace {

constexpr uint8_t kMetadataV1 = 0;
constexpr uint8_t kEncodingRs2 = 1;
constexpr size_t kNodeBytes = 1 + sizeof(Digest);

Bytes pair_leaf(const PairHashes& pair) {
  Bytes leaf = to_bytes(pair.primary.digest);
  append(leaf, pair.secondary.digest);
  return leaf;
}

}  // namespace

Result<BlobMetadata> BlobMetadata::create(CodeShape shape, uint64_t blob_bytes, std::vector<PairHashes> pairs) {
  if (pairs.size() != shape.n()) {
    return Error(Code::kInvalidArgument, "blob metadata needs the hashes of " + std::to_string(shape.n()) +
                                             " sliver pairs, not of " + std::to_string(pairs.size()));
  }
  WFS_ASSIGN(const uint16_t symbol, shape.symbol_bytes(blob_bytes));
  return BlobMetadata(shape, blob_bytes, symbol, std::move(pairs));
}

Result<BlobMetadata> BlobMetadata::parse(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "blob metadata");
  WFS_ASSIGN(const uint8_t version, in.u8());
  if (version != kMetadataV1) return in.fail("its version is unknown");
  WFS_ASSIGN(const uint8_t encoding, in.u8());
  if (encoding != kEncodingRs2) return in.fail("its encoding type is not RS2");
  WFS_ASSIGN(const uint64_t blob_bytes, in.u64());
  if (blob_bytes > shape.max_blob_bytes()) return in.fail("its blob length is impossible");
  WFS_ASSIGN(const uint32_t count, in.uleb(UINT16_MAX));
  if (count != shape.n()) {
    return in.fail("it has " + std::to_string(count) + " sliver pairs, the committee " + std::to_string(shape.n()));
  }
  std::vector<PairHashes> pairs(count);
  for (PairHashes& pair : pairs) {
    WFS_ASSIGN(pair.primary, read_node(in));
    WFS_ASSIGN(pair.secondary, read_node(in));
  }
  WFS_TRY(in.finish());
  return create(shape, blob_bytes, std::move(pairs));
}

Bytes BlobMetadata::to_bytes() const {
  BcsWriter out;
  out.reserve(max_metadata_bytes(shape_));
  out.u8(kMetadataV1);
  out.u8(kEncodingRs2);
  out.u64(blob_bytes_);
  out.uleb(shape_.n());
  for (const PairHashes& pair : pairs_) {
    write_node(out, pair.primary);
    write_node(out, pair.secondary);
  }
  return out.take();
}

const MerkleNode& BlobMetadata::sliver_hash(Axis axis, SliverIndex index) const {
  WFS_CHECK(shape_.has(index));
  const PairHashes& pair = pairs_[raw(shape_.pair_of(axis, index))];
  return axis == Axis::kPrimary ? pair.primary : pair.secondary;
}

Digest BlobMetadata::root() const {
  std::vector<Digest> leaves;
  leaves.reserve(pairs_.size());
  for (const PairHashes& pair : pairs_) leaves.push_back(merkle_leaf(pair_leaf(pair)));
  return merkle_root(leaves).digest;
}

BlobId BlobMetadata::blob_id() const { return blob_id_of(root(), blob_bytes_); }

Status BlobMetadata::verify(const BlobId& wanted) const {
  const BlobId own = blob_id();
  if (own == wanted) return ok_status();
  return Error(Code::kCorrupt,
               "this is the metadata of blob " + own.to_string() + ", not of blob " + wanted.to_string());
}

BlobId blob_id_of(const Digest& root, uint64_t blob_bytes) {
  BcsWriter preimage;
  preimage.u8(kEncodingRs2);
  preimage.u64(blob_bytes);
  preimage.raw(root);
  return BlobId{blake2b256(preimage.take())};
}

std::string blob_id_to_decimal(const BlobId& id) {
  Digest rest = id.bytes;
  std::string digits;  // from the lowest up
  while (digits.empty() || rest != Digest{}) {
    uint32_t remainder = 0;
    for (auto byte = rest.rbegin(); byte != rest.rend(); ++byte) {
      const uint32_t value = remainder * 256 + *byte;
      *byte = static_cast<uint8_t>(value / 10);
      remainder = value % 10;
    }
    digits.push_back(static_cast<char>('0' + remainder));
  }
  return {digits.rbegin(), digits.rend()};
}

Bytes metadata_with_id_to_bytes(const BlobId& id, const BlobMetadata& metadata) {
  Bytes out = to_bytes(id.bytes);
  append(out, metadata.to_bytes());
  return out;
}

Result<BlobMetadata> parse_metadata_with_id(const CodeShape& shape, const BlobId& wanted, ByteView bcs) {
  BcsReader in(bcs, "blob metadata with ID");
  WFS_ASSIGN(const Digest id, in.digest());
  if (id != wanted.bytes) return in.fail("it names another blob ID than the one asked for");
  WFS_ASSIGN(BlobMetadata metadata, BlobMetadata::parse(shape, bcs.subspan(id.size())));
  WFS_TRY(metadata.verify(wanted));
  return metadata;
}

uint64_t max_metadata_bytes(const CodeShape& shape) {
  constexpr uint64_t kFixed = sizeof(Digest) + 2 + sizeof(uint64_t) + 3;  // ID, tags, length, ULEB of n
  return kFixed + uint64_t{shape.n()} * 2 * kNodeBytes;
}

}  // namespace walrusfs
