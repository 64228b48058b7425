#include "codec/decoder.h"

#include <algorithm>
#include <memory>
#include <string>

#include "codec/parallel.h"
#include "codec/word_hasher.h"

namespace walrusfs {
namespace {

using codec::RsCode;
using codec::RsDecodePlan;
using codec::Strip;

// The slivers that a decoding uses: the first that fit, each index once.
std::vector<const Sliver*> choose(const BlobMetadata& metadata, Axis axis, std::span<const Sliver> slivers) {
  const CodeShape& shape = metadata.shape();
  std::vector<const Sliver*> chosen;
  std::vector<bool> seen(shape.n(), false);
  for (const Sliver& sliver : slivers) {
    if (chosen.size() == shape.systematic_slivers(axis)) break;
    const bool fits = sliver.axis == axis && shape.has(sliver.index) &&
                      sliver.symbol_bytes == metadata.symbol_bytes() &&
                      sliver.data.size() == metadata.sliver_bytes(axis) && !seen[raw(sliver.index)];
    if (!fits) continue;
    seen[raw(sliver.index)] = true;
    chosen.push_back(&sliver);
  }
  return chosen;
}

// Fills the message matrix (with its padding) from exactly enough slivers of one axis.
class MatrixDecoder {
 public:
  MatrixDecoder(const BlobMetadata& metadata, Axis axis, std::vector<const Sliver*> given, const DecodeOptions& options)
      : shape_(metadata.shape()),
        axis_(axis),
        symbol_bytes_(metadata.symbol_bytes()),
        given_(std::move(given)),
        options_(options),
        plan_(RsCode::for_slivers(shape_, other(axis)), indices(given_)),
        matrix_(shape_.source_symbols() * symbol_bytes_) {}

  Bytes decode() {
    const size_t places = shape_.symbols_per_sliver(axis_);
    const unsigned workers = std::max(1u, options_.threads);
    std::vector<codec::Strips> scratch(workers);
    codec::parallel_for(workers, places, [&](unsigned worker, size_t place) {
      scratch[worker].resize(plan_.scratch());
      decode_place(place, scratch[worker]);
    });
    return std::move(matrix_);
  }

 private:
  static std::vector<uint16_t> indices(const std::vector<const Sliver*>& slivers) {
    std::vector<uint16_t> out;
    for (const Sliver* sliver : slivers) out.push_back(raw(sliver->index));
    return out;
  }
  // Where symbol `place` of the systematic sliver `index` lies.
  uint8_t* symbol(size_t index, size_t place) {
    const size_t row = axis_ == Axis::kPrimary ? index : place;
    const size_t column = axis_ == Axis::kPrimary ? place : index;
    return matrix_.data() + (row * shape_.k2() + column) * symbol_bytes_;
  }

  void decode_place(size_t place, codec::Strips& scratch) {
    for (const Sliver* sliver : given_) {
      if (raw(sliver->index) >= shape_.systematic_slivers(axis_)) continue;
      std::memcpy(symbol(raw(sliver->index), place), sliver->symbol(place).data(), symbol_bytes_);
    }
    for (size_t at = 0; at < symbol_bytes_; at += codec::kStripBytes) {
      const size_t left = symbol_bytes_ - at;
      plan_.decode(
          *options_.engine, scratch.data(),
          [&](size_t g, Strip& strip) { load_strip(strip, given_[g]->symbol(place).data() + at, left); },
          [&](size_t i, const Strip& strip) { store_strip(strip, symbol(i, place) + at, left); });
    }
  }

