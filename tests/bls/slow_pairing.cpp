#include "tests/bls/slow_pairing.h"

namespace walrusfs::bls::slow {
namespace {

// (p^12 - 1) / r.
constexpr std::string_view kFinalExponent =
    "2ee1db5dcc825b7e1bda9c0496a1c0a89ee0193d4977b3f7d4507d07363baa13f8d14a917848517badc3a43d1073776ab353"
    "f2c30698e8cc7deada9c0aadff5e9cfee9a074e43b9a660835cc872ee83ff3a0f0f1c0ad0d6106feaf4e347aa68ad49466fa"
    "927e7bb9375331807a0dce2630d9aa4b113f414386b0e8819328148978e2b0dd39099b86e1ab656d2670d93e4d7acdd350da"
    "5359bc73ab61a0c5bf24c374693c49f570bcd2b01f3077ffb10bf24dde41064837f27611212596bc293c8d4c01f25118790f"
    "4684d0b9c40a68eb74bb22a40ee7169cdc1041296532fef459f12438dfc8e2886ef965e61a474c5c85b0129127a1b5ad0463"
    "434724538411d1676a53b5a62eb34c05739334f46c02c3f0bd0c55d3109cd15948d0a1fad20044ce6ad4c6bec3ec03ef1959"
    "2004cedd556952c6d8823b19dadd7c2498345c6e5308f1c511291097db60b1749bf9b71a9f9e0100418a3ef0bc627751bbd8"
    "1367066bca6a4c1b6dcfc5cceb73fc56947a403577dfa9e13c24ea820b09c1d9f7c31759c3635de3f7a3639991708e88adce"
    "88177456c49637fd7961be1a4c7e79fb02faa732e2f3ec2bea83d196283313492caa9d4aff1c910e9622d2a73f62537f2701"
    "aaef6539314043f7bbce5b78c7869aeb2181a67e49eeed2161daf3f881bd88592d767f67c4717489119226c2f011d4cab803"
    "e9d71650a6f80698e2f8491d12191a04406fbc8fbd5f48925f98630e68bfb24c0bcb9b55df57510";

struct PolyPoint {
  Poly x, y;
};

Poly add(const Poly& a, const Poly& b) {
  Poly out;
  for (size_t i = 0; i < 6; ++i) out[i] = a[i] + b[i];
  return out;
}

Poly subtract(const Poly& a, const Poly& b) {
  Poly out;
  for (size_t i = 0; i < 6; ++i) out[i] = a[i] - b[i];
  return out;
}

Poly constant(const Fp& value) {
  Poly out;
  out[0].c0 = value;
  return out;
}

Poly invert(const Poly& a) {
  const Poly inverse = from(to(a).inverse());
  WFS_CHECK(multiply(a, inverse) == constant(Fp::one()));
  return inverse;
}

Poly w_to(size_t power) {
  Poly out;
  out[power] = Fp2::one();
  return out;
}

// From the twist to y^2 = x^3 + 4.
PolyPoint untwist(const AffineG2& q) {
  Poly x, y;
  x[0] = q.x;
  y[0] = q.y;
  return {multiply(x, invert(w_to(2))), multiply(y, invert(w_to(3)))};
}

Poly slope(const PolyPoint& a, const PolyPoint& b) {
  if (a.x != b.x) return multiply(subtract(b.y, a.y), invert(subtract(b.x, a.x)));
  const Poly xx = multiply(a.x, a.x);
  return multiply(add(xx, add(xx, xx)), invert(add(a.y, a.y)));
}

PolyPoint add_points(const PolyPoint& a, const PolyPoint& b) {
  const Poly l = slope(a, b);
  const Poly x = subtract(subtract(multiply(l, l), a.x), b.x);
  return {x, subtract(multiply(l, subtract(a.x, x)), a.y)};
}

// The line through a and b at p, over the vertical through their sum.
Poly line_over_vertical(const PolyPoint& a, const PolyPoint& b, const PolyPoint& p) {
  const Poly line = subtract(subtract(p.y, a.y), multiply(slope(a, b), subtract(p.x, a.x)));
  return multiply(line, invert(subtract(p.x, add_points(a, b).x)));
}

}  // namespace

// w^0, w^2, w^4 are 1, v, v^2 of the first half; w, w^3, w^5 of the second.
Poly from(const Fp12& f) { return {f.c0.c0, f.c1.c0, f.c0.c1, f.c1.c1, f.c0.c2, f.c1.c2}; }
Fp12 to(const Poly& f) { return {{f[0], f[2], f[4]}, {f[1], f[3], f[5]}}; }

Poly multiply(const Poly& a, const Poly& b) {
  Poly out;
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = 0; j < 6; ++j) {
      const Fp2 product = a[i] * b[j];
      out[(i + j) % 6] = out[(i + j) % 6] + (i + j < 6 ? product : product.times_xi());
    }
  }
  return out;
}

Poly power(const Poly& base, std::string_view exponent) {
  Poly out = constant(Fp::one());
  for (char c : exponent) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    for (int bit = 3; bit >= 0; --bit) {
      out = multiply(out, out);
      if (digit >> bit & 1) out = multiply(out, base);
    }
  }
  return out;
}

Poly miller(const AffineG1& p, const AffineG2& q) {
  const PolyPoint at{constant(p.x), constant(p.y)}, base = untwist(q);
  PolyPoint t = base;
  Poly f = constant(Fp::one());
  for (int bit = 62; bit >= 0; --bit) {
    f = multiply(multiply(f, f), line_over_vertical(t, t, at));
    t = add_points(t, t);
    if (!(kCurveParameter >> bit & 1)) continue;
    f = multiply(f, line_over_vertical(t, base, at));
    t = add_points(t, base);
  }
  return f;
}

Poly final_exponentiation(const Poly& f) { return power(f, kFinalExponent); }

}  // namespace walrusfs::bls::slow
