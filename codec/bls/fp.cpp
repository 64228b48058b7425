#include "codec/bls/fp.h"

namespace walrusfs::bls {
namespace {

using Limbs = Fp::Limbs;

constexpr Limbs minus(Limbs a, uint64_t word) {
  uint64_t borrow = 0;
  a[0] = detail::subtract_borrow(a[0], word, borrow);
  for (size_t i = 1; i < 6; ++i) a[i] = detail::subtract_borrow(a[i], 0, borrow);
  return a;
}

constexpr Limbs shifted_right(Limbs a, int bits) {
  for (size_t i = 0; i < 6; ++i) a[i] = a[i] >> bits | (i < 5 ? a[i + 1] << (64 - bits) : 0);
  return a;
}

constexpr Limbs kModulusMinusTwo = minus(Fp::kModulus, 2);
constexpr Limbs kHalf = shifted_right(Fp::kModulus, 1);     // (p - 1) / 2
constexpr Limbs kQuarter = shifted_right(Fp::kModulus, 2);  // (p - 3) / 4
static_assert(Fp::kModulus[0] % 4 == 3);

bool less(const Limbs& a, const Limbs& b) {
  uint64_t borrow = 0;
  for (size_t i = 0; i < 6; ++i) (void)detail::subtract_borrow(a[i], b[i], borrow);
  return borrow != 0;
}

Limbs load_big_endian(ByteView bytes) {
  Limbs out{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t place = bytes.size() - 1 - i;
    out[place / 8] |= uint64_t{bytes[i]} << (8 * (place % 8));
  }
  return out;
}

}  // namespace

std::optional<Fp> Fp::parse(std::span<const uint8_t, kFpBytes> bytes) {
  const Limbs limbs = load_big_endian(bytes);
  if (!less(limbs, kModulus)) return std::nullopt;
  return from_integer(limbs);
}

Fp Fp::reduce(std::span<const uint8_t, 64> bytes) {
  constexpr Fp kTwoTo256 = from_integer({0, 0, 0, 0, 1});
  return from_integer(load_big_endian(bytes.first(32))) * kTwoTo256 + from_integer(load_big_endian(bytes.last(32)));
}

void Fp::write(std::span<uint8_t, kFpBytes> out) const {
  const Limbs limbs = integer();
  for (size_t i = 0; i < kFpBytes; ++i) {
    const size_t place = kFpBytes - 1 - i;
    out[i] = static_cast<uint8_t>(limbs[place / 8] >> (8 * (place % 8)));
  }
}

// Four bits of the exponent at a time.
Fp Fp::pow(const Limbs& exponent) const {
  std::array<Fp, 16> powers;
  powers[0] = one();
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * *this;
  Fp out = one();
  for (size_t i = 96; i-- > 0;) {
    for (int bit = 0; bit < 4; ++bit) out = out.squared();
    out = out * powers[exponent[i / 16] >> (4 * (i % 16)) & 15];
  }
  return out;
}

Fp Fp::inverse() const { return pow(kModulusMinusTwo); }

Fp Fp::inverse_root() const { return pow(kQuarter); }

std::optional<Fp> Fp::sqrt() const {
  const Fp root = *this * inverse_root();
  if (root.squared() != *this) return std::nullopt;
  return root;
}

bool Fp::is_larger_half() const { return less(kHalf, integer()); }

}  // namespace walrusfs::bls
