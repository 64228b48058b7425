// Points of the two curves: G1 on y^2 = x^3 + 4 over Fp, G2 on the twist y^2 = x^3 + 4 (1 + u) over Fp2.
//
// Homogeneous coordinates (x / z, y / z) with the complete formulas of Renes, Costello and Batina (2015,
// algorithms 7 and 9): they hold for every pair of points, infinity included, because both curves have odd order.
// So there are no special cases, and no branches that could tell about a secret.
#pragma once

#include "codec/bls/fp2.h"
#include "codec/bls/scalar.h"

namespace walrusfs::bls {

// z of the curve parameter x = -z.
constexpr uint64_t kCurveParameter = 0xd201000000010000;

template <typename Field>
struct Affine {
  Field x, y;
  bool operator==(const Affine&) const = default;
};

template <typename Field>
struct Point {
  Field x, y = Field::one(), z;  // infinity has x = z = 0

  static Point infinity() { return {}; }
  static Point from(const Affine<Field>& a) { return {a.x, a.y, Field::one()}; }

  bool is_infinity() const { return z.is_zero(); }
  // Nothing for infinity.
  std::optional<Affine<Field>> affine() const;

  Point operator+(const Point& b) const;
  Point operator-() const { return {x, -y, z}; }
  Point operator-(const Point& b) const { return *this + -b; }
  Point doubled() const;
  bool operator==(const Point& b) const { return x * b.z == b.x * z && y * b.z == b.y * z; }

  // The factor is public.
  Point times(uint64_t factor) const;
  // The factor is secret: fixed windows, every table entry read for each digit.
  Point times(const Scalar& secret) const;

  void select(const Point& b, uint64_t mask) {
    x.select(b.x, mask);
    y.select(b.y, mask);
    z.select(b.z, mask);
  }
};

using G1 = Point<Fp>;
using G2 = Point<Fp2>;
using AffineG1 = Affine<Fp>;
using AffineG2 = Affine<Fp2>;

extern template struct Point<Fp>;
extern template struct Point<Fp2>;

const AffineG1& g1_generator();

// y^2 - x^3: 4 for points of G1's curve, 4 (1 + u) for those of G2's.
constexpr Fp curve_constant(const Fp&) { return Fp::from_word(4); }
constexpr Fp2 curve_constant(const Fp2&) { return {Fp::from_word(4), Fp::from_word(4)}; }
template <typename Field>
bool is_on_curve(const Affine<Field>& a) {
  return a.y * a.y == a.x * a.x * a.x + curve_constant(a.x);
}

// The endomorphism psi of G2: untwist, Frobenius, twist.
G2 psi(const G2& point);
// Whether the point is in the subgroup of order r. G1 takes a multiplication by r, G2 one by z.
bool in_subgroup(const G1& point);
bool in_subgroup(const G2& point);
// point.times(secret) for points of the subgroup, in half the time: there -psi is the multiplication by z, so that four
// multiples by a quarter of the length share their doublings (Galbraith, Lin and Scott 2009). Constant time as well.
G2 times_in_subgroup(const G2& point, const Scalar& secret);

}  // namespace walrusfs::bls
