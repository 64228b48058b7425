// The base field of BLS12-381: integers modulo the 381-bit prime p.
//
// Elements are kept in Montgomery form (a * 2^384 mod p, always below p) in six 64-bit limbs, least significant
// first. Addition, subtraction, multiplication, pow() and inverse() take the same time and touch the same memory
// whatever the values are, so they may be used on secrets; what does not is marked. Constants are made at compile
// time from the hex of the standard.
//
// Loops over limbs are unrolled by pragma: at -O2 compilers keep them as loops through memory, ten times slower.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace walrusfs::bls {

constexpr size_t kFpBytes = 48;

__extension__ using Wide = unsigned __int128;

class Fp {
 public:
  using Limbs = std::array<uint64_t, 6>;

  static constexpr Limbs kModulus = {0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624,
                                     0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a};

  constexpr Fp() = default;  // zero
  static constexpr Fp zero() { return Fp(); }
  static constexpr Fp one();
  // Any integer below 2^384.
  static constexpr Fp from_integer(const Limbs& integer);
  static constexpr Fp from_word(uint64_t word) { return from_integer({word}); }
  // Big-endian, at most 96 digits; for constants.
  static constexpr Fp from_hex(std::string_view digits);

  // Big-endian; nothing when the integer is not below p.
  static std::optional<Fp> parse(std::span<const uint8_t, kFpBytes> bytes);
  // A big-endian integer of 64 bytes, reduced (hash to field).
  static Fp reduce(std::span<const uint8_t, 64> bytes);
  void write(std::span<uint8_t, kFpBytes> out) const;

  constexpr Fp operator+(const Fp& b) const;
  constexpr Fp operator-(const Fp& b) const;
  constexpr Fp operator*(const Fp& b) const;
  constexpr Fp operator-() const { return Fp() - *this; }
  constexpr Fp doubled() const { return *this + *this; }
  constexpr Fp squared() const { return *this * *this; }
  bool operator==(const Fp&) const = default;  // not for secrets
  bool is_zero() const { return *this == Fp(); }

  // The exponent is public.
  Fp pow(const Limbs& exponent) const;
  // Zero for zero.
  Fp inverse() const;
  // To the power (p - 3) / 4: for a square the inverse of its root, for others t with a t^2 = -1.
  Fp inverse_root() const;
  // Not for secrets.
  std::optional<Fp> sqrt() const;
  // The integer below p; not in Montgomery form.
  constexpr Limbs integer() const;
  bool is_odd() const { return integer()[0] & 1; }
  // Whether the integer is above (p - 1) / 2: "the larger y".
  bool is_larger_half() const;

  // Takes `b` when `mask` is all ones, keeps what is there when it is 0.
  constexpr void select(const Fp& b, uint64_t mask) {
#pragma GCC unroll 6
    for (size_t i = 0; i < 6; ++i) limbs_[i] ^= mask & (limbs_[i] ^ b.limbs_[i]);
  }

 private:
  explicit constexpr Fp(const Limbs& montgomery) : limbs_(montgomery) {}
  // -1 / p modulo 2^64.
  static constexpr uint64_t kInverse = 0x89f3fffcfffcfffd;
  static constexpr Fp reduced_once(const Limbs& below_two_p);
  static constexpr Limbs montgomery_radix_squared();
  static const Limbs kRadixSquared;

  Limbs limbs_{};
};

namespace detail {

// a + b + carry; `carry` is 0 or 1 before and after. GCC 12 makes no chain of additions with carry from
// 128-bit sums (four times slower), hence the intrinsics.
constexpr uint64_t add_carry(uint64_t a, uint64_t b, uint64_t& carry) {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated()) {
    unsigned long long sum = 0;
    carry = _addcarry_u64(static_cast<unsigned char>(carry), a, b, &sum);
    return sum;
  }
#endif
  Wide sum = Wide{a} + b + carry;
  carry = static_cast<uint64_t>(sum >> 64);
  return static_cast<uint64_t>(sum);
}

