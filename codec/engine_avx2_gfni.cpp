// AVX2 with GFNI: half a strip per vector, products by one instruction; four hash lanes per vector.
#include "codec/simd_avx2.h"

namespace walrusfs::codec {
namespace {

struct Half : Avx2Bytes {
  struct Map {
    __m256i matrices;

    static WFS_ALWAYS_INLINE Map of_matrix(uint64_t matrix) {
      return {_mm256_set1_epi64x(static_cast<long long>(matrix))};
    }
    static WFS_ALWAYS_INLINE Map of_constant(const gf16::SubfieldTables& tables, uint32_t constant) {
      return of_matrix(tables.affine[constant]);
    }
    static WFS_ALWAYS_INLINE Map shift(const gf16::SubfieldTables& tables) { return of_matrix(tables.shift_affine); }

    WFS_ALWAYS_INLINE __m256i times(__m256i bytes) const { return _mm256_gf2p8affine_epi64_epi8(bytes, matrices, 0); }
  };
};

using StripOps = SplitStrips<Half>;
using Loops = Transforms<StripOps>;
using Hash = Blake2bLanes<HashWords>;

}  // namespace

extern const CodecEngine kAvx2GfniEngine = make_engine<Loops, Hash>("avx2_gfni");

}  // namespace walrusfs::codec
