#include "codec/recovery.h"

#include <nlohmann/json.hpp>

#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using nlohmann::json;
using test::load_vectors;
using test::sha256_hex;
using test::shape_of;
using test::stream;

constexpr const char* kTargetName[] = {"for_primary_target", "for_secondary_target"};

Bytes untagged(const RecoverySymbol& symbol) {
  BcsWriter out;
  symbol.write_untagged(out);
  return out.take();
}

// One source pair handing out its symbols for one target pair.
void check_case(const json& c, Axis target_axis, const BlobMetadata& metadata, const SliverPair& source) {
  const CodeShape& shape = metadata.shape();
  const json& expected = c[kTargetName[static_cast<size_t>(target_axis)]];
  const Sliver& sliver = target_axis == Axis::kPrimary ? source.secondary : source.primary;
  const SliverIndex target = shape.sliver_of(target_axis, PairIndex{c["target_pair"].get<uint16_t>()});

  const RecoverySymbol symbol = recovery_symbol_for(shape, sliver, target);
  EXPECT_EQ(to_hex(untagged(symbol)), expected["recovery_symbol_bcs"]);
  if (expected.contains("either_recovery_symbol_bcs")) {
    EXPECT_EQ(to_hex(symbol.to_bytes()), expected["either_recovery_symbol_bcs"]);
  }
  EXPECT_EQ(to_hex(symbol.symbol.to_bytes()), expected["either_decoding_symbol_bcs"]);
  EXPECT_EQ(RecoverySymbol::parse(shape, symbol.to_bytes()).value(), symbol);
  EXPECT_EQ(DecodingSymbol::parse(shape, symbol.symbol.to_bytes()).value(), symbol.symbol);

  const GeneralRecoverySymbol general{symbol, target};
  EXPECT_EQ(to_hex(general.to_bytes()), expected["general_recovery_symbol_bcs"]);
  EXPECT_EQ(GeneralRecoverySymbol::parse(shape, general.to_bytes()).value(), general);
  EXPECT_EQ(general.id().to_string(), expected["symbol_id"]);
  EXPECT_EQ(SymbolId::parse(general.id().to_string()).value(), general.id());

  EXPECT_TRUE(symbol.verify(metadata, target).ok());
  EXPECT_EQ(general.verify_for(metadata, target_axis, target).value(), symbol.symbol);
  const DecodingSymbol swapped{other(target_axis), target, symbol.symbol.data};
  EXPECT_EQ(general.verify_for(metadata, other(target_axis), sliver.index).value(), swapped);
}

class Recovery : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Recovery, SymbolsAndProofsAreThoseOfTheOfficialNode) {
  size_t checked = 0;
  const json vectors = load_vectors("recovery");
  for (const json& c : vectors["cases"]) {
    if (c["n"] != GetParam()) continue;
    const CodeShape shape = shape_of(c["n"]);
    const Bytes blob = stream(c["seed"], c["size"]);
    const BlobMetadata metadata = compute_metadata(shape, blob).value();
    EXPECT_EQ(sha256_hex(metadata.to_bytes()), c["metadata_bcs_sha256"]);
    const PairIndex source[] = {PairIndex{c["source_pair"].get<uint16_t>()}};
    const auto pairs = SliverEncoder::create(shape, blob)->pairs(source).value();
    check_case(c, Axis::kPrimary, metadata, pairs[0]);
    check_case(c, Axis::kSecondary, metadata, pairs[0]);
    ++checked;
  }
  EXPECT_GT(checked, 0u);
}

INSTANTIATE_TEST_SUITE_P(Committees, Recovery, ::testing::Values(4u, 7u, 10u, 13u, 31u, 100u, 1000u));

struct RebuildCase {
  const CodecEngine* engine;
  uint32_t n;
  size_t blob_bytes;
};
class Rebuild : public ::testing::TestWithParam<RebuildCase> {};

