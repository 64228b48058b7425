#include "codec/encoder.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "codec/metadata_builder.h"

namespace walrusfs {
namespace {

using codec::BlobMatrix;
using codec::RsCode;
using codec::Strip;

// Which recovery symbols of a code are wanted, and which of the slivers in the answer gets each.
class Targets {
 public:
  Targets(const RsCode& code, std::span<const SliverIndex> wanted) : sliver_(code.recoveries(), kNone) {
    for (size_t at = 0; at < wanted.size(); ++at) {
      if (raw(wanted[at]) < code.sources()) continue;
      const size_t recovery = raw(wanted[at]) - size_t{code.sources()};
      sliver_[recovery] = at;
      range_ = any_ ? codec::RecoveryRange{std::min(range_.begin, recovery), std::max(range_.end, recovery + 1)}
                    : codec::RecoveryRange{recovery, recovery + 1};
      any_ = true;
    }
  }

  static constexpr size_t kNone = SIZE_MAX;
  bool any() const { return any_; }
  codec::RecoveryRange range() const { return range_; }
  // Place in the answer, or kNone.
  size_t sliver(size_t recovery) const { return sliver_[recovery]; }

 private:
  std::vector<size_t> sliver_;
  codec::RecoveryRange range_;
  bool any_ = false;
};

// Makes a batch of slivers of one axis. Symbol number `place` of a sliver `index` is taken from the
// matrix where it is systematic, else from the word that runs across the slivers at `place`.
class SliverBatch {
 public:
  SliverBatch(const CodeShape& shape, const BlobMatrix& matrix, Axis axis, const EncodeOptions& options)
      : shape_(shape),
        matrix_(matrix),
        axis_(axis),
        options_(options),
        code_(RsCode::for_slivers(shape, other(axis))) {}

  Result<std::vector<Sliver>> make(std::span<const SliverIndex> wanted) {
    std::vector<Sliver> slivers(wanted.size());
    codec::parallel_for(
        workers(), wanted.size(), [&](unsigned, size_t at) { prepare(wanted[at], slivers[at]); }, options_.pool);
    const Targets targets(code_, wanted);
    if (targets.any()) {
      codec::Progress progress(options_.progress, places());
      encode_targets(targets, slivers, progress);
      if (progress.cancelled()) return Error(Code::kCancelled, "encoding slivers was cancelled");
    }
    return slivers;
  }

 private:
  unsigned workers() const { return std::max(1u, options_.threads); }
  size_t places() const { return shape_.symbols_per_sliver(axis_); }
  const uint8_t* symbol(size_t sliver, size_t place) const {
    return axis_ == Axis::kPrimary ? matrix_.symbol(sliver, place) : matrix_.symbol(place, sliver);
  }

  // With its symbols when they are the blob's, else with room for them.
  void prepare(SliverIndex index, Sliver& sliver) const {
    sliver = Sliver{axis_, index, matrix_.symbol_bytes(), Bytes(shape_.sliver_bytes(axis_, matrix_.symbol_bytes()))};
    if (raw(index) < code_.sources()) copy_systematic(sliver);
  }

  void copy_systematic(Sliver& sliver) const {
    for (size_t place = 0; place < places(); ++place) {
      std::memcpy(sliver.data.data() + place * sliver.symbol_bytes, symbol(raw(sliver.index), place),
                  sliver.symbol_bytes);
    }
  }

  void encode_targets(const Targets& targets, std::vector<Sliver>& slivers, codec::Progress& progress) const {
    std::vector<codec::Strips> scratch(workers());
    codec::parallel_for_runs(
        workers(), places(), matrix_.symbol_bytes(),
        [&](unsigned worker, size_t place) {
          if (progress.cancelled()) return;
          scratch[worker].resize(code_.encode_scratch());
          encode_place(place, targets, slivers, scratch[worker]);
          progress.add(1);
        },
        options_.pool);
  }

