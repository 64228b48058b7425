// The one-dimensional code alone, on every engine.
#include <nlohmann/json.hpp>

#include "codec/reed_solomon.h"
#include "tests/codec/vectors.h"

namespace walrusfs::codec {
namespace {

using test::load_vectors;
using test::sha256_hex;
using test::stream;

Bytes encode(const CodecEngine& engine, const RsCode& code, ByteView sources, size_t symbol_bytes) {
  Bytes recovery(code.recoveries() * symbol_bytes);
  Strips scratch(code.encode_scratch());
  for (size_t at = 0; at < symbol_bytes; at += kStripBytes) {
    const size_t left = symbol_bytes - at;
    code.encode(
        engine, scratch.data(), code.all_recoveries(),
        each_loaded(engine,
                    [&](size_t i, Strip& strip) { load_strip(strip, sources.data() + i * symbol_bytes + at, left); }),
        each_stored(engine, [&](size_t r, const Strip& strip) {
          store_strip(strip, recovery.data() + r * symbol_bytes + at, left);
        }));
  }
  return recovery;
}

// All sources, from the symbols with these numbers.
Bytes decode(const CodecEngine& engine, const RsCode& code, const std::vector<uint16_t>& kept,
             const std::vector<Bytes>& symbols, size_t symbol_bytes) {
  Bytes sources(code.sources() * symbol_bytes);
  for (size_t g = 0; g < kept.size(); ++g) {
    if (kept[g] < code.sources()) std::copy(symbols[g].begin(), symbols[g].end(), &sources[kept[g] * symbol_bytes]);
  }
  const RsDecodePlan plan(code, kept);
  Strips scratch(plan.scratch());
  for (size_t at = 0; at < symbol_bytes; at += kStripBytes) {
    const size_t left = symbol_bytes - at;
    plan.decode(engine, scratch.data(),
                each_loaded(engine, [&](size_t g, Strip& strip) { load_strip(strip, symbols[g].data() + at, left); }),
                each_stored(engine, [&](size_t m, const Strip& strip) {
                  store_strip(strip, sources.data() + plan.missing_sources()[m] * symbol_bytes + at, left);
                }));
  }
  return sources;
}

class RsRaw : public ::testing::TestWithParam<const CodecEngine*> {};

TEST_P(RsRaw, EncodesAndDecodesAsTheOfficialLibrary) {
  const nlohmann::json vectors = load_vectors("rs_raw");
  for (const auto& c : vectors["encode"]) {
    const uint16_t k = c["k"], m = c["m"];
    const size_t symbol_bytes = c["shard_bytes"];
    const RsCode code(k, m);
    const Bytes sources = stream(c["seed"], k * symbol_bytes);
    const Bytes recovery = encode(*GetParam(), code, sources, symbol_bytes);
    ASSERT_EQ(sha256_hex(recovery), c["recovery_sha256"]) << c["seed"];

    // Drop as many sources as there are recovery symbols, and get them back from those.
    std::vector<uint16_t> kept;
    std::vector<Bytes> symbols;
    for (size_t i = std::min(k, m); i < code.symbols() && kept.size() < k; ++i) {
      const ByteView from = i < k ? ByteView(sources) : ByteView(recovery);
      const size_t index = i < k ? i : i - k;
      kept.push_back(static_cast<uint16_t>(i));
      symbols.push_back(to_bytes(from.subspan(index * symbol_bytes, symbol_bytes)));
    }
    ASSERT_EQ(decode(*GetParam(), code, kept, symbols, symbol_bytes), sources) << c["seed"];
  }
}

TEST_P(RsRaw, InterpolatesArbitrarySymbols) {
  const nlohmann::json vectors = load_vectors("rs_raw");
  for (const auto& c : vectors["interpolate"]) {
    const RsCode code(c["k"].get<uint16_t>(), c["m"].get<uint16_t>());
    const size_t symbol_bytes = c["shard_bytes"];
    const auto kept = c["kept"].get<std::vector<uint16_t>>();
    std::vector<Bytes> symbols;
    for (uint16_t index : kept) {
      symbols.push_back(stream(c["symbol_seed_prefix"].get<std::string>() + std::to_string(index), symbol_bytes));
    }
    EXPECT_EQ(sha256_hex(decode(*GetParam(), code, kept, symbols, symbol_bytes)), c["sources_sha256"]) << c;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RsRaw, test::all_engines(), test::engine_suffix);

// The worked example of the specification, in 2-byte symbols.
TEST(RsExample, TwoSourcesTwoRecoveries) {
  const RsCode code(2, 2);
  const Bytes first{0x01, 0x00, 0x02, 0x00};
  EXPECT_EQ(encode(default_codec_engine(), code, first, 2), (Bytes{0x00, 0x00, 0x03, 0x00}));
  const Bytes second{0x01, 0x02, 0x00, 0x00};
  EXPECT_EQ(encode(default_codec_engine(), code, second, 2), (Bytes{0x9C, 0x01, 0x9D, 0x03}));
}

}  // namespace
}  // namespace walrusfs::codec
