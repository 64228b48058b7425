#include "codec/symbol_decoder.h"

#include <bit>

namespace walrusfs::codec {

SymbolDecoder::SymbolDecoder(const RsCode& code, std::span<const uint16_t> given, const CodecEngine& engine, Way way)
    : engine_(engine), given_(given.size()), plan_(code, given) {
  if (missing_sources().empty() || way == Way::kTransforms) return;
  if (way == Way::kSums || sums_are_cheaper()) coefficients_ = find_coefficients();
}

// Transforms of W strips take time in proportion to W log2 W. Measured with AVX-512 (the others gain more
// from sums) at W = 2048, they cost as much as 1,800 multiples.
bool SymbolDecoder::sums_are_cheaper() const {
  constexpr size_t kTransformStepsPerMultiple = 12;
  const size_t size = plan_.transform_size();
  const auto levels = static_cast<size_t>(std::bit_width(size) - 1);
  return missing_sources().size() * given_ * kTransformStepsPerMultiple <= size * levels;
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
