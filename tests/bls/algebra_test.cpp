// Laws of the fields and of the groups.
#include <gtest/gtest.h>

#include "tests/bls/random_points.h"

namespace walrusfs::bls {
namespace {

const Fp kMinusOne = -Fp::one();

std::array<uint8_t, kFpBytes> bytes_of(const Fp& x) {
  std::array<uint8_t, kFpBytes> out{};
  x.write(out);
  return out;
}

// Zero, one, the ends of the range and of the limbs, and random ones.
std::vector<Fp> samples() {
  std::vector<Fp> out = {Fp(), Fp::one(), kMinusOne, kMinusOne - Fp::one(), Fp::from_word(UINT64_MAX)};
  for (size_t limb = 1; limb < 6; ++limb) {
    Fp::Limbs limbs{};
    limbs[limb] = 1;
    out.push_back(Fp::from_integer(limbs));
    out.push_back(Fp::from_integer(limbs) - Fp::one());
  }
  SeededRng rng(11);
  for (int i = 0; i < 10; ++i) out.push_back(random_fp(rng));
  return out;
}

TEST(Fp, ObeysTheLawsOfAField) {
  for (const Fp& a : samples()) {
    EXPECT_EQ(a + Fp(), a);
    EXPECT_EQ(a * Fp::one(), a);
    EXPECT_TRUE((a - a).is_zero());
    EXPECT_EQ(-(-a), a);
    EXPECT_EQ(a * a.inverse(), a.is_zero() ? Fp() : Fp::one());
    for (const Fp& b : samples()) {
      EXPECT_EQ(a + b, b + a);
      EXPECT_EQ(a * b, b * a);
      EXPECT_EQ((a - b) + b, a);
      EXPECT_EQ((a + b).squared(), a.squared() + (a * b).doubled() + b.squared());
      EXPECT_EQ(a * (b + kMinusOne), a * b - a);
    }
  }
}

TEST(Fp, BytesGoThereAndBackAndOnlyReducedOnesAreTaken) {
  for (const Fp& a : samples()) EXPECT_EQ(Fp::parse(bytes_of(a)), a);
  auto largest = bytes_of(kMinusOne);
  EXPECT_EQ(to_hex(largest),
            "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaaa");
  ++largest[47];  // p itself
  EXPECT_FALSE(Fp::parse(largest));
  largest.fill(0xff);
  EXPECT_FALSE(Fp::parse(largest));
}

TEST(Fp, WideIntegersAreReduced) {
  std::array<uint8_t, 64> wide{};
  wide[63 - 48] = 1;  // 2^384
  EXPECT_EQ(Fp::reduce(wide), Fp::from_integer({0, 0, 0, 1}) * Fp::from_integer({0, 0, 0, 1}));
  wide.fill(0xff);  // 2^512 - 1
  const Fp two_to_256 = Fp::from_integer({0, 0, 0, 0, 1});
  EXPECT_EQ(Fp::reduce(wide), two_to_256 * two_to_256 - Fp::one());
}

TEST(Fp, RootsSquareBackAndHalfOfTheNumbersHaveNone) {
  SeededRng rng(12);
  int without = 0;
  for (int i = 0; i < 40; ++i) {
    const Fp a = random_fp(rng);
    const auto root = a.squared().sqrt();
    ASSERT_TRUE(root);
    EXPECT_TRUE(*root == a || *root == -a);
    EXPECT_NE(a.is_larger_half(), (-a).is_larger_half());
    EXPECT_NE(a.sqrt().has_value(), (-a).sqrt().has_value()) << "-1 is no square";
    without += a.sqrt() ? 0 : 1;
  }
  EXPECT_GT(without, 5);
  EXPECT_LT(without, 35);
  EXPECT_EQ(Fp().sqrt(), Fp());
}

TEST(Fp, SelectTakesOneOfTwo) {
  Fp a = Fp::from_word(7);
  a.select(Fp::from_word(9), 0);
  EXPECT_EQ(a, Fp::from_word(7));
  a.select(Fp::from_word(9), ~uint64_t{0});
  EXPECT_EQ(a, Fp::from_word(9));
}

TEST(Fp2, ObeysTheLawsAndHasRoots) {
  SeededRng rng(13);
  EXPECT_EQ((Fp2{Fp(), Fp::one()}).squared(), (Fp2{kMinusOne, Fp()})) << "u^2 = -1";
  std::vector<Fp2> all = {Fp2::one(), {Fp(), Fp::one()}, {kMinusOne, Fp()}, {Fp::from_word(5), Fp()}};
  for (int i = 0; i < 20; ++i) all.push_back(random_fp2(rng));
  int without = 0;
  for (const Fp2& a : all) {
    EXPECT_EQ(a * a, a.squared());
    EXPECT_EQ(a * a.inverse(), Fp2::one());
    EXPECT_EQ(a * a.conjugate(), (Fp2{a.norm(), Fp()}));
    EXPECT_EQ(a.times_xi(), a * (Fp2{Fp::one(), Fp::one()}));
    const auto root = a.squared().sqrt();
    ASSERT_TRUE(root);
    EXPECT_TRUE(*root == a || *root == -a);
    if (auto r = a.sqrt()) {
      EXPECT_EQ(r->squared(), a);
    }
    without += a.sqrt() ? 0 : 1;
  }
  EXPECT_GT(without, 0);
  EXPECT_EQ(Fp2().sqrt(), Fp2());
}

TEST(Fp2, ConjugationIsThePowerOfP) {
  SeededRng rng(14);
  const Fp2 a = random_fp2(rng);
  EXPECT_EQ(a.pow(Fp::kModulus), a.conjugate());
}

template <typename Field>
class PointTest : public testing::Test {
 protected:
  // Chord and tangent, as every textbook has them; for points whose sum is not infinity.
  static Affine<Field> textbook_sum(const Affine<Field>& a, const Affine<Field>& b) {
    const Field slope =
        a == b ? (a.x * a.x + a.x * a.x + a.x * a.x) * (a.y + a.y).inverse() : (b.y - a.y) * (b.x - a.x).inverse();
    const Field x = slope * slope - a.x - b.x;
    return {x, slope * (a.x - x) - a.y};
  }
  SeededRng rng_{21};
};
using Fields = testing::Types<Fp, Fp2>;
TYPED_TEST_SUITE(PointTest, Fields);

TYPED_TEST(PointTest, AdditionIsThatOfTheTextbook) {
  using P = Point<TypeParam>;
  for (int i = 0; i < 10; ++i) {
    const P a = random_curve_point<TypeParam>(this->rng_), b = random_curve_point<TypeParam>(this->rng_);
    const P scaled = a + b + b - b - b;  // a again, with another z
    EXPECT_EQ((scaled + b).affine(), this->textbook_sum(*a.affine(), *b.affine()));
    EXPECT_EQ(a.doubled().affine(), this->textbook_sum(*a.affine(), *a.affine()));
    EXPECT_EQ(a + a, a.doubled());
    EXPECT_TRUE(is_on_curve(*(a + b).affine()));
  }
}

TYPED_TEST(PointTest, InfinityIsNoSpecialCase) {
  using P = Point<TypeParam>;
  const P a = random_curve_point<TypeParam>(this->rng_), none = P::infinity();
  EXPECT_EQ(a + none, a);
  EXPECT_EQ(none + a, a);
  EXPECT_TRUE((a - a).is_infinity());
  EXPECT_TRUE((none + none).is_infinity());
  EXPECT_TRUE(none.doubled().is_infinity());
  EXPECT_TRUE((-none).is_infinity());
  EXPECT_FALSE(none.affine());
  EXPECT_FALSE(a == none);
  EXPECT_EQ(a - a, none);
}

TYPED_TEST(PointTest, MultiplesAreRepeatedSums) {
  using P = Point<TypeParam>;
  const P a = random_curve_point<TypeParam>(this->rng_);
  P sum = P::infinity();
  for (uint64_t k = 0; k < 40; ++k) {
    EXPECT_EQ(a.times(k), sum);
    EXPECT_EQ(a.times(Scalar({k})), sum);
    sum = sum + a;
  }
  EXPECT_EQ(a.times(UINT64_MAX), a.times(Scalar({UINT64_MAX})));
}

TEST(Scalars, DistributeOverPoints) {
  SeededRng rng(22);
  const G1 a = random_g1(rng);
  for (int i = 0; i < 5; ++i) {
    const Scalar s = random_scalar(rng), t = random_scalar(rng);
    EXPECT_EQ(a.times(s).times(t), a.times(t).times(s));
  }
  EXPECT_TRUE(a.times(Scalar(Scalar::kOrder)).is_infinity());
}

// Zero, the ends of the range, around the powers of z, and random ones.
TEST(Scalars, MultiplyInTheSubgroupAsAnywhere) {
  SeededRng rng(24);
  const G2 point = random_g2(rng);
  Scalar::Limbs last = Scalar::kOrder;
  --last[0];
  std::vector<Scalar> scalars = {Scalar(), Scalar({1}), Scalar({15}), Scalar({16}), Scalar(last)};
  for (uint64_t near = 0; near < 3; ++near) scalars.push_back(Scalar({kCurveParameter - 1 + near}));
  for (int limb = 0; limb < 4; ++limb) {
    Scalar::Limbs high{};
    high[static_cast<size_t>(limb)] = uint64_t{1} << 62;
    scalars.push_back(Scalar(high));
  }
  for (int i = 0; i < 10; ++i) scalars.push_back(random_scalar(rng));
  for (const Scalar& scalar : scalars) {
    EXPECT_EQ(times_in_subgroup(point, scalar), point.times(scalar));
    EXPECT_TRUE(times_in_subgroup(G2::infinity(), scalar).is_infinity());
  }
}

TEST(Scalars, HaveFourDigitsInBaseZ) {
  SeededRng rng(25);
  const G1 one = G1::from(g1_generator());
  for (int i = 0; i < 10; ++i) {
    const Scalar scalar = random_scalar(rng);
    const Scalar::Limbs digits = scalar.digits_in_base(kCurveParameter);
    G1 sum = G1::infinity();
    for (size_t d = digits.size(); d-- > 0;) {
      EXPECT_LT(digits[d], kCurveParameter);
      sum = sum.times(kCurveParameter) + one.times(digits[d]);
    }
    EXPECT_EQ(sum, one.times(scalar));
  }
}

TEST(Scalars, AreReducedAndTheirBytesAreRefusedFromTheOrderOn) {
  std::array<uint8_t, kScalarBytes> bytes{};
  Scalar::Limbs order = Scalar::kOrder;
  --order[0];
  Scalar(order).write(bytes);
  EXPECT_TRUE(Scalar::parse(bytes));
  ++bytes[31];  // r itself: no carry, its last byte is 1
  EXPECT_FALSE(Scalar::parse(bytes));
  EXPECT_TRUE(Scalar::reduce(bytes).is_zero());
  bytes.fill(0xff);
  EXPECT_FALSE(Scalar::parse(bytes));
  EXPECT_TRUE(Scalar::reduce({}).is_zero());
}

TEST(Subgroup, TheFastTestsAgreeWithMultiplyingByTheOrder) {
  SeededRng rng(23);
  const Scalar order(Scalar::kOrder);
  for (int i = 0; i < 5; ++i) {
    const G2 anywhere = random_curve_point<Fp2>(rng), inside = clear_cofactor(anywhere);
    EXPECT_FALSE(in_subgroup(anywhere));
    EXPECT_FALSE(anywhere.times(order).is_infinity());
    EXPECT_TRUE(in_subgroup(inside));
    EXPECT_TRUE(inside.times(order).is_infinity());
    EXPECT_FALSE(in_subgroup(inside + anywhere));
    EXPECT_FALSE(in_subgroup(random_curve_point<Fp>(rng)));
    EXPECT_TRUE(in_subgroup(random_g1(rng)));
  }
  EXPECT_TRUE(in_subgroup(G1::infinity()));
  EXPECT_TRUE(in_subgroup(G2::infinity()));
}

}  // namespace
}  // namespace walrusfs::bls
