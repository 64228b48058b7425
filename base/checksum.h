// CRC-32C (Castagnoli): tells damage from intact bytes. Not a defence against an adversary; commitments
// are BLAKE2b (base/crypto.h). The door to ISA-L.
#pragma once

#include "base/bytes.h"

namespace walrusfs {

// The CRC of `data`, or of everything so far when `before` is the CRC of what came first.
uint32_t crc32c(ByteView data, uint32_t before = 0);

}  // namespace walrusfs
