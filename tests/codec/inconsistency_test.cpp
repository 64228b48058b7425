// Blobs published with one wrong hash: who notices, and what proves it.
#include <nlohmann/json.hpp>

#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using nlohmann::json;
using test::load_vectors;
using test::sha256_hex;
using test::shape_of;
using test::stream;

struct DamagedBlob {
  DamagedBlob(const json& c, const CodecEngine& engine)
      : shape(shape_of(c["n"])),
        blob(stream(c["seed"], c["size"])),
        encoded(encode(engine)),
        axis(c["damaged_hash"] == "primary" ? Axis::kPrimary : Axis::kSecondary),
        pair(c["damaged_pair"]) {
    std::vector<PairHashes> hashes(encoded.metadata.pairs().begin(), encoded.metadata.pairs().end());
    (axis == Axis::kPrimary ? hashes[pair].primary : hashes[pair].secondary).digest[0] ^= 1;
    metadata = BlobMetadata::create(shape, blob.size(), hashes).value();
  }
  EncodedBlob encode(const CodecEngine& engine) const {
    EncodeOptions options;
    options.engine = &engine;
    return encode_blob(shape, blob, options).value();
  }

  // The slivers and their order as the vectors describe them.
  InconsistencyProof prove(const CodecEngine& engine) const {
    InconsistencyProof proof{axis, shape.sliver_of(axis, PairIndex{pair}), {}};
    const size_t needed = shape.symbols_per_sliver(axis);
    for (uint16_t i = 0; i < shape.n() && proof.symbols.size() < needed; ++i) {
      const uint16_t p = axis == Axis::kPrimary ? static_cast<uint16_t>(shape.n() - 1 - i) : i;
      if (p == pair) continue;
      const SliverPair& from = encoded.pairs[p];
      const Sliver& source = axis == Axis::kPrimary ? from.secondary : from.primary;
      proof.symbols.push_back(recovery_symbol_for(shape, source, proof.target, engine));
    }
    return proof;
  }

  std::vector<Sliver> primary_slivers(size_t first) const {
    std::vector<Sliver> out;
    for (size_t i = first; i < first + shape.k1(); ++i) out.push_back(encoded.pairs[i].primary);
    return out;
  }

  CodeShape shape;
  Bytes blob;
  EncodedBlob encoded;
  Axis axis;
  uint16_t pair;
  BlobMetadata metadata = encoded.metadata;
};

class Inconsistency : public ::testing::TestWithParam<const CodecEngine*> {};

TEST_P(Inconsistency, ProofsAreThoseOfTheOfficialNode) {
  const json vectors = load_vectors("inconsistency");
  for (const json& c : vectors["cases"]) {
    SCOPED_TRACE(c["seed"]);
    const DamagedBlob damaged(c, *GetParam());
    EXPECT_EQ(damaged.metadata.blob_id().to_string(), c["blob_id"]);
    EXPECT_EQ(sha256_hex(damaged.metadata.to_bytes()), c["metadata_bcs_sha256"]);
    const InconsistencyProof proof = damaged.prove(*GetParam());
    const Bytes bcs = proof.to_bytes();
    EXPECT_EQ(sha256_hex(bcs), c["either_inconsistency_proof_sha256"]);
    EXPECT_EQ(sha256_hex(ByteView(bcs).subspan(1)), c["axis_inconsistency_proof_sha256"]);

    const auto parsed = InconsistencyProof::parse(damaged.shape, bcs);
    ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
    EXPECT_TRUE(parsed->verify(damaged.metadata, *GetParam()).ok());
    // Against the honest metadata the same symbols prove nothing.
    EXPECT_EQ(parsed->verify(damaged.encoded.metadata, *GetParam()).error().code(), Code::kInvalidArgument);
    InconsistencyProof shorter = *parsed;
    shorter.symbols.pop_back();
    EXPECT_EQ(shorter.verify(damaged.metadata, *GetParam()).error().code(), Code::kCorrupt);
    InconsistencyProof forged = *parsed;
    forged.symbols.back().symbol.data[0] ^= 1;
    EXPECT_EQ(forged.verify(damaged.metadata, *GetParam()).error().code(), Code::kCorrupt);
  }
}

TEST_P(Inconsistency, ChecksAcceptWhatTheOfficialReaderAccepts) {
  const json vectors = load_vectors("inconsistency");
  for (const json& c : vectors["cases"]) {
    SCOPED_TRACE(c["seed"]);
    const DamagedBlob damaged(c, *GetParam());
    const auto accepts = [&](size_t first, ConsistencyCheck check) {
      DecodeOptions options;
      options.check = check;
      options.engine = GetParam();
      const auto decoded = decode_blob(damaged.metadata, Axis::kPrimary, damaged.primary_slivers(first), options);
      if (decoded.ok()) {
        EXPECT_EQ(*decoded, damaged.blob);
      }
      return decoded.ok();
    };
    const size_t last = damaged.shape.n() - damaged.shape.k1();
    const json& checks = c["checks"];
    EXPECT_EQ(accepts(0, ConsistencyCheck::kDefault), checks["default_from_systematic_primary"]);
    EXPECT_EQ(accepts(last, ConsistencyCheck::kDefault), checks["default_from_last_k_primary"]);
    EXPECT_EQ(accepts(0, ConsistencyCheck::kStrict), checks["strict_from_systematic_primary"]);
    EXPECT_EQ(accepts(last, ConsistencyCheck::kStrict), checks["strict_from_last_k_primary"]);
    EXPECT_EQ(accepts(last, ConsistencyCheck::kSkip), checks["skip"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Inconsistency, test::all_engines(), test::engine_suffix);

}  // namespace
}  // namespace walrusfs
