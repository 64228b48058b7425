#include "codec/decoder.h"

#include <algorithm>
#include <memory>
#include <string>

#include "codec/blob_matrix.h"
#include "codec/parallel.h"
#include "codec/symbol_decoder.h"
#include "codec/word_hasher.h"

namespace walrusfs {
namespace {

using codec::BlobMatrix;
using codec::RsCode;
using codec::Strip;

// The slivers that a decoding uses: the first that fit, each index once.
std::vector<SliverView> choose(const BlobMetadata& metadata, Axis axis, std::span<const SliverView> slivers) {
  const CodeShape& shape = metadata.shape();
  std::vector<SliverView> chosen;
  std::vector<bool> seen(shape.n(), false);
  for (const SliverView& sliver : slivers) {
    if (chosen.size() == shape.systematic_slivers(axis)) break;
    const bool fits = sliver.axis == axis && shape.has(sliver.index) &&
                      sliver.symbol_bytes == metadata.symbol_bytes() &&
                      sliver.data.size() == metadata.sliver_bytes(axis) && !seen[raw(sliver.index)];
    if (!fits) continue;
    seen[raw(sliver.index)] = true;
    chosen.push_back(sliver);
  }
  return chosen;
}

// The message matrix over the blob's own bytes: what falls into the padding is dropped.
class BlobCanvas {
 public:
  BlobCanvas(const CodeShape& shape, uint16_t symbol_bytes, MutableByteView blob)
      : columns_(shape.k2()), symbol_bytes_(symbol_bytes), blob_(blob) {}

  // `bytes` belong at byte `at` of the symbol, and may go on into the symbols behind it.
  void put(size_t row, size_t column, size_t at, ByteView bytes) {
    const uint64_t begin = place(row, column) + at;
    if (begin >= blob_.size()) return;
    std::memcpy(blob_.data() + begin, bytes.data(), std::min<uint64_t>(bytes.size(), blob_.size() - begin));
  }
  // The strip that `left` bytes of the symbol begin with.
  void put(size_t row, size_t column, size_t at, const Strip& strip, size_t left) {
    const uint64_t begin = place(row, column) + at;
    const size_t bytes = std::min(left, codec::kStripBytes);
    if (begin + bytes <= blob_.size()) return store_strip(strip, blob_.data() + begin, left);
    uint8_t edge[codec::kStripBytes];
    store_strip(strip, edge, left);
    put(row, column, at, ByteView(edge, bytes));
  }

 private:
  uint64_t place(size_t row, size_t column) const { return (uint64_t{row} * columns_ + column) * symbol_bytes_; }

  const size_t columns_;
  const size_t symbol_bytes_;
  const MutableByteView blob_;
};

size_t rows_holding(uint64_t bytes, uint64_t row_bytes) { return (bytes + row_bytes - 1) / row_bytes; }

// Fills the blob from exactly enough slivers of one axis. A *place* is the number of a symbol in them:
// the symbols at one place of all slivers make one word of the code across the slivers.
class MatrixDecoder {
 public:
  MatrixDecoder(const BlobMetadata& metadata, Axis axis, std::vector<SliverView> given, MutableByteView out,
                const DecodeOptions& options)
      : shape_(metadata.shape()),
        axis_(axis),
        symbol_bytes_(metadata.symbol_bytes()),
        rows_with_data_(rows_holding(out.size(), metadata.sliver_bytes(Axis::kPrimary))),
        given_(std::move(given)),
        options_(options),
        decoder_(RsCode::for_slivers(shape_, other(axis)), indices(given_), *options.engine,
                 uint64_t{places()} * codec::strips_of(symbol_bytes_)),
        canvas_(shape_, metadata.symbol_bytes(), out) {}

  // Steps of progress.
  uint64_t work() const { return places(); }

  void decode(codec::Progress& progress) {
    const unsigned workers = std::max(1u, options_.threads);
    codec::parallel_for(
        workers, given_.size(), [&](unsigned, size_t g) { copy_systematic(given_[g]); }, options_.pool);
    if (!anything_missing()) return progress.add(work());
    std::vector<Scratch> scratch(workers);
    codec::parallel_for_runs(
        workers, places(), symbol_bytes_,
        [&](unsigned worker, size_t place) {
          if (progress.cancelled()) return;
          decode_place(place, scratch[worker]);
          progress.add(1);
        },
        options_.pool);
  }

 private:
  static std::vector<uint16_t> indices(const std::vector<SliverView>& slivers) {
    std::vector<uint16_t> out;
    for (const SliverView& sliver : slivers) out.push_back(raw(sliver.index));
    return out;
  }

