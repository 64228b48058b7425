// GF(2^16) in the Cantor basis of Walrus's Reed-Solomon code (specification 4.1), and its subfield
// GF(256), in whose coordinates most multiplications are bytewise (specification 4.6).
//
// Tables are made on first use and live for the whole program. All functions are pure.
#pragma once

#include <cstdint>

namespace walrusfs::codec::gf16 {

constexpr uint32_t kModulus = 65535;  // order of the multiplicative group

struct Tables {
  uint16_t log[65536];  // log[0] = 65535, by convention
  uint16_t exp[65536];  // exp[65535] = exp[0] = 1
};
const Tables& tables();

uint16_t multiply(uint16_t a, uint16_t b);

// The linear map G: an element (low, high) has subfield coordinates (low ^ G(high), high), and the
// same formula leads back.
uint8_t subfield_shift(uint8_t high);

// What vector engines need to multiply a byte by a constant of GF(256), and the map G in the same
// two forms. Plain arrays: engine files must not use inline functions (see engine_table.h).
struct SubfieldTables {
  uint64_t affine[256];                  // 8x8 bit matrices, as GFNI wants them
  alignas(64) uint8_t nibbles[256][32];  // products of the low nibble, then of the high nibble
  alignas(64) uint64_t across[256][8];   // matrices of 128 * c1, four times, then of c1: see simd_transform.h
  uint8_t times_128[256];
  uint8_t shift[256];  // subfield_shift
  uint64_t shift_affine;
  alignas(32) uint8_t shift_nibbles[32];
};
const SubfieldTables& subfield_tables();

}  // namespace walrusfs::codec::gf16
