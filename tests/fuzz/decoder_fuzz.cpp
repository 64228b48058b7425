// Decoding from slivers some of which lie. The input is a script: which blob, axis and check, then sliver
// by sliver its index and what is changed in it. Decoding must end in an answer; what passes a check is
// the blob.
#include <algorithm>

#include "base/check.h"
#include "tests/fuzz/subjects.h"

namespace walrusfs {
namespace {

using fuzz::Script;
using fuzz::Subject;

void tamper(Sliver& sliver, Script& script) {
  switch (script.byte() % 8) {
    case 0: sliver.data[script.below(sliver.data.size())] ^= script.byte(); break;
    case 1: sliver.data.resize(script.below(200)); break;
    case 2: sliver.symbol_bytes = static_cast<uint16_t>(script.below(70)); break;
    case 3: sliver.index = SliverIndex{static_cast<uint16_t>(script.below(UINT16_MAX))}; break;
    case 4: sliver.axis = other(sliver.axis); break;
    default: break;  // honest
  }
}

std::vector<Sliver> make_slivers(const Subject& subject, Axis axis, Script& script) {
  std::vector<Sliver> slivers;
  while (!script.ended() && slivers.size() < size_t{2} * subject.shape.n()) {
    slivers.push_back(subject.sliver(axis, SliverIndex{static_cast<uint16_t>(script.byte() % subject.shape.n())}));
    tamper(slivers.back(), script);
  }
  return slivers;
}

// The default check takes the slivers that were handed in for verified, so they must be.
bool all_true(const Subject& subject, const std::vector<Sliver>& slivers) {
  return std::all_of(slivers.begin(), slivers.end(),
                     [&](const Sliver& sliver) { return verify_sliver(sliver, subject.encoded.metadata).ok(); });
}

void check_decoding(const Subject& subject, Axis axis, ConsistencyCheck check, Script& script) {
  const std::vector<Sliver> slivers = make_slivers(subject, axis, script);
  DecodeOptions options;
  options.check = check;
  const auto decoded = decode_blob(subject.metadata, axis, slivers, options);
  if (!decoded.ok()) return;
  WFS_CHECK(decoded->size() == subject.blob.size());
  const bool sure = check == ConsistencyCheck::kStrict || all_true(subject, slivers) ||
                    (check == ConsistencyCheck::kDefault && axis == Axis::kSecondary);
  if (sure) WFS_CHECK(*decoded == subject.blob);
  if (check == ConsistencyCheck::kStrict) WFS_CHECK(subject.honest());
}

}  // namespace
}  // namespace walrusfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  fuzz::Script script({data, size});
  const fuzz::Subject& subject = fuzz::subject(script.byte());
  const uint8_t how = script.byte();
  check_decoding(subject, Axis{static_cast<uint8_t>(how % 2)}, ConsistencyCheck{how / 2 % 3}, script);
  return 0;
}
