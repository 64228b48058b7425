// BLAKE2b for vector engines: each vector holds the same word of several messages. For inclusion by
// engine files only, like simd_transform.h.
//
// Everything is unrolled through templates with constant indices, so that the compiler keeps the state
// in registers also at -O2. Blocks that end early are compressed by a variant that leaves out the
// additions of zero words: up to a seventh of the work.
#pragma once

#include <utility>

#include "codec/blake2b.h"
#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

// Words has: Vector; kLanesPerVector; kPairs, whether registers suffice for two states; load, store
// (aligned), broadcast, add, exclusive_or, rotate_right<bits>; load_block<words>(m, first, stride): words
// 0..words-1 of the blocks at first + lane * stride; even, odd (a, b): those lanes of a, then those of b;
// shift_bytes(a, b): the words of a one byte up, filled up with the top bytes of b; top_byte(a).

// Two vectors as one, so that the instructions of two compressions alternate and fill each other's gaps.
template <typename Words>
struct PairedWords {
  struct Vector {
    typename Words::Vector a;
    typename Words::Vector b;
  };
  static WFS_ALWAYS_INLINE Vector broadcast(uint64_t word) { return {Words::broadcast(word), Words::broadcast(word)}; }
  static WFS_ALWAYS_INLINE Vector add(Vector x, Vector y) { return {Words::add(x.a, y.a), Words::add(x.b, y.b)}; }
  static WFS_ALWAYS_INLINE Vector exclusive_or(Vector x, Vector y) {
    return {Words::exclusive_or(x.a, y.a), Words::exclusive_or(x.b, y.b)};
  }
  template <int kBits>
  static WFS_ALWAYS_INLINE Vector rotate_right(Vector x) {
    return {Words::template rotate_right<kBits>(x.a), Words::template rotate_right<kBits>(x.b)};
  }
  static WFS_ALWAYS_INLINE Vector shift_bytes(Vector x, Vector y) {
    return {Words::shift_bytes(x.a, y.a), Words::shift_bytes(x.b, y.b)};
  }
  static WFS_ALWAYS_INLINE Vector top_byte(Vector x) { return {Words::top_byte(x.a), Words::top_byte(x.b)}; }
};

// The compression function over the state and message words of as many messages as a vector has lanes.
template <typename Words>
struct Blake2bCore {
  using Vector = typename Words::Vector;

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

  // One block of which only the first kWords words may differ from zero.
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void compress(Vector (&h)[8], const Vector (&m)[kWords], uint64_t counter,
                                         uint64_t last_mask) {
    Vector v[16] = {h[0],
                    h[1],
                    h[2],
                    h[3],
                    h[4],
                    h[5],
                    h[6],
                    h[7],
                    Words::broadcast(blake2b::kIv[0]),
                    Words::broadcast(blake2b::kIv[1]),
                    Words::broadcast(blake2b::kIv[2]),
                    Words::broadcast(blake2b::kIv[3]),
                    Words::broadcast(blake2b::kIv[4] ^ counter),
                    Words::broadcast(blake2b::kIv[5]),
                    Words::broadcast(blake2b::kIv[6] ^ last_mask),
                    Words::broadcast(blake2b::kIv[7])};
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
  template <unsigned kWord>
  static WFS_ALWAYS_INLINE void end_word(const Vector (&v)[16], Vector (&h)[8]) {
    h[kWord] = Words::exclusive_or(h[kWord], Words::exclusive_or(v[kWord], v[8 + kWord]));
  }

  // Messages that are one block; the digests are h[0..3].
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void only_block(Vector (&h)[8], const Vector (&m)[kWords], uint64_t total_bytes) {
    h[0] = Words::broadcast(blake2b::kIv[0] ^ blake2b::kParameters);
    h[1] = Words::broadcast(blake2b::kIv[1]);
    h[2] = Words::broadcast(blake2b::kIv[2]);
    h[3] = Words::broadcast(blake2b::kIv[3]);
    h[4] = Words::broadcast(blake2b::kIv[4]);
    h[5] = Words::broadcast(blake2b::kIv[5]);
    h[6] = Words::broadcast(blake2b::kIv[6]);
    h[7] = Words::broadcast(blake2b::kIv[7]);
    compress(h, m, total_bytes, ~uint64_t{0});
  }

  // A byte of prefix moves both digests up by one byte.
  static WFS_ALWAYS_INLINE void inner_nodes(Vector (&h)[8], const Vector (&left)[4], const Vector (&right)[4]) {
    const Vector m[9] = {Words::shift_bytes(left[0], Words::broadcast(uint64_t{kInnerPrefix} << 56)),
                         Words::shift_bytes(left[1], left[0]),
                         Words::shift_bytes(left[2], left[1]),
                         Words::shift_bytes(left[3], left[2]),
                         Words::shift_bytes(right[0], left[3]),
                         Words::shift_bytes(right[1], right[0]),
                         Words::shift_bytes(right[2], right[1]),
                         Words::shift_bytes(right[3], right[2]),
                         Words::top_byte(right[3])};
    only_block(h, m, kInnerBytes);
  }
};

// How vectors are loaded and stored: one at a time, which is the lanes [lane, lane + kStep) of a group.
template <typename Words>
struct SingleAccess {
  using Ops = Words;
  using Vector = typename Ops::Vector;
  static constexpr size_t kStep = Words::kLanesPerVector;

