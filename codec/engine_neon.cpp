// NEON (every 64-bit ARM has it): a quarter of a strip per vector, products by table look-ups; two hash
// lanes per vector.
#include <arm_neon.h>

#include "codec/simd_blake2b.h"
#include "codec/simd_strip.h"

namespace walrusfs::codec {
namespace {

struct Half {
  struct Bytes {
    uint8x16_t a;
    uint8x16_t b;
  };
  static WFS_ALWAYS_INLINE Bytes load(const uint8_t* from) { return {vld1q_u8(from), vld1q_u8(from + 16)}; }
  static WFS_ALWAYS_INLINE void store(uint8_t* to, Bytes v) {
    vst1q_u8(to, v.a);
    vst1q_u8(to + 16, v.b);
  }
  // No alignment is asked for.
  static WFS_ALWAYS_INLINE Bytes load_anywhere(const uint8_t* from) { return load(from); }
  static WFS_ALWAYS_INLINE void store_anywhere(uint8_t* to, Bytes v) { store(to, v); }
  static WFS_ALWAYS_INLINE void store_past_caches(uint8_t* to, Bytes v) { store(to, v); }  // ARM has no such stores
  static WFS_ALWAYS_INLINE void end_past_caches() {}
  static WFS_ALWAYS_INLINE Bytes add(Bytes x, Bytes y) { return {veorq_u8(x.a, y.a), veorq_u8(x.b, y.b)}; }

  // Given by its values on low and on high nibbles.
  struct Map {
    uint8x16_t of_low;
    uint8x16_t of_high;

    static WFS_ALWAYS_INLINE Map of_constant(const gf16::SubfieldTables& tables, uint32_t constant) {
      return {vld1q_u8(tables.nibbles[constant]), vld1q_u8(tables.nibbles[constant] + 16)};
    }
    static WFS_ALWAYS_INLINE Map shift(const gf16::SubfieldTables& tables) {
      return {vld1q_u8(tables.shift_nibbles), vld1q_u8(tables.shift_nibbles + 16)};
    }

    WFS_ALWAYS_INLINE uint8x16_t times(uint8x16_t bytes) const {
      const uint8x16_t low = vandq_u8(bytes, vdupq_n_u8(0x0f));
      return veorq_u8(vqtbl1q_u8(of_low, low), vqtbl1q_u8(of_high, vshrq_n_u8(bytes, 4)));
    }
    WFS_ALWAYS_INLINE Bytes times(Bytes bytes) const { return {times(bytes.a), times(bytes.b)}; }
  };
};

struct HashWords {
  using Vector = uint64x2_t;
  static constexpr size_t kLanesPerVector = 2;
  static constexpr bool kPairs = false;

  static WFS_ALWAYS_INLINE Vector load(const uint64_t* from) { return vld1q_u64(from); }
  static WFS_ALWAYS_INLINE void store(uint64_t* to, Vector v) { vst1q_u64(to, v); }
  static WFS_ALWAYS_INLINE Vector broadcast(uint64_t word) { return vdupq_n_u64(word); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) { return vaddq_u64(a, b); }
  static WFS_ALWAYS_INLINE Vector exclusive_or(Vector a, Vector b) { return veorq_u64(a, b); }

  template <int kBits>
  static WFS_ALWAYS_INLINE Vector rotate_right(Vector v) {
    if constexpr (kBits == 32) {
      return vreinterpretq_u64_u32(vrev64q_u32(vreinterpretq_u32_u64(v)));
    } else if constexpr (kBits == 63) {
      return vsriq_n_u64(vaddq_u64(v, v), v, 63);
    } else {
      return vsriq_n_u64(vshlq_n_u64(v, 64 - kBits), v, kBits);
    }
  }

  // Two words of two messages, transposed.
  template <size_t kFirst, size_t kWords>
  static WFS_ALWAYS_INLINE void load_pair(Vector (&m)[kWords], const uint8_t* first, size_t stride) {
    if constexpr (kFirst < kWords) {
      const Vector a = vreinterpretq_u64_u8(vld1q_u8(first + 8 * kFirst));
      const Vector b = vreinterpretq_u64_u8(vld1q_u8(first + stride + 8 * kFirst));
      m[kFirst] = vzip1q_u64(a, b);
      m[kFirst + 1] = vzip2q_u64(a, b);
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

  static WFS_ALWAYS_INLINE Vector even(Vector a, Vector b) { return vuzp1q_u64(a, b); }
  static WFS_ALWAYS_INLINE Vector odd(Vector a, Vector b) { return vuzp2q_u64(a, b); }
  static WFS_ALWAYS_INLINE Vector shift_bytes(Vector a, Vector b) { return vsriq_n_u64(vshlq_n_u64(a, 8), b, 56); }
  static WFS_ALWAYS_INLINE Vector top_byte(Vector a) { return vshrq_n_u64(a, 56); }
};

using StripOps = SplitStrips<Half>;
using Loops = Transforms<StripOps>;
using Hash = Blake2bLanes<HashWords>;

}  // namespace

extern const CodecEngine kNeonEngine = make_engine<Loops, Hash>("neon");

}  // namespace walrusfs::codec
