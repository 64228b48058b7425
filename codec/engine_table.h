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

// One word of kLanes messages.
struct alignas(64) LaneWord {
  uint64_t lane[kLanes];
};

// Digests of kLanes messages, word by word: word w of digest l is word[w][l].
struct alignas(64) DigestLanes {
  uint64_t word[4][kLanes];
};

// Where a strip belongs, and what it is multiplied by on its way.
struct ScaledPlace {
  uint32_t position;
  uint16_t factor;
};

// An inner node of a Merkle tree is the hash of this byte and two digests (specification section 6).
constexpr uint8_t kInnerPrefix = 1;
constexpr size_t kInnerBytes = 1 + 2 * 32;

}  // namespace codec

struct CodecEngine {
  const char* name;

  // Reed-Solomon (specification 4.3). Strips are in the engine's own coordinates from load() to store();
  // convert() changes the coordinates of strips in place and is its own inverse.
  void (*convert)(codec::Strip* strips, size_t count);
  // Strip i from what follows at from[i] + offset: kStripBytes bytes can be read there, and of those the first
  // `left` (even, > 0) or all are the symbol's. Elements behind its end hold whatever is there, which no other
  // element ever sees.
  void (*load)(codec::Strip* to, const uint8_t* const* from, size_t offset, size_t left, size_t count);
  // The same from whole strips, which are also copied to copies + i * stride as they are.
  void (*load_and_copy)(codec::Strip* to, const uint8_t* const* from, size_t offset, uint8_t* copies, size_t stride,
                        size_t count);
  // Strip i to `to + i * stride`, likewise: kStripBytes bytes can be written there.
  void (*store)(const codec::Strip* from, uint8_t* to, size_t stride, size_t left, size_t count);
  // The same for what is not read soon, to addresses that are multiples of kStripBytes: lines of memory are written
  // without being fetched first.
  void (*store_past_caches)(const codec::Strip* from, uint8_t* to, size_t stride, size_t left, size_t count);
  // In place over `size` (a power of two) strips; `base` is a multiple of `size`. Strips from
  // `nonzero` on hold zero.
  void (*inverse_transform)(codec::Strip* strips, size_t size, uint32_t base, size_t nonzero);
  // From `from` to `to`, which may be the same. Only strips [begin, end) of the result are wanted; others are
  // undefined afterwards.
  void (*transform)(codec::Strip* to, const codec::Strip* from, size_t size, uint32_t base, size_t begin, size_t end);
  // The formal derivative (specification 4.5), in place over `size` (a power of two) strips.
  void (*derive)(codec::Strip* strips, size_t size);
  void (*add)(codec::Strip* into, const codec::Strip* from, size_t count);  // into ^= from
  // Factors are in wire coordinates. *sum = the sum of factors[i] * strips[i]; count > 0.
  void (*sum_multiples)(codec::Strip* sum, const codec::Strip* strips, const uint16_t* factors, size_t count);
  // to[places[i].position] = places[i].factor * from[i], and the way back: to[i] = factor * from[position].
  void (*scatter)(codec::Strip* to, const codec::Strip* from, const codec::ScaledPlace* places, size_t count);
  void (*gather)(codec::Strip* to, const codec::Strip* from, const codec::ScaledPlace* places, size_t count);

  // BLAKE2b (RFC 7693), kLanes messages per group. Message i, i < groups * kLanes, continues at
  // first + i * stride with `blocks` (> 0) blocks; `bytes_before` were absorbed earlier. When
  // `total_bytes` is not 0, the last of these blocks ends messages of that length (the caller has
  // padded it with zeros).
  void (*compress)(codec::LaneState* states, size_t groups, const uint8_t* first, size_t stride, size_t blocks,
                   uint64_t bytes_before, uint64_t total_bytes);
  // Whole messages of `total_bytes` <= 8 bytes, little-endian, then zeros.
  void (*hash_words)(const codec::LaneWord* messages, uint64_t total_bytes, codec::DigestLanes* out, size_t groups);

  // Inner nodes of Merkle trees; `out` may be `in`, which has 2 * groups groups.
  // Lane by lane: lane l of out[i] is the node over lane l of in[2i] and lane l of in[2i + 1].
  void (*join_groups)(const codec::DigestLanes* in, codec::DigestLanes* out, size_t groups);
  // Neighbours: with digests numbered through the groups, number d of `out` is the node over 2d and 2d + 1.
  void (*join_neighbours)(const codec::DigestLanes* in, codec::DigestLanes* out, size_t groups);
};

namespace codec {

extern const CodecEngine kScalarEngine;
#if defined(__x86_64__)
extern const CodecEngine kSsse3Engine;
extern const CodecEngine kAvx2Engine;
extern const CodecEngine kAvx2GfniEngine;
extern const CodecEngine kAvx512Engine;
#elif defined(__aarch64__)
extern const CodecEngine kNeonEngine;
#endif

}  // namespace codec
}  // namespace walrusfs
