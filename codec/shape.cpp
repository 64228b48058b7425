#include "codec/shape.h"

#include <algorithm>
#include <string>

namespace walrusfs {
namespace {

constexpr uint64_t kMetadataFixedBytes = 32;    // the blob ID, as the price formula counts it
constexpr uint64_t kMetadataPerPairBytes = 64;  // two digests

constexpr uint64_t divide_up(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

}  // namespace

Result<CodeShape> CodeShape::create(uint32_t shards) {
  if (shards < kMinShards || shards > kMaxShards) {
    return Error(Code::kInvalidArgument, "a committee needs " + std::to_string(kMinShards) + " to " +
                                             std::to_string(kMaxShards) + " shards, not " + std::to_string(shards));
  }
  return CodeShape(static_cast<uint16_t>(shards));
}

Result<uint16_t> CodeShape::symbol_bytes(uint64_t blob_bytes) const {
  if (blob_bytes > max_blob_bytes()) {
    return Error(Code::kTooLarge, "a blob of " + std::to_string(blob_bytes) + " bytes is too large: with " +
                                      std::to_string(n_) + " shards the limit is " + std::to_string(max_blob_bytes()) +
                                      " bytes; split it");
  }
  const uint64_t exact = divide_up(std::max<uint64_t>(blob_bytes, 1), source_symbols());
  return static_cast<uint16_t>(exact + exact % kSymbolAlignment);
}

Result<uint64_t> CodeShape::all_sliver_bytes(uint64_t blob_bytes) const {
  WFS_ASSIGN(const uint16_t symbol, symbol_bytes(blob_bytes));
  return uint64_t{n_} * (uint64_t{k1()} + k2()) * symbol;
}

Result<uint64_t> CodeShape::encoded_length(uint64_t blob_bytes) const {
  WFS_ASSIGN(const uint64_t slivers, all_sliver_bytes(blob_bytes));
  return n_ * (n_ * kMetadataPerPairBytes + kMetadataFixedBytes) + slivers;
}

uint16_t CodeShape::rotation(const BlobId& blob) const {
  uint32_t remainder = 0;
  for (uint8_t byte : blob.bytes) remainder = (remainder * 256 + byte) % n_;
  return static_cast<uint16_t>(remainder);
}

ShardIndex CodeShape::shard_of(const BlobId& blob, PairIndex pair) const {
  return ShardIndex{static_cast<uint16_t>((uint32_t{raw(pair)} + rotation(blob)) % n_)};
}

PairIndex CodeShape::pair_of(const BlobId& blob, ShardIndex shard) const {
  return PairIndex{static_cast<uint16_t>((uint32_t{raw(shard)} + n_ - rotation(blob)) % n_)};
}

}  // namespace walrusfs
