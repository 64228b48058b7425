#include "codec/recovery.h"

#include <algorithm>
#include <charconv>

#include "codec/parallel.h"
#include "codec/symbol_decoder.h"

namespace walrusfs {
namespace {

Result<Axis> read_axis(BcsReader& in) {
  WFS_ASSIGN(const uint8_t tag, in.u8());
  if (tag > static_cast<uint8_t>(Axis::kSecondary)) return in.fail("its axis is unknown");
  return Axis{tag};
}

Result<SliverIndex> read_sliver_index(const CodeShape& shape, BcsReader& in) {
  WFS_ASSIGN(const uint16_t value, in.u16());
  if (!shape.has(SliverIndex{value})) return in.fail("it names sliver " + std::to_string(value) + ", too high");
  return SliverIndex{value};
}

Result<SliverIndex> parse_index(std::string_view text) {
  uint16_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end) {
    return Error(Code::kInvalidArgument, "'" + std::string(text.substr(0, 16)) + "' is not a sliver number");
  }
  return SliverIndex{value};
}

// The first usable symbols for a sliver, one from each source, until they are enough.
class SymbolSet {
 public:
  SymbolSet(const CodeShape& shape, Axis axis, uint16_t symbol_bytes)
      : shape_(shape), axis_(axis), symbol_bytes_(symbol_bytes), seen_(shape.n(), false) {}

  bool complete() const { return missing() == 0; }
  size_t missing() const { return shape_.symbols_per_sliver(axis_) - given_.size(); }
  // Whether there is something new to learn from the symbol.
  bool wants(const DecodingSymbol& symbol) const {
    return !complete() && symbol.target_axis == axis_ && symbol.data.size() == symbol_bytes_ &&
           shape_.has(symbol.source_index) && !seen_[raw(symbol.source_index)];
  }
  // It must stay where it is.
  void add(const DecodingSymbol& symbol) {
    seen_[raw(symbol.source_index)] = true;
    given_.push_back(raw(symbol.source_index));
    data_.push_back(symbol.data.data());
  }

  // complete().
  Sliver decode(SliverIndex target, const RecoverOptions& options) const;

 private:
  void decode_missing(const codec::RsCode& code, uint8_t* out, const RecoverOptions& options) const;

  const CodeShape& shape_;
  const Axis axis_;
  const uint16_t symbol_bytes_;
  std::vector<bool> seen_;
  std::vector<uint16_t> given_;
  std::vector<const uint8_t*> data_;
};

// The given symbols are places of the target's own word, which the rest of it follows from.
Sliver SymbolSet::decode(SliverIndex target, const RecoverOptions& options) const {
  const auto code = codec::RsCode::for_slivers(shape_, axis_);
  Sliver sliver{axis_, target, symbol_bytes_, Bytes(shape_.sliver_bytes(axis_, symbol_bytes_))};
  uint8_t* out = sliver.data.data();
  for (size_t g = 0; g < given_.size(); ++g) {
    if (given_[g] < code.sources()) std::memcpy(out + size_t{given_[g]} * symbol_bytes_, data_[g], symbol_bytes_);
  }
  decode_missing(code, out, options);
  return sliver;
}

void SymbolSet::decode_missing(const codec::RsCode& code, uint8_t* out, const RecoverOptions& options) const {
  using codec::Strip;
  const CodecEngine& engine = *options.engine;
  const size_t strips = codec::strips_of(symbol_bytes_);
  const codec::SymbolDecoder decoder(code, given_, engine, strips);
  const std::vector<uint16_t>& missing = decoder.missing_sources();
  if (missing.empty()) return;
  // A thread is not worth starting for less.
  constexpr size_t kStripsPerThread = 16;
  const auto workers =
      static_cast<unsigned>(std::clamp<size_t>(strips / kStripsPerThread, 1, std::max(1u, options.threads)));
  std::vector<codec::Strips> scratch(workers);
  codec::parallel_for(
      workers, strips,
      [&](unsigned worker, size_t number) {
        scratch[worker].resize(decoder.scratch());
        const size_t at = number * codec::kStripBytes;
        const size_t left = symbol_bytes_ - at;
        decoder.decode(
            scratch[worker].data(),
            codec::each_loaded(engine, [&](size_t g, Strip& strip) { load_strip(strip, data_[g] + at, left); }),
            codec::each_stored(engine, [&](size_t m, const Strip& strip) {
              store_strip(strip, out + size_t{missing[m]} * symbol_bytes_ + at, left);
            }));
      },
      options.pool);
}

Bytes take_tagged(Axis axis, BcsWriter& body) {
  Bytes out{static_cast<uint8_t>(axis)};
  append(out, body.take());
  return out;
}

}  // namespace

std::string SymbolId::to_string() const { return std::to_string(raw(primary)) + "-" + std::to_string(raw(secondary)); }

