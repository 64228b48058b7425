#include "codec/bls/scalar.h"

#include "base/crypto.h"
#include "codec/bls/fp.h"

namespace walrusfs::bls {
namespace {

using Limbs = Scalar::Limbs;

// value mod r for value < 2 r; the mask instead of a branch keeps the value out of the timing.
Limbs reduced_once(const Limbs& value) {
  Limbs less{};
  uint64_t borrow = 0;
  for (size_t i = 0; i < 4; ++i) less[i] = detail::subtract_borrow(value[i], Scalar::kOrder[i], borrow);
  const uint64_t keep = 0 - borrow;
  for (size_t i = 0; i < 4; ++i) less[i] ^= keep & (less[i] ^ value[i]);
  return less;
}

// 2 value + bit; r has a spare bit, so nothing is lost.
Limbs shifted_in(const Limbs& value, uint64_t bit) {
  Limbs out{};
  for (size_t i = 0; i < 4; ++i) out[i] = value[i] << 1 | (i == 0 ? bit : value[i - 1] >> 63);
  return out;
}

// The remainder; what is left in `value` is the quotient. Bit by bit, because division takes its time by the number.
uint64_t divide(Limbs& value, uint64_t base) {
  uint64_t rest = 0;
  for (size_t bit = 256; bit-- > 0;) {
    uint64_t& limb = value[bit / 64];
    const uint64_t carry = rest >> 63, doubled = rest << 1 | (limb >> (bit % 64) & 1);
    uint64_t too_small = 0;
    (void)detail::subtract_borrow(doubled, base, too_small);
    const uint64_t fits = carry | (too_small ^ 1);
    rest = doubled - (base & (0 - fits));
    limb = (limb & ~(uint64_t{1} << (bit % 64))) | fits << (bit % 64);
  }
  return rest;
}

}  // namespace

Scalar::~Scalar() { wipe({reinterpret_cast<uint8_t*>(limbs_.data()), sizeof limbs_}); }

std::optional<Scalar> Scalar::parse(std::span<const uint8_t, kScalarBytes> bytes) {
  Scalar out = reduce(bytes);
  std::array<uint8_t, kScalarBytes> back{};
  out.write(back);
  const bool same = equal(back, bytes);
  wipe(back);
  if (!same) return std::nullopt;
  return out;
}

Scalar Scalar::reduce(ByteView bytes) {
  Scalar out;
  for (uint8_t byte : bytes)
    for (int bit = 7; bit >= 0; --bit) out.limbs_ = reduced_once(shifted_in(out.limbs_, byte >> bit & 1));
  return out;
}

Limbs Scalar::digits_in_base(uint64_t base) const {
  Limbs rest = limbs_, digits{};
  for (uint64_t& digit : digits) digit = divide(rest, base);
  wipe({reinterpret_cast<uint8_t*>(rest.data()), sizeof rest});
  return digits;
}

void Scalar::write(std::span<uint8_t, kScalarBytes> out) const {
  for (size_t i = 0; i < kScalarBytes; ++i) {
    const size_t place = kScalarBytes - 1 - i;
    out[i] = static_cast<uint8_t>(limbs_[place / 8] >> (8 * (place % 8)));
  }
}

}  // namespace walrusfs::bls