  // Rows of nothing but padding are nobody's.
  size_t places() const { return axis_ == Axis::kPrimary ? shape_.k2() : rows_with_data_; }
  bool is_wanted(size_t sliver) const { return axis_ == Axis::kSecondary || sliver < rows_with_data_; }
  bool anything_missing() const {
    const auto& missing = decoder_.missing_sources();
    return std::any_of(missing.begin(), missing.end(), [&](uint16_t sliver) { return is_wanted(sliver); });
  }

  size_t row_of(size_t sliver, size_t place) const { return axis_ == Axis::kPrimary ? sliver : place; }
  size_t column_of(size_t sliver, size_t place) const { return axis_ == Axis::kPrimary ? place : sliver; }

  void copy_systematic(const SliverView& sliver) {
    const size_t index = raw(sliver.index);
    if (index >= shape_.systematic_slivers(axis_)) return;
    if (axis_ == Axis::kPrimary) return canvas_.put(index, 0, 0, sliver.data);
    for (size_t place = 0; place < places(); ++place) canvas_.put(place, index, 0, sliver.symbol(place));
  }

  // What a thread needs.
  struct Scratch {
    codec::Strips strips;
    std::vector<const uint8_t*> symbols;  // those given at one place
  };

  void decode_place(size_t place, Scratch& scratch) {
    scratch.strips.resize(decoder_.scratch());
    scratch.symbols.resize(given_.size());
    for (size_t g = 0; g < given_.size(); ++g) scratch.symbols[g] = given_[g].symbol(place).data();
    for (size_t at = 0; at < symbol_bytes_; at += codec::kStripBytes) {
      const size_t left = symbol_bytes_ - at;
      decoder_.decode(
          scratch.strips.data(),
          [&](size_t first, size_t count, Strip* to) { load(place, &scratch.symbols[first], at, count, to); },
          codec::each_stored(*options_.engine, [&](size_t m, const Strip& strip) {
            const size_t missing = decoder_.missing_sources()[m];
            canvas_.put(row_of(missing, place), column_of(missing, place), at, strip, left);
          }));
    }
  }

  // From byte `at` of symbols, on whose slivers' end nothing readable may follow.
  void load(size_t place, const uint8_t* const* symbols, size_t at, size_t count, Strip* to) const {
    const CodecEngine& engine = *options_.engine;
    const size_t left = symbol_bytes_ - at;
    if (place * symbol_bytes_ + at + codec::kStripBytes <= given_.front().data.size()) {
      return engine.load(to, symbols, at, left, count);
    }
    for (size_t i = 0; i < count; ++i) load_strip(to[i], symbols[i] + at, left);
    engine.convert(to, count);
  }

  const CodeShape& shape_;
  const Axis axis_;
  const size_t symbol_bytes_;
  const size_t rows_with_data_;
  const std::vector<SliverView> given_;
  const DecodeOptions& options_;
  const codec::SymbolDecoder decoder_;
  BlobCanvas canvas_;
};

Error inconsistent(const std::string& how) {
  return Error(Code::kCorrupt, "the blob was published inconsistent (" + how +
                                   "): different slivers would give different bytes, so it must not be read");
}

Error cancelled() { return Error(Code::kCancelled, "decoding was cancelled"); }

// Rows whose hash tells whether the decoding is right: those that were not handed in.
std::vector<size_t> rows_to_check(const CodeShape& shape, Axis axis, const std::vector<SliverView>& given) {
  std::vector<bool> trusted(shape.n(), false);
  if (axis == Axis::kPrimary) {
    for (const SliverView& sliver : given) trusted[raw(sliver.index)] = true;
  }
  std::vector<size_t> rows;
  for (size_t row = 0; row < shape.k1(); ++row) {
    if (!trusted[row]) rows.push_back(row);
  }
  return rows;
}

// Rows of a blob must have the hashes of the primary slivers. Padding is zeros, whatever slivers have there:
// official readers, too, check the blob that they hand out.
class RowCheck {
 public:
  RowCheck(const BlobMetadata& metadata, std::vector<size_t> rows, ByteView blob, const DecodeOptions& options)
      : metadata_(metadata),
        shape_(metadata.shape()),
        matrix_(shape_, blob, metadata.symbol_bytes()),
        code_(RsCode::for_slivers(shape_, Axis::kPrimary)),
        options_(options),
        rows_(std::move(rows)) {}

