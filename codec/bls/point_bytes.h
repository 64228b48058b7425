// The byte forms of points (ZCash): big-endian coordinates of 48 bytes, of Fp2 c1 before c0. The top three bits of
// the first byte are flags: compressed (x only), infinity (all else zero), and "y is the larger of y and -y".
#pragma once

#include "codec/bls/point.h"

namespace walrusfs::bls {

constexpr size_t kG1Bytes = 48, kG1UncompressedBytes = 96, kG2Bytes = 96;

// Points of the curve, not necessarily of the subgroup of order r. kCorrupt for a wrong length, a
// coordinate not below p, a point off the curve, and flags other than those of the form.
// Nothing stands for infinity.
Result<std::optional<AffineG1>> parse_g1(ByteView bytes);  // compressed (48) or uncompressed (96), the latter finite
Result<std::optional<AffineG2>> parse_g2(ByteView bytes);  // compressed

std::array<uint8_t, kG1Bytes> g1_to_bytes(const std::optional<AffineG1>& point);
std::array<uint8_t, kG2Bytes> g2_to_bytes(const std::optional<AffineG2>& point);
// All zeros for infinity, which has no such form.
std::array<uint8_t, kG1UncompressedBytes> g1_to_uncompressed_bytes(const std::optional<AffineG1>& point);

}  // namespace walrusfs::bls
