#include "codec/symbol_decoder.h"

#include <bit>

namespace walrusfs::codec {

SymbolDecoder::SymbolDecoder(const RsCode& code, std::span<const uint16_t> given, const CodecEngine& engine,
                             uint64_t strips, Way way)
    : engine_(engine), given_(given.size()), plan_(code, given) {
  if (missing_sources().empty() || way == Way::kTransforms) return;
  if (way == Way::kSums || sums_are_cheaper(strips)) coefficients_ = find_coefficients();
}

// Transforms of W strips take time in proportion to W log2 W, and a multiple as long as two to three of those steps
// with every engine. Finding coefficients takes transforms, too.
bool SymbolDecoder::sums_are_cheaper(uint64_t strips) const {
  constexpr uint64_t kTransformStepsPerMultiple = 2;
  const uint64_t size = plan_.transform_size();
  const uint64_t transforms = size * static_cast<uint64_t>(std::bit_width(size) - 1);
  const uint64_t sums = missing_sources().size() * given_ * kTransformStepsPerMultiple;
  const uint64_t preparing = transforms * ((given_ + kStripElements - 1) / kStripElements);
  return preparing + strips * sums < strips * transforms;
}

// The code is linear: what decodes from a given symbol that is one, when all others are zero, is the
// factor of that symbol. The elements of a strip are independent, so one decoding finds 32 of them.
std::vector<uint16_t> SymbolDecoder::find_coefficients() const {
  std::vector<uint16_t> coefficients(missing_sources().size() * given_);
  Strips work(plan_.scratch());
  for (size_t first = 0; first < given_; first += kStripElements) {
    const size_t count = std::min(kStripElements, given_ - first);
    plan_.decode(engine_, work.data(),
                 each_loaded(engine_,
                             [&](size_t g, Strip& strip) {
                               strip = Strip{};
                               if (g >= first && g < first + count) strip.low[g - first] = 1;
                             }),
                 each_stored(engine_, [&](size_t m, const Strip& strip) {
                   for (size_t e = 0; e < count; ++e) {
                     coefficients[m * given_ + first + e] = static_cast<uint16_t>(strip.low[e] | strip.high[e] << 8);
                   }
                 }));
  }
  return coefficients;
}

}  // namespace walrusfs::codec
