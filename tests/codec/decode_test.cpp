#include "codec/decoder.h"

#include <nlohmann/json.hpp>

#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using nlohmann::json;
using test::load_vectors;
using test::sha256_hex;
using test::shape_of;
using test::stream;

std::vector<SliverIndex> indices_from(const json& list) {
  std::vector<SliverIndex> out;
  for (const auto& index : list) out.push_back(SliverIndex{index.get<uint16_t>()});
  return out;
}

// Metadata that tells nothing but sizes; enough where nothing is checked.
BlobMetadata sizes_only(const CodeShape& shape, uint64_t blob_bytes) {
  return BlobMetadata::create(shape, blob_bytes, std::vector<PairHashes>(shape.n())).value();
}

struct DecodeCase {
  const CodecEngine* engine;
  uint32_t n;
};

class Decode : public ::testing::TestWithParam<DecodeCase> {
 protected:
  bool concerns(const json& c) const { return c["n"] == GetParam().n; }
  DecodeOptions options(ConsistencyCheck check) const {
    DecodeOptions out;
    out.engine = GetParam().engine;
    out.check = check;
    out.threads = 2;
    return out;
  }
};

TEST_P(Decode, PrimarySlivers) {
  const json vectors = load_vectors("decode");
  for (const json& c : vectors["cases"]) {
    if (!concerns(c)) continue;
    const CodeShape shape = shape_of(c["n"]);
    const auto kept = indices_from(c["kept_primary"]);
    std::vector<Sliver> slivers;
    BlobMetadata metadata = sizes_only(shape, c["size"]);
    auto check = ConsistencyCheck::kSkip;
    if (c["kind"] == "roundtrip") {
      const Bytes blob = stream(c["seed"], c["size"]);
      metadata = compute_metadata(shape, blob).value();
      check = ConsistencyCheck::kDefault;
      slivers = SliverEncoder::create(shape, blob)->slivers(Axis::kPrimary, kept).value();
    } else {
      for (SliverIndex index : kept) {
        Sliver sliver{Axis::kPrimary, index, metadata.symbol_bytes(), {}};
        sliver.data = stream(c["sliver_seed_prefix"].get<std::string>() + std::to_string(raw(index)),
                             metadata.sliver_bytes(Axis::kPrimary));
        slivers.push_back(std::move(sliver));
      }
    }
    const auto decoded = decode_blob(metadata, Axis::kPrimary, slivers, options(check));
    ASSERT_TRUE(decoded.ok()) << c["n"] << ' ' << decoded.error().to_string();
    EXPECT_EQ(sha256_hex(*decoded), c["output_sha256"]) << c["n"] << " size " << c["size"];
  }
}

TEST_P(Decode, SecondarySlivers) {
  const json vectors = load_vectors("decode_secondary");
  for (const json& c : vectors["cases"]) {
    if (!concerns(c)) continue;
    const CodeShape shape = shape_of(c["n"]);
    const Bytes blob = stream(c["seed"], c["size"]);
    const auto slivers =
        SliverEncoder::create(shape, blob)->slivers(Axis::kSecondary, indices_from(c["kept_secondary"])).value();
    const BlobMetadata metadata = compute_metadata(shape, blob).value();
    const auto decoded = decode_blob(metadata, Axis::kSecondary, slivers, options(ConsistencyCheck::kStrict));
    ASSERT_TRUE(decoded.ok()) << decoded.error().to_string();
    EXPECT_EQ(sha256_hex(*decoded), c["output_sha256"]);
  }
}

std::vector<DecodeCase> decode_cases() {
  std::vector<DecodeCase> cases;
  for (const CodecEngine* engine : usable_codec_engines()) {
    for (uint32_t n : {4u, 7u, 10u, 13u, 31u, 100u, 300u, 1000u}) cases.push_back({engine, n});
  }
  return cases;
}

std::string case_name(const ::testing::TestParamInfo<DecodeCase>& info) {
  return std::string(codec_engine_name(*info.param.engine)) + "_n" + std::to_string(info.param.n);
}
INSTANTIATE_TEST_SUITE_P(Vectors, Decode, ::testing::ValuesIn(decode_cases()), case_name);

class DecodeChoice : public ::testing::Test {
 protected:
  const CodeShape shape_ = shape_of(10);
  const Bytes blob_ = stream("walrusfs/choice", 5000);
  const EncodedBlob encoded_ = encode_blob(shape_, blob_).value();

  Sliver primary(size_t index) const { return encoded_.pairs[index].primary; }
};

TEST_F(DecodeChoice, PassesOverSliversThatDoNotFit) {
  Sliver short_one = primary(1);
  short_one.data.pop_back();
  Sliver other_symbols = primary(2);
  other_symbols.symbol_bytes = static_cast<uint16_t>(other_symbols.symbol_bytes / 2);
  Sliver out_of_range = primary(3);
  out_of_range.index = SliverIndex{10};
  const std::vector<Sliver> slivers{short_one,  other_symbols, out_of_range, encoded_.pairs[0].secondary,
                                    primary(9), primary(9),    primary(8),   primary(0),
                                    primary(5)};
  const auto decoded = decode_blob(encoded_.metadata, Axis::kPrimary, slivers);
  ASSERT_TRUE(decoded.ok()) << decoded.error().to_string();
  EXPECT_EQ(*decoded, blob_);
}

TEST_F(DecodeChoice, OneSliverTooFewIsUnavailable) {
  const std::vector<Sliver> slivers{primary(9), primary(8), primary(7), primary(9)};
  EXPECT_EQ(decode_blob(encoded_.metadata, Axis::kPrimary, slivers).error().code(), Code::kUnavailable);
}

TEST_F(DecodeChoice, WrongBytesAreFoundByTheDefaultCheck) {
  std::vector<Sliver> slivers{primary(9), primary(8), primary(7), primary(6)};
  slivers[1].data[17] ^= 1;
  EXPECT_EQ(decode_blob(encoded_.metadata, Axis::kPrimary, slivers).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace walrusfs
