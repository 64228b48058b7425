// Few missing symbols as sums of multiples: the same as by transforms.
#include "codec/symbol_decoder.h"

#include <numeric>

#include "base/rng.h"
#include "tests/codec/vectors.h"

namespace walrusfs::codec {
namespace {

class SymbolDecoding : public ::testing::TestWithParam<const CodecEngine*> {
 protected:
  SeededRng rng_{11};

  Strip random_strip() {
    Strip strip;
    rng_.fill({strip.low, kStripElements});
    rng_.fill({strip.high, kStripElements});
    return strip;
  }

  // Sources, then recovery symbols.
  Strips random_word(const RsCode& code) {
    Strips word(code.symbols());
    for (size_t i = 0; i < code.sources(); ++i) word[i] = random_strip();
    Strips scratch(code.encode_scratch());
    code.encode(*GetParam(), scratch.data(), code.all_recoveries(),
                each_loaded(*GetParam(), [&](size_t i, Strip& strip) { strip = word[i]; }),
                each_stored(*GetParam(), [&](size_t r, const Strip& strip) { word[code.sources() + r] = strip; }));
    return word;
  }

  // All symbols but `missing` sources, shuffled, then recovery symbols in their place.
  std::vector<uint16_t> given_without(const RsCode& code, size_t missing) {
    std::vector<uint16_t> sources(code.sources());
    std::iota(sources.begin(), sources.end(), uint16_t{0});
    shuffle(sources);
    sources.resize(code.sources() - missing);
    std::vector<uint16_t> recoveries(code.recoveries());
    std::iota(recoveries.begin(), recoveries.end(), code.sources());
    shuffle(recoveries);
    sources.insert(sources.end(), recoveries.begin(), recoveries.begin() + static_cast<ptrdiff_t>(missing));
    shuffle(sources);
    return sources;
  }
  void shuffle(std::vector<uint16_t>& list) {
    for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng_.below(i)]);
  }

  void check(const RsCode& code, size_t missing, SymbolDecoder::Way way) {
    const Strips word = random_word(code);
    const std::vector<uint16_t> given = given_without(code, missing);
    const SymbolDecoder decoder(code, given, *GetParam(), 1000, way);
    ASSERT_EQ(decoder.missing_sources().size(), missing);
    Strips scratch(decoder.scratch());
    std::vector<size_t> found;
    decoder.decode(scratch.data(), each_loaded(*GetParam(), [&](size_t g, Strip& strip) { strip = word[given[g]]; }),
                   each_stored(*GetParam(), [&](size_t m, const Strip& strip) {
                     const size_t i = decoder.missing_sources()[m];
                     EXPECT_EQ(std::memcmp(&strip, &word[i], sizeof strip), 0) << "symbol " << i;
                     found.push_back(m);
                   }));
    EXPECT_EQ(found.size(), missing);
  }
};

TEST_P(SymbolDecoding, BothWaysGiveTheMissingSymbols) {
  const std::pair<uint16_t, uint16_t> shapes[] = {{1, 1},   {2, 2},   {3, 1},   {5, 2},     {9, 4},    {11, 20},
                                                  {32, 32}, {33, 33}, {67, 33}, {334, 666}, {667, 333}};
  for (const auto& [sources, recoveries] : shapes) {
    const RsCode code(sources, recoveries);
    for (size_t missing = 0; missing <= std::min<size_t>({6, sources, recoveries}); ++missing) {
      SCOPED_TRACE(testing::Message() << sources << '+' << recoveries << ", missing " << missing);
      check(code, missing, SymbolDecoder::Way::kTransforms);
      check(code, missing, SymbolDecoder::Way::kCheaper);
      check(code, missing, SymbolDecoder::Way::kSums);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, SymbolDecoding, test::all_engines(), test::engine_suffix);

}  // namespace
}  // namespace walrusfs::codec
