// AVX2: bytes times a constant by two 16-entry table look-ups; four hash lanes per vector.
#include <immintrin.h>

#include "codec/simd_blake2b.h"
#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

WFS_ALWAYS_INLINE __m256i load_table(const uint8_t* sixteen_bytes) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(sixteen_bytes)));
}

// A linear map of bytes, given by its values on low and on high nibbles.
struct ByteMap {
  __m256i of_low;
  __m256i of_high;

  explicit WFS_ALWAYS_INLINE ByteMap(const uint8_t (&nibbles)[32])
      : of_low(load_table(nibbles)), of_high(load_table(nibbles + 16)) {}
  WFS_ALWAYS_INLINE __m256i times(__m256i bytes) const {
    const __m256i mask = _mm256_set1_epi8(0x0f);
    const __m256i low = _mm256_and_si256(bytes, mask);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi64(bytes, 4), mask);
    return _mm256_xor_si256(_mm256_shuffle_epi8(of_low, low), _mm256_shuffle_epi8(of_high, high));
  }
};

struct StripOps {
  struct Vector {
    __m256i low;
    __m256i high;
  };
  static WFS_ALWAYS_INLINE Vector load(const Strip& strip) {
    return {_mm256_load_si256(reinterpret_cast<const __m256i*>(strip.low)),
            _mm256_load_si256(reinterpret_cast<const __m256i*>(strip.high))};
  }
  static WFS_ALWAYS_INLINE void store(Strip& strip, Vector v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(strip.low), v.low);
    _mm256_store_si256(reinterpret_cast<__m256i*>(strip.high), v.high);
  }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) {
    return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
  }

  struct Subfield {
    ByteMap map;
    WFS_ALWAYS_INLINE Subfield(const gf16::SubfieldTables& tables, uint32_t word) : map(tables.nibbles[word]) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const { return {map.times(v.low), map.times(v.high)}; }
  };
  struct General {
    ByteMap low_by_low, high_by_high, high_to_low, low_to_high;
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, uint32_t word)
        : General(tables, split_factor(tables, word)) {}
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, FactorParts parts)
        : low_by_low(tables.nibbles[parts.low_by_low]),
          high_by_high(tables.nibbles[parts.high_by_high]),
          high_to_low(tables.nibbles[parts.high_to_low]),
          low_to_high(tables.nibbles[parts.low_to_high]) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const {
      return {_mm256_xor_si256(low_by_low.times(v.low), high_to_low.times(v.high)),
              _mm256_xor_si256(low_to_high.times(v.low), high_by_high.times(v.high))};
    }
  };
};

void convert(Strip* strips, size_t count) {
  const ByteMap shift(gf16::subfield_tables().shift_nibbles);
  for (size_t i = 0; i < count; ++i) {
    StripOps::Vector v = StripOps::load(strips[i]);
    v.low = _mm256_xor_si256(v.low, shift.times(v.high));
    StripOps::store(strips[i], v);
  }
}

struct HashWords {
  using Vector = __m256i;
  static constexpr size_t kLanesPerVector = 4;

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
  static WFS_ALWAYS_INLINE void load_quarter(Vector (&m)[16], const uint8_t* const* in, size_t offset) {
    const auto row = [&](size_t lane) {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in[lane] + offset + 8 * kFirst));
    };
    const Vector r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
    const Vector even01 = _mm256_unpacklo_epi64(r0, r1), odd01 = _mm256_unpackhi_epi64(r0, r1);
    const Vector even23 = _mm256_unpacklo_epi64(r2, r3), odd23 = _mm256_unpackhi_epi64(r2, r3);
    m[kFirst] = _mm256_permute2x128_si256(even01, even23, 0x20);
    m[kFirst + 1] = _mm256_permute2x128_si256(odd01, odd23, 0x20);
    m[kFirst + 2] = _mm256_permute2x128_si256(even01, even23, 0x31);
    m[kFirst + 3] = _mm256_permute2x128_si256(odd01, odd23, 0x31);
  }
  static WFS_ALWAYS_INLINE void load_block(Vector (&m)[16], const uint8_t* const* in, size_t offset) {
    load_quarter<0>(m, in, offset);
    load_quarter<4>(m, in, offset);
    load_quarter<8>(m, in, offset);
    load_quarter<12>(m, in, offset);
  }
};

using Loops = Transforms<StripOps>;

}  // namespace

extern const CodecEngine kAvx2Engine{
    "avx2", convert, Loops::inverse, Loops::forward, Loops::add, Loops::scale, Blake2bLanes<HashWords>::compress};

}  // namespace walrusfs::codec
