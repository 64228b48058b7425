// Vectors of the official implementation (tests/vectors/messages.json).
#include "codec/bls/bls.h"
#include "codec/certificate.h"
#include "codec/bls/hash_to_g2.h"
#include "tests/bls/message_vectors.h"

namespace walrusfs::bls {
namespace {

using test::hex;
using test::Json;

const Json& vectors() { return test::message_vectors(); }
Fp2 fp2(const Json& c0, const Json& c1) { return Fp2::from_hex(c0.get<std::string>(), c1.get<std::string>()); }
AffineG2 point(const Json& p) {
  return {fp2(p["x"]["c0_hex"], p["x"]["c1_hex"]), fp2(p["y"]["c0_hex"], p["y"]["c1_hex"])};
}

std::vector<PublicKey> keys(const Json& ids) {
  std::vector<PublicKey> out;
  for (const Json& id : ids) out.push_back(test::public_key(id));
  return out;
}

TEST(BlsVectors, PublicKeys) {
  ASSERT_EQ(vectors()["keys"].size(), 12u);
  for (const Json& k : vectors()["keys"]) {
    const PublicKey made = test::secret_key(k["id"]).public_key();
    EXPECT_EQ(to_hex(made.to_bytes()), k["public_key_hex"]);
    EXPECT_EQ(to_base64(made.to_bytes()), k["public_key_base64"]);
    EXPECT_EQ(to_hex(made.to_uncompressed_bytes()), k["public_key_uncompressed_hex"]);
    EXPECT_EQ(PublicKey::parse(hex(k["public_key_uncompressed_hex"])).value(), made);
    EXPECT_TRUE(made.is_valid());
  }
}

TEST(BlsVectors, EveryStepOfHashingToTheCurve) {
  ASSERT_EQ(vectors()["hash_to_curve_g2"]["cases"].size(), 4u);
  for (const Json& c : vectors()["hash_to_curve_g2"]["cases"]) {
    SCOPED_TRACE(c["name"]);
    const Bytes msg = hex(c["msg_hex"]);
    EXPECT_EQ(to_hex(expand_message(msg, 256)), c["expand_message_xmd_256_hex"]);
    const auto u = hash_to_field(msg);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(u[i], fp2(c["u"][i][0], c["u"][i][1]));
      const AffineG2 mapped = map_to_isogenous_curve(u[i]);
      EXPECT_EQ(mapped, point(c["swu"][i]));
      EXPECT_EQ(apply_isogeny(mapped).affine(), point(c["q"][i]));
    }
    EXPECT_EQ(clear_cofactor(G2::from(point(c["q"][0])) + G2::from(point(c["q"][1]))).affine(), point(c["p"]));
    EXPECT_EQ(to_hex(g2_to_bytes(hash_to_g2(msg).affine())), c["p_compressed_hex"]);
  }
}

TEST(BlsVectors, Signatures) {
  ASSERT_EQ(vectors()["signatures"].size(), 32u);
  for (const Json& s : vectors()["signatures"]) {
    const Bytes msg = test::message_bytes(s["message"]);
    const Signature made = test::secret_key(s["key_id"]).sign(msg);
    EXPECT_EQ(to_hex(made.to_bytes()), s["signature_hex"]);
    EXPECT_EQ(to_base64(made.to_bytes()), s["signature_base64"]);
    EXPECT_TRUE(verify(test::public_key(s["key_id"]), msg, made));
  }
}

TEST(BlsVectors, VerdictsOfTheOfficialVerifier) {
  ASSERT_GE(vectors()["verify_cases"].size(), 20u);
  for (const Json& c : vectors()["verify_cases"]) {
    SCOPED_TRACE(c["name"]);
    const auto signature = Signature::parse(hex(c["signature_hex"]));
    const auto public_key = PublicKey::parse(hex(c["public_key_hex"]));
    const bool decodable = signature.ok() && public_key.ok();
    if (c["name"] == "signature_uncompressed_192") {  // tolerated there, sent by nobody
      EXPECT_FALSE(decodable);
      continue;
    }
    EXPECT_EQ(decodable, c["official_result"] != "error");
    if (!decodable) continue;
    EXPECT_EQ(verify(*public_key, hex(c["message_hex"]), *signature), c["official_result"] == "true");
  }
}

TEST(BlsVectors, Aggregates) {
  for (const Json& c : vectors()["aggregate_cases"]) {
    SCOPED_TRACE(c["name"]);
    const Bytes msg = test::message_bytes(c["message"]);
    std::vector<Signature> signatures;
    for (const Json& id : c["signers"]) signatures.push_back(test::secret_key(id).sign(msg));
    const Signature all = aggregate(signatures).value();
    EXPECT_EQ(to_hex(all.to_bytes()), c["aggregate_signature_hex"]);
    const std::vector<PublicKey> signers = keys(c["signers"]);
    EXPECT_EQ(to_hex(aggregate(signers).value().to_bytes()), c["aggregate_public_key_hex"]);
    EXPECT_EQ(verify_aggregate(signers, msg, all), c["official_verify_aggregate"] == "true");
    EXPECT_EQ(to_base64(all.to_bytes()), c["aggregate_signature_base64"]);
    EXPECT_EQ(verify(aggregate(signers).value(), msg, all), c["official_verify_single_with_aggregate_key"] == "true");
    std::vector<uint16_t> places = c["signers"];
    std::sort(places.begin(), places.end());
    EXPECT_EQ(to_hex(signers_to_bitmap(places, c["committee_size"])), c["signers_bitmap_hex"]);
  }
}

TEST(BlsVectors, AggregatesThatMustFail) {
  for (const Json& c : vectors()["aggregate_negative"]) {
    if (c["name"] == "aggregate_of_nothing") continue;  // keys_test
    SCOPED_TRACE(c["name"]);
    const auto all = Signature::parse(hex(c["aggregate_signature_hex"]));
    ASSERT_TRUE(all.ok());
    EXPECT_FALSE(verify_aggregate(keys(c["public_keys"]), test::message_bytes(c["message"]), *all));
  }
}

TEST(BlsVectors, TheChainSubtractsThoseWhoDidNotSign) {
  const Json& c = vectors()["chain_style_check"];
  const PublicKey total = PublicKey::parse(hex(c["total_aggregated_key_hex"])).value();
  EXPECT_EQ(aggregate(keys(Json::array({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))).value(), total);
  EXPECT_EQ(to_hex(without(total, keys(c["non_signers"])).to_bytes()), c["aggregate_key_hex"]);
}

}  // namespace
}  // namespace walrusfs::bls