  const CodeShape& shape_;
  const Axis axis_;
  const size_t symbol_bytes_;
  const std::vector<const Sliver*> given_;
  const DecodeOptions& options_;
  const RsDecodePlan plan_;
  Bytes matrix_;
};

Error inconsistent(const std::string& how) {
  return Error(Code::kCorrupt, "the blob was published inconsistent (" + how +
                                   "): different slivers would give different bytes, so it must not be read");
}

// The rows of the decoded matrix must have the hashes of the primary slivers, those handed in excepted.
Status check_rows(const BlobMetadata& metadata, Axis axis, const std::vector<const Sliver*>& given, ByteView matrix,
                  const DecodeOptions& options) {
  const CodeShape& shape = metadata.shape();
  std::vector<bool> trusted(shape.n(), false);
  if (axis == Axis::kPrimary) {
    for (const Sliver* sliver : given) trusted[raw(sliver->index)] = true;
  }
  const RsCode code = RsCode::for_slivers(shape, Axis::kPrimary);
  const size_t symbol_bytes = metadata.symbol_bytes();
  const unsigned workers = std::max(1u, options.threads);
  std::vector<std::unique_ptr<codec::WordHasher>> hashers(workers);
  std::vector<uint8_t> wrong(shape.k1(), 0);
  codec::parallel_for(workers, shape.k1(), [&](unsigned worker, size_t row) {
    if (trusted[row]) return;
    auto& hasher = hashers[worker];
    if (!hasher) hasher = std::make_unique<codec::WordHasher>(*options.engine, code, symbol_bytes);
    std::vector<const uint8_t*> sources(shape.k2());
    for (size_t column = 0; column < sources.size(); ++column) {
      sources[column] = matrix.data() + (row * shape.k2() + column) * symbol_bytes;
    }
    const MerkleNode root{hasher->root(sources.data())};
    wrong[row] = root != metadata.sliver_hash(Axis::kPrimary, SliverIndex{static_cast<uint16_t>(row)});
  });
  const auto bad = std::find(wrong.begin(), wrong.end(), 1);
  if (bad == wrong.end()) return ok_status();
  return inconsistent("primary sliver " + std::to_string(bad - wrong.begin()) + " does not have its hash");
}

Status check_blob_id(const BlobMetadata& metadata, ByteView blob, const DecodeOptions& options) {
  EncodeOptions encode;
  encode.threads = options.threads;
  encode.engine = options.engine;
  WFS_ASSIGN(const BlobMetadata again, compute_metadata(metadata.shape(), blob, encode));
  if (again.blob_id() == metadata.blob_id()) return ok_status();
  return inconsistent("encoded again it has the blob ID " + again.blob_id().to_string());
}

}  // namespace

Result<Bytes> decode_blob(const BlobMetadata& metadata, Axis axis, std::span<const Sliver> slivers,
                          const DecodeOptions& options) {
  const size_t needed = metadata.shape().systematic_slivers(axis);
  const std::vector<const Sliver*> given = choose(metadata, axis, slivers);
  if (given.size() < needed) {
    return Error(Code::kUnavailable, "decoding the blob needs " + std::to_string(needed) +
                                         " different slivers of one axis, there are only " +
                                         std::to_string(given.size()) + "; try again when more nodes answer");
  }
  Bytes blob = MatrixDecoder(metadata, axis, given, options).decode();
  if (options.check == ConsistencyCheck::kDefault) WFS_TRY(check_rows(metadata, axis, given, blob, options));
  blob.resize(metadata.blob_bytes());
  if (options.check == ConsistencyCheck::kStrict) WFS_TRY(check_blob_id(metadata, blob, options));
  return blob;
}

Result<std::vector<RangePart>> slivers_of_range(const CodeShape& shape, uint64_t blob_bytes, ByteRange range) {
  WFS_ASSIGN(const uint16_t symbol_bytes, shape.symbol_bytes(blob_bytes));
  if (range.empty() || range.length > blob_bytes || range.offset > blob_bytes - range.length) {
    return Error(Code::kRange, "the bytes " + std::to_string(range.offset) + " to " + std::to_string(range.end()) +
                                   " do not lie in a blob of " + std::to_string(blob_bytes) + " bytes");
  }
  const uint64_t row_bytes = shape.sliver_bytes(Axis::kPrimary, symbol_bytes);
  std::vector<RangePart> parts;
  for (uint64_t at = range.offset; at < range.end();) {
    const uint64_t row = at / row_bytes;
    const uint64_t take = std::min(range.end(), (row + 1) * row_bytes) - at;
    parts.push_back({SliverIndex{static_cast<uint16_t>(row)}, {at % row_bytes, take}, at - range.offset});
    at += take;
  }
  return parts;
}

}  // namespace walrusfs
