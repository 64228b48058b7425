// The upper fields of the pairing: Fp6 = Fp2[v] / (v^3 - xi) and Fp12 = Fp6[w] / (w^2 - v), with xi = 1 + u.
// Only public values come here, so nothing has to take constant time.
#pragma once

#include "codec/bls/fp2.h"

namespace walrusfs::bls {

struct Fp6 {
  Fp2 c0, c1, c2;  // c0 + c1 v + c2 v^2

  static Fp6 one() { return {Fp2::one(), {}, {}}; }
  Fp6 operator+(const Fp6& b) const { return {c0 + b.c0, c1 + b.c1, c2 + b.c2}; }
  Fp6 operator-(const Fp6& b) const { return {c0 - b.c0, c1 - b.c1, c2 - b.c2}; }
  Fp6 operator-() const { return {-c0, -c1, -c2}; }
  Fp6 operator*(const Fp6& b) const;
  // Times b0 + b1 v, times b1 v.
  Fp6 times_sparse(const Fp2& b0, const Fp2& b1) const;
  Fp6 times_sparse(const Fp2& b1) const { return {(c2 * b1).times_xi(), c0 * b1, c1 * b1}; }
  Fp6 times_v() const { return {c2.times_xi(), c0, c1}; }
  Fp6 inverse() const;
  bool operator==(const Fp6&) const = default;
};

// What a line through points of the twist is in Fp12: coefficients of w^0, w^2 and w^3.
struct Line {
  Fp2 a, b, c;
};

struct Fp12 {
  Fp6 c0, c1;  // c0 + c1 w

  static Fp12 one() { return {Fp6::one(), {}}; }
  Fp12 operator*(const Fp12& b) const;
  Fp12 operator*(const Line& line) const;
  Fp12 squared() const;
  // The same for elements of the cyclotomic subgroup (of order p^4 - p^2 + 1), faster.
  Fp12 cyclotomic_squared() const;
  // To the power p^6; in the cyclotomic subgroup this is the inverse.
  Fp12 conjugate() const { return {c0, -c1}; }
  // To the power p.
  Fp12 frobenius() const;
  Fp12 inverse() const;
  bool operator==(const Fp12&) const = default;
};

}  // namespace walrusfs::bls
