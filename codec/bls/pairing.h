// The optimal ate pairing of BLS12-381, e: G1 x G2 -> Fp12.
//
// Public values only. What is computed is a fixed power of the pairing in the literature (lines are scaled, the
// negative sign of the curve parameter is left out, the final exponent is three times the usual one); it is bilinear
// and not degenerate, and comparisons with one mean the same.
#pragma once

#include <span>

#include "codec/bls/fp12.h"
#include "codec/bls/point.h"

namespace walrusfs::bls {

struct PairingPair {
  AffineG1 p;
  AffineG2 q;  // of order r
};

Fp12 miller_loop(std::span<const PairingPair> pairs);  // the product over all pairs
// `f` is not zero.
Fp12 final_exponentiation(const Fp12& f);
// Whether the product of the pairings is one.
bool pairing_product_is_one(std::span<const PairingPair> pairs);

}  // namespace walrusfs::bls
