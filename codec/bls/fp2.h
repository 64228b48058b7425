// Fp2 = Fp[u] / (u^2 + 1), written (c0, c1) for c0 + c1 u. Same rules about secrets as Fp.
#pragma once

#include "codec/bls/fp.h"

namespace walrusfs::bls {

struct Fp2 {
  Fp c0, c1;

  static constexpr Fp2 zero() { return {}; }
  static constexpr Fp2 one() { return {Fp::one(), Fp::zero()}; }
  static constexpr Fp2 from_hex(std::string_view c0, std::string_view c1) {
    return {Fp::from_hex(c0), Fp::from_hex(c1)};
  }

  constexpr Fp2 operator+(const Fp2& b) const { return {c0 + b.c0, c1 + b.c1}; }
  constexpr Fp2 operator-(const Fp2& b) const { return {c0 - b.c0, c1 - b.c1}; }
  constexpr Fp2 operator-() const { return {-c0, -c1}; }
  constexpr Fp2 doubled() const { return *this + *this; }
  Fp2 operator*(const Fp2& b) const;
  Fp2 operator*(const Fp& b) const { return {c0 * b, c1 * b}; }
  Fp2 squared() const;
  Fp2 conjugate() const { return {c0, -c1}; }
  // Times xi = 1 + u, by which the higher fields are built.
  Fp2 times_xi() const { return {c0 - c1, c0 + c1}; }
  Fp norm() const { return c0.squared() + c1.squared(); }
  Fp2 inverse() const;                       // zero for zero
  Fp2 pow(const Fp::Limbs& exponent) const;  // the exponent is public

  // Not for secrets.
  std::optional<Fp2> sqrt() const;
  bool operator==(const Fp2&) const = default;
  bool is_zero() const { return c0.is_zero() && c1.is_zero(); }
  // sgn0 of RFC 9380 section 4.1.
  bool sign() const { return c0.is_zero() ? c1.is_odd() : c0.is_odd(); }
  bool is_larger_half() const { return c1.is_zero() ? c0.is_larger_half() : c1.is_larger_half(); }

  void select(const Fp2& b, uint64_t mask) {
    c0.select(b.c0, mask);
    c1.select(b.c1, mask);
  }
};

}  // namespace walrusfs::bls
