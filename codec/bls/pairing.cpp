#include "codec/bls/pairing.h"

#include <vector>

namespace walrusfs::bls {
namespace {

Fp2 times_12_xi(const Fp2& x) {
  const Fp2 four = x.times_xi().doubled().doubled();
  return four.doubled() + four;
}

// Doubles t and returns the tangent there at p: with slope 3 x^2 / 2 y on the twist, scaled by 2 y z. It shares its
// squares with the doubling of point.cpp.
Line double_with_tangent(G2& t, const AffineG1& p) {
  const Fp2 xx = t.x.squared(), yy = t.y.squared(), yz = t.y * t.z, zz3b = times_12_xi(t.z.squared());
  const Fp2 yy8 = yy.doubled().doubled().doubled(), rest = yy - (zz3b.doubled() + zz3b);
  t = {(rest * (t.x * t.y)).doubled(), zz3b * yy8 + rest * (yy + zz3b), yy8 * yz};
  return {yy - zz3b, -((xx.doubled() + xx) * p.x), yz.doubled() * p.y};
}

// The line through t and q, at p: with slope (yq z - y) / (xq z - x), scaled by xq z - x.
Line chord(const G2& t, const AffineG2& q, const AffineG1& p) {
  const Fp2 over = q.y * t.z - t.y, under = q.x * t.z - t.x;
  return {over * q.x - under * q.y, -(over * p.x), under * p.y};
}

// f^z in the cyclotomic subgroup.
Fp12 power_z(const Fp12& f) {
  Fp12 out = f;
  for (int bit = 62; bit >= 0; --bit) {
    out = out.cyclotomic_squared();
    if (kCurveParameter >> bit & 1) out = out * f;
  }
  return out;
}

// f^x with x = -z.
Fp12 power_x(const Fp12& f) { return power_z(f).conjugate(); }

}  // namespace

Fp12 miller_loop(std::span<const PairingPair> pairs) {
  std::vector<G2> t;
  for (const PairingPair& pair : pairs) t.push_back(G2::from(pair.q));
  Fp12 f = Fp12::one();
  for (int bit = 62; bit >= 0; --bit) {  // the top bit is where t begins
    f = f.squared();
    for (size_t i = 0; i < pairs.size(); ++i) {
      f = f * double_with_tangent(t[i], pairs[i].p);
      if (!(kCurveParameter >> bit & 1)) continue;
      f = f * chord(t[i], pairs[i].q, pairs[i].p);
      t[i] = t[i] + G2::from(pairs[i].q);
    }
  }
  return f;
}

// The exponent is (p^6 - 1) (p^2 + 1), then 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3 (Hayashida,
// Hayasaka and Teruya 2020). After the first part elements are in the cyclotomic subgroup.
Fp12 final_exponentiation(const Fp12& f) {
  const Fp12 a = f.conjugate() * f.inverse();
  const Fp12 g = a.frobenius().frobenius() * a;
  Fp12 t = power_x(g) * g.conjugate();
  t = power_x(t) * t.conjugate();
  t = power_x(t) * t.frobenius();
  t = power_x(power_x(t)) * t.frobenius().frobenius() * t.conjugate();
  return t * g * g.cyclotomic_squared();
}

bool pairing_product_is_one(std::span<const PairingPair> pairs) {
  return final_exponentiation(miller_loop(pairs)) == Fp12::one();
}

}  // namespace walrusfs::bls
