#include "codec/bls/fp2.h"

namespace walrusfs::bls {

// Karatsuba: three products instead of four.
Fp2 Fp2::operator*(const Fp2& b) const {
  const Fp low = c0 * b.c0, high = c1 * b.c1;
  return {low - high, (c0 + c1) * (b.c0 + b.c1) - low - high};
}

Fp2 Fp2::squared() const { return {(c0 + c1) * (c0 - c1), (c0 * c1).doubled()}; }

Fp2 Fp2::inverse() const {
  const Fp scale = norm().inverse();
  return {c0 * scale, -(c1 * scale)};
}

Fp2 Fp2::pow(const Fp::Limbs& exponent) const {
  Fp2 out = one();
  for (size_t i = 384; i-- > 0;) {
    out = out.squared();
    if (exponent[i / 64] >> (i % 64) & 1) out = out * *this;
  }
  return out;
}

// With s^2 = norm and v = (c0 + s) / 2 the root is (c, c1 / 2c), where c^2 = v, or, if v is no square,
// c^2 = -c1^2 / 4v. One power t = v^((p - 3) / 4) gives both: in the first case c = v t and 1 / c = t, in the second v
// t^2 = -1, hence c = c1 / 2 t and c1 / 2c = 1 / t = -v t. A number without a root has a norm without one.
std::optional<Fp2> Fp2::sqrt() const {
  if (c1.is_zero()) {
    if (auto root = c0.sqrt()) return Fp2{*root, Fp()};
    return Fp2{Fp(), (-c0).sqrt().value()};  // -1 has no root, so one of c0 and -c0 has
  }
  constexpr Fp kHalf =
      Fp::from_hex("0d0088f51cbff34d258dd3db21a5d66bb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd556");
  const auto s = norm().sqrt();
  if (!s) return std::nullopt;
  const Fp v = (c0 + *s) * kHalf, t = v.inverse_root(), vt = v * t, half_c1_t = c1 * kHalf * t;
  return vt * t == Fp::one() ? Fp2{vt, half_c1_t} : Fp2{half_c1_t, -vt};
}

}  // namespace walrusfs::bls
