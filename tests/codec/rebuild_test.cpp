// Rebuilding one sliver from symbols with proofs: liars are named, and an inconsistent blob is proved so.
#include <nlohmann/json.hpp>

#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using nlohmann::json;
using test::shape_of;
using test::stream;

class RebuildWithProofs : public ::testing::TestWithParam<Axis> {
 protected:
  const CodeShape shape_ = shape_of(13);
  const EncodedBlob encoded_ = encode_blob(shape_, stream("walrusfs/proofs", 3000)).value();
  const SliverIndex target_{5};
  const size_t needed_ = shape_.symbols_per_sliver(GetParam());

  const Sliver& sliver(const EncodedBlob& encoded, Axis axis, SliverIndex index) const {
    const SliverPair& pair = encoded.pairs[raw(shape_.pair_of(axis, index))];
    return axis == Axis::kPrimary ? pair.primary : pair.secondary;
  }
  // From all sources but the first ones.
  std::vector<RecoverySymbol> symbols(size_t count) const {
    std::vector<RecoverySymbol> out;
    for (uint16_t i = shape_.n(); i-- > 0 && out.size() < count;) {
      out.push_back(recovery_symbol_for(shape_, sliver(encoded_, other(GetParam()), SliverIndex{i}), target_));
    }
    return out;
  }
  SliverRebuild rebuild(const std::vector<RecoverySymbol>& from) const {
    return rebuild_sliver(encoded_.metadata, GetParam(), target_, from);
  }
};

TEST_P(RebuildWithProofs, ExactlyEnoughSymbols) {
  const SliverRebuild done = rebuild(symbols(needed_));
  ASSERT_TRUE(done.sliver.has_value());
  EXPECT_EQ(*done.sliver, sliver(encoded_, GetParam(), target_));
  EXPECT_FALSE(done.proof.has_value());
  EXPECT_EQ(done.missing_symbols, 0u);
  EXPECT_TRUE(done.refused.empty());
}

TEST_P(RebuildWithProofs, OneTooFew) {
  std::vector<RecoverySymbol> few = symbols(needed_ - 1);
  few.push_back(few.front());  // says nothing new
  const SliverRebuild done = rebuild(few);
  EXPECT_FALSE(done.sliver.has_value());
  EXPECT_FALSE(done.proof.has_value());
  EXPECT_EQ(done.missing_symbols, 1u);
  EXPECT_TRUE(done.refused.empty());
  EXPECT_EQ(rebuild({}).missing_symbols, needed_);
}

TEST_P(RebuildWithProofs, LiarsAreNamedAndDoNoHarm) {
  std::vector<RecoverySymbol> mixed = symbols(needed_ + 3);
  mixed[0].symbol.data[1] ^= 1;
  mixed[2].symbol.source_index = SliverIndex{0};
  mixed[4].proof.path.clear();
  const SliverRebuild done = rebuild(mixed);
  ASSERT_TRUE(done.sliver.has_value());
  EXPECT_EQ(*done.sliver, sliver(encoded_, GetParam(), target_));
  EXPECT_EQ(done.refused, (std::vector<size_t>{0, 2, 4}));
}

TEST_P(RebuildWithProofs, SymbolsOfTheOtherAxisArePassedOver) {
  std::vector<RecoverySymbol> mixed = symbols(needed_);
  mixed.insert(mixed.begin(), recovery_symbol_for(shape_, sliver(encoded_, GetParam(), SliverIndex{2}), target_));
  const SliverRebuild done = rebuild(mixed);
  EXPECT_TRUE(done.sliver.has_value());
  EXPECT_TRUE(done.refused.empty());
}

INSTANTIATE_TEST_SUITE_P(Axes, RebuildWithProofs, ::testing::Values(Axis::kPrimary, Axis::kSecondary));

// The blobs of inconsistency.json: what comes out is the official proof.
TEST(RebuildInconsistent, GivesTheOfficialProof) {
  const json vectors = test::load_vectors("inconsistency");
  for (const json& c : vectors["cases"]) {
    SCOPED_TRACE(c["seed"].get<std::string>() + " pair " + c["damaged_pair"].dump());
    const CodeShape shape = shape_of(c["n"]);
    const EncodedBlob encoded = encode_blob(shape, stream(c["seed"], c["size"])).value();
    const Axis axis = c["damaged_hash"] == "primary" ? Axis::kPrimary : Axis::kSecondary;
    const PairIndex pair{c["damaged_pair"].get<uint16_t>()};
    std::vector<PairHashes> hashes(encoded.metadata.pairs().begin(), encoded.metadata.pairs().end());
    (axis == Axis::kPrimary ? hashes[raw(pair)].primary : hashes[raw(pair)].secondary).digest[0] ^= 1;
    const BlobMetadata metadata = BlobMetadata::create(shape, c["size"], hashes).value();

    const SliverIndex target = shape.sliver_of(axis, pair);
    std::vector<RecoverySymbol> symbols;
    for (uint16_t i = 0; i < shape.n(); ++i) {
      const uint16_t p = axis == Axis::kPrimary ? static_cast<uint16_t>(shape.n() - 1 - i) : i;
      if (p == raw(pair)) continue;
      const SliverPair& from = encoded.pairs[p];
      symbols.push_back(recovery_symbol_for(shape, axis == Axis::kPrimary ? from.secondary : from.primary, target));
    }
    const SliverRebuild done = rebuild_sliver(metadata, axis, target, symbols);
    EXPECT_FALSE(done.sliver.has_value());
    ASSERT_TRUE(done.proof.has_value());
    EXPECT_EQ(test::sha256_hex(done.proof->to_bytes()), c["either_inconsistency_proof_sha256"]);
    EXPECT_TRUE(done.proof->verify(metadata).ok());
    EXPECT_EQ(done.proof->verify(encoded.metadata).error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace walrusfs