  Status check(codec::Progress& progress) const {
    const unsigned workers = std::max(1u, options_.threads);
    std::vector<std::unique_ptr<codec::WordHasher>> hashers(workers);
    std::vector<uint8_t> wrong(rows_.size(), 0);
    codec::parallel_for(
        workers, rows_.size(),
        [&](unsigned worker, size_t i) {
          if (progress.cancelled()) return;
          auto& hasher = hashers[worker];
          if (!hasher) hasher = std::make_unique<codec::WordHasher>(*options_.engine, code_, metadata_.symbol_bytes());
          wrong[i] = !has_its_hash(rows_[i], *hasher);
          progress.add(1);
        },
        options_.pool);
    if (progress.cancelled()) return cancelled();
    const auto bad = std::find(wrong.begin(), wrong.end(), 1);
    if (bad == wrong.end()) return ok_status();
    return inconsistent("primary sliver " + std::to_string(rows_[static_cast<size_t>(bad - wrong.begin())]) +
                        " does not have its hash");
  }

 private:
  bool has_its_hash(size_t row, codec::WordHasher& hasher) const {
    std::vector<const uint8_t*> sources(shape_.k2());
    for (size_t column = 0; column < sources.size(); ++column) sources[column] = matrix_.symbol(row, column);
    const MerkleNode root{hasher.root(sources.data())};
    return root == metadata_.sliver_hash(Axis::kPrimary, SliverIndex{static_cast<uint16_t>(row)});
  }

  const BlobMetadata& metadata_;
  const CodeShape& shape_;
  const BlobMatrix matrix_;
  const RsCode code_;
  const DecodeOptions& options_;
  const std::vector<size_t> rows_;
};

// Steps of progress that encoding again counts for, next to one for each word decoded.
uint64_t strict_work(const CodeShape& shape) { return 4 * uint64_t{shape.n()}; }

Status check_blob_id(const BlobMetadata& metadata, ByteView blob, codec::Progress& progress,
                     const DecodeOptions& options) {
  EncodeOptions encode;
  encode.threads = options.threads;
  encode.engine = options.engine;
  encode.pool = options.pool;
  uint64_t told = 0;
  encode.progress = [&](uint64_t done, uint64_t total) {
    const uint64_t now = total == 0 ? 0 : done * strict_work(metadata.shape()) / total;
    progress.add(now - told);
    told = now;
    return !progress.cancelled();
  };
  WFS_ASSIGN(const BlobMetadata again, compute_metadata(metadata.shape(), blob, encode));
  if (again.blob_id() == metadata.blob_id()) return ok_status();
  return inconsistent("encoded again it has the blob ID " + again.blob_id().to_string());
}

Result<std::vector<SliverView>> choose_enough(const BlobMetadata& metadata, Axis axis,
                                              std::span<const SliverView> slivers) {
  const size_t needed = metadata.shape().systematic_slivers(axis);
  std::vector<SliverView> given = choose(metadata, axis, slivers);
  if (given.size() == needed) return given;
  return Error(Code::kUnavailable, "decoding the blob needs " + std::to_string(needed) +
                                       " different slivers of one axis, there are only " +
                                       std::to_string(given.size()) + "; try again when more nodes answer");
}

Status decode_chosen(const BlobMetadata& metadata, Axis axis, const std::vector<SliverView>& given, MutableByteView out,
                     const DecodeOptions& options) {
  WFS_CHECK(out.size() == metadata.blob_bytes());
  MatrixDecoder decoder(metadata, axis, given, out, options);
  std::vector<size_t> rows = rows_to_check(metadata.shape(), axis, given);
  uint64_t work = decoder.work();
  if (options.check == ConsistencyCheck::kDefault) work += rows.size();
  if (options.check == ConsistencyCheck::kStrict) work += strict_work(metadata.shape());
  codec::Progress progress(options.progress, work);

  decoder.decode(progress);
  if (progress.cancelled()) return cancelled();
  switch (options.check) {
    case ConsistencyCheck::kSkip: return ok_status();
    case ConsistencyCheck::kDefault: return RowCheck(metadata, std::move(rows), out, options).check(progress);
    case ConsistencyCheck::kStrict: return check_blob_id(metadata, out, progress, options);
  }
  return ok_status();
}

}  // namespace

Status decode_blob_into(const BlobMetadata& metadata, Axis axis, std::span<const SliverView> slivers,
                        MutableByteView out, const DecodeOptions& options) {
  WFS_ASSIGN(const std::vector<SliverView> given, choose_enough(metadata, axis, slivers));
  return decode_chosen(metadata, axis, given, out, options);
}

Result<Bytes> decode_blob(const BlobMetadata& metadata, Axis axis, std::span<const Sliver> slivers,
                          const DecodeOptions& options) {
  const std::vector<SliverView> views(slivers.begin(), slivers.end());
  // Before memory is taken: as many bytes as the metadata tells of have then been handed in.
  WFS_ASSIGN(const std::vector<SliverView> given, choose_enough(metadata, axis, views));
  Bytes blob(metadata.blob_bytes());
  WFS_TRY(decode_chosen(metadata, axis, given, blob, options));
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
