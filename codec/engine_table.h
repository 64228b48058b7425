// The seam between the codec and its inner loops: one table of functions per instruction set. Every
// engine equals the scalar reference bit for bit; tests/codec holds them to it.
//
// Engines for newer instruction sets are compiled with their own -m flags: their files must not
// include anything with inline functions that other files use too, or the linker may keep the copy
// that an older CPU cannot run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/strip.h"

namespace walrusfs {

namespace codec {

// BLAKE2b runs on this many messages of one length at once.
constexpr size_t kLanes = 8;
constexpr size_t kBlake2bBlockBytes = 128;

struct alignas(64) LaneState {
  uint64_t h[8][kLanes];
};

}  // namespace codec

struct CodecEngine {
  const char* name;

  // Reed-Solomon (specification 4.3). Strips are in the engine's own coordinates between two calls
  // of convert(); it is its own inverse.
  void (*convert)(codec::Strip* strips, size_t count);
  // In place over `size` (a power of two) strips; `base` is a multiple of `size`. Strips from
  // `nonzero` on hold zero.
  void (*inverse_transform)(codec::Strip* strips, size_t size, uint32_t base, size_t nonzero);
  // Only strips [begin, end) of the result are wanted; others are undefined afterwards.
  void (*transform)(codec::Strip* strips, size_t size, uint32_t base, size_t begin, size_t end);
  void (*add)(codec::Strip* into, const codec::Strip* from, size_t count);  // into ^= from
  void (*scale)(codec::Strip* strip, uint16_t factor);                      // factor in wire coordinates

  // BLAKE2b (RFC 7693): absorbs `blocks` (> 0) blocks of every lane; `bytes_before` were absorbed
  // earlier. When `total_bytes` is not 0, the last of these blocks ends messages of that length (the
  // caller has padded it with zeros).
  void (*compress)(codec::LaneState& state, const uint8_t* const in[codec::kLanes], size_t blocks,
                   uint64_t bytes_before, uint64_t total_bytes);
};

namespace codec {

extern const CodecEngine kScalarEngine;
#if defined(__x86_64__)
extern const CodecEngine kAvx2Engine;
extern const CodecEngine kAvx512Engine;
#endif

}  // namespace codec
}  // namespace walrusfs