  static WFS_ALWAYS_INLINE Vector message(const LaneWord* words, size_t at) {
    return Words::load(&words[at / kLanes].lane[at % kLanes]);
  }
  static WFS_ALWAYS_INLINE Vector digest_word(const DigestLanes* in, unsigned word, size_t at) {
    return Words::load(&in[at / kLanes].word[word][at % kLanes]);
  }
  static WFS_ALWAYS_INLINE void put_digest_word(DigestLanes* out, unsigned word, size_t at, Vector v) {
    Words::store(&out[at / kLanes].word[word][at % kLanes], v);
  }
  static WFS_ALWAYS_INLINE void separate(const DigestLanes* in, unsigned word, size_t at, Vector& left, Vector& right) {
    const Vector a = digest_word(in, word, at), b = digest_word(in, word, at + kStep);
    left = Words::even(a, b);
    right = Words::odd(a, b);
  }
  // Groups in[2i] and in[2i + 1] face each other.
  static WFS_ALWAYS_INLINE void facing(const DigestLanes* in, unsigned word, size_t at, Vector& left, Vector& right) {
    const size_t lane = at / kLanes * 2 * kLanes + at % kLanes;
    left = digest_word(in, word, lane);
    right = digest_word(in, word, lane + kLanes);
  }
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    Words::template load_block<kWords>(m, first, stride);
  }
  static WFS_ALWAYS_INLINE Vector state_word(const LaneState* states, unsigned word, size_t at) {
    return Words::load(&states[at / kLanes].h[word][at % kLanes]);
  }
  static WFS_ALWAYS_INLINE void put_state_word(LaneState* states, unsigned word, size_t at, Vector v) {
    Words::store(&states[at / kLanes].h[word][at % kLanes], v);
  }
};

// The same for two vectors that follow each other.
template <typename Words>
struct PairedAccess {
  using Ops = PairedWords<Words>;
  using Vector = typename Ops::Vector;
  using One = SingleAccess<Words>;
  static constexpr size_t kStep = 2 * One::kStep;

