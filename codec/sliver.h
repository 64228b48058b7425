// One sliver: k2 (primary) or k1 (secondary) symbols, as storage nodes keep and hand them out.
// Layouts and checks: specification sections 10, 13.
#pragma once

#include "codec/engine.h"
#include "codec/metadata.h"

namespace walrusfs {

struct Sliver {
  Axis axis = Axis::kPrimary;
  SliverIndex index{};
  uint16_t symbol_bytes = 0;
  Bytes data;

  size_t symbol_count() const { return symbol_bytes == 0 ? 0 : data.size() / symbol_bytes; }
  // at < symbol_count().
  ByteView symbol(size_t at) const { return ByteView(data).subspan(at * symbol_bytes, symbol_bytes); }
  bool operator==(const Sliver&) const = default;
};

// The same where the bytes are somebody else's, in a mapped file for instance; they must outlive it.
struct SliverView {
  Axis axis = Axis::kPrimary;
  SliverIndex index{};
  uint16_t symbol_bytes = 0;
  ByteView data;

  SliverView() = default;
  SliverView(Axis of_axis, SliverIndex at_index, uint16_t bytes_per_symbol, ByteView bytes)
      : axis(of_axis), index(at_index), symbol_bytes(bytes_per_symbol), data(bytes) {}
  SliverView(const Sliver& sliver)  // NOLINT: implicit on purpose
      : SliverView(sliver.axis, sliver.index, sliver.symbol_bytes, sliver.data) {}

  size_t symbol_count() const { return symbol_bytes == 0 ? 0 : data.size() / symbol_bytes; }
  // at < symbol_count().
  ByteView symbol(size_t at) const { return data.subspan(at * symbol_bytes, symbol_bytes); }
  Sliver copy() const { return Sliver{axis, index, symbol_bytes, to_bytes(data)}; }
};

// The body of a sliver PUT or GET (the axis is in the URL).
Bytes sliver_data_to_bytes(const SliverView& sliver);
// Strict; kCorrupt for anything that cannot be a sliver of this shape on this axis.
Result<Sliver> parse_sliver_data(const CodeShape& shape, Axis axis, ByteView bcs);
// The same without a copy: `bcs` must outlive the view.
Result<SliverView> view_sliver_data(const CodeShape& shape, Axis axis, ByteView bcs);

// With the axis in front.
Bytes sliver_to_bytes(const SliverView& sliver);
Result<Sliver> parse_sliver(const CodeShape& shape, ByteView bcs);
Result<SliverView> view_sliver(const CodeShape& shape, ByteView bcs);

// One of several, in the middle of something. The view is of the reader's bytes.
Result<SliverView> read_sliver(const CodeShape& shape, BcsReader& in);

// The most bytes that the BCS of a sliver takes, for bounding a download.
uint64_t max_sliver_data_bytes(const BlobMetadata& metadata, Axis axis);

// kCorrupt unless index, length, symbol size and the Merkle root of the expanded sliver are those
// that `metadata` (verified by the caller) tells. Costs one encoding and 2n hashes.
Status verify_sliver(const SliverView& sliver, const BlobMetadata& metadata,
                     const CodecEngine& engine = default_codec_engine());

// The hashes of all n symbols of the expanded sliver: the leaves of its tree. The sliver's size must
// fit the shape.
std::vector<Digest> sliver_leaf_hashes(const CodeShape& shape, const SliverView& sliver,
                                       const CodecEngine& engine = default_codec_engine());

// All n symbols of the expanded sliver, one after the other.
Bytes expand_sliver(const CodeShape& shape, const SliverView& sliver,
                    const CodecEngine& engine = default_codec_engine());

}  // namespace walrusfs
