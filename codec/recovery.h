// Single symbols, as storage nodes hand them out to rebuild one missing sliver, and the proofs that
// tell who lied. Specification sections 10, 12, 13, 15.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/sliver.h"
#include "codec/worker_pool.h"

namespace walrusfs {

// Where a primary and a secondary sliver cross. Text form "P-S", decimal.
struct SymbolId {
  SliverIndex primary{};
  SliverIndex secondary{};

  std::string to_string() const;
  static Result<SymbolId> parse(std::string_view text);
  bool operator==(const SymbolId&) const = default;
};

// One symbol for rebuilding a sliver on `target_axis`; it was taken from the sliver number
// `source_index` on the other axis, which is also its place in the target's expanded word.
struct DecodingSymbol {
  Axis target_axis = Axis::kPrimary;
  SliverIndex source_index{};
  Bytes data;

  Bytes to_bytes() const;  // with the axis tag
  static Result<DecodingSymbol> parse(const CodeShape& shape, ByteView bcs);
  // Without the tag.
  void write_untagged(BcsWriter& out) const;
  static Result<DecodingSymbol> read_untagged(const CodeShape& shape, Axis target_axis, BcsReader& in);
  bool operator==(const DecodingSymbol&) const = default;
};

// A decoding symbol with the proof that it belongs to its source sliver.
struct RecoverySymbol {
  DecodingSymbol symbol;
  MerkleProof proof;

  Bytes to_bytes() const;  // with the axis tag
  static Result<RecoverySymbol> parse(const CodeShape& shape, ByteView bcs);
  void write_untagged(BcsWriter& out) const;
  static Result<RecoverySymbol> read_untagged(const CodeShape& shape, Axis target_axis, BcsReader& in);

  // kCorrupt unless the symbol is the one that sliver `target` (on symbol.target_axis) has at
  // symbol.source_index, as `metadata` (verified by the caller) commits to it.
  Status verify(const BlobMetadata& metadata, SliverIndex target) const;
  bool operator==(const RecoverySymbol&) const = default;
};

// The same with its target's index; what the recovery endpoint answers with.
struct GeneralRecoverySymbol {
  RecoverySymbol recovery;
  SliverIndex target_index{};

  SymbolId id() const;
  Bytes to_bytes() const;
  static Result<GeneralRecoverySymbol> parse(const CodeShape& shape, ByteView bcs);
  static Result<GeneralRecoverySymbol> read(const CodeShape& shape, BcsReader& in);

  // Verifies the proof, and that the symbol lies on the wanted sliver; answers with the symbol as seen
  // from that sliver, whichever of its two slivers it was taken from.
  Result<DecodingSymbol> verify_for(const BlobMetadata& metadata, Axis axis, SliverIndex wanted) const;
  bool operator==(const GeneralRecoverySymbol&) const = default;
};

// The symbol that `source` (a verified sliver) holds for the sliver `target` on the other axis.
DecodingSymbol decoding_symbol_for(const CodeShape& shape, const SliverView& source, SliverIndex target,
                                   const CodecEngine& engine = default_codec_engine());
// With its proof; costs an encoding and 2n hashes.
RecoverySymbol recovery_symbol_for(const CodeShape& shape, const SliverView& source, SliverIndex target,
                                   const CodecEngine& engine = default_codec_engine());

struct RecoverOptions {
  const CodecEngine* engine = &default_codec_engine();
  // For decoding, where symbols are large enough to be worth it; checking is one thread's work.
  unsigned threads = 1;
  // As EncodeOptions::pool.
  WorkerPool* pool = nullptr;
};

// Rebuilds one sliver from symbols of distinct source slivers, all of one size and for one axis;
// exactly the first symbols_per_sliver(axis) usable ones count. kInvalidArgument when there are too
// few. The result is not verified: verify_sliver() decides. Beside the sliver it takes 256 KiB of scratch per
// thread for committees of up to 1000 shards.
Result<Sliver> recover_sliver(const CodeShape& shape, Axis axis, SliverIndex target, uint16_t symbol_bytes,
                              std::span<const DecodingSymbol> symbols, const RecoverOptions& options = {});

// Proof that a blob's metadata commits to hashes that belong to no codeword: symbols that each verify,
// and from which a sliver follows that does not have its own hash.
struct InconsistencyProof {
  Axis target_axis = Axis::kPrimary;
  SliverIndex target{};
  std::vector<RecoverySymbol> symbols;

  Bytes to_bytes() const;  // with the axis tag
  static Result<InconsistencyProof> parse(const CodeShape& shape, ByteView bcs);

  // Ok when the proof convinces. kCorrupt when a symbol does not verify, kInvalidArgument when the
  // sliver they give is just the one committed to.
  Status verify(const BlobMetadata& metadata, const CodecEngine& engine = default_codec_engine()) const;
};

// What came of rebuilding a sliver from symbols with proofs: the sliver, verified; or, when the blob was
// published inconsistent, the proof of that; or neither, because symbols are missing.
struct SliverRebuild {
  std::optional<Sliver> sliver;
  std::optional<InconsistencyProof> proof;
  size_t missing_symbols = 0;
  // Which of the symbols do not verify: whoever sent them lied.
  std::vector<size_t> refused;
};

// Checks each symbol against `metadata` (verified by the caller) until there are enough. Symbols for the
// other axis and of a source that spoke before are passed over. shape.has(target).
SliverRebuild rebuild_sliver(const BlobMetadata& metadata, Axis axis, SliverIndex target,
                             std::span<const RecoverySymbol> symbols, const RecoverOptions& options = {});

}  // namespace walrusfs
