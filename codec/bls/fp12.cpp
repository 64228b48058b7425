#include "codec/bls/fp12.h"

namespace walrusfs::bls {
namespace {

// xi^(i (p - 1) / 6) for i = 0..5: w^i to the power p is w^i times this.
const std::array<Fp2, 6>& frobenius_factors() {
  static const std::array<Fp2, 6> factors = [] {
    constexpr Fp::Limbs kSixthOfPMinus1 = {0x49aa7ffffffff1c7, 0x051caaaa72e35555, 0xe688231ad3c82906,
                                           0xe613e1eb7deb831f, 0x0c849bf3b5e1f223, 0x045582fc5eeaa66f};
    const Fp2 root = Fp2::one().times_xi().pow(kSixthOfPMinus1);
    std::array<Fp2, 6> powers{Fp2::one()};
    for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * root;
    return powers;
  }();
  return factors;
}

// a + b s with s^2 = xi.
struct Fp4 {
  Fp2 a, b;
  Fp4 squared() const {
    const Fp2 aa = a.squared(), bb = b.squared();
    return {aa + bb.times_xi(), (a + b).squared() - aa - bb};
  }
};

Fp2 thrice(const Fp2& x) { return x.doubled() + x; }

}  // namespace

// Karatsuba over three coefficients: six products instead of nine.
Fp6 Fp6::operator*(const Fp6& b) const {
  const Fp2 v0 = c0 * b.c0, v1 = c1 * b.c1, v2 = c2 * b.c2;
  return {v0 + ((c1 + c2) * (b.c1 + b.c2) - v1 - v2).times_xi(), (c0 + c1) * (b.c0 + b.c1) - v0 - v1 + v2.times_xi(),
          (c0 + c2) * (b.c0 + b.c2) - v0 - v2 + v1};
}

Fp6 Fp6::times_sparse(const Fp2& b0, const Fp2& b1) const {
  const Fp2 v0 = c0 * b0, v1 = c1 * b1;
  return {v0 + ((c1 + c2) * b1 - v1).times_xi(), (c0 + c1) * (b0 + b1) - v0 - v1, (c0 + c2) * b0 - v0 + v1};
}

// By the adjugate of the multiplication matrix.
Fp6 Fp6::inverse() const {
  const Fp2 t0 = c0.squared() - (c1 * c2).times_xi();
  const Fp2 t1 = c2.squared().times_xi() - c0 * c1;
  const Fp2 t2 = c1.squared() - c0 * c2;
  const Fp2 scale = (c0 * t0 + (c2 * t1 + c1 * t2).times_xi()).inverse();
  return {t0 * scale, t1 * scale, t2 * scale};
}

Fp12 Fp12::operator*(const Fp12& b) const {
  const Fp6 v0 = c0 * b.c0, v1 = c1 * b.c1;
  return {v0 + v1.times_v(), (c0 + c1) * (b.c0 + b.c1) - v0 - v1};
}

Fp12 Fp12::operator*(const Line& line) const {
  const Fp6 v0 = c0.times_sparse(line.a, line.b), v1 = c1.times_sparse(line.c);
  return {v0 + v1.times_v(), (c0 + c1).times_sparse(line.a, line.b + line.c) - v0 - v1};
}

Fp12 Fp12::squared() const {
  const Fp6 product = c0 * c1;
  return {(c0 + c1) * (c0 + c1.times_v()) - product - product.times_v(), product + product};
}

// Granger and Scott, "Faster squaring in the cyclotomic subgroup of sixth degree extensions" (2009), section 3.2:
// for A + B w + C w^2 over Fp4 with s = w^3, the square is (3 A^2 - 2 A*) + (3 s C^2 + 2 B*) w + (3 B^2 - 2 C*) w^2,
// where * changes the sign of s.
Fp12 Fp12::cyclotomic_squared() const {
  const Fp4 a{c0.c0, c1.c1}, b{c1.c0, c0.c2}, c{c0.c1, c1.c2};
  const Fp4 aa = a.squared(), bb = b.squared(), cc = c.squared();
  Fp12 out;
  out.c0.c0 = thrice(aa.a) - a.a.doubled();
  out.c1.c1 = thrice(aa.b) + a.b.doubled();
  out.c1.c0 = thrice(cc.b.times_xi()) + b.a.doubled();
  out.c0.c2 = thrice(cc.a) - b.b.doubled();
  out.c0.c1 = thrice(bb.a) - c.a.doubled();
  out.c1.c2 = thrice(bb.b) + c.b.doubled();
  return out;
}

Fp12 Fp12::frobenius() const {
  const auto& g = frobenius_factors();
  return {{c0.c0.conjugate(), c0.c1.conjugate() * g[2], c0.c2.conjugate() * g[4]},
          {c1.c0.conjugate() * g[1], c1.c1.conjugate() * g[3], c1.c2.conjugate() * g[5]}};
}

Fp12 Fp12::inverse() const {
  const Fp6 scale = (c0 * c0 - (c1 * c1).times_v()).inverse();
  return {c0 * scale, -(c1 * scale)};
}

}  // namespace walrusfs::bls