// a - b - borrow; `borrow` is 0 or 1 before and after.
constexpr uint64_t subtract_borrow(uint64_t a, uint64_t b, uint64_t& borrow) {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated()) {
    unsigned long long difference = 0;
    borrow = _subborrow_u64(static_cast<unsigned char>(borrow), a, b, &difference);
    return difference;
  }
#endif
  Wide difference = Wide{a} - b - borrow;
  borrow = static_cast<uint64_t>(difference >> 64) & 1;
  return static_cast<uint64_t>(difference);
}

// a + b * c + carry, which fits in 128 bits; the high half is left in `carry`.
constexpr uint64_t multiply_add(uint64_t a, uint64_t b, uint64_t c, uint64_t& carry) {
  Wide sum = Wide{b} * c + a + carry;
  carry = static_cast<uint64_t>(sum >> 64);
  return static_cast<uint64_t>(sum);
}

}  // namespace detail

constexpr Fp Fp::reduced_once(const Limbs& below_two_p) {
  Limbs less{};
  uint64_t borrow = 0;
#pragma GCC unroll 6
  for (size_t i = 0; i < 6; ++i) less[i] = detail::subtract_borrow(below_two_p[i], kModulus[i], borrow);
  Fp out(less);
  out.select(Fp(below_two_p), 0 - borrow);
  return out;
}

constexpr Fp Fp::operator+(const Fp& b) const {
  Limbs sum{};
  uint64_t carry = 0;
#pragma GCC unroll 6
  for (size_t i = 0; i < 6; ++i) sum[i] = detail::add_carry(limbs_[i], b.limbs_[i], carry);
  return reduced_once(sum);  // p has three spare bits: no carry comes out
}

constexpr Fp Fp::operator-(const Fp& b) const {
  Limbs out{};
  uint64_t borrow = 0, carry = 0;
#pragma GCC unroll 6
  for (size_t i = 0; i < 6; ++i) out[i] = detail::subtract_borrow(limbs_[i], b.limbs_[i], borrow);
  const uint64_t mask = 0 - borrow;
#pragma GCC unroll 6
  for (size_t i = 0; i < 6; ++i) out[i] = detail::add_carry(out[i], kModulus[i] & mask, carry);
  return Fp(out);
}

// Montgomery product, operand scanning; because p has spare bits one word of carry is enough
// (Acar 1996; the "no-carry" form is described in the gnark documentation).
constexpr Fp Fp::operator*(const Fp& b) const {
  Limbs t{};
#pragma GCC unroll 6
  for (size_t i = 0; i < 6; ++i) {
    uint64_t product_carry = 0, reduction_carry = 0;
    t[0] = detail::multiply_add(t[0], limbs_[0], b.limbs_[i], product_carry);
    const uint64_t m = t[0] * kInverse;
    (void)detail::multiply_add(t[0], m, kModulus[0], reduction_carry);
#pragma GCC unroll 6
    for (size_t j = 1; j < 6; ++j) {
      t[j] = detail::multiply_add(t[j], limbs_[j], b.limbs_[i], product_carry);
      t[j - 1] = detail::multiply_add(t[j], m, kModulus[j], reduction_carry);
    }
    t[5] = product_carry + reduction_carry;
  }
  return reduced_once(t);
}

// 2^768 mod p, by doubling.
constexpr Fp::Limbs Fp::montgomery_radix_squared() {
  Fp value(Limbs{1});
  for (int i = 0; i < 768; ++i) value = value + value;
  return value.limbs_;
}

constexpr Fp::Limbs Fp::kRadixSquared = Fp::montgomery_radix_squared();

constexpr Fp Fp::from_integer(const Limbs& integer) { return Fp(integer) * Fp(kRadixSquared); }
constexpr Fp Fp::one() { return from_word(1); }
constexpr Fp::Limbs Fp::integer() const { return (*this * Fp(Limbs{1})).limbs_; }

constexpr Fp Fp::from_hex(std::string_view digits) {
  Limbs limbs{};
  for (size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[digits.size() - 1 - i];
    const uint64_t digit = static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    limbs[i / 16] |= digit << (4 * (i % 16));
  }
  return from_integer(limbs);
}

}  // namespace walrusfs::bls
