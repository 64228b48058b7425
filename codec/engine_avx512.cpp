// AVX-512 (F, BW, VL, VBMI2) with GFNI: a strip is one vector, a byte times a constant one instruction; eight hash
// lanes.
#include <immintrin.h>

#include <utility>

#include "codec/simd_blake2b.h"
#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

constexpr int kSwapHalves = 0x4e;  // 128-bit lanes 2, 3, 0, 1
constexpr __mmask8 kLowHalf = 0x0f;

WFS_ALWAYS_INLINE __m512i broadcast(uint64_t word) { return _mm512_set1_epi64(static_cast<long long>(word)); }
// From memory, which saves the way through a general register.
WFS_ALWAYS_INLINE __m128i load_word(const uint64_t& word) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&word));
}
WFS_ALWAYS_INLINE __m512i halves(const uint64_t& low, const uint64_t& high) {
  return _mm512_mask_broadcastq_epi64(_mm512_broadcastq_epi64(load_word(high)), kLowHalf, load_word(low));
}
WFS_ALWAYS_INLINE __m512i apply(__m512i matrices, __m512i bytes) {
  return _mm512_gf2p8affine_epi64_epi8(bytes, matrices, 0);
}

struct StripOps {
  using Vector = __m512i;
  static constexpr unsigned kLayersPerPass = 3;
  static WFS_ALWAYS_INLINE Vector load(const Strip& strip) { return _mm512_load_si512(&strip); }
  static WFS_ALWAYS_INLINE void store(Strip& strip, Vector v) { _mm512_store_si512(&strip, v); }
  static WFS_ALWAYS_INLINE Vector load_halves(const uint8_t* low, const uint8_t* high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(low))),
                              _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high)), 1);
  }
  // In this order: of a short symbol the high half overwrites what the low one has too much.
  static WFS_ALWAYS_INLINE void store_halves(uint8_t* low, uint8_t* high, Vector v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), _mm512_castsi512_si256(v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high), _mm512_extracti64x4_epi64(v, 1));
  }
  static WFS_ALWAYS_INLINE void store_past_caches(uint8_t* to, Vector v) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), v);
  }
  static WFS_ALWAYS_INLINE void end_past_caches() { _mm_sfence(); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) { return _mm512_xor_si512(a, b); }

  struct Subfield {
    __m512i matrix;
    WFS_ALWAYS_INLINE Subfield(const gf16::SubfieldTables& tables, uint32_t word)
        : matrix(_mm512_broadcastq_epi64(load_word(tables.affine[word]))) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const { return apply(matrix, v); }
  };
  struct General {
    __m512i within;  // low by low, high by high
    __m512i across;  // high to low, low to high
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, uint32_t word)
        : General(tables, static_cast<uint8_t>(word ^ tables.shift[word >> 8]), static_cast<uint8_t>(word >> 8)) {}
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, uint8_t c0, uint8_t c1)
        : within(halves(tables.affine[c0], tables.affine[c0 ^ c1])), across(_mm512_load_si512(tables.across[c1])) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const {
      return _mm512_xor_si512(apply(within, v), apply(across, _mm512_shuffle_i64x2(v, v, kSwapHalves)));
    }
  };
  struct Shift {
    __m512i matrices;
    WFS_ALWAYS_INLINE explicit Shift(const gf16::SubfieldTables& tables)
        : matrices(codec::broadcast(tables.shift_affine)) {}
    WFS_ALWAYS_INLINE Vector apply(Vector v) const {
      const __m512i high = _mm512_maskz_shuffle_i64x2(kLowHalf, v, v, kSwapHalves);
      return _mm512_xor_si512(v, codec::apply(matrices, high));
    }
  };
};

struct HashWords {
  using Vector = __m512i;
  static constexpr size_t kLanesPerVector = 8;
  static constexpr bool kPairs = true;

  static WFS_ALWAYS_INLINE Vector load(const uint64_t* from) { return _mm512_load_si512(from); }
  static WFS_ALWAYS_INLINE void store(uint64_t* to, Vector v) { _mm512_store_si512(to, v); }
  static WFS_ALWAYS_INLINE Vector broadcast(uint64_t word) { return codec::broadcast(word); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) { return _mm512_add_epi64(a, b); }
  static WFS_ALWAYS_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
  template <int kBits>
  static WFS_ALWAYS_INLINE Vector rotate_right(Vector v) {
    return _mm512_ror_epi64(v, kBits);
  }

  // From pairs of rows, interleaved: words kFirst, kFirst + 2, + 4 and + 6 of all eight messages.
  template <size_t kFirst>
  static WFS_ALWAYS_INLINE void spread(Vector (&m)[16], Vector p01, Vector p23, Vector p45, Vector p67) {
    const Vector a = _mm512_shuffle_i64x2(p01, p23, 0x88), b = _mm512_shuffle_i64x2(p45, p67, 0x88);
    const Vector c = _mm512_shuffle_i64x2(p01, p23, 0xdd), d = _mm512_shuffle_i64x2(p45, p67, 0xdd);
    m[kFirst] = _mm512_shuffle_i64x2(a, b, 0x88);
    m[kFirst + 4] = _mm512_shuffle_i64x2(a, b, 0xdd);
    m[kFirst + 2] = _mm512_shuffle_i64x2(c, d, 0x88);
    m[kFirst + 6] = _mm512_shuffle_i64x2(c, d, 0xdd);
  }
  // Eight words of eight messages, transposed.
  template <size_t kFirst>
  static WFS_ALWAYS_INLINE void load_half(Vector (&m)[16], const uint8_t* first, size_t stride) {
    const auto row = [&](size_t lane) { return _mm512_loadu_si512(first + lane * stride + 8 * kFirst); };
    const Vector r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
    const Vector r4 = row(4), r5 = row(5), r6 = row(6), r7 = row(7);
    spread<kFirst>(m, _mm512_unpacklo_epi64(r0, r1), _mm512_unpacklo_epi64(r2, r3), _mm512_unpacklo_epi64(r4, r5),
                   _mm512_unpacklo_epi64(r6, r7));
    spread<kFirst + 1>(m, _mm512_unpackhi_epi64(r0, r1), _mm512_unpackhi_epi64(r2, r3), _mm512_unpackhi_epi64(r4, r5),
                       _mm512_unpackhi_epi64(r6, r7));
  }
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    Vector all[16];
    load_half<0>(all, first, stride);
    if constexpr (kWords > 8) load_half<8>(all, first, stride);
    take_words(m, all, std::make_index_sequence<kWords>{});
  }
  template <size_t kWords, size_t... kIndex>
  static WFS_ALWAYS_INLINE void take_words(Vector (&m)[kWords], const Vector (&all)[16],
                                           std::index_sequence<kIndex...>) {
    ((m[kIndex] = all[kIndex]), ...);
  }

  static WFS_ALWAYS_INLINE Vector even(Vector a, Vector b) {
    return _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), b);
  }
  static WFS_ALWAYS_INLINE Vector odd(Vector a, Vector b) {
    return _mm512_permutex2var_epi64(a, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), b);
  }
  static WFS_ALWAYS_INLINE Vector shift_bytes(Vector a, Vector b) { return _mm512_shldi_epi64(a, b, 8); }
  static WFS_ALWAYS_INLINE Vector top_byte(Vector a) { return _mm512_srli_epi64(a, 56); }
};

using Loops = Transforms<StripOps>;
using Hash = Blake2bLanes<HashWords>;

}  // namespace

extern const CodecEngine kAvx512Engine = make_engine<Loops, Hash>("avx512");

}  // namespace walrusfs::codec