  void encode_place(size_t place, const Targets& targets, std::vector<Sliver>& slivers, codec::Strips& scratch) const {
    const CodecEngine& engine = *options_.engine;
    const size_t symbol_bytes = matrix_.symbol_bytes();
    std::vector<const uint8_t*> sources(code_.sources());
    for (size_t i = 0; i < sources.size(); ++i) sources[i] = symbol(i, place);
    for (size_t at = 0; at < symbol_bytes; at += codec::kStripBytes) {
      const size_t left = symbol_bytes - at;
      code_.encode(
          engine, scratch.data(), targets.range(),
          [&](size_t first, size_t count, Strip* to) { engine.load(to, &sources[first], at, left, count); },
          codec::each_stored(engine, [&](size_t r, const Strip& strip) {
            const size_t target = targets.sliver(r);
            if (target == Targets::kNone) return;
            store_strip(strip, slivers[target].data.data() + place * symbol_bytes + at, left);
          }));
    }
  }

  const CodeShape& shape_;
  const BlobMatrix& matrix_;
  const Axis axis_;
  const EncodeOptions& options_;
  const RsCode code_;
};

Status check_wanted(const CodeShape& shape, std::span<const SliverIndex> wanted) {
  std::vector<bool> seen(shape.n(), false);
  for (SliverIndex index : wanted) {
    if (!shape.has(index) || seen[raw(index)]) {
      return Error(Code::kInvalidArgument, "sliver " + std::to_string(raw(index)) +
                                               " cannot be made: it was asked for twice or is not below " +
                                               std::to_string(shape.n()));
    }
    seen[raw(index)] = true;
  }
  return ok_status();
}

}  // namespace

Result<BlobMetadata> compute_metadata(const CodeShape& shape, ByteView blob, const EncodeOptions& options) {
  WFS_ASSIGN(const uint16_t symbol_bytes, shape.symbol_bytes(blob.size()));
  return codec::MetadataBuilder(shape, blob, symbol_bytes, options).build();
}

Result<SliverEncoder> SliverEncoder::create(const CodeShape& shape, ByteView blob) {
  WFS_ASSIGN(const uint16_t symbol_bytes, shape.symbol_bytes(blob.size()));
  return SliverEncoder(shape, blob, symbol_bytes);
}

uint64_t SliverEncoder::pair_bytes() const {
  return shape_.sliver_bytes(Axis::kPrimary, symbol_bytes_) + shape_.sliver_bytes(Axis::kSecondary, symbol_bytes_);
}

Result<std::vector<Sliver>> SliverEncoder::slivers(Axis axis, std::span<const SliverIndex> wanted,
                                                   const EncodeOptions& options) const {
  WFS_TRY(check_wanted(shape_, wanted));
  const BlobMatrix matrix(shape_, blob_, symbol_bytes_);
  return SliverBatch(shape_, matrix, axis, options).make(wanted);
}

Result<std::vector<SliverPair>> SliverEncoder::pairs(std::span<const PairIndex> wanted,
                                                     const EncodeOptions& options) const {
  std::vector<SliverIndex> primary_indices;
  std::vector<SliverIndex> secondary_indices;
  for (PairIndex pair : wanted) {
    if (!shape_.has(pair)) {
      return Error(Code::kInvalidArgument, "there is no sliver pair " + std::to_string(raw(pair)));
    }
    primary_indices.push_back(shape_.sliver_of(Axis::kPrimary, pair));
    secondary_indices.push_back(shape_.sliver_of(Axis::kSecondary, pair));
  }
  WFS_ASSIGN(std::vector<Sliver> primary, slivers(Axis::kPrimary, primary_indices, options));
  WFS_ASSIGN(std::vector<Sliver> secondary, slivers(Axis::kSecondary, secondary_indices, options));
  std::vector<SliverPair> pairs(wanted.size());
  for (size_t at = 0; at < wanted.size(); ++at) {
    pairs[at] = SliverPair{wanted[at], std::move(primary[at]), std::move(secondary[at])};
  }
  return pairs;
}

Result<EncodedBlob> encode_blob(const CodeShape& shape, ByteView blob, const EncodeOptions& options) {
  WFS_ASSIGN(BlobMetadata metadata, compute_metadata(shape, blob, options));
  WFS_ASSIGN(const SliverEncoder encoder, SliverEncoder::create(shape, blob));
  std::vector<PairIndex> all(shape.n());
  for (uint16_t p = 0; p < shape.n(); ++p) all[p] = PairIndex{p};
  WFS_ASSIGN(std::vector<SliverPair> pairs, encoder.pairs(all, options));
  return EncodedBlob{std::move(metadata), std::move(pairs)};
}

}  // namespace walrusfs
