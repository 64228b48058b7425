#include "codec/shape.h"

#include <nlohmann/json.hpp>

#include "codec/reed_solomon.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::load_vectors;
using test::shape_of;

template <typename Int>
std::string text_or_error(const Result<Int>& result) {
  return result.ok() ? std::to_string(*result) : "ERR";
}

TEST(Shape, SizesAreThoseOfTheOfficialConfiguration) {
  const nlohmann::json vectors = load_vectors("sizes");
  for (const auto& row : vectors["rows"]) {
    const CodeShape shape = shape_of(row["n"]);
    const uint64_t bytes = std::stoull(row["unencoded"].get<std::string>());
    EXPECT_EQ(std::to_string(shape.max_blob_bytes()), row["max_blob_size"]);
    const auto symbol = shape.symbol_bytes(bytes);
    EXPECT_EQ(text_or_error(symbol), row["symbol_size"]) << row;
    EXPECT_EQ(text_or_error(shape.all_sliver_bytes(bytes)), row["slivers_length"]);
    EXPECT_EQ(text_or_error(shape.encoded_length(bytes)), row["encoded_length"]);
    if (!symbol.ok()) {
      EXPECT_EQ(symbol.error().code(), Code::kTooLarge);
      continue;
    }
    EXPECT_EQ(std::to_string(shape.sliver_bytes(Axis::kPrimary, *symbol)), row["primary_sliver_size"]);
    EXPECT_EQ(std::to_string(shape.sliver_bytes(Axis::kSecondary, *symbol)), row["secondary_sliver_size"]);
  }
}

TEST(Shape, PairsAndShardsFollowTheBlobId) {
  const nlohmann::json vectors = load_vectors("ids");
  for (const auto& row : vectors["rows"]) {
    const CodeShape shape = shape_of(row["n"]);
    const BlobId id = BlobId::parse(row["blob_id"].get<std::string>()).value();
    EXPECT_EQ(to_hex(id.bytes), row["blob_id_hex"]);
    EXPECT_EQ(id.to_string(), row["blob_id"]);
    EXPECT_EQ(blob_id_to_decimal(id), row["u256_decimal"]);
    EXPECT_EQ(shape.rotation(id), row["rotation_offset"]);
    EXPECT_EQ(raw(shape.pair_of(id, ShardIndex{0})), row["pair_of_shard_0"]);
    for (uint16_t pair = 0; pair < row["shard_of_pair"].size(); ++pair) {
      const ShardIndex shard = shape.shard_of(id, PairIndex{pair});
      EXPECT_EQ(raw(shard), row["shard_of_pair"][pair]);
      EXPECT_EQ(shape.pair_of(id, shard), PairIndex{pair});
    }
  }
}

TEST(Shape, SecondarySliversAreNumberedFromTheOtherEnd) {
  const CodeShape shape = shape_of(7);
  EXPECT_EQ(shape.sliver_of(Axis::kPrimary, PairIndex{2}), SliverIndex{2});
  EXPECT_EQ(shape.sliver_of(Axis::kSecondary, PairIndex{2}), SliverIndex{4});
  EXPECT_EQ(shape.pair_of(Axis::kSecondary, SliverIndex{4}), PairIndex{2});
}

TEST(Shape, ShardCountsOutsideTheLimitsAreRefused) {
  EXPECT_EQ(CodeShape::create(kMinShards - 1).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(CodeShape::create(0).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(CodeShape::create(kMaxShards + 1).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(CodeShape::create(kMinShards).ok());
}

// At the largest n both codes still fit the field (the constructor checks that).
TEST(Shape, TheLargestCommitteeFitsTheField) {
  const CodeShape shape = shape_of(kMaxShards);
  EXPECT_EQ(codec::RsCode::for_slivers(shape, Axis::kPrimary).symbols(), kMaxShards);
  EXPECT_EQ(codec::RsCode::for_slivers(shape, Axis::kSecondary).symbols(), kMaxShards);
}

TEST(Shape, TheLargestBlobFitsAndOneByteMoreDoesNot) {
  for (uint32_t n : {4u, 301u, 1000u}) {
    const CodeShape shape = shape_of(n);
    EXPECT_EQ(shape.symbol_bytes(shape.max_blob_bytes()).value(), kMaxSymbolBytes);
    EXPECT_EQ(shape.symbol_bytes(shape.max_blob_bytes() + 1).error().code(), Code::kTooLarge);
  }
}

}  // namespace
}  // namespace walrusfs
