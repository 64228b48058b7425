// Every parser of the codec on hostile bytes. What parses must write itself back byte for byte, and
// checking it against metadata must end in an answer.
#include "base/check.h"
#include "codec/decoder.h"

namespace walrusfs {
namespace {

constexpr uint32_t kShards = 7;

const CodeShape& shape() {
  static const CodeShape made = CodeShape::create(kShards).value();
  return made;
}

const BlobMetadata& metadata() {
  static const BlobMetadata made = compute_metadata(shape(), as_bytes("a small blob for the fuzzer")).value();
  return made;
}

void metadata_parser(ByteView input) {
  const auto parsed = BlobMetadata::parse(shape(), input);
  if (parsed.ok()) WFS_CHECK(equal(parsed->to_bytes(), input));
}

void sliver_parser(ByteView input) {
  const auto parsed = parse_sliver(shape(), input);
  if (!parsed.ok()) return;
  WFS_CHECK(equal(sliver_to_bytes(*parsed), input));
  (void)verify_sliver(*parsed, metadata()).ok();
}

void symbol_parsers(ByteView input) {
  if (const auto symbol = GeneralRecoverySymbol::parse(shape(), input); symbol.ok()) {
    WFS_CHECK(equal(symbol->to_bytes(), input));
    (void)symbol->verify_for(metadata(), Axis::kPrimary, SliverIndex{0}).ok();
  }
  if (const auto symbol = RecoverySymbol::parse(shape(), input); symbol.ok()) {
    WFS_CHECK(equal(symbol->to_bytes(), input));
  }
}

void proof_parser(ByteView input) {
  const auto proof = InconsistencyProof::parse(shape(), input);
  if (!proof.ok()) return;
  WFS_CHECK(equal(proof->to_bytes(), input));
  (void)proof->verify(metadata()).ok();
}

}  // namespace
}  // namespace walrusfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const walrusfs::ByteView input(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0: walrusfs::metadata_parser(input); break;
    case 1: walrusfs::sliver_parser(input); break;
    case 2: walrusfs::symbol_parsers(input); break;
    default: walrusfs::proof_parser(input); break;
  }
  return 0;
}
