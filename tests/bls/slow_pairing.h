// The pairing as a textbook has it, to check the fast one by: Fp12 as polynomials in w over Fp2 modulo w^6 - xi,
// points of G2 carried to the curve over Fp12, affine lines with their verticals, and the final exponentiation as
// one power.
#pragma once

#include "codec/bls/pairing.h"

namespace walrusfs::bls::slow {

using Poly = std::array<Fp2, 6>;  // coefficients of w^0 to w^5

Poly from(const Fp12& f);
Fp12 to(const Poly& f);
Poly multiply(const Poly& a, const Poly& b);
// The exponent in hex.
Poly power(const Poly& base, std::string_view exponent);

// The Miller function of z at (p, q), without the final exponentiation.
Poly miller(const AffineG1& p, const AffineG2& q);
// To the power (p^12 - 1) / r.
Poly final_exponentiation(const Poly& f);

}  // namespace walrusfs::bls::slow
