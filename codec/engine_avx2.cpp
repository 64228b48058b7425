// AVX2: half a strip per vector, products by byte shuffles; four hash lanes per vector.
#include "codec/simd_avx2.h"

namespace walrusfs::codec {
namespace {

WFS_ALWAYS_INLINE __m256i load_table(const uint8_t* sixteen_bytes) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(sixteen_bytes)));
}

struct Half : Avx2Bytes {
  // Given by its values on low and on high nibbles.
  struct Map {
    __m256i of_low;
    __m256i of_high;

    static WFS_ALWAYS_INLINE Map of_nibbles(const uint8_t (&nibbles)[32]) {
      return {load_table(nibbles), load_table(nibbles + 16)};
    }
    static WFS_ALWAYS_INLINE Map of_constant(const gf16::SubfieldTables& tables, uint32_t constant) {
      return of_nibbles(tables.nibbles[constant]);
    }
    static WFS_ALWAYS_INLINE Map shift(const gf16::SubfieldTables& tables) { return of_nibbles(tables.shift_nibbles); }

    WFS_ALWAYS_INLINE __m256i times(__m256i bytes) const {
      const __m256i mask = _mm256_set1_epi8(0x0f);
      const __m256i low = _mm256_and_si256(bytes, mask);
      const __m256i high = _mm256_and_si256(_mm256_srli_epi64(bytes, 4), mask);
      return _mm256_xor_si256(_mm256_shuffle_epi8(of_low, low), _mm256_shuffle_epi8(of_high, high));
    }
  };
};

using StripOps = SplitStrips<Half>;
using Loops = Transforms<StripOps>;
using Hash = Blake2bLanes<HashWords>;

}  // namespace

extern const CodecEngine kAvx2Engine = make_engine<Loops, Hash>("avx2");

}  // namespace walrusfs::codec