Result<SymbolId> SymbolId::parse(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    return Error(Code::kInvalidArgument, "a symbol ID has the form P-S, with two sliver numbers");
  }
  SymbolId id;
  WFS_ASSIGN(id.primary, parse_index(text.substr(0, dash)));
  WFS_ASSIGN(id.secondary, parse_index(text.substr(dash + 1)));
  return id;
}

void DecodingSymbol::write_untagged(BcsWriter& out) const {
  out.u16(raw(source_index));
  out.bytes(data);
}

Result<DecodingSymbol> DecodingSymbol::read_untagged(const CodeShape& shape, Axis target_axis, BcsReader& in) {
  DecodingSymbol symbol;
  symbol.target_axis = target_axis;
  WFS_ASSIGN(symbol.source_index, read_sliver_index(shape, in));
  WFS_ASSIGN(const ByteView data, in.bytes(kMaxSymbolBytes));
  if (data.empty() || data.size() % kSymbolAlignment != 0) return in.fail("its symbol has an impossible length");
  symbol.data = walrusfs::to_bytes(data);
  return symbol;
}

Bytes DecodingSymbol::to_bytes() const {
  BcsWriter body;
  write_untagged(body);
  return take_tagged(target_axis, body);
}

Result<DecodingSymbol> DecodingSymbol::parse(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "a decoding symbol");
  WFS_ASSIGN(const Axis axis, read_axis(in));
  WFS_ASSIGN(DecodingSymbol symbol, read_untagged(shape, axis, in));
  WFS_TRY(in.finish());
  return symbol;
}

void RecoverySymbol::write_untagged(BcsWriter& out) const {
  symbol.write_untagged(out);
  proof.write(out);
}

Result<RecoverySymbol> RecoverySymbol::read_untagged(const CodeShape& shape, Axis target_axis, BcsReader& in) {
  RecoverySymbol recovery;
  WFS_ASSIGN(recovery.symbol, DecodingSymbol::read_untagged(shape, target_axis, in));
  WFS_ASSIGN(recovery.proof, MerkleProof::read(in));
  return recovery;
}

Bytes RecoverySymbol::to_bytes() const {
  BcsWriter body;
  write_untagged(body);
  return take_tagged(symbol.target_axis, body);
}

Result<RecoverySymbol> RecoverySymbol::parse(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "a recovery symbol");
  WFS_ASSIGN(const Axis axis, read_axis(in));
  WFS_ASSIGN(RecoverySymbol recovery, read_untagged(shape, axis, in));
  WFS_TRY(in.finish());
  return recovery;
}

Status RecoverySymbol::verify(const BlobMetadata& metadata, SliverIndex target) const {
  const CodeShape& shape = metadata.shape();
  const auto refuse = [](const char* why) { return Error(Code::kCorrupt, std::string("a recovery symbol ") + why); };
  if (!shape.has(target) || !shape.has(symbol.source_index)) return refuse("names a sliver that does not exist");
  if (symbol.data.size() != metadata.symbol_bytes()) return refuse("has the wrong length");
  const MerkleNode& source_hash = metadata.sliver_hash(other(symbol.target_axis), symbol.source_index);
  if (!proof.verify(symbol.data, raw(target), shape.n(), source_hash)) return refuse("has a proof that does not hold");
  return ok_status();
}

SymbolId GeneralRecoverySymbol::id() const {
  const SliverIndex source = recovery.symbol.source_index;
  return recovery.symbol.target_axis == Axis::kPrimary ? SymbolId{target_index, source}
                                                       : SymbolId{source, target_index};
}

Bytes GeneralRecoverySymbol::to_bytes() const {
  BcsWriter body;
  recovery.symbol.write_untagged(body);
  body.u16(raw(target_index));
  recovery.proof.write(body);
  return take_tagged(recovery.symbol.target_axis, body);
}

Result<GeneralRecoverySymbol> GeneralRecoverySymbol::parse(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "a recovery symbol");
  WFS_ASSIGN(GeneralRecoverySymbol general, read(shape, in));
  WFS_TRY(in.finish());
  return general;
}

Result<GeneralRecoverySymbol> GeneralRecoverySymbol::read(const CodeShape& shape, BcsReader& in) {
  GeneralRecoverySymbol general;
  WFS_ASSIGN(const Axis axis, read_axis(in));
  WFS_ASSIGN(general.recovery.symbol, DecodingSymbol::read_untagged(shape, axis, in));
  WFS_ASSIGN(general.target_index, read_sliver_index(shape, in));
  WFS_ASSIGN(general.recovery.proof, MerkleProof::read(in));
  return general;
}

Result<DecodingSymbol> GeneralRecoverySymbol::verify_for(const BlobMetadata& metadata, Axis axis,
                                                         SliverIndex wanted) const {
  WFS_TRY(recovery.verify(metadata, target_index));
  const DecodingSymbol& own = recovery.symbol;
  if (own.target_axis == axis && target_index == wanted) return own;
  if (own.target_axis != axis && own.source_index == wanted) return DecodingSymbol{axis, target_index, own.data};
  return Error(Code::kCorrupt, "a recovery symbol belongs to another sliver than the one asked for");
}

