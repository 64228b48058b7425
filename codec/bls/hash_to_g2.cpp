#include "codec/bls/hash_to_g2.h"

#include "base/crypto.h"

namespace walrusfs::bls {
namespace {

constexpr std::string_view kDomain = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
constexpr size_t kShaBytes = 32, kShaBlockBytes = 64;
constexpr size_t kFieldHashBytes = 64;  // per element of Fp: 48, and 16 against bias

// The isogenous curve is y^2 = x^3 + A x + B.
constexpr Fp2 kA = {Fp(), Fp::from_word(240)};
constexpr Fp2 kB = {Fp::from_word(1012), Fp::from_word(1012)};
constexpr Fp2 kZ = {-Fp::from_word(2), -Fp::from_word(1)};

Fp2 isogenous_right_side(const Fp2& x) { return x.squared() * x + kA * x + kB; }

// Coefficients of the isogeny from degree 0 upwards; those with names occur more than once.
constexpr Fp k(std::string_view hex) { return Fp::from_hex(hex); }
constexpr Fp n(uint64_t number) { return Fp::from_word(number); }
constexpr Fp kOne = Fp::one(), kZero = Fp();
constexpr Fp kK1 = k("5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97d6");
constexpr Fp kK2 =
    k("11560bf17baa99bc32126fced787c88f984f87adf7ae0c7f9a208c6b4f20a4181472aaa9cb8d555526a9ffffffffc71a");
constexpr Fp kK3 = k("8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38d");
constexpr Fp kK4 =
    k("171d6541fa38ccfaed6dea691f5fb614cb14b4e7f4e810aa22d6108f142b85757098e38d0f671c7188e2aaaaaaaa5ed1");
constexpr Fp kK5 =
    k("1530477c7ab4113b59a4c18b076d11930f7da5d4a07f649bf54439d87d27e500fc8c25ebf8c92f6812cfc71c71c6d706");
constexpr Fp kK6 = k("5c759507e8e333ebb5b7a9a47d7ed8532c52d39fd3a042a88b58423c50ae15d5c2638e343d9c71c6238aaaaaaaa97be");
constexpr Fp kK7 = k("8ab05f8bdd54cde190937e76bc3e447cc27c3d6fbd7063fcd104635a790520c0a395554e5c6aaaa9354ffffffffe38f");
constexpr Fp kK8 =
    k("124c9ad43b6cf79bfbf7043de3811ad0761b0f37a1e26286b0e977c69aa274524e79097a56dc4bd9e1b371c71c718b10");

constexpr std::array<Fp2, 4> kXNumerator = {Fp2{kK1, kK1}, {kZero, kK2}, {kK2 + n(4), kK3}, {kK4, kZero}};
constexpr std::array<Fp2, 3> kXDenominator = {Fp2{kZero, -n(72)}, {n(12), -n(12)}, {kOne, kZero}};
constexpr std::array<Fp2, 4> kYNumerator = {Fp2{kK5, kK5}, {kZero, kK6}, {kK2 + n(2), kK7}, {kK8, kZero}};
constexpr std::array<Fp2, 4> kYDenominator = {Fp2{-n(432), -n(432)}, {kZero, -n(216)}, {n(18), -n(18)}, {kOne, kZero}};

Fp2 polynomial(std::span<const Fp2> coefficients, const Fp2& x) {
  Fp2 value = coefficients.back();
  for (size_t i = coefficients.size() - 1; i-- > 0;) value = value * x + coefficients[i];
  return value;
}

}  // namespace

Bytes expand_message(ByteView message, size_t bytes) {
  WFS_CHECK(bytes <= 255 * kShaBytes);
  Bytes tag = to_bytes(as_bytes(kDomain));
  tag.push_back(static_cast<uint8_t>(kDomain.size()));

  Bytes first(kShaBlockBytes);
  append(first, message);
  append(first, Bytes{static_cast<uint8_t>(bytes >> 8), static_cast<uint8_t>(bytes), 0});
  append(first, tag);
  const Digest seed = sha256(first);

  Bytes out;
  Digest block{};
  for (uint8_t i = 1; out.size() < bytes; ++i) {
    for (size_t j = 0; j < kShaBytes; ++j) block[j] ^= seed[j];
    Bytes next = to_bytes(block);
    next.push_back(i);
    append(next, tag);
    block = sha256(next);
    append(out, block);
  }
  out.resize(bytes);
  return out;
}

std::array<Fp2, 2> hash_to_field(ByteView message) {
  const Bytes uniform = expand_message(message, 4 * kFieldHashBytes);
  const auto element = [&](size_t i) {
    return Fp::reduce(ByteView(uniform).subspan(i * kFieldHashBytes).first<kFieldHashBytes>());
  };
  return {Fp2{element(0), element(1)}, Fp2{element(2), element(3)}};
}

AffineG2 map_to_isogenous_curve(const Fp2& u) {
  const Fp2 t = kZ * u.squared(), d = t.squared() + t;
  // B / (Z A) when d = 0, else -B / A (1 + 1 / d) = -B (d + 1) / (A d).
  Fp2 x = d.is_zero() ? kB * (kZ * kA).inverse() : -(kB * (d + Fp2::one())) * (kA * d).inverse();
  auto y = isogenous_right_side(x).sqrt();
  if (!y) {
    x = t * x;
    y = isogenous_right_side(x).sqrt();
  }
  WFS_CHECK(y);  // one of the two is a square, whatever u is
  if (y->sign() != u.sign()) y = -*y;
  return {x, *y};
}

// Both fractions over one denominator, so that nothing has to be inverted.
G2 apply_isogeny(const AffineG2& point) {
  const Fp2 x_over = polynomial(kXNumerator, point.x), x_under = polynomial(kXDenominator, point.x);
  const Fp2 y_over = point.y * polynomial(kYNumerator, point.x), y_under = polynomial(kYDenominator, point.x);
  const Fp2 z = x_under * y_under;
  if (z.is_zero()) return G2::infinity();
  return {x_over * y_under, y_over * x_under, z};
}

// [x^2 - x - 1] P + psi([x - 1] P) + psi(psi(2 P)) (Budroni and Pintore 2017).
G2 clear_cofactor(const G2& point) {
  const G2 times_x = -point.times(kCurveParameter);
  const G2 inner = times_x + psi(point);
  return -inner.times(kCurveParameter) - times_x - point - psi(point) + psi(psi(point.doubled()));
}

G2 hash_to_g2(ByteView message) {
  const auto u = hash_to_field(message);
  return clear_cofactor(apply_isogeny(map_to_isogenous_curve(u[0])) + apply_isogeny(map_to_isogenous_curve(u[1])));
}

}  // namespace walrusfs::bls
