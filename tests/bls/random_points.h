// Random field elements and points, from a seed.
#pragma once

#include "base/rng.h"
#include "codec/bls/hash_to_g2.h"
#include "codec/bls/point.h"

namespace walrusfs::bls {

inline Fp random_fp(Rng& rng) {
  std::array<uint8_t, 64> bytes{};
  rng.fill(bytes);
  return Fp::reduce(bytes);
}
inline Fp2 random_fp2(Rng& rng) { return {random_fp(rng), random_fp(rng)}; }
inline void randomise(Fp& x, Rng& rng) { x = random_fp(rng); }
inline void randomise(Fp2& x, Rng& rng) { x = random_fp2(rng); }

inline Scalar random_scalar(Rng& rng) {
  Bytes bytes(48);
  rng.fill(bytes);
  return Scalar::reduce(bytes);
}

// Of the whole curve, hardly ever of the subgroup.
template <typename Field>
Point<Field> random_curve_point(Rng& rng) {
  for (;;) {
    Field x;
    randomise(x, rng);
    if (auto y = (x * x * x + curve_constant(x)).sqrt()) return Point<Field>::from({x, *y});
  }
}

inline G1 random_g1(Rng& rng) { return G1::from(g1_generator()).times(random_scalar(rng)); }
inline G2 random_g2(Rng& rng) { return clear_cofactor(random_curve_point<Fp2>(rng)); }

}  // namespace walrusfs::bls