  static WFS_ALWAYS_INLINE Vector message(const LaneWord* words, size_t at) {
    return {One::message(words, at), One::message(words, at + One::kStep)};
  }
  static WFS_ALWAYS_INLINE void put_digest_word(DigestLanes* out, unsigned word, size_t at, Vector v) {
    One::put_digest_word(out, word, at, v.a);
    One::put_digest_word(out, word, at + One::kStep, v.b);
  }
  static WFS_ALWAYS_INLINE void separate(const DigestLanes* in, unsigned word, size_t at, Vector& left, Vector& right) {
    One::separate(in, word, at, left.a, right.a);
    One::separate(in, word, at + 2 * One::kStep, left.b, right.b);
  }
  static WFS_ALWAYS_INLINE void facing(const DigestLanes* in, unsigned word, size_t at, Vector& left, Vector& right) {
    One::facing(in, word, at, left.a, right.a);
    One::facing(in, word, at + One::kStep, left.b, right.b);
  }
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    typename Words::Vector a[kWords], b[kWords];
    Words::template load_block<kWords>(a, first, stride);
    Words::template load_block<kWords>(b, first + One::kStep * stride, stride);
    join(m, a, b, std::make_index_sequence<kWords>{});
  }
  template <size_t kWords, size_t... kIndex>
  static WFS_ALWAYS_INLINE void join(Vector (&m)[kWords], const typename Words::Vector (&a)[kWords],
                                     const typename Words::Vector (&b)[kWords], std::index_sequence<kIndex...>) {
    ((m[kIndex] = Vector{a[kIndex], b[kIndex]}), ...);
  }
  static WFS_ALWAYS_INLINE Vector state_word(const LaneState* states, unsigned word, size_t at) {
    return {One::state_word(states, word, at), One::state_word(states, word, at + One::kStep)};
  }
  static WFS_ALWAYS_INLINE void put_state_word(LaneState* states, unsigned word, size_t at, Vector v) {
    One::put_state_word(states, word, at, v.a);
    One::put_state_word(states, word, at + One::kStep, v.b);
  }
};

// What the engine table asks for, over all lanes from `at` on, as many at a time as Access takes.
template <typename Access>
struct Blake2bSteps {
  using Vector = typename Access::Vector;
  using Core = Blake2bCore<typename Access::Ops>;

  static WFS_ALWAYS_INLINE void put_digests(const Vector (&h)[8], DigestLanes* out, size_t at) {
    Access::put_digest_word(out, 0, at, h[0]);
    Access::put_digest_word(out, 1, at, h[1]);
    Access::put_digest_word(out, 2, at, h[2]);
    Access::put_digest_word(out, 3, at, h[3]);
  }

  static WFS_ALWAYS_INLINE void hash_word(const LaneWord* messages, uint64_t total_bytes, DigestLanes* out, size_t at) {
    const Vector m[1] = {Access::message(messages, at)};
    Vector h[8];
    Core::only_block(h, m, total_bytes);
    put_digests(h, out, at);
  }

  static WFS_ALWAYS_INLINE void join_groups(const DigestLanes* in, DigestLanes* out, size_t at) {
    Vector left[4], right[4], h[8];
    Access::facing(in, 0, at, left[0], right[0]);
    Access::facing(in, 1, at, left[1], right[1]);
    Access::facing(in, 2, at, left[2], right[2]);
    Access::facing(in, 3, at, left[3], right[3]);
    Core::inner_nodes(h, left, right);
    put_digests(h, out, at);
  }

  static WFS_ALWAYS_INLINE void join_neighbours(const DigestLanes* in, DigestLanes* out, size_t at) {
    Vector left[4], right[4], h[8];
    Access::separate(in, 0, 2 * at, left[0], right[0]);
    Access::separate(in, 1, 2 * at, left[1], right[1]);
    Access::separate(in, 2, 2 * at, left[2], right[2]);
    Access::separate(in, 3, 2 * at, left[3], right[3]);
    Core::inner_nodes(h, left, right);
    put_digests(h, out, at);
  }

  // `rows`: the block of the first of these lanes.
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void block(LaneState* states, size_t at, const uint8_t* rows, size_t stride,
                                      uint64_t counter, uint64_t last_mask) {
    Vector m[kWords];
    Access::template load_block<kWords>(m, rows, stride);
    Vector h[8] = {Access::state_word(states, 0, at), Access::state_word(states, 1, at),
                   Access::state_word(states, 2, at), Access::state_word(states, 3, at),
                   Access::state_word(states, 4, at), Access::state_word(states, 5, at),
                   Access::state_word(states, 6, at), Access::state_word(states, 7, at)};
    Core::compress(h, m, counter, last_mask);
    Access::put_state_word(states, 0, at, h[0]);
    Access::put_state_word(states, 1, at, h[1]);
    Access::put_state_word(states, 2, at, h[2]);
    Access::put_state_word(states, 3, at, h[3]);
    Access::put_state_word(states, 4, at, h[4]);
    Access::put_state_word(states, 5, at, h[5]);
    Access::put_state_word(states, 6, at, h[6]);
    Access::put_state_word(states, 7, at, h[7]);
  }
};

