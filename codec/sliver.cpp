#include "codec/sliver.h"

#include <string>

#include "codec/word_hasher.h"

namespace walrusfs {
namespace {

constexpr uint64_t kFramingBytes = 5 + 2 + 2;  // ULEB length, symbol size, index

const char* name_of(Axis axis) { return axis == Axis::kPrimary ? "primary" : "secondary"; }

std::string describe(const SliverView& sliver) {
  return std::string(name_of(sliver.axis)) + " sliver " + std::to_string(raw(sliver.index));
}

void write_sliver_data(BcsWriter& out, const SliverView& sliver) {
  out.reserve(1 + kFramingBytes + sliver.data.size());
  out.bytes(sliver.data);
  out.u16(sliver.symbol_bytes);
  out.u16(raw(sliver.index));
}

bool fits(const CodeShape& shape, const SliverView& sliver) {
  return shape.has(sliver.index) && sliver.symbol_bytes > 0 && sliver.symbol_bytes % kSymbolAlignment == 0 &&
         sliver.data.size() == shape.sliver_bytes(sliver.axis, sliver.symbol_bytes);
}

std::vector<const uint8_t*> symbols_of(const SliverView& sliver) {
  std::vector<const uint8_t*> symbols(sliver.symbol_count());
  for (size_t i = 0; i < symbols.size(); ++i) symbols[i] = sliver.symbol(i).data();
  return symbols;
}

Status check_size(const SliverView& sliver, const BlobMetadata& metadata) {
  const auto refuse = [&](const std::string& why) { return Error(Code::kCorrupt, describe(sliver) + why); };
  if (!metadata.shape().has(sliver.index)) {
    return refuse(" does not exist: there are " + std::to_string(metadata.shape().n()) + " shards");
  }
  if (sliver.symbol_bytes != metadata.symbol_bytes()) {
    return refuse(" has symbols of " + std::to_string(sliver.symbol_bytes) + " bytes, not of " +
                  std::to_string(metadata.symbol_bytes()));
  }
  if (sliver.data.size() != metadata.sliver_bytes(sliver.axis)) {
    return refuse(" has " + std::to_string(sliver.data.size()) + " bytes, not " +
                  std::to_string(metadata.sliver_bytes(sliver.axis)));
  }
  return ok_status();
}

}  // namespace

Bytes sliver_data_to_bytes(const SliverView& sliver) {
  BcsWriter out;
  write_sliver_data(out, sliver);
  return out.take();
}

namespace {

Result<SliverView> read_sliver_data(const CodeShape& shape, Axis axis, BcsReader& in) {
  WFS_ASSIGN(const ByteView data, in.bytes(UINT32_MAX));
  WFS_ASSIGN(const uint16_t symbol_bytes, in.u16());
  WFS_ASSIGN(const uint16_t index, in.u16());
  if (data.size() != shape.sliver_bytes(axis, symbol_bytes)) return in.fail("its length does not fit its symbol size");
  const SliverView sliver(axis, SliverIndex{index}, symbol_bytes, data);
  if (!fits(shape, sliver)) return in.fail("its index or symbol size is impossible");
  return sliver;
}

}  // namespace

Result<SliverView> view_sliver_data(const CodeShape& shape, Axis axis, ByteView bcs) {
  BcsReader in(bcs, axis == Axis::kPrimary ? "a primary sliver" : "a secondary sliver");
  WFS_ASSIGN(const SliverView sliver, read_sliver_data(shape, axis, in));
  WFS_TRY(in.finish());
  return sliver;
}

Result<SliverView> read_sliver(const CodeShape& shape, BcsReader& in) {
  WFS_ASSIGN(const uint8_t tag, in.u8());
  if (tag > static_cast<uint8_t>(Axis::kSecondary)) return in.fail("its axis is unknown");
  return read_sliver_data(shape, Axis{tag}, in);
}

Result<Sliver> parse_sliver_data(const CodeShape& shape, Axis axis, ByteView bcs) {
  WFS_ASSIGN(const SliverView view, view_sliver_data(shape, axis, bcs));
  return view.copy();
}

Bytes sliver_to_bytes(const SliverView& sliver) {
  BcsWriter out;
  out.u8(static_cast<uint8_t>(sliver.axis));
  write_sliver_data(out, sliver);
  return out.take();
}

Result<SliverView> view_sliver(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "a sliver");
  WFS_ASSIGN(const uint8_t tag, in.u8());
  if (tag > static_cast<uint8_t>(Axis::kSecondary)) return in.fail("its axis is unknown");
  return view_sliver_data(shape, Axis{tag}, bcs.subspan(1));
}

Result<Sliver> parse_sliver(const CodeShape& shape, ByteView bcs) {
  WFS_ASSIGN(const SliverView view, view_sliver(shape, bcs));
  return view.copy();
}

uint64_t max_sliver_data_bytes(const BlobMetadata& metadata, Axis axis) {
  return metadata.sliver_bytes(axis) + kFramingBytes;
}

std::vector<Digest> sliver_leaf_hashes(const CodeShape& shape, const SliverView& sliver, const CodecEngine& engine) {
  WFS_CHECK(fits(shape, sliver));
  const auto code = codec::RsCode::for_slivers(shape, sliver.axis);
  codec::WordHasher hasher(engine, code, sliver.symbol_bytes);
  std::vector<codec::DigestLanes> lanes(codec::groups_for(shape.n()));
  hasher.hash(symbols_of(sliver).data(), lanes.data());
  std::vector<Digest> leaves(shape.n());
  for (size_t i = 0; i < leaves.size(); ++i) leaves[i] = codec::get_digest(lanes.data(), i);
  return leaves;
}

Status verify_sliver(const SliverView& sliver, const BlobMetadata& metadata, const CodecEngine& engine) {
  WFS_TRY(check_size(sliver, metadata));
  const auto code = codec::RsCode::for_slivers(metadata.shape(), sliver.axis);
  const MerkleNode root{codec::WordHasher(engine, code, sliver.symbol_bytes).root(symbols_of(sliver).data())};
  if (root == metadata.sliver_hash(sliver.axis, sliver.index)) return ok_status();
  return Error(Code::kCorrupt, describe(sliver) + " does not have the hash that the blob's metadata tells");
}

Bytes expand_sliver(const CodeShape& shape, const SliverView& sliver, const CodecEngine& engine) {
  WFS_CHECK(fits(shape, sliver));
  const auto code = codec::RsCode::for_slivers(shape, sliver.axis);
  const size_t symbol_bytes = sliver.symbol_bytes;
  Bytes word = to_bytes(sliver.data);
  word.resize(code.symbols() * symbol_bytes);
  codec::Strips scratch(code.encode_scratch());
  for (size_t at = 0; at < symbol_bytes; at += codec::kStripBytes) {
    const size_t left = symbol_bytes - at;
    code.encode(engine, scratch.data(), code.all_recoveries(),
                codec::each_loaded(engine,
                                   [&](size_t i, codec::Strip& strip) {
                                     load_strip(strip, word.data() + i * symbol_bytes + at, left);
                                   }),
                codec::each_stored(engine, [&](size_t r, const codec::Strip& strip) {
                  store_strip(strip, word.data() + (code.sources() + r) * symbol_bytes + at, left);
                }));
  }
  return word;
}

}  // namespace walrusfs
