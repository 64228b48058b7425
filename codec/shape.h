// The shape of the Red Stuff code (encoding type RS2) for a committee of n shards: how many source
// symbols, how big symbols, slivers and blobs are, and which sliver lives in which pair and shard.
//
// Pure arithmetic, no state. Formulas: Walrus RS2 specification sections 1, 2, 5, 9, 16.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

// Number of a sliver pair; storage-node URLs use it. Pair p = primary sliver p, secondary sliver n-1-p.
enum class PairIndex : uint16_t {};
// Number of a sliver on its own axis; BCS slivers carry it.
enum class SliverIndex : uint16_t {};
// Number of a shard; the committee assigns shards to storage nodes.
enum class ShardIndex : uint16_t {};
constexpr uint16_t raw(PairIndex index) { return static_cast<uint16_t>(index); }
constexpr uint16_t raw(SliverIndex index) { return static_cast<uint16_t>(index); }
constexpr uint16_t raw(ShardIndex index) { return static_cast<uint16_t>(index); }

// A primary sliver is a row of the symbol matrix, a secondary sliver a column.
enum class Axis : uint8_t { kPrimary = 0, kSecondary = 1 };
constexpr Axis other(Axis axis) { return axis == Axis::kPrimary ? Axis::kSecondary : Axis::kPrimary; }

constexpr uint32_t kMinShards = 4;  // with fewer, f = 0 and the secondary code has no recovery symbols
// The largest n for which both one-dimensional codes fit into GF(2^16): f = 16384.
constexpr uint32_t kMaxShards = 49155;
constexpr uint32_t kSymbolAlignment = 2;     // one field element
constexpr uint32_t kMaxSymbolBytes = 65534;  // the largest even u16

class CodeShape {
 public:
  // kInvalidArgument unless kMinShards <= shards <= kMaxShards.
  static Result<CodeShape> create(uint32_t shards);

  uint16_t n() const { return n_; }
  uint16_t f() const { return static_cast<uint16_t>((n_ - 1) / 3); }
  // Primary source count: rows of the message matrix, symbols per secondary sliver.
  uint16_t k1() const { return static_cast<uint16_t>(n_ - 2 * f()); }
  // Secondary source count: columns of the message matrix, symbols per primary sliver.
  uint16_t k2() const { return static_cast<uint16_t>(n_ - f()); }

  // Slivers of this axis that hold blob bytes as they are; also how many of them decode a blob.
  uint16_t systematic_slivers(Axis axis) const { return axis == Axis::kPrimary ? k1() : k2(); }
  uint16_t symbols_per_sliver(Axis axis) const { return axis == Axis::kPrimary ? k2() : k1(); }
  uint64_t sliver_bytes(Axis axis, uint16_t symbol_bytes) const {
    return uint64_t{symbols_per_sliver(axis)} * symbol_bytes;
  }

  uint64_t source_symbols() const { return uint64_t{k1()} * k2(); }
  uint64_t max_blob_bytes() const { return source_symbols() * kMaxSymbolBytes; }

  // kTooLarge beyond max_blob_bytes().
  Result<uint16_t> symbol_bytes(uint64_t blob_bytes) const;
  // All slivers of a blob together, without metadata.
  Result<uint64_t> all_sliver_bytes(uint64_t blob_bytes) const;
  // What contract and price reckon with; more than the bytes that exist.
  Result<uint64_t> encoded_length(uint64_t blob_bytes) const;

  bool has(SliverIndex index) const { return raw(index) < n_; }
  bool has(PairIndex index) const { return raw(index) < n_; }
  bool has(ShardIndex index) const { return raw(index) < n_; }

  // The caller has checked has(...) where a number came from outside.
  SliverIndex sliver_of(Axis axis, PairIndex pair) const { return SliverIndex{flip(axis, raw(pair))}; }
  PairIndex pair_of(Axis axis, SliverIndex sliver) const { return PairIndex{flip(axis, raw(sliver))}; }
  ShardIndex shard_of(const BlobId& blob, PairIndex pair) const;
  PairIndex pair_of(const BlobId& blob, ShardIndex shard) const;
  // R of section 9: the blob ID as a big-endian integer, modulo n.
  uint16_t rotation(const BlobId& blob) const;

  bool operator==(const CodeShape&) const = default;

 private:
  explicit CodeShape(uint16_t shards) : n_(shards) {}
  uint16_t flip(Axis axis, uint16_t index) const {
    return axis == Axis::kPrimary ? index : static_cast<uint16_t>(n_ - 1 - index);
  }

  uint16_t n_;
};

}  // namespace walrusfs
