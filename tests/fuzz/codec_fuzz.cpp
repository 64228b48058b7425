// Every parser of the codec on hostile bytes: the first byte chooses which, the second the blob that the
// bytes claim to belong to. What parses must write itself back byte for byte; checking it against the
// blob's metadata must end in an answer, and only the truth may pass.
#include "base/check.h"
#include "tests/fuzz/subjects.h"

namespace walrusfs {
namespace {

using fuzz::Subject;

void metadata_parser(const Subject& subject, ByteView input) {
  const auto parsed = BlobMetadata::parse(subject.shape, input);
  if (parsed.ok()) WFS_CHECK(equal(parsed->to_bytes(), input));
  const BlobId id = subject.metadata.blob_id();
  const auto with_id = parse_metadata_with_id(subject.shape, id, input);
  if (with_id.ok()) WFS_CHECK(equal(metadata_with_id_to_bytes(id, *with_id), input));
}

void sliver_parser(const Subject& subject, ByteView input) {
  const auto parsed = parse_sliver(subject.shape, input);
  if (!parsed.ok()) return;
  WFS_CHECK(equal(sliver_to_bytes(*parsed), input));
  if (!verify_sliver(*parsed, subject.metadata).ok()) return;
  WFS_CHECK(*parsed == subject.sliver(parsed->axis, parsed->index));
}

// The true symbol where the target crosses the symbol's source.
void check_symbol(const Subject& subject, const DecodingSymbol& symbol, SliverIndex target) {
  const Sliver& source = subject.sliver(other(symbol.target_axis), symbol.source_index);
  WFS_CHECK(symbol == decoding_symbol_for(subject.shape, source, target));
}

void symbol_parsers(const Subject& subject, ByteView input) {
  if (const auto symbol = DecodingSymbol::parse(subject.shape, input); symbol.ok()) {
    WFS_CHECK(equal(symbol->to_bytes(), input));
  }
  if (const auto symbol = RecoverySymbol::parse(subject.shape, input); symbol.ok()) {
    WFS_CHECK(equal(symbol->to_bytes(), input));
    for (uint16_t target = 0; target < subject.shape.n(); ++target) {
      if (symbol->verify(subject.metadata, SliverIndex{target}).ok()) {
        check_symbol(subject, symbol->symbol, SliverIndex{target});
      }
    }
  }
  if (const auto symbol = GeneralRecoverySymbol::parse(subject.shape, input); symbol.ok()) {
    WFS_CHECK(equal(symbol->to_bytes(), input));
    WFS_CHECK(SymbolId::parse(symbol->id().to_string()).value() == symbol->id());
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
      const auto seen = symbol->verify_for(subject.metadata, axis, symbol->target_index);
      if (seen.ok()) check_symbol(subject, *seen, symbol->target_index);
    }
  }
  (void)SymbolId::parse(as_text(input)).ok();
}

void proof_parser(const Subject& subject, ByteView input) {
  const auto proof = InconsistencyProof::parse(subject.shape, input);
  if (!proof.ok()) return;
  WFS_CHECK(equal(proof->to_bytes(), input));
  const bool convinces = proof->verify(subject.metadata).ok();
  WFS_CHECK(!convinces || !subject.honest());
}

}  // namespace
}  // namespace walrusfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  if (size < 2) return 0;
  constexpr void (*kParsers[])(const Subject&, ByteView) = {metadata_parser, sliver_parser, symbol_parsers,
                                                            proof_parser};
  kParsers[data[0] % std::size(kParsers)](fuzz::subject(data[1]), ByteView(data + 2, size - 2));
  return 0;
}
