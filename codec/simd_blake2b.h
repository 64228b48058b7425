// BLAKE2b for vector engines: each vector holds the same word of several messages. For inclusion by
// engine files only, like simd_transform.h.
//
// Everything is unrolled through templates with constant indices, so that the compiler keeps the state
// in registers also at -O2. Blocks that end early are compressed by a variant that leaves out the
// additions of zero words: up to a seventh of the work.
#pragma once

#include "codec/blake2b.h"
#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

// Words has: Vector; kLanesPerVector; load, store (aligned), broadcast, add, exclusive_or,
// rotate_right<bits>; load_block<words>(m, first, stride): words 0..words-1 of the blocks at
// first + lane * stride; even, odd (a, b): those lanes of a, then those of b; shift_bytes(a, b): the
// words of a one byte up, filled up with the top bytes of b; top_byte(a).
template <typename Words>
struct Blake2bLanes {
  using Vector = typename Words::Vector;
  static constexpr size_t kStep = Words::kLanesPerVector;

  template <unsigned kWord, unsigned kWords>
  static WFS_ALWAYS_INLINE Vector add_word(Vector sum, const Vector (&m)[kWords]) {
    if constexpr (kWord < kWords) {
      return Words::add(sum, m[kWord]);
    } else {
      return sum;
    }
  }

  template <unsigned kX, unsigned kY, unsigned kWords>
  static WFS_ALWAYS_INLINE void mix(Vector& a, Vector& b, Vector& c, Vector& d, const Vector (&m)[kWords]) {
    a = add_word<kX>(Words::add(a, b), m);
    d = Words::template rotate_right<32>(Words::exclusive_or(d, a));
    c = Words::add(c, d);
    b = Words::template rotate_right<24>(Words::exclusive_or(b, c));
    a = add_word<kY>(Words::add(a, b), m);
    d = Words::template rotate_right<16>(Words::exclusive_or(d, a));
    c = Words::add(c, d);
    b = Words::template rotate_right<63>(Words::exclusive_or(b, c));
  }

