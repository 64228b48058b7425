// Integers modulo the group order r of BLS12-381: secret keys. Everything here takes constant time except
// where an input is refused.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"

namespace walrusfs::bls {

constexpr size_t kScalarBytes = 32;

class Scalar {
 public:
  using Limbs = std::array<uint64_t, 4>;  // least significant first
  static constexpr Limbs kOrder = {0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48};

  constexpr Scalar() = default;
  // Below r already.
  explicit constexpr Scalar(const Limbs& limbs) : limbs_(limbs) {}
  ~Scalar();
  Scalar(const Scalar&) = default;
  Scalar& operator=(const Scalar&) = default;

  // Big-endian; nothing when the integer is not below r.
  static std::optional<Scalar> parse(std::span<const uint8_t, kScalarBytes> bytes);
  // A big-endian integer of any length, reduced.
  static Scalar reduce(ByteView bytes);
  void write(std::span<uint8_t, kScalarBytes> out) const;

  bool is_zero() const { return (limbs_[0] | limbs_[1] | limbs_[2] | limbs_[3]) == 0; }
  // The number as d0 + d1 base + d2 base^2 + d3 base^3, each below the base: public, and its fourth power is
  // above the order. For the caller to wipe.
  Limbs digits_in_base(uint64_t base) const;
  // Four bits; digit 0 is the lowest of 64.
  uint64_t digit(size_t i) const { return limbs_[i / 16] >> (4 * (i % 16)) & 15; }

 private:
  Limbs limbs_{};
};

}  // namespace walrusfs::bls
