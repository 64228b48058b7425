// Certificates against the official ones (tests/vectors/messages.json, tests/vectors/sui/certificate.json).
#include "codec/certificate.h"

#include <algorithm>

#include "codec/signed_messages.h"
#include "tests/bls/message_vectors.h"

namespace walrusfs {
namespace {

using test::hex;
using test::Json;
using test::message_bytes;
using test::message_vectors;

// Ten members of one shard each.
class CertificateTest : public testing::Test {
 protected:
  CertificateTest() {
    for (size_t i = 0; i < 10; ++i) committee_.push_back({test::public_key(i), 1});
  }
  SignedMessage signed_by(size_t member) { return SignedMessage::sign(test::secret_key(member), message_); }
  Status add(CertificateBuilder& builder, size_t member) {
    const SignedMessage answer = signed_by(member);
    return builder.add(member, answer.message, answer.signature);
  }
  Certificate certificate(const std::vector<size_t>& members) {
    CertificateBuilder builder(committee_, message_);
    for (size_t member : members) EXPECT_TRUE(add(builder, member).ok());
    return builder.build(1).value();
  }

  const Bytes message_ = message_bytes("confirmation_permanent_epoch21");
  std::vector<Signer> committee_;
};

TEST_F(CertificateTest, SevenOfTenAreEnoughAndSixAreNot) {
  CertificateBuilder builder(committee_, message_);
  for (size_t member : {6, 5, 4, 3, 2, 1}) ASSERT_TRUE(add(builder, member).ok());
  EXPECT_EQ(builder.weight(), 6u);
  EXPECT_EQ(builder.build(7).error().code(), Code::kUnavailable);
  ASSERT_TRUE(add(builder, 0).ok());
  const Certificate made = builder.build(7).value();
  EXPECT_EQ(made.signers, (std::vector<uint16_t>{0, 1, 2, 3, 4, 5, 6}));
  for (const Json& c : message_vectors()["aggregate_cases"])
    if (c["name"] == "seven_of_ten") {
      EXPECT_EQ(to_hex(made.signature.to_bytes()), c["aggregate_signature_hex"]);
    }
  EXPECT_TRUE(verify_certificate(committee_, 7, made).ok());
  EXPECT_EQ(verify_certificate(committee_, 8, made).error().code(), Code::kInvalidArgument);
}

TEST_F(CertificateTest, AMemberCountsOnce) {
  CertificateBuilder builder(committee_, message_);
  ASSERT_TRUE(add(builder, 3).ok());
  ASSERT_TRUE(add(builder, 3).ok());
  EXPECT_EQ(builder.weight(), 1u);
}

TEST_F(CertificateTest, WhatIsNotedCountsOnceItIsSettled) {
  CertificateBuilder builder(committee_, message_);
  for (size_t member = 0; member < 7; ++member) {
    const SignedMessage answer = signed_by(member);
    ASSERT_TRUE(builder.note(member, answer.message, answer.signature).ok());
  }
  EXPECT_EQ(builder.weight(), 0u);
  EXPECT_TRUE(builder.settle().empty());
  EXPECT_EQ(builder.weight(), 7u);
  EXPECT_EQ(builder.build(7).value(), certificate({0, 1, 2, 3, 4, 5, 6}));
}

TEST_F(CertificateTest, FalseOnesAreFoundAmongTheNoted) {
  CertificateBuilder builder(committee_, message_);
  const std::pair<size_t, size_t> noted[] = {{0, 0}, {1, 2}, {3, 3}, {4, 5}, {6, 6}, {0, 1}};  // member, who signed
  for (const auto& [member, signer] : noted) {
    const SignedMessage answer = signed_by(signer);
    ASSERT_TRUE(builder.note(member, answer.message, answer.signature).ok());
  }
  EXPECT_EQ(builder.settle(), (std::vector<size_t>{1, 4}));
  EXPECT_EQ(builder.build(3).value(), certificate({0, 3, 6}));
  const SignedMessage other = SignedMessage::sign(test::secret_key(2), message_bytes("confirmation_deletable_epoch21"));
  EXPECT_EQ(builder.note(2, other.message, other.signature).error().code(), Code::kCorrupt) << "another promise";
  EXPECT_EQ(builder.note(2, message_, ByteView(other.signature).first(95)).error().code(), Code::kCorrupt);
  EXPECT_TRUE(builder.settle().empty());
  EXPECT_EQ(builder.weight(), 3u);
}

// Errors that cancel out leave a certificate that holds.
TEST_F(CertificateTest, OnlyTheSumOfTheNotedHasToBeRight) {
  CertificateBuilder builder(committee_, message_);
  const SignedMessage one = signed_by(1), two = signed_by(2);
  ASSERT_TRUE(builder.note(1, two.message, two.signature).ok());
  ASSERT_TRUE(builder.note(2, one.message, one.signature).ok());
  EXPECT_TRUE(builder.settle().empty());
  EXPECT_TRUE(verify_certificate(committee_, 2, builder.build(2).value()).ok());
}

TEST_F(CertificateTest, AnswersThatDoNotCheckOutAreNotCounted) {
  CertificateBuilder builder(committee_, message_);
  const SignedMessage good = signed_by(2);
  EXPECT_EQ(builder.add(3, good.message, good.signature).error().code(), Code::kCorrupt) << "somebody else's";
  const SignedMessage other = SignedMessage::sign(test::secret_key(2), message_bytes("confirmation_deletable_epoch21"));
  EXPECT_EQ(builder.add(2, other.message, other.signature).error().code(), Code::kCorrupt) << "another promise";
  EXPECT_EQ(builder.add(2, good.message, ByteView(good.signature).first(95)).error().code(), Code::kCorrupt);
  EXPECT_EQ(builder.weight(), 0u);
  EXPECT_TRUE(builder.add(2, good.message, good.signature).ok());
}

TEST_F(CertificateTest, EveryLieOfACertificateIsFound) {
  const Certificate good = certificate({0, 1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(verify_certificate(committee_, 7, good).ok());
  const auto is_refused = [&](const Certificate& c) { return !verify_certificate(committee_, 7, c).ok(); };
  Certificate more = good, another = good, foreign = good, twice = good, nobody = good;
  more.signers.push_back(7);
  another.signers.back() = 8;
  foreign.signers.back() = 10;
  twice.signers.back() = 5;
  nobody.signers.clear();
  EXPECT_TRUE(is_refused(more));
  EXPECT_TRUE(is_refused(another));
  EXPECT_TRUE(is_refused(foreign));
  EXPECT_TRUE(is_refused(twice));
  EXPECT_FALSE(verify_certificate(committee_, 0, nobody).ok());
  Certificate other_message = good;
  other_message.message = message_bytes("confirmation_deletable_epoch21");
  EXPECT_TRUE(is_refused(other_message));
}

TEST(SignersBitmap, IsTheOfficialOne) {
  Json cases = message_vectors()["signers_bitmap"];
  const Json more = test::load_vectors("sui/certificate");
  for (const Json& c : more["bitmaps"]) cases.push_back(c);
  EXPECT_EQ(cases.size(), 16u);
  for (const Json& c : cases) {
    const std::vector<uint16_t> signers = c["signers"];
    EXPECT_EQ(to_hex(signers_to_bitmap(signers, c["committee_size"])), c["bitmap_hex"]);
    EXPECT_EQ(signers_from_bitmap(hex(c["bitmap_hex"]), c["committee_size"]).value(), signers);
  }
}

TEST(SignersBitmap, AShorterOneIsFineALongerOneIsNot) {
  EXPECT_EQ(signers_from_bitmap({}, 9).value(), std::vector<uint16_t>());
  EXPECT_EQ(signers_from_bitmap(Bytes{0x81}, 9).value(), (std::vector<uint16_t>{0, 7}));
  EXPECT_EQ(signers_from_bitmap(Bytes{0x81, 1}, 9).value(), (std::vector<uint16_t>{0, 7, 8}));
  EXPECT_EQ(signers_from_bitmap(Bytes{0x81, 2}, 9).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(signers_from_bitmap(Bytes{0x81, 1, 0}, 9).error().code(), Code::kInvalidArgument);
}

TEST(Quorum, WeightsAreTheOfficialOnes) {
  ASSERT_EQ(message_vectors()["quorum"].size(), 14u);
  for (const Json& c : message_vectors()["quorum"]) {
    const uint32_t n = c["n_shards"];
    EXPECT_EQ(chain_quorum_weight(n), c["chain_certify_min_weight"]) << n;
    EXPECT_EQ(chain_one_correct_weight(n), c["chain_one_correct_min_weight"]) << n;
    EXPECT_EQ(client_quorum_weight(n), c["client_quorum_min"]) << n;
    EXPECT_EQ(client_validity_weight(n), c["client_validity_min"]) << n;
  }
}

// The four nodes of tests/vectors/sui/objects.json, which signed the certificates beside it.
class SuiCertificates : public testing::Test {
 protected:
  SuiCertificates() {
    const Json objects = test::load_vectors("sui/objects");
    for (const Json& node : objects["nodes"])
      committee_.push_back({bls::PublicKey::parse(hex(node["bls_public_uncompressed_hex"])).value(),
                            static_cast<uint32_t>(node["shards"].size())});
  }
  CertificateBuilder collect(const Json& c) {
    CertificateBuilder builder(committee_, hex(c["message_hex"]));
    for (const Json& answer : c["confirmations"]) {
      const size_t member = answer["node_index"];
      if (std::count(c["signers"].begin(), c["signers"].end(), answer["node_index"]) == 0) continue;
      const auto signature = from_base64(answer["signature_base64"].get<std::string>());
      EXPECT_TRUE(builder.add(member, hex(c["message_hex"]), *signature).ok()) << member;
    }
    return builder;
  }

  const Json vectors_ = test::load_vectors("sui/certificate");
  std::vector<Signer> committee_;
};

TEST_F(SuiCertificates, SayWhatTheyAreAbout) {
  for (const Json& c : vectors_["cases"]) {
    const auto parsed = StorageConfirmation::parse(hex(c["message_hex"]));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->epoch, c["epoch"]);
    EXPECT_EQ(parsed->blob.to_string(), c["blob_id"]);
    EXPECT_EQ(parsed->persistence.deletable.has_value(), c["persistence"].is_object());
  }
}

TEST_F(SuiCertificates, AreTheOfficialOnes) {
  ASSERT_EQ(vectors_["cases"].size(), 5u);
  for (const Json& c : vectors_["cases"]) {
    SCOPED_TRACE(c["what"]);
    const CertificateBuilder builder = collect(c);
    EXPECT_EQ(builder.weight(), c["weight"]);
    const uint32_t quorum = chain_quorum_weight(c["n_shards"]);
    const auto made = builder.build(quorum);
    EXPECT_EQ(made.ok(), c["reaches_quorum"].get<bool>());
    if (!made) continue;
    EXPECT_EQ(to_hex(made->signature.to_bytes()), c["aggregate_signature_hex"]);
    EXPECT_EQ(to_hex(signers_to_bitmap(made->signers, 4)), c["bitmap_hex"]);
    EXPECT_TRUE(verify_certificate(committee_, quorum, *made).ok());
  }
}

}  // namespace
}  // namespace walrusfs
