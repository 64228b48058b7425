#include "codec/bls/point.h"

#include "base/crypto.h"

namespace walrusfs::bls {
namespace {

Fp times_12(const Fp& x) {
  const Fp four = x.doubled().doubled();
  return four.doubled() + four;
}

// Three times the curve's constant.
Fp times_3b(const Fp& x) { return times_12(x); }
Fp2 times_3b(const Fp2& x) {
  const Fp2 t = x.times_xi();
  return {times_12(t.c0), times_12(t.c1)};
}

// All ones when a = b, else 0; both are below 2^63.
uint64_t equal_mask(uint64_t a, uint64_t b) { return 0 - (((a ^ b) - 1) >> 63); }

}  // namespace

template <typename Field>
Point<Field> Point<Field>::operator+(const Point& b) const {
  const Field xx = x * b.x, yy = y * b.y, zz = z * b.z;
  const Field xy = (x + y) * (b.x + b.y) - xx - yy;
  const Field yz = (y + z) * (b.y + b.z) - yy - zz;
  const Field xz = times_3b((x + z) * (b.x + b.z) - xx - zz);
  const Field zz3b = times_3b(zz), sum = yy + zz3b, difference = yy - zz3b, xx3 = xx.doubled() + xx;
  return {xy * difference - yz * xz, difference * sum + xx3 * xz, sum * yz + xx3 * xy};
}

template <typename Field>
Point<Field> Point<Field>::doubled() const {
  const Field yy = y.squared(), zz3b = times_3b(z.squared());
  const Field yy8 = yy.doubled().doubled().doubled();
  const Field rest = yy - (zz3b.doubled() + zz3b);
  return {(rest * (x * y)).doubled(), zz3b * yy8 + rest * (yy + zz3b), yy8 * (y * z)};
}

template <typename Field>
std::optional<Affine<Field>> Point<Field>::affine() const {
  if (is_infinity()) return std::nullopt;
  const Field scale = z.inverse();
  return Affine<Field>{x * scale, y * scale};
}

template <typename Field>
Point<Field> Point<Field>::times(uint64_t factor) const {
  Point out = infinity();
  for (int bit = 63; bit >= 0; --bit) {
    out = out.doubled();
    if (factor >> bit & 1) out = out + *this;
  }
  return out;
}

template <typename Field>
Point<Field> Point<Field>::times(const Scalar& secret) const {
  constexpr size_t kDigits = 64, kDigitBits = 4, kTable = 1 << kDigitBits;
  std::array<Point, kTable> multiples;
  for (size_t i = 1; i < kTable; ++i) multiples[i] = multiples[i - 1] + *this;
  Point out, chosen;
  for (size_t i = kDigits; i-- > 0;) {
    for (size_t bit = 0; bit < kDigitBits; ++bit) out = out.doubled();
    for (size_t k = 0; k < kTable; ++k) chosen.select(multiples[k], equal_mask(k, secret.digit(i)));
    out = out + chosen;
  }
  wipe({reinterpret_cast<uint8_t*>(&chosen), sizeof chosen});
  return out;
}

template struct Point<Fp>;
template struct Point<Fp2>;

const AffineG1& g1_generator() {
  static constexpr AffineG1 kGenerator = {
      Fp::from_hex("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
      Fp::from_hex("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1")};
  return kGenerator;
}

// (1 / xi^((p - 1) / 3), 1 / xi^((p - 1) / 2)).
G2 psi(const G2& point) {
  static constexpr Fp2 kX = Fp2::from_hex(
      "0", "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad");
  static constexpr Fp2 kY =
      Fp2::from_hex("135203e60180a68ee2e9c448d77a2cd91c3dedd930b1cf60ef396489f61eb45e304466cf3e67fa0af1ee7b04121bdea2",
                    "06af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09");
  return {point.x.conjugate() * kX, point.y.conjugate() * kY, point.z.conjugate()};
}

bool in_subgroup(const G1& point) { return point.times(Scalar(Scalar::kOrder)).is_infinity(); }

G2 times_in_subgroup(const G2& point, const Scalar& secret) {
  constexpr size_t kParts = 4, kDigits = 16, kDigitBits = 4, kTable = 1 << kDigitBits;
  std::array<std::array<G2, kTable>, kParts> multiples;  // [part][k]: k z^part times the point
  for (size_t k = 1; k < kTable; ++k) multiples[0][k] = multiples[0][k - 1] + point;
  for (size_t part = 1; part < kParts; ++part)
    for (size_t k = 1; k < kTable; ++k) multiples[part][k] = -psi(multiples[part - 1][k]);
  Scalar::Limbs parts = secret.digits_in_base(kCurveParameter);
  G2 out, chosen;
  for (size_t i = kDigits; i-- > 0;) {
    for (size_t bit = 0; bit < kDigitBits; ++bit) out = out.doubled();
    for (size_t part = 0; part < kParts; ++part) {
      const uint64_t digit = parts[part] >> (kDigitBits * i) & (kTable - 1);
      for (size_t k = 0; k < kTable; ++k) chosen.select(multiples[part][k], equal_mask(k, digit));
      out = out + chosen;
    }
  }
  wipe({reinterpret_cast<uint8_t*>(parts.data()), sizeof parts});
  wipe({reinterpret_cast<uint8_t*>(&chosen), sizeof chosen});
  return out;
}

// Scott, "A note on group membership tests for G1, G2 and GT on BLS pairing-friendly curves" (2021).
bool in_subgroup(const G2& point) { return psi(point) == -point.times(kCurveParameter); }

}  // namespace walrusfs::bls