DecodingSymbol decoding_symbol_for(const CodeShape& shape, const SliverView& source, SliverIndex target,
                                   const CodecEngine& engine) {
  WFS_CHECK(shape.has(target));
  DecodingSymbol out{other(source.axis), source.index, {}};
  if (raw(target) < source.symbol_count()) {
    out.data = to_bytes(source.symbol(raw(target)));
  } else {
    const Bytes word = expand_sliver(shape, source, engine);
    out.data = to_bytes(ByteView(word).subspan(size_t{raw(target)} * source.symbol_bytes, source.symbol_bytes));
  }
  return out;
}

RecoverySymbol recovery_symbol_for(const CodeShape& shape, const SliverView& source, SliverIndex target,
                                   const CodecEngine& engine) {
  const MerkleTree tree(sliver_leaf_hashes(shape, source, engine));
  return RecoverySymbol{decoding_symbol_for(shape, source, target, engine), tree.prove(raw(target))};
}

Result<Sliver> recover_sliver(const CodeShape& shape, Axis axis, SliverIndex target, uint16_t symbol_bytes,
                              std::span<const DecodingSymbol> symbols, const RecoverOptions& options) {
  SymbolSet set(shape, axis, symbol_bytes);
  for (const DecodingSymbol& symbol : symbols) {
    if (set.wants(symbol)) set.add(symbol);
  }
  if (set.complete() && shape.has(target)) return set.decode(target, options);
  const size_t needed = shape.symbols_per_sliver(axis);
  return Error(Code::kInvalidArgument, "a sliver needs " + std::to_string(needed) +
                                           " symbols to be rebuilt, there are " +
                                           std::to_string(needed - set.missing()));
}

Bytes InconsistencyProof::to_bytes() const {
  BcsWriter body;
  body.u16(raw(target));
  body.uleb(static_cast<uint32_t>(symbols.size()));
  for (const RecoverySymbol& symbol : symbols) symbol.write_untagged(body);
  return take_tagged(target_axis, body);
}

Result<InconsistencyProof> InconsistencyProof::parse(const CodeShape& shape, ByteView bcs) {
  BcsReader in(bcs, "an inconsistency proof");
  InconsistencyProof proof;
  WFS_ASSIGN(proof.target_axis, read_axis(in));
  WFS_ASSIGN(proof.target, read_sliver_index(shape, in));
  WFS_ASSIGN(const uint32_t count, in.uleb(shape.n()));
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(RecoverySymbol symbol, RecoverySymbol::read_untagged(shape, proof.target_axis, in));
    proof.symbols.push_back(std::move(symbol));
  }
  WFS_TRY(in.finish());
  return proof;
}

Status InconsistencyProof::verify(const BlobMetadata& metadata, const CodecEngine& engine) const {
  const CodeShape& shape = metadata.shape();
  if (symbols.size() != shape.symbols_per_sliver(target_axis)) {
    return Error(Code::kCorrupt, "an inconsistency proof needs exactly " +
                                     std::to_string(shape.symbols_per_sliver(target_axis)) + " symbols, not " +
                                     std::to_string(symbols.size()));
  }
  std::vector<DecodingSymbol> decoding;
  for (const RecoverySymbol& symbol : symbols) {
    if (symbol.symbol.target_axis != target_axis) return Error(Code::kCorrupt, "a symbol is for the other axis");
    WFS_TRY(symbol.verify(metadata, target));
    decoding.push_back(symbol.symbol);
  }
  WFS_ASSIGN(const Sliver sliver,
             recover_sliver(shape, target_axis, target, metadata.symbol_bytes(), decoding, {.engine = &engine}));
  if (verify_sliver(sliver, metadata, engine).ok()) {
    return Error(Code::kInvalidArgument, "the proof shows no inconsistency: the sliver has its own hash");
  }
  return ok_status();
}

SliverRebuild rebuild_sliver(const BlobMetadata& metadata, Axis axis, SliverIndex target,
                             std::span<const RecoverySymbol> symbols, const RecoverOptions& options) {
  SliverRebuild rebuild;
  SymbolSet set(metadata.shape(), axis, metadata.symbol_bytes());
  std::vector<size_t> used;
  for (size_t i = 0; i < symbols.size() && !set.complete(); ++i) {
    if (symbols[i].symbol.target_axis == axis && !symbols[i].verify(metadata, target).ok()) {
      rebuild.refused.push_back(i);
    } else if (set.wants(symbols[i].symbol)) {
      set.add(symbols[i].symbol);
      used.push_back(i);
    }
  }
  rebuild.missing_symbols = set.missing();
  if (!set.complete()) return rebuild;
  Sliver sliver = set.decode(target, options);
  if (verify_sliver(sliver, metadata, *options.engine).ok()) {
    rebuild.sliver = std::move(sliver);
    return rebuild;
  }
  rebuild.proof = InconsistencyProof{axis, target, {}};
  for (size_t i : used) rebuild.proof->symbols.push_back(symbols[i]);
  return rebuild;
}

}  // namespace walrusfs
