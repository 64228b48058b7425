// Hostile bytes: metadata and slivers that were cut, changed or made up.
#include "base/rng.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::shape_of;
using test::stream;

class Parse : public ::testing::Test {
 protected:
  const CodeShape shape_ = shape_of(7);
  const Bytes blob_ = stream("walrusfs/parse", 333);
  const EncodedBlob encoded_ = encode_blob(shape_, blob_).value();
  const BlobMetadata& metadata_ = encoded_.metadata;
};

TEST_F(Parse, MetadataCutAnywhereIsCorrupt) {
  const Bytes bcs = metadata_.to_bytes();
  ASSERT_EQ(BlobMetadata::parse(shape_, bcs).value(), metadata_);
  for (size_t length = 0; length < bcs.size(); ++length) {
    ASSERT_EQ(BlobMetadata::parse(shape_, ByteView(bcs).first(length)).error().code(), Code::kCorrupt) << length;
  }
  Bytes longer = bcs;
  longer.push_back(0);
  EXPECT_EQ(BlobMetadata::parse(shape_, longer).error().code(), Code::kCorrupt);
}

TEST_F(Parse, MetadataWithAnyBitFlippedIsNotThatBlobs) {
  const BlobId id = metadata_.blob_id();
  const Bytes good = metadata_with_id_to_bytes(id, metadata_);
  ASSERT_TRUE(parse_metadata_with_id(shape_, id, good).ok());
  EXPECT_LE(good.size(), max_metadata_bytes(shape_));
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    ASSERT_EQ(parse_metadata_with_id(shape_, id, bad).error().code(), Code::kCorrupt) << "bit " << bit;
  }
}

