// The pairing against the textbook one and against its own laws.
#include "codec/bls/pairing.h"

#include <gtest/gtest.h>

#include "tests/bls/random_points.h"
#include "tests/bls/slow_pairing.h"

namespace walrusfs::bls {
namespace {

// p and r of the curve, in hex.
constexpr std::string_view kModulus =
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
constexpr std::string_view kOrder = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

Fp12 random_fp12(Rng& rng) {
  const auto fp6 = [&] { return Fp6{random_fp2(rng), random_fp2(rng), random_fp2(rng)}; };
  return {fp6(), fp6()};
}

Fp12 pairing(const G1& p, const G2& q) {
  return final_exponentiation(miller_loop(std::array{PairingPair{*p.affine(), *q.affine()}}));
}

Fp12 power(const Fp12& base, std::string_view exponent) { return slow::to(slow::power(slow::from(base), exponent)); }

std::string hex_of(const Scalar& s) {
  std::array<uint8_t, kScalarBytes> bytes{};
  s.write(bytes);
  return to_hex(bytes);
}

// An element of the cyclotomic subgroup.
Fp12 cyclotomic(const Fp12& f) {
  const Fp12 a = f.conjugate() * f.inverse();
  return a.frobenius().frobenius() * a;
}

TEST(Fp12, MultipliesAsPolynomialsDo) {
  SeededRng rng(1);
  for (int i = 0; i < 20; ++i) {
    const Fp12 a = random_fp12(rng), b = random_fp12(rng);
    EXPECT_EQ(a * b, slow::to(slow::multiply(slow::from(a), slow::from(b))));
    EXPECT_EQ(a.squared(), a * a);
    EXPECT_EQ(a * a.inverse(), Fp12::one());
    const Line line{random_fp2(rng), random_fp2(rng), random_fp2(rng)};
    EXPECT_EQ(a * line, a * Fp12({{line.a, line.b, {}}, {{}, line.c, {}}}));
  }
}

TEST(Fp12, FrobeniusIsThePowerOfP) {
  SeededRng rng(2);
  const Fp12 a = random_fp12(rng);
  EXPECT_EQ(a.frobenius(), power(a, kModulus));
  Fp12 sixth = a;
  for (int i = 0; i < 6; ++i) sixth = sixth.frobenius();
  EXPECT_EQ(sixth, a.conjugate());
}

TEST(Fp12, CyclotomicSquaringIsSquaringInTheSubgroup) {
  SeededRng rng(3);
  const Fp12 outside = random_fp12(rng), inside = cyclotomic(outside);
  EXPECT_EQ(inside.cyclotomic_squared(), inside * inside);
  EXPECT_EQ(inside * inside.conjugate(), Fp12::one());
  EXPECT_NE(outside.cyclotomic_squared(), outside * outside) << "it is for the subgroup only";
}

TEST(Pairing, FinalExponentiationIsThreeTimesThePlainPower) {
  SeededRng rng(4);
  const Fp12 f = random_fp12(rng);
  const slow::Poly plain = slow::final_exponentiation(slow::from(f));
  EXPECT_EQ(slow::from(final_exponentiation(f)), slow::multiply(plain, slow::multiply(plain, plain)));
}

TEST(Pairing, IsTheTextbookPairing) {
  SeededRng rng(5);
  const G1 p = random_g1(rng);
  const G2 q = random_g2(rng);
  const slow::Poly plain = slow::final_exponentiation(slow::miller(*p.affine(), *q.affine()));
  EXPECT_EQ(slow::from(pairing(p, q)), slow::multiply(plain, slow::multiply(plain, plain)));
}

TEST(Pairing, IsBilinearAndNotDegenerate) {
  SeededRng rng(6);
  const G1 p = random_g1(rng), p2 = random_g1(rng);
  const G2 q = random_g2(rng), q2 = random_g2(rng);
  const Scalar a = random_scalar(rng);
  const Fp12 e = pairing(p, q);
  EXPECT_NE(e, Fp12::one());
  EXPECT_EQ(power(e, kOrder), Fp12::one());
  EXPECT_EQ(pairing(p.times(a), q), power(e, hex_of(a)));
  EXPECT_EQ(pairing(p, q.times(a)), power(e, hex_of(a)));
  EXPECT_EQ(pairing(p + p2, q), e * pairing(p2, q));
  EXPECT_EQ(pairing(p, q + q2), e * pairing(p, q2));
  EXPECT_EQ(pairing(-p, q), e.conjugate());
}

TEST(Pairing, ProductsAreJudgedTogether) {
  SeededRng rng(7);
  const G1 p = random_g1(rng), p2 = random_g1(rng);
  const G2 q = random_g2(rng);
  const Scalar a = random_scalar(rng);
  const auto pair = [](const G1& x, const G2& y) { return PairingPair{*x.affine(), *y.affine()}; };
  EXPECT_TRUE(pairing_product_is_one(std::array{pair(p.times(a), q), pair(-p, q.times(a))}));
  EXPECT_TRUE(pairing_product_is_one(std::array{pair(p, q), pair(p2, q), pair(-(p + p2), q)}));
  EXPECT_FALSE(pairing_product_is_one(std::array{pair(p.times(a), q), pair(p, q.times(a))}));
  EXPECT_TRUE(pairing_product_is_one({})) << "the empty product";
}

}  // namespace
}  // namespace walrusfs::bls
