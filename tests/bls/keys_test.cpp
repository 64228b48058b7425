// Keys and signatures, and the byte forms that are refused.
#include <gtest/gtest.h>

#include "codec/bls/bls.h"
#include "codec/bls/hash_to_g2.h"
#include "codec/bls/message_point.h"
#include "tests/bls/random_points.h"

namespace walrusfs::bls {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
const ByteView kMessage = as_bytes("a message");

TEST(SecretKey, IsDerivedAsTheStandardSays) {
  // The first test case of EIP-2333, whose master key is KeyGen of the seed.
  const Bytes seed = hex(
      "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b"
      "2f001698e7463b04");
  EXPECT_EQ(to_hex(SecretKey::from_seed(seed).value().to_bytes()),
            "0d7359d57963ab8fbbde1852dcf553fedbc31f464d80ee7d40ae683122b45070");
}

TEST(SecretKey, ShortSeedsAreRefused) {
  EXPECT_EQ(SecretKey::from_seed(Bytes(31)).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(SecretKey::from_seed(Bytes(32)).ok());
}

TEST(SecretKey, OnlyWhatIsBetweenZeroAndTheOrderIsAKey) {
  const Bytes order = hex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
  Bytes below = order;
  --below[31];
  EXPECT_TRUE(SecretKey::parse(below).ok());
  for (const Bytes& bad : {order, Bytes(32), Bytes(32, 0xff), Bytes(31, 1), Bytes(33, 1), Bytes()})
    EXPECT_EQ(SecretKey::parse(bad).error().code(), Code::kInvalidArgument) << to_hex(bad);
}

TEST(SecretKey, GeneratedKeysDifferAndSign) {
  SeededRng rng(31);
  const SecretKey a = SecretKey::generate(rng), b = SecretKey::generate(rng);
  EXPECT_NE(to_hex(a.to_bytes()), to_hex(b.to_bytes()));
  EXPECT_TRUE(a.public_key().is_valid());
  const Signature signature = a.sign(kMessage);
  EXPECT_TRUE(verify(a.public_key(), kMessage, signature));
  EXPECT_FALSE(verify(b.public_key(), kMessage, signature));
  EXPECT_FALSE(verify(a.public_key(), as_bytes("another message"), signature));
  EXPECT_EQ(SecretKey::parse(a.to_bytes()).value().public_key(), a.public_key());
}

TEST(MessagePoint, IsThatOfTheMessageHoweverManyWereAskedFor) {
  for (int round = 0; round < 2; ++round) {
    for (uint8_t i = 0; i < kMessagesRemembered + 2; ++i) {
      const Bytes message(i, i);
      ASSERT_EQ(message_point(message), hash_to_g2(message).affine()) << int{i};
      ASSERT_EQ(message_point(message), hash_to_g2(message).affine()) << int{i};
    }
  }
  for (const size_t length : {kLongestRemembered, kLongestRemembered + 1}) {
    const Bytes message(length, 5);
    for (int again = 0; again < 2; ++again) EXPECT_EQ(message_point(message), hash_to_g2(message).affine());
  }
}

TEST(Signature, BytesGoThereAndBack) {
  SeededRng rng(32);
  const SecretKey key = SecretKey::generate(rng);
  const Signature signature = key.sign(kMessage);
  EXPECT_EQ(Signature::parse(signature.to_bytes()).value(), signature);
  EXPECT_EQ(PublicKey::parse(key.public_key().to_bytes()).value(), key.public_key());
  EXPECT_EQ(PublicKey::parse(key.public_key().to_uncompressed_bytes()).value(), key.public_key());
}

TEST(Signature, EveryWrongFlagIsRefused) {
  SeededRng rng(33);
  const auto good = SecretKey::generate(rng).sign(kMessage).to_bytes();
  for (int flags = 0; flags < 8; ++flags) {
    auto bytes = good;
    bytes[0] = static_cast<uint8_t>((bytes[0] & 0x1f) | flags << 5);
    const bool fine = flags == 0b100 || flags == 0b101;  // compressed, y or -y
    EXPECT_EQ(Signature::parse(bytes).ok(), fine) << flags;
  }
}

TEST(PublicKey, EveryWrongFormIsRefused) {
  SeededRng rng(34);
  const PublicKey key = SecretKey::generate(rng).public_key();
  const Bytes compressed = to_bytes(key.to_bytes()), plain = to_bytes(key.to_uncompressed_bytes());
  const auto changed = [](Bytes bytes, size_t at, uint8_t value) {
    bytes[at] = value;
    return bytes;
  };
  Bytes infinity(48);
  infinity[0] = 0xc0;
  EXPECT_FALSE(PublicKey::parse(infinity).value().is_valid());
  Bytes modulus =
      hex("9a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab");
  Bytes off_curve = plain;
  off_curve[95] ^= 1;
  Bytes flagged_infinity(96);
  flagged_infinity[0] = 0x40;
  const std::vector<Bytes> bad = {{},
                                  Bytes(compressed.begin(), compressed.end() - 1),
                                  Bytes(plain.begin(), plain.end() - 1),
                                  changed(compressed, 0, compressed[0] & 0x7f),
                                  changed(plain, 0, plain[0] | 0x80),
                                  changed(plain, 0, plain[0] | 0x20),
                                  changed(infinity, 0, 0xe0),
                                  changed(infinity, 47, 1),
                                  modulus,
                                  off_curve,
                                  flagged_infinity,
                                  Bytes(96)};
  for (const Bytes& bytes : bad) EXPECT_EQ(PublicKey::parse(bytes).error().code(), Code::kCorrupt) << to_hex(bytes);
}

TEST(PublicKey, OutsideTheSubgroupItIsNotValid) {
  SeededRng rng(35);
  const PublicKey stray(random_curve_point<Fp>(rng));
  EXPECT_TRUE(PublicKey::parse(stray.to_bytes()).ok()) << "it is a point of the curve";
  EXPECT_FALSE(stray.is_valid());
}

TEST(Aggregate, NothingIsRefusedAndNobodyIsBelieved) {
  EXPECT_EQ(aggregate(std::span<const Signature>()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(aggregate(std::span<const PublicKey>()).error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(verify_aggregate({}, kMessage, Signature(G2::infinity())));
}

TEST(Aggregate, AHundredSignersMakeOneSignature) {
  SeededRng rng(36);
  std::vector<PublicKey> keys;
  std::vector<Signature> signatures;
  for (int i = 0; i < 100; ++i) {
    const SecretKey key = SecretKey::generate(rng);
    keys.push_back(key.public_key());
    signatures.push_back(key.sign(kMessage));
  }
  const Signature all = aggregate(signatures).value();
  EXPECT_TRUE(verify_aggregate(keys, kMessage, all));
  EXPECT_FALSE(verify_aggregate(std::span(keys).first(99), kMessage, all));
  EXPECT_TRUE(verify(without(aggregate(keys).value(), std::span(keys).first(1)), kMessage,
                     aggregate(std::span<const Signature>(signatures).subspan(1)).value()));
}

}  // namespace
}  // namespace walrusfs::bls
