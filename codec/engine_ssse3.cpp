// SSSE3: a quarter of a strip per vector, products by byte shuffles; two hash lanes per vector.
#include <tmmintrin.h>

#include "codec/simd_blake2b.h"
#include "codec/simd_strip.h"

namespace walrusfs::codec {
namespace {

WFS_ALWAYS_INLINE __m128i load128(const uint8_t* from) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(from));
}
WFS_ALWAYS_INLINE void store128(uint8_t* to, __m128i v) { _mm_store_si128(reinterpret_cast<__m128i*>(to), v); }

struct Half {
  struct Bytes {
    __m128i a;
    __m128i b;
  };
  static WFS_ALWAYS_INLINE Bytes load(const uint8_t* from) { return {load128(from), load128(from + 16)}; }
  static WFS_ALWAYS_INLINE void store(uint8_t* to, Bytes v) {
    store128(to, v.a);
    store128(to + 16, v.b);
  }
  static WFS_ALWAYS_INLINE Bytes load_anywhere(const uint8_t* from) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)),
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16))};
  }
  static WFS_ALWAYS_INLINE void store_anywhere(uint8_t* to, Bytes v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v.a);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), v.b);
  }
  static WFS_ALWAYS_INLINE void store_past_caches(uint8_t* to, Bytes v) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to), v.a);
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + 16), v.b);
  }
  static WFS_ALWAYS_INLINE void end_past_caches() { _mm_sfence(); }
  static WFS_ALWAYS_INLINE Bytes add(Bytes x, Bytes y) { return {_mm_xor_si128(x.a, y.a), _mm_xor_si128(x.b, y.b)}; }

  // Given by its values on low and on high nibbles.
  struct Map {
    __m128i of_low;
    __m128i of_high;

    static WFS_ALWAYS_INLINE Map of_constant(const gf16::SubfieldTables& tables, uint32_t constant) {
      return {load128(tables.nibbles[constant]), load128(tables.nibbles[constant] + 16)};
    }
    static WFS_ALWAYS_INLINE Map shift(const gf16::SubfieldTables& tables) {
      return {load128(tables.shift_nibbles), load128(tables.shift_nibbles + 16)};
    }

    WFS_ALWAYS_INLINE __m128i times(__m128i bytes) const {
      const __m128i mask = _mm_set1_epi8(0x0f);
      const __m128i low = _mm_and_si128(bytes, mask);
      const __m128i high = _mm_and_si128(_mm_srli_epi64(bytes, 4), mask);
      return _mm_xor_si128(_mm_shuffle_epi8(of_low, low), _mm_shuffle_epi8(of_high, high));
    }
    WFS_ALWAYS_INLINE Bytes times(Bytes bytes) const { return {times(bytes.a), times(bytes.b)}; }
  };
};

struct HashWords {
  using Vector = __m128i;
  static constexpr size_t kLanesPerVector = 2;
  static constexpr bool kPairs = false;

  static WFS_ALWAYS_INLINE Vector load(const uint64_t* from) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(from));
  }
  static WFS_ALWAYS_INLINE void store(uint64_t* to, Vector v) { _mm_store_si128(reinterpret_cast<__m128i*>(to), v); }
  static WFS_ALWAYS_INLINE Vector broadcast(uint64_t word) { return _mm_set1_epi64x(static_cast<long long>(word)); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) { return _mm_add_epi64(a, b); }
  static WFS_ALWAYS_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm_xor_si128(a, b); }

  template <int kBits>
  static WFS_ALWAYS_INLINE Vector rotate_right(Vector v) {
    if constexpr (kBits == 32) {
      return _mm_shuffle_epi32(v, 0xb1);
    } else if constexpr (kBits == 63) {
      return _mm_or_si128(_mm_srli_epi64(v, 63), _mm_add_epi64(v, v));
    } else {
      constexpr char n = kBits / 8;
      static_assert(kBits % 8 == 0);
      return _mm_shuffle_epi8(
          v, _mm_setr_epi8(n % 8, (n + 1) % 8, (n + 2) % 8, (n + 3) % 8, (n + 4) % 8, (n + 5) % 8, (n + 6) % 8,
                           (n + 7) % 8, 8 + n % 8, 8 + (n + 1) % 8, 8 + (n + 2) % 8, 8 + (n + 3) % 8, 8 + (n + 4) % 8,
                           8 + (n + 5) % 8, 8 + (n + 6) % 8, 8 + (n + 7) % 8));
    }
  }

  // Two words of two messages, transposed.
  template <size_t kFirst, size_t kWords>
  static WFS_ALWAYS_INLINE void load_pair(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    if constexpr (kFirst < kWords) {
      const Vector a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first + 8 * kFirst));
      const Vector b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first + stride + 8 * kFirst));
      m[kFirst] = _mm_unpacklo_epi64(a, b);
      m[kFirst + 1] = _mm_unpackhi_epi64(a, b);
    }
  }
  template <unsigned kWords>
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    static_assert(kWords % 2 == 0);
    load_pair<0>(m, first, stride);
    load_pair<2>(m, first, stride);
    load_pair<4>(m, first, stride);
    load_pair<6>(m, first, stride);
    load_pair<8>(m, first, stride);
    load_pair<10>(m, first, stride);
    load_pair<12>(m, first, stride);
    load_pair<14>(m, first, stride);
  }

  static WFS_ALWAYS_INLINE Vector even(Vector a, Vector b) { return _mm_unpacklo_epi64(a, b); }
  static WFS_ALWAYS_INLINE Vector odd(Vector a, Vector b) { return _mm_unpackhi_epi64(a, b); }
  static WFS_ALWAYS_INLINE Vector shift_bytes(Vector a, Vector b) {
    return _mm_or_si128(_mm_slli_epi64(a, 8), _mm_srli_epi64(b, 56));
  }
  static WFS_ALWAYS_INLINE Vector top_byte(Vector a) { return _mm_srli_epi64(a, 56); }
};

using StripOps = SplitStrips<Half>;
using Loops = Transforms<StripOps>;
using Hash = Blake2bLanes<HashWords>;

}  // namespace

extern const CodecEngine kSsse3Engine = make_engine<Loops, Hash>("ssse3");

}  // namespace walrusfs::codec
