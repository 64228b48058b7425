// Messages to points of G2: suite BLS12381G2_XMD:SHA-256_SSWU_RO_ of RFC 9380, with the tag of the basic
// signature scheme. Messages are public; nothing here takes constant time.
#pragma once

#include "codec/bls/point.h"

namespace walrusfs::bls {

// A point of the subgroup of order r.
G2 hash_to_g2(ByteView message);

// The steps, for tests.
Bytes expand_message(ByteView message, size_t bytes);  // section 5.3.1; at most 255 blocks of 32 bytes
std::array<Fp2, 2> hash_to_field(ByteView message);    // section 5.2
AffineG2 map_to_isogenous_curve(const Fp2& u);         // simplified SWU, section 6.6.2
G2 apply_isogeny(const AffineG2& point);               // to the curve of G2, appendix E.3
G2 clear_cofactor(const G2& point);                    // appendix G.3

}  // namespace walrusfs::bls
