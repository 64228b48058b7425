// BLAKE2b's compression function for vector engines: each vector holds the same word of several
// messages. For inclusion by engine files only, like simd_transform.h.
//
// Everything is unrolled through templates with constant indices, so that the compiler keeps the state
// in registers also at -O2.
#pragma once

#include "codec/blake2b.h"
#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

// Words has: Vector; kLanesPerVector; load, store (aligned), broadcast, add, exclusive_or,
// rotate_right<bits>; load_block(m, in): words 0..15 of the blocks at in[0..kLanesPerVector).
template <typename Words>
struct Blake2bLanes {
  using Vector = typename Words::Vector;

  static WFS_ALWAYS_INLINE void mix(Vector& a, Vector& b, Vector& c, Vector& d, Vector x, Vector y) {
    a = Words::add(Words::add(a, b), x);
    d = Words::template rotate_right<32>(Words::exclusive_or(d, a));
    c = Words::add(c, d);
    b = Words::template rotate_right<24>(Words::exclusive_or(b, c));
    a = Words::add(Words::add(a, b), y);
    d = Words::template rotate_right<16>(Words::exclusive_or(d, a));
    c = Words::add(c, d);
    b = Words::template rotate_right<63>(Words::exclusive_or(b, c));
  }

  template <unsigned kRound>
  static WFS_ALWAYS_INLINE void round(Vector (&v)[16], const Vector (&m)[16]) {
    constexpr const uint8_t(&s)[16] = blake2b::kSigma[kRound % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }

  static WFS_ALWAYS_INLINE void all_rounds(Vector (&v)[16], const Vector (&m)[16]) {
    round<0>(v, m);
    round<1>(v, m);
    round<2>(v, m);
    round<3>(v, m);
    round<4>(v, m);
    round<5>(v, m);
    round<6>(v, m);
    round<7>(v, m);
    round<8>(v, m);
    round<9>(v, m);
    round<10>(v, m);
    round<11>(v, m);
  }

  template <unsigned kWord>
  static WFS_ALWAYS_INLINE void begin_word(Vector (&v)[16], const uint64_t* h) {
    v[kWord] = Words::load(h + kWord * kLanes);
    v[8 + kWord] = Words::broadcast(blake2b::kIv[kWord]);
  }
  template <unsigned kWord>
  static WFS_ALWAYS_INLINE void end_word(const Vector (&v)[16], uint64_t* h) {
    const Vector changed = Words::exclusive_or(v[kWord], v[8 + kWord]);
    Words::store(h + kWord * kLanes, Words::exclusive_or(Words::load(h + kWord * kLanes), changed));
  }

  // `h` points to the first of these lanes within word 0 of the state.
  static WFS_ALWAYS_INLINE void block(uint64_t* h, const uint8_t* const* in, size_t offset, uint64_t counter,
                                      uint64_t last_mask) {
    Vector m[16], v[16];
    Words::load_block(m, in, offset);
    begin_word<0>(v, h);
    begin_word<1>(v, h);
    begin_word<2>(v, h);
    begin_word<3>(v, h);
    begin_word<4>(v, h);
    begin_word<5>(v, h);
    begin_word<6>(v, h);
    begin_word<7>(v, h);
    v[12] = Words::exclusive_or(v[12], Words::broadcast(counter));
    v[14] = Words::exclusive_or(v[14], Words::broadcast(last_mask));
    all_rounds(v, m);
    end_word<0>(v, h);
    end_word<1>(v, h);
    end_word<2>(v, h);
    end_word<3>(v, h);
    end_word<4>(v, h);
    end_word<5>(v, h);
    end_word<6>(v, h);
    end_word<7>(v, h);
  }

  static void compress(LaneState& state, const uint8_t* const in[kLanes], size_t blocks, uint64_t bytes_before,
                       uint64_t total_bytes) {
    for (size_t lane = 0; lane < kLanes; lane += Words::kLanesPerVector) {
      for (size_t b = 0; b < blocks; ++b) {
        const bool last = total_bytes != 0 && b + 1 == blocks;
        const uint64_t counter = last ? total_bytes : bytes_before + (b + 1) * kBlake2bBlockBytes;
        block(&state.h[0][lane], in + lane, b * kBlake2bBlockBytes, counter, last ? ~uint64_t{0} : 0);
      }
    }
  }
};

}  // namespace
}  // namespace walrusfs::codec