template <typename Words>
struct Blake2bLanes {
  using Single = SingleAccess<Words>;
  using Paired = PairedAccess<Words>;

  // step<Access>(at) for all lanes, in pairs of vectors as long as there are two.
  template <typename Step>
  static WFS_ALWAYS_INLINE void for_lanes(size_t lanes, Step step) {
    size_t at = 0;
    if constexpr (Words::kPairs) {
      for (; at + Paired::kStep <= lanes; at += Paired::kStep) step(Blake2bSteps<Paired>{}, at);
    }
    for (; at < lanes; at += Single::kStep) step(Blake2bSteps<Single>{}, at);
  }

  static void hash_words(const LaneWord* messages, uint64_t total_bytes, DigestLanes* out, size_t groups) {
    for_lanes(groups * kLanes,
              [=](auto steps, size_t at) WFS_INLINE_LAMBDA { steps.hash_word(messages, total_bytes, out, at); });
  }
  static void join_groups(const DigestLanes* in, DigestLanes* out, size_t groups) {
    for_lanes(groups * kLanes, [=](auto steps, size_t at) WFS_INLINE_LAMBDA { steps.join_groups(in, out, at); });
  }
  static void join_neighbours(const DigestLanes* in, DigestLanes* out, size_t groups) {
    for_lanes(groups * kLanes, [=](auto steps, size_t at) WFS_INLINE_LAMBDA { steps.join_neighbours(in, out, at); });
  }

  struct Piece {
    LaneState* states;
    size_t groups;
    const uint8_t* first;
    size_t stride;
    size_t whole_blocks;
    uint64_t bytes_before;
    uint64_t total_bytes;
  };
  template <unsigned kLastWords>
  static void absorb(const Piece& p) {
    for_lanes(p.groups * kLanes, [&p](auto steps, size_t at) WFS_INLINE_LAMBDA {
      const uint8_t* rows = p.first + at * p.stride;
      uint64_t counter = p.bytes_before;
      for (size_t b = 0; b < p.whole_blocks; ++b, rows += kBlake2bBlockBytes) {
        counter += kBlake2bBlockBytes;
        steps.template block<16>(p.states, at, rows, p.stride, counter, 0);
      }
      if constexpr (kLastWords > 0) {
        steps.template block<kLastWords>(p.states, at, rows, p.stride, p.total_bytes, ~uint64_t{0});
      }
    });
  }

  static void compress(LaneState* states, size_t groups, const uint8_t* first, size_t stride, size_t blocks,
                       uint64_t bytes_before, uint64_t total_bytes) {
    const size_t whole = total_bytes == 0 ? blocks : blocks - 1;
    const Piece piece{states, groups, first, stride, whole, bytes_before, total_bytes};
    if (total_bytes == 0) return absorb<0>(piece);
    const uint64_t rest = total_bytes - bytes_before - whole * kBlake2bBlockBytes;
    if (rest <= 16) return absorb<2>(piece);
    if (rest <= 32) return absorb<4>(piece);
    if (rest <= 64) return absorb<8>(piece);
    absorb<16>(piece);
  }
};

// The table of an engine made of Transforms and Blake2bLanes.
template <typename Loops, typename Hash>
constexpr CodecEngine make_engine(const char* name) {
  return {.name = name,
          .convert = Loops::convert,
          .load = Loops::load,
          .load_and_copy = Loops::load_and_copy,
          .store = Loops::store,
          .store_past_caches = Loops::store_past_caches,
          .inverse_transform = Loops::inverse,
          .transform = Loops::forward,
          .derive = Loops::derive,
          .add = Loops::add,
          .sum_multiples = Loops::sum_multiples,
          .scatter = Loops::scatter,
          .gather = Loops::gather,
          .compress = Hash::compress,
          .hash_words = Hash::hash_words,
          .join_groups = Hash::join_groups,
          .join_neighbours = Hash::join_neighbours};
}

}  // namespace
}  // namespace walrusfs::codec
