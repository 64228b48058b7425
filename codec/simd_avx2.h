// What the two engines for AVX2 have in common. For inclusion by engine files only, like simd_transform.h.
#pragma once

#include <immintrin.h>

#include <utility>

#include "codec/simd_blake2b.h"
#include "codec/simd_strip.h"

namespace walrusfs::codec {
namespace {

// Half a strip; the engine adds the Map.
struct Avx2Bytes {
  using Bytes = __m256i;
  static WFS_ALWAYS_INLINE Bytes load(const uint8_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static WFS_ALWAYS_INLINE void store(uint8_t* to, Bytes v) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), v); }
  static WFS_ALWAYS_INLINE Bytes load_anywhere(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static WFS_ALWAYS_INLINE void store_anywhere(uint8_t* to, Bytes v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
  }
  static WFS_ALWAYS_INLINE void store_past_caches(uint8_t* to, Bytes v) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), v);
  }
  static WFS_ALWAYS_INLINE void end_past_caches() { _mm_sfence(); }
  static WFS_ALWAYS_INLINE Bytes add(Bytes a, Bytes b) { return _mm256_xor_si256(a, b); }
};

struct HashWords {
  using Vector = __m256i;
  static constexpr size_t kLanesPerVector = 4;
  static constexpr bool kPairs = false;

  static WFS_ALWAYS_INLINE Vector load(const uint64_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  static WFS_ALWAYS_INLINE void store(uint64_t* to, Vector v) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), v); }
  static WFS_ALWAYS_INLINE Vector broadcast(uint64_t word) { return _mm256_set1_epi64x(static_cast<long long>(word)); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) { return _mm256_add_epi64(a, b); }
  static WFS_ALWAYS_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm256_xor_si256(a, b); }

  template <int kBits>
  static WFS_ALWAYS_INLINE Vector rotate_right(Vector v) {
    if constexpr (kBits == 32) {
      return _mm256_shuffle_epi32(v, 0xb1);
    } else if constexpr (kBits == 63) {
      return _mm256_or_si256(_mm256_srli_epi64(v, 63), _mm256_add_epi64(v, v));
    } else {
      constexpr char n = kBits / 8;
      static_assert(kBits % 8 == 0);
      return _mm256_shuffle_epi8(
          v, _mm256_setr_epi8(n % 8, (n + 1) % 8, (n + 2) % 8, (n + 3) % 8, (n + 4) % 8, (n + 5) % 8, (n + 6) % 8,
                              (n + 7) % 8, 8 + n % 8, 8 + (n + 1) % 8, 8 + (n + 2) % 8, 8 + (n + 3) % 8,
                              8 + (n + 4) % 8, 8 + (n + 5) % 8, 8 + (n + 6) % 8, 8 + (n + 7) % 8,  //
                              n % 8, (n + 1) % 8, (n + 2) % 8, (n + 3) % 8, (n + 4) % 8, (n + 5) % 8, (n + 6) % 8,
                              (n + 7) % 8, 8 + n % 8, 8 + (n + 1) % 8, 8 + (n + 2) % 8, 8 + (n + 3) % 8,
                              8 + (n + 4) % 8, 8 + (n + 5) % 8, 8 + (n + 6) % 8, 8 + (n + 7) % 8));
    }
  }

  // Four words of four messages, transposed.
  template <size_t kFirst>
  static WFS_ALWAYS_INLINE void load_quarter(Vector (&m)[16], const uint8_t* first, size_t stride) {
    const auto row = [&](size_t lane) {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first + lane * stride + 8 * kFirst));
    };
    const Vector r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
    const Vector even01 = _mm256_unpacklo_epi64(r0, r1), odd01 = _mm256_unpackhi_epi64(r0, r1);
    const Vector even23 = _mm256_unpacklo_epi64(r2, r3), odd23 = _mm256_unpackhi_epi64(r2, r3);
    m[kFirst] = _mm256_permute2x128_si256(even01, even23, 0x20);
    m[kFirst + 1] = _mm256_permute2x128_si256(odd01, odd23, 0x20);
    m[kFirst + 2] = _mm256_permute2x128_si256(even01, even23, 0x31);
    m[kFirst + 3] = _mm256_permute2x128_si256(odd01, odd23, 0x31);
  }
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    Vector all[16];
    load_quarter<0>(all, first, stride);
    if constexpr (kWords > 4) load_quarter<4>(all, first, stride);
    if constexpr (kWords > 8) load_quarter<8>(all, first, stride);
    if constexpr (kWords > 12) load_quarter<12>(all, first, stride);
    take_words(m, all, std::make_index_sequence<kWords>{});
  }
  template <size_t kWords, size_t... kIndex>
  static WFS_ALWAYS_INLINE void take_words(Vector (&m)[kWords], const Vector (&all)[16],
                                           std::index_sequence<kIndex...>) {
    ((m[kIndex] = all[kIndex]), ...);
  }

  static WFS_ALWAYS_INLINE Vector even(Vector a, Vector b) {
    return _mm256_permute4x64_epi64(_mm256_unpacklo_epi64(a, b), 0xd8);
  }
  static WFS_ALWAYS_INLINE Vector odd(Vector a, Vector b) {
    return _mm256_permute4x64_epi64(_mm256_unpackhi_epi64(a, b), 0xd8);
  }
  static WFS_ALWAYS_INLINE Vector shift_bytes(Vector a, Vector b) {
    return _mm256_or_si256(_mm256_slli_epi64(a, 8), _mm256_srli_epi64(b, 56));
  }
  static WFS_ALWAYS_INLINE Vector top_byte(Vector a) { return _mm256_srli_epi64(a, 56); }
};

}  // namespace
}  // namespace walrusfs::codec
