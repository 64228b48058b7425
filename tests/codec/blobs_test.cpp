// Whole blobs against the official encoder: blob ID, metadata, every sliver.
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using nlohmann::json;
using test::load_vectors;
using test::sha256_hex;
using test::shape_of;
using test::stream;

// SHA-256 over the concatenated SHA-256 of each sliver's BCS, in pair order.
class SliverDigests {
 public:
  explicit SliverDigests(const json& vector) : vector_(vector) {}

  void add(const Sliver& primary, const Sliver& secondary) {
    add_one(primary, primary_, "primary");
    add_one(secondary, secondary_, "secondary");
    ++pair_;
  }
  void check() const {
    EXPECT_EQ(sha256_hex(primary_), vector_["primary_slivers_digest"]);
    EXPECT_EQ(sha256_hex(secondary_), vector_["secondary_slivers_digest"]);
  }

 private:
  void add_one(const Sliver& sliver, Bytes& all, const std::string& axis) {
    const Bytes bcs = sliver_data_to_bytes(sliver);
    EXPECT_EQ(bcs.size(), vector_[axis + "_sliver_bcs_len"].get<size_t>());
    append(all, sha256(bcs));
    if (vector_.contains(axis + "_sliver_sha256")) {
      EXPECT_EQ(sha256_hex(bcs), vector_[axis + "_sliver_sha256"][pair_]);
    }
    if (vector_.contains(axis + "_slivers_bcs_hex")) {
      EXPECT_EQ(to_hex(bcs), vector_[axis + "_slivers_bcs_hex"][pair_]);
    }
  }

  const json& vector_;
  size_t pair_ = 0;
  Bytes primary_;
  Bytes secondary_;
};

void check_metadata(const json& vector, const BlobMetadata& metadata) {
  const BlobId id = metadata.blob_id();
  EXPECT_EQ(id.to_string(), vector["blob_id"]);
  EXPECT_EQ(to_hex(id.bytes), vector["blob_id_hex"]);
  EXPECT_EQ(blob_id_to_decimal(id), vector["blob_id_u256"]);
  EXPECT_EQ(to_hex(metadata.root()), vector["root_hash"]);
  EXPECT_EQ(metadata.symbol_bytes(), vector["symbol_size"]);
  const Bytes bcs = metadata.to_bytes();
  EXPECT_EQ(bcs.size(), vector["metadata_bcs_len"].get<size_t>());
  EXPECT_EQ(sha256_hex(bcs), vector["metadata_bcs_sha256"]);
  if (vector.contains("metadata_bcs_hex")) {
    EXPECT_EQ(to_hex(bcs), vector["metadata_bcs_hex"]);
  }
  const Bytes with_id = metadata_with_id_to_bytes(id, metadata);
  EXPECT_EQ(sha256_hex(with_id), vector["metadata_with_id_bcs_sha256"]);
  const auto parsed = parse_metadata_with_id(metadata.shape(), id, with_id);
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(*parsed, metadata);
}

void check_blob(const json& vector, const CodecEngine& engine, unsigned threads) {
  SCOPED_TRACE(vector["seed"]);
  const CodeShape shape = shape_of(vector["n"]);
  EXPECT_EQ(shape.f(), vector["f"]);
  EXPECT_EQ(shape.k1(), vector["k_primary"]);
  EXPECT_EQ(shape.k2(), vector["k_secondary"]);
  const Bytes blob = stream(vector["seed"], vector["size"]);
  EXPECT_EQ(shape.encoded_length(blob.size()).value(), vector["encoded_length"].get<uint64_t>());

  EncodeOptions options;
  options.engine = &engine;
  options.threads = threads;
  const auto encoded = encode_blob(shape, blob, options);
  ASSERT_TRUE(encoded.ok()) << encoded.error().to_string();
  check_metadata(vector, encoded->metadata);
  SliverDigests digests(vector);
  for (const SliverPair& pair : encoded->pairs) digests.add(pair.primary, pair.secondary);
  digests.check();
}

// A test per engine and committee size; large committees have a test per blob as well, so that a
// machine's cores can share the work.
struct BlobCase {
  const CodecEngine* engine;
  uint32_t n;
  std::optional<uint64_t> size;  // none: all sizes
};

constexpr uint32_t kLargeCommittee = 300;
// The reference engine takes seconds for one blob of a large committee; it has a few of them.
constexpr uint64_t kReferenceSizes[] = {33, 41'005, 1'048'576};

std::vector<BlobCase> blob_cases() {
  std::vector<BlobCase> cases;
  const json vectors = load_vectors("blobs");
  for (const CodecEngine* engine : usable_codec_engines()) {
    const bool is_reference = engine == usable_codec_engines().front();
    for (uint32_t n : {4u, 7u, 10u, 13u, 31u, 100u}) cases.push_back({engine, n, std::nullopt});
    for (const json& c : vectors["cases"]) {
      if (c["n"] < kLargeCommittee) continue;
      const uint64_t size = c["size"];
      const bool wanted = !is_reference || std::count(std::begin(kReferenceSizes), std::end(kReferenceSizes), size) > 0;
      if (wanted) cases.push_back({engine, c["n"], size});
    }
  }
  return cases;
}

class Blobs : public ::testing::TestWithParam<BlobCase> {};

TEST_P(Blobs, EqualTheOfficialEncoding) {
  size_t checked = 0;
  const json vectors = load_vectors("blobs");
  for (const json& c : vectors["cases"]) {
    if (c["n"] != GetParam().n || (GetParam().size && c["size"] != *GetParam().size)) continue;
    check_blob(c, *GetParam().engine, 1 + checked % 3);
    ++checked;
  }
  EXPECT_GT(checked, 0u);
}

std::string case_name(const ::testing::TestParamInfo<BlobCase>& info) {
  std::string name = std::string(codec_engine_name(*info.param.engine)) + "_n" + std::to_string(info.param.n);
  return info.param.size ? name + "_size" + std::to_string(*info.param.size) : name;
}
INSTANTIATE_TEST_SUITE_P(Vectors, Blobs, ::testing::ValuesIn(blob_cases()), case_name);

// Section 20 of the specification, by hand.
TEST(WorkedExample, FiveBytesOverFourShards) {
  const Bytes blob{1, 2, 3, 4, 5};
  const auto encoded = encode_blob(shape_of(4), blob).value();
  EXPECT_EQ(encoded.metadata.blob_id().to_string(), "R2_t6-rIqtue07QNGEr8EoC-bE0bnEhyohwZM1KnKOE");
  EXPECT_EQ(to_hex(encoded.metadata.root()), "bcb752f99dd78ef1d9de82f133b60eca73dea2234def7fe5e78bfec1df9156e1");
  EXPECT_EQ(to_hex(encoded.metadata.pairs()[0].primary.digest),
            "7b484e007a22313a35d31e1455d58a473de8ef609825492056b4ae6beecbd328");
  EXPECT_EQ(to_hex(encoded.metadata.pairs()[0].secondary.digest),
            "e30f16e51c5bf1064c096933197ea4beb68f1d766cff944324b5411a5a14ed5a");
  EXPECT_EQ(to_hex(sliver_data_to_bytes(encoded.pairs[0].primary)), "0601020304050002000000");
  EXPECT_EQ(to_hex(sliver_data_to_bytes(encoded.pairs[0].secondary)), "040706000002000300");
}

}  // namespace
}  // namespace walrusfs
