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

void Scalar::write(std::span<uint8_t, kScalarBytes> out) const {
  for (size_t i = 0; i < kScalarBytes; ++i) {
    const size_t place = kScalarBytes - 1 - i;
    out[i] = static_cast<uint8_t>(limbs_[place / 8] >> (8 * (place % 8)));
  }
}

}  // namespace walrusfs::bls