// Every kind of target (systematic or not, either axis) comes back from the symbols of the last slivers.
TEST_P(Rebuild, SliverFromSymbols) {
  const CodeShape shape = shape_of(GetParam().n);
  const Bytes blob = stream("walrusfs/rebuild", GetParam().blob_bytes);
  const CodecEngine& engine = *GetParam().engine;
  const RecoverOptions options{.engine = &engine};
  const auto encoded = encode_blob(shape, blob).value();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    for (int target : {0, shape.n() / 2, shape.n() - 1}) {
      const SliverIndex index{static_cast<uint16_t>(target)};
      const SliverPair& pair = encoded.pairs[raw(shape.pair_of(axis, index))];
      std::vector<DecodingSymbol> symbols;
      for (uint16_t i = shape.n(); i-- > 0 && symbols.size() < shape.symbols_per_sliver(axis);) {
        const SliverPair& from = encoded.pairs[raw(shape.pair_of(other(axis), SliverIndex{i}))];
        const Sliver& source = axis == Axis::kPrimary ? from.secondary : from.primary;
        symbols.push_back(decoding_symbol_for(shape, source, index, engine));
      }
      const auto rebuilt = recover_sliver(shape, axis, index, encoded.metadata.symbol_bytes(), symbols, options);
      ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().to_string();
      EXPECT_EQ(*rebuilt, axis == Axis::kPrimary ? pair.primary : pair.secondary);
      EXPECT_TRUE(verify_sliver(*rebuilt, encoded.metadata, engine).ok());
      symbols.pop_back();
      symbols.push_back(symbols.front());
      EXPECT_EQ(recover_sliver(shape, axis, index, encoded.metadata.symbol_bytes(), symbols, options).error().code(),
                Code::kInvalidArgument);
    }
  }
}

std::vector<RebuildCase> rebuild_cases() {
  std::vector<RebuildCase> cases;
  for (const CodecEngine* engine : usable_codec_engines()) {
    cases.push_back({engine, 4, 1000});
    cases.push_back({engine, 10, 20'000});
    cases.push_back({engine, 31, 30'000});
    cases.push_back({engine, 100, 300'000});
  }
  return cases;
}

std::string case_name(const ::testing::TestParamInfo<RebuildCase>& info) {
  return std::string(codec_engine_name(*info.param.engine)) + "_n" + std::to_string(info.param.n);
}
INSTANTIATE_TEST_SUITE_P(Shapes, Rebuild, ::testing::ValuesIn(rebuild_cases()), case_name);

TEST(SymbolIdText, OtherFormsAreRefused) {
  for (const char* text : {"", "-", "1", "1-", "-1", "1-2-3", "1-65536", "a-1", "+1-2", " 1-2", "1-2 "}) {
    EXPECT_FALSE(SymbolId::parse(text).ok()) << text;
  }
}

TEST(RecoverySymbols, ChangedOnesDoNotVerify) {
  const CodeShape shape = shape_of(7);
  const auto encoded = encode_blob(shape, stream("walrusfs/changed", 500)).value();
  const SliverIndex target{1};
  const RecoverySymbol good = recovery_symbol_for(shape, encoded.pairs[3].secondary, target);
  ASSERT_TRUE(good.verify(encoded.metadata, target).ok());

  EXPECT_FALSE(good.verify(encoded.metadata, SliverIndex{2}).ok());
  EXPECT_FALSE(good.verify(encoded.metadata, SliverIndex{7}).ok());
  RecoverySymbol bad = good;
  bad.symbol.data[0] ^= 1;
  EXPECT_FALSE(bad.verify(encoded.metadata, target).ok());
  bad = good;
  bad.symbol.data.resize(bad.symbol.data.size() - 2);
  EXPECT_FALSE(bad.verify(encoded.metadata, target).ok());
  bad = good;
  bad.symbol.source_index = SliverIndex{0};
  EXPECT_FALSE(bad.verify(encoded.metadata, target).ok());
  bad = good;
  bad.symbol.target_axis = Axis::kSecondary;
  EXPECT_FALSE(bad.verify(encoded.metadata, target).ok());
  EXPECT_FALSE((GeneralRecoverySymbol{good, target}.verify_for(encoded.metadata, Axis::kPrimary, SliverIndex{2}).ok()));
}

}  // namespace
}  // namespace walrusfs