  template <unsigned kRound, unsigned kWords>
  static WFS_ALWAYS_INLINE void round(Vector (&v)[16], const Vector (&m)[kWords]) {
    constexpr const uint8_t(&s)[16] = blake2b::kSigma[kRound % 10];
    mix<s[0], s[1]>(v[0], v[4], v[8], v[12], m);
    mix<s[2], s[3]>(v[1], v[5], v[9], v[13], m);
    mix<s[4], s[5]>(v[2], v[6], v[10], v[14], m);
    mix<s[6], s[7]>(v[3], v[7], v[11], v[15], m);
    mix<s[8], s[9]>(v[0], v[5], v[10], v[15], m);
    mix<s[10], s[11]>(v[1], v[6], v[11], v[12], m);
    mix<s[12], s[13]>(v[2], v[7], v[8], v[13], m);
    mix<s[14], s[15]>(v[3], v[4], v[9], v[14], m);
  }

  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void all_rounds(Vector (&v)[16], const Vector (&m)[kWords]) {
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

  // One block of which only the first kWords words may differ from zero. `h` points to the first of
  // these lanes within word 0 of the state.
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void block(uint64_t* h, const uint8_t* first, size_t stride, uint64_t counter,
                                      uint64_t last_mask) {
    Vector m[kWords], v[16];
    Words::template load_block<kWords>(m, first, stride);
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

  struct Rows {
    const uint8_t* first;
    size_t stride;
  };

  static void whole_block(LaneState& state, Rows rows, uint64_t counter) {
    for (size_t lane = 0; lane < kLanes; lane += kStep) {
      block<16>(&state.h[0][lane], rows.first + lane * rows.stride, rows.stride, counter, 0);
    }
  }
  template <unsigned kWords>
  static void last_block(LaneState& state, Rows rows, uint64_t total_bytes) {
    for (size_t lane = 0; lane < kLanes; lane += kStep) {
      block<kWords>(&state.h[0][lane], rows.first + lane * rows.stride, rows.stride, total_bytes, ~uint64_t{0});
    }
  }
  using LastBlock = void (*)(LaneState&, Rows, uint64_t);
  static LastBlock last_block_for(uint64_t bytes) {
    if (bytes <= 16) return last_block<2>;
    if (bytes <= 32) return last_block<4>;
    if (bytes <= 64) return last_block<8>;
    return last_block<16>;
  }

  static void compress(LaneState* states, size_t groups, const uint8_t* first, size_t stride, size_t blocks,
                       uint64_t bytes_before, uint64_t total_bytes) {
    const size_t whole = total_bytes == 0 ? blocks : blocks - 1;
    const uint64_t whole_bytes = bytes_before + whole * kBlake2bBlockBytes;
    const LastBlock last = total_bytes == 0 ? nullptr : last_block_for(total_bytes - whole_bytes);
    for (size_t group = 0; group < groups; ++group) {
      Rows rows{first + group * kLanes * stride, stride};
      for (uint64_t counter = bytes_before; counter != whole_bytes; rows.first += kBlake2bBlockBytes) {
        counter += kBlake2bBlockBytes;
        whole_block(states[group], rows, counter);
      }
      if (last != nullptr) last(states[group], rows, total_bytes);
    }
  }

  template <unsigned kWord>
  static WFS_ALWAYS_INLINE void end_digest_word(const Vector (&v)[16], DigestLanes& out, size_t lane) {
    constexpr uint64_t kInitial = blake2b::kIv[kWord] ^ (kWord == 0 ? blake2b::kParameters : 0);
    const Vector changed = Words::exclusive_or(v[kWord], v[8 + kWord]);
    Words::store(&out.word[kWord][lane], Words::exclusive_or(Words::broadcast(kInitial), changed));
  }

  // Digests of messages that are one block, from their first kWords words.
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void only_block(const Vector (&m)[kWords], uint64_t total_bytes, DigestLanes& out,
                                           size_t lane) {
    Vector v[16] = {Words::broadcast(blake2b::kIv[0] ^ blake2b::kParameters),
                    Words::broadcast(blake2b::kIv[1]),
                    Words::broadcast(blake2b::kIv[2]),
                    Words::broadcast(blake2b::kIv[3]),
                    Words::broadcast(blake2b::kIv[4]),
                    Words::broadcast(blake2b::kIv[5]),
                    Words::broadcast(blake2b::kIv[6]),
                    Words::broadcast(blake2b::kIv[7]),
                    Words::broadcast(blake2b::kIv[0]),
                    Words::broadcast(blake2b::kIv[1]),
                    Words::broadcast(blake2b::kIv[2]),
                    Words::broadcast(blake2b::kIv[3]),
                    Words::broadcast(blake2b::kIv[4] ^ total_bytes),
                    Words::broadcast(blake2b::kIv[5]),
                    Words::broadcast(~blake2b::kIv[6]),
                    Words::broadcast(blake2b::kIv[7])};
    all_rounds(v, m);
    end_digest_word<0>(v, out, lane);
    end_digest_word<1>(v, out, lane);
    end_digest_word<2>(v, out, lane);
    end_digest_word<3>(v, out, lane);
  }

  static void hash_words(const LaneWord* messages, uint64_t total_bytes, DigestLanes* out, size_t groups) {
    for (size_t i = 0; i < groups * kLanes; i += kStep) {
      const Vector m[1] = {Words::load(&messages[i / kLanes].lane[i % kLanes])};
      only_block(m, total_bytes, out[i / kLanes], i % kLanes);
    }
  }

  // Inner nodes: a byte of prefix moves both digests up by one byte.
  static WFS_ALWAYS_INLINE void inner_nodes(const Vector (&left)[4], const Vector (&right)[4], DigestLanes& out,
                                            size_t lane) {
    const Vector m[9] = {Words::shift_bytes(left[0], Words::broadcast(uint64_t{kInnerPrefix} << 56)),
                         Words::shift_bytes(left[1], left[0]),
                         Words::shift_bytes(left[2], left[1]),
                         Words::shift_bytes(left[3], left[2]),
                         Words::shift_bytes(right[0], left[3]),
                         Words::shift_bytes(right[1], right[0]),
                         Words::shift_bytes(right[2], right[1]),
                         Words::shift_bytes(right[3], right[2]),
                         Words::top_byte(right[3])};
    only_block(m, kInnerBytes, out, lane);
  }

  static void join_groups(const DigestLanes* in, DigestLanes* out, size_t groups) {
    for (size_t i = 0; i < groups; ++i) {
      for (size_t lane = 0; lane < kLanes; lane += kStep) {
        const auto &l = in[2 * i].word, &r = in[2 * i + 1].word;
        const Vector left[4] = {Words::load(&l[0][lane]), Words::load(&l[1][lane]), Words::load(&l[2][lane]),
                                Words::load(&l[3][lane])};
        const Vector right[4] = {Words::load(&r[0][lane]), Words::load(&r[1][lane]), Words::load(&r[2][lane]),
                                 Words::load(&r[3][lane])};
        inner_nodes(left, right, out[i], lane);
      }
    }
  }

  template <unsigned kWord>
  static WFS_ALWAYS_INLINE void separate(const DigestLanes* in, size_t at, Vector (&left)[4], Vector (&right)[4]) {
    const Vector a = Words::load(&in[at / kLanes].word[kWord][at % kLanes]);
    const Vector b = Words::load(&in[(at + kStep) / kLanes].word[kWord][(at + kStep) % kLanes]);
    left[kWord] = Words::even(a, b);
    right[kWord] = Words::odd(a, b);
  }

  static void join_neighbours(const DigestLanes* in, DigestLanes* out, size_t groups) {
    for (size_t i = 0; i < groups * kLanes; i += kStep) {
      Vector left[4], right[4];
      separate<0>(in, 2 * i, left, right);
      separate<1>(in, 2 * i, left, right);
      separate<2>(in, 2 * i, left, right);
      separate<3>(in, 2 * i, left, right);
      inner_nodes(left, right, out[i / kLanes], i % kLanes);
    }
  }
};

}  // namespace
}  // namespace walrusfs::codec
