// CRC-32C (Castagnoli): tells damage from intact bytes. Not a defence against an adversary; commitments
// are BLAKE2b (base/crypto.h). The door to ISA-L.
#pragma once

#include "base/bytes.h"

namespace walrusfs {

// The CRC of `data`, or of everything so far when `before` is the CRC of what came first.
uint32_t crc32c(ByteView data, uint32_t before = 0);

// CRC-64 as in ECMA-182, reflected, as xz uses it: crc64("123456789") is 0x995DC9BBDF1939FA. For pieces of
// a megabyte, where 32 bits would let one damage in four thousand million pass. Several GB/s.
uint64_t crc64(ByteView data, uint64_t before = 0);

// Whether all bytes are zero.
bool all_zero(ByteView data);

}  // namespace walrusfs
