// Rebuilding a sliver while some who send symbols lie. The input is a script: which blob, which sliver,
// then symbol by symbol its source and what is changed in it. No lie may get through, nor look like an
// inconsistency of an honest blob.
#include "base/check.h"
#include "tests/fuzz/subjects.h"

namespace walrusfs {
namespace {

using fuzz::Script;
using fuzz::Subject;

void tamper(RecoverySymbol& symbol, Script& script) {
  switch (script.byte() % 8) {
    case 0: symbol.symbol.data[script.below(symbol.symbol.data.size())] ^= script.byte(); break;
    case 1: symbol.symbol.data.resize(2 + 2 * script.below(40)); break;
    case 2: symbol.symbol.source_index = SliverIndex{static_cast<uint16_t>(script.below(12))}; break;
    case 3: symbol.symbol.target_axis = other(symbol.symbol.target_axis); break;
    case 4:
      if (!symbol.proof.path.empty()) symbol.proof.path[script.byte() % symbol.proof.path.size()] = MerkleNode::none();
      break;
    case 5: symbol.proof.path.resize(script.byte() % 17); break;
    default: break;  // honest
  }
}

std::vector<RecoverySymbol> make_symbols(const Subject& subject, Axis axis, SliverIndex target, Script& script) {
  std::vector<RecoverySymbol> symbols;
  while (!script.ended() && symbols.size() < size_t{3} * subject.shape.n()) {
    const SliverIndex source{static_cast<uint16_t>(script.byte() % subject.shape.n())};
    symbols.push_back(recovery_symbol_for(subject.shape, subject.sliver(other(axis), source), target));
    tamper(symbols.back(), script);
  }
  return symbols;
}

void check_rebuild(const Subject& subject, Axis axis, SliverIndex target, Script& script) {
  const std::vector<RecoverySymbol> symbols = make_symbols(subject, axis, target, script);
  const SliverRebuild rebuild = rebuild_sliver(subject.metadata, axis, target, symbols);
  if (rebuild.sliver) WFS_CHECK(*rebuild.sliver == subject.sliver(axis, target));
  if (rebuild.proof) {
    WFS_CHECK(!subject.honest());
    WFS_CHECK(rebuild.proof->verify(subject.metadata).ok());
    WFS_CHECK(!rebuild.proof->verify(subject.encoded.metadata).ok());
    WFS_CHECK(InconsistencyProof::parse(subject.shape, rebuild.proof->to_bytes()).ok());
  }
  const int outcomes = int{rebuild.sliver.has_value()} + int{rebuild.proof.has_value()};
  WFS_CHECK(outcomes == (rebuild.missing_symbols == 0 ? 1 : 0));
  for (size_t i : rebuild.refused) WFS_CHECK(!symbols[i].verify(subject.metadata, target).ok());
}

}  // namespace
}  // namespace walrusfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  fuzz::Script script({data, size});
  const fuzz::Subject& subject = fuzz::subject(script.byte());
  const Axis axis{static_cast<uint8_t>(script.byte() % 2)};
  const SliverIndex target{static_cast<uint16_t>(script.byte() % subject.shape.n())};
  check_rebuild(subject, axis, target, script);
  return 0;
}