TEST_F(Parse, MetadataOfAnotherKindIsRefused) {
  const auto with = [&](size_t at, uint8_t value) {
    Bytes bcs = metadata_.to_bytes();
    bcs[at] = value;
    return BlobMetadata::parse(shape_, bcs).error().code();
  };
  EXPECT_EQ(with(0, 1), Code::kCorrupt);     // version
  EXPECT_EQ(with(1, 0), Code::kCorrupt);     // the retired RaptorQ encoding
  EXPECT_EQ(with(9, 0x80), Code::kCorrupt);  // a length beyond the shape
  EXPECT_EQ(BlobMetadata::parse(shape_of(10), metadata_.to_bytes()).error().code(), Code::kCorrupt);
  EXPECT_EQ(BlobMetadata::create(shape_, 1, {}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(BlobMetadata::create(shape_, shape_.max_blob_bytes() + 1, std::vector<PairHashes>(7)).error().code(),
            Code::kTooLarge);
}

TEST_F(Parse, LengthsMustBeInTheirShortestForm) {
  Bytes bcs = metadata_.to_bytes();
  ASSERT_EQ(bcs[10], 7);
  bcs[10] = 0x87;
  bcs.insert(bcs.begin() + 11, 0x00);
  EXPECT_EQ(BlobMetadata::parse(shape_, bcs).error().code(), Code::kCorrupt);
}

TEST_F(Parse, EmptyNodesSurviveAndCountAsZeros) {
  std::vector<PairHashes> pairs(metadata_.pairs().begin(), metadata_.pairs().end());
  pairs[3].primary = MerkleNode::none();
  const BlobMetadata odd = BlobMetadata::create(shape_, blob_.size(), pairs).value();
  EXPECT_EQ(BlobMetadata::parse(shape_, odd.to_bytes()).value(), odd);
  pairs[3].primary = MerkleNode{};
  const BlobMetadata zeros = BlobMetadata::create(shape_, blob_.size(), pairs).value();
  EXPECT_EQ(odd.blob_id(), zeros.blob_id());
  EXPECT_FALSE(verify_sliver(encoded_.pairs[3].primary, odd).ok());
}

TEST_F(Parse, SliversRoundTripAndVerify) {
  for (const SliverPair& pair : encoded_.pairs) {
    for (const Sliver* sliver : {&pair.primary, &pair.secondary}) {
      EXPECT_EQ(parse_sliver(shape_, sliver_to_bytes(*sliver)).value(), *sliver);
      const Bytes data = sliver_data_to_bytes(*sliver);
      EXPECT_LE(data.size(), max_sliver_data_bytes(metadata_, sliver->axis));
      EXPECT_EQ(parse_sliver_data(shape_, sliver->axis, data).value(), *sliver);
      EXPECT_TRUE(verify_sliver(*sliver, metadata_).ok());
    }
  }
}

TEST_F(Parse, SliverCutAnywhereIsCorrupt) {
  const Bytes bcs = sliver_to_bytes(encoded_.pairs[2].secondary);
  for (size_t length = 0; length < bcs.size(); ++length) {
    ASSERT_EQ(parse_sliver(shape_, ByteView(bcs).first(length)).error().code(), Code::kCorrupt) << length;
  }
}

TEST_F(Parse, SliverWithAnyBitFlippedDoesNotVerify) {
  for (const Sliver* good : {&encoded_.pairs[1].primary, &encoded_.pairs[1].secondary}) {
    const Bytes bcs = sliver_data_to_bytes(*good);
    for (size_t bit = 0; bit < bcs.size() * 8; ++bit) {
      Bytes bad = bcs;
      bad[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      const auto parsed = parse_sliver_data(shape_, good->axis, bad);
      if (!parsed.ok()) continue;
      ASSERT_EQ(verify_sliver(*parsed, metadata_).error().code(), Code::kCorrupt) << "bit " << bit;
    }
  }
}

TEST_F(Parse, SliversOfImpossibleShapeAreRefused) {
  Sliver odd = encoded_.pairs[0].primary;
  odd.symbol_bytes = 3;
  odd.data.resize(size_t{3} * shape_.k2());
  EXPECT_EQ(parse_sliver(shape_, sliver_to_bytes(odd)).error().code(), Code::kCorrupt);
  Sliver empty{Axis::kPrimary, SliverIndex{0}, 0, {}};
  EXPECT_EQ(parse_sliver(shape_, sliver_to_bytes(empty)).error().code(), Code::kCorrupt);
  Sliver outside = encoded_.pairs[0].primary;
  outside.index = SliverIndex{7};
  EXPECT_EQ(parse_sliver(shape_, sliver_to_bytes(outside)).error().code(), Code::kCorrupt);
  EXPECT_EQ(verify_sliver(outside, metadata_).error().code(), Code::kCorrupt);
  Sliver other_blob = encoded_.pairs[0].primary;
  other_blob.symbol_bytes = 2;
  other_blob.data.resize(size_t{2} * shape_.k2());
  EXPECT_EQ(verify_sliver(other_blob, metadata_).error().code(), Code::kCorrupt);
  Sliver long_one = encoded_.pairs[0].primary;
  long_one.data.resize(long_one.data.size() + 2);
  EXPECT_EQ(verify_sliver(long_one, metadata_).error().code(), Code::kCorrupt);
  Bytes unknown_axis = sliver_to_bytes(encoded_.pairs[0].primary);
  unknown_axis[0] = 2;
  EXPECT_EQ(parse_sliver(shape_, unknown_axis).error().code(), Code::kCorrupt);
}

// Nothing but errors from noise, in every parser.
TEST_F(Parse, NoiseIsRefused) {
  SeededRng rng(7);
  const Bytes symbol = recovery_symbol_for(shape_, encoded_.pairs[0].primary, SliverIndex{1}).to_bytes();
  for (int round = 0; round < 2000; ++round) {
    Bytes noise(rng.below(200));
    rng.fill(noise);
    EXPECT_FALSE(BlobMetadata::parse(shape_, noise).ok());
    const auto proof = InconsistencyProof::parse(shape_, noise);
    EXPECT_FALSE(proof.ok() && proof->verify(metadata_).ok());
    Bytes changed = symbol;
    changed[rng.below(changed.size())] ^= static_cast<uint8_t>(1 + rng.below(255));
    const auto parsed = RecoverySymbol::parse(shape_, changed);
    EXPECT_FALSE(parsed.ok() && parsed->verify(metadata_, SliverIndex{1}).ok());
  }
}

}  // namespace
}  // namespace walrusfs
