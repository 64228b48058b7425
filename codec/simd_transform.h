// The transforms of specification 4.3 for vector engines, two or three layers at a time so that strips
// are loaded and stored less often. For inclusion by engine files only: everything is local to the file
// that includes it, as each is compiled for another CPU (see engine_table.h).
//
// Strips are in subfield coordinates (specification 4.6): multiplying by a constant below 256 is one
// bytewise operation on both halves; other constants mix the halves.
//
// Ops has: Vector; load, store, add; load_halves and store_halves, from and to anywhere; kLayersPerPass, 2 or 3,
// as registers allow; two kinds of constants, Subfield and General, made from a 16-bit word, with times(Vector);
// and Shift, the change of coordinates, with apply(Vector).
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/engine_table.h"
#include "codec/gf16.h"

#define WFS_ALWAYS_INLINE inline __attribute__((always_inline))
#define WFS_INLINE_LAMBDA __attribute__((always_inline))

namespace walrusfs::codec {
namespace {

// A constant in subfield coordinates: c = c0 + 256 * c1 over GF(256), and what multiplying needs of it.
struct FactorParts {
  uint8_t low_by_low;    // c0
  uint8_t high_by_high;  // c0 ^ c1
  uint8_t high_to_low;   // 128 * c1
  uint8_t low_to_high;   // c1
};
WFS_ALWAYS_INLINE FactorParts split_factor(const gf16::SubfieldTables& tables, uint32_t word) {
  const auto c1 = static_cast<uint8_t>(word >> 8);
  const auto c0 = static_cast<uint8_t>((word & 0xff) ^ tables.shift[c1]);
  return {c0, static_cast<uint8_t>(c0 ^ c1), tables.times_128[c1], c1};
}

template <typename Ops>
struct Transforms {
  using Vector = typename Ops::Vector;

  static WFS_ALWAYS_INLINE void inverse_butterfly(Vector& x, Vector& y, const auto& factor) {
    y = Ops::add(y, x);
    x = Ops::add(x, factor.times(y));
  }
  static WFS_ALWAYS_INLINE void forward_butterfly(Vector& x, Vector& y, const auto& factor) {
    x = Ops::add(x, factor.times(y));
    y = Ops::add(y, x);
  }

  // A group of 2^kLayers * d strips that the layers from `layer` (distance d) on leave to themselves. The
  // first of them is at `point` of the evaluation domain.
  struct Group {
    const Strip* from;
    Strip* to;
    uint32_t point;
    unsigned layer;
    size_t wanted;  // strips from here on are of no interest
    const gf16::SubfieldTables& tables;

    size_t distance() const { return size_t{1} << layer; }
    // The multiplier `up` layers above `layer` for the part that begins `parts` distances into the group.
    template <typename Factor>
    WFS_ALWAYS_INLINE Factor factor(unsigned up, uint32_t parts) const {
      return Factor(tables, (point + (parts << layer)) >> (layer + up));
    }
  };

  template <typename F0, typename F1, typename F2>
  static WFS_ALWAYS_INLINE void inverse_three(const Group& g) {
    const F0 a01 = g.template factor<F0>(0, 0), a23 = g.template factor<F0>(0, 2);
    const F0 a45 = g.template factor<F0>(0, 4), a67 = g.template factor<F0>(0, 6);
    const F1 b0 = g.template factor<F1>(1, 0), b4 = g.template factor<F1>(1, 4);
    const F2 c0 = g.template factor<F2>(2, 0);
    const size_t d = g.distance();
    for (size_t i = 0; i < d; ++i) {
      const Strip* from = g.from + i;
      Vector v0 = Ops::load(from[0]), v1 = Ops::load(from[d]), v2 = Ops::load(from[2 * d]);
      Vector v3 = Ops::load(from[3 * d]), v4 = Ops::load(from[4 * d]), v5 = Ops::load(from[5 * d]);
      Vector v6 = Ops::load(from[6 * d]), v7 = Ops::load(from[7 * d]);
      inverse_butterfly(v0, v1, a01);
      inverse_butterfly(v2, v3, a23);
      inverse_butterfly(v4, v5, a45);
      inverse_butterfly(v6, v7, a67);
      inverse_butterfly(v0, v2, b0);
      inverse_butterfly(v1, v3, b0);
      inverse_butterfly(v4, v6, b4);
      inverse_butterfly(v5, v7, b4);
      inverse_butterfly(v0, v4, c0);
      inverse_butterfly(v1, v5, c0);
      inverse_butterfly(v2, v6, c0);
      inverse_butterfly(v3, v7, c0);
      store_eight(g.to + i, d, v0, v1, v2, v3, v4, v5, v6, v7);
    }
  }
  template <typename F0, typename F1, typename F2>
  static WFS_ALWAYS_INLINE void forward_three(const Group& g) {
    const F0 a01 = g.template factor<F0>(0, 0), a23 = g.template factor<F0>(0, 2);
    const F0 a45 = g.template factor<F0>(0, 4), a67 = g.template factor<F0>(0, 6);
    const F1 b0 = g.template factor<F1>(1, 0), b4 = g.template factor<F1>(1, 4);
    const F2 c0 = g.template factor<F2>(2, 0);
    const size_t d = g.distance();
    for (size_t i = 0; i < d; ++i) {
      const Strip* from = g.from + i;
      Vector v0 = Ops::load(from[0]), v1 = Ops::load(from[d]), v2 = Ops::load(from[2 * d]);
      Vector v3 = Ops::load(from[3 * d]), v4 = Ops::load(from[4 * d]), v5 = Ops::load(from[5 * d]);
      Vector v6 = Ops::load(from[6 * d]), v7 = Ops::load(from[7 * d]);
      forward_butterfly(v0, v4, c0);
      forward_butterfly(v1, v5, c0);
      forward_butterfly(v2, v6, c0);
      forward_butterfly(v3, v7, c0);
      forward_butterfly(v0, v2, b0);
      forward_butterfly(v1, v3, b0);
      forward_butterfly(v4, v6, b4);
      forward_butterfly(v5, v7, b4);
      forward_butterfly(v0, v1, a01);
      forward_butterfly(v2, v3, a23);
      forward_butterfly(v4, v5, a45);
      forward_butterfly(v6, v7, a67);
      Strip* to = g.to + i;
      Ops::store(to[0], v0);
      if (g.wanted > d) Ops::store(to[d], v1);
      if (g.wanted > 2 * d) Ops::store(to[2 * d], v2);
      if (g.wanted > 3 * d) Ops::store(to[3 * d], v3);
      if (g.wanted <= 4 * d) continue;
      Ops::store(to[4 * d], v4);
      Ops::store(to[5 * d], v5);
      Ops::store(to[6 * d], v6);
      Ops::store(to[7 * d], v7);
    }
  }
  static WFS_ALWAYS_INLINE void store_eight(Strip* to, size_t d, Vector v0, Vector v1, Vector v2, Vector v3, Vector v4,
                                            Vector v5, Vector v6, Vector v7) {
    Ops::store(to[0], v0);
    Ops::store(to[d], v1);
    Ops::store(to[2 * d], v2);
    Ops::store(to[3 * d], v3);
    Ops::store(to[4 * d], v4);
    Ops::store(to[5 * d], v5);
    Ops::store(to[6 * d], v6);
    Ops::store(to[7 * d], v7);
  }

  template <typename F0, typename F1>
  static WFS_ALWAYS_INLINE void inverse_two(const Group& g) {
    const F0 a01 = g.template factor<F0>(0, 0), a23 = g.template factor<F0>(0, 2);
    const F1 b0 = g.template factor<F1>(1, 0);
    const size_t d = g.distance();
    for (size_t i = 0; i < d; ++i) {
      Vector v0 = Ops::load(g.from[i]), v1 = Ops::load(g.from[i + d]);
      Vector v2 = Ops::load(g.from[i + 2 * d]), v3 = Ops::load(g.from[i + 3 * d]);
      inverse_butterfly(v0, v1, a01);
      inverse_butterfly(v2, v3, a23);
      inverse_butterfly(v0, v2, b0);
      inverse_butterfly(v1, v3, b0);
      store_four(g.to + i, d, v0, v1, v2, v3);
    }
  }
  template <typename F0, typename F1>
  static WFS_ALWAYS_INLINE void forward_two(const Group& g) {
    const F0 a01 = g.template factor<F0>(0, 0), a23 = g.template factor<F0>(0, 2);
    const F1 b0 = g.template factor<F1>(1, 0);
    const size_t d = g.distance();
    for (size_t i = 0; i < d; ++i) {
      Vector v0 = Ops::load(g.from[i]), v1 = Ops::load(g.from[i + d]);
      Vector v2 = Ops::load(g.from[i + 2 * d]), v3 = Ops::load(g.from[i + 3 * d]);
      forward_butterfly(v0, v2, b0);
      forward_butterfly(v1, v3, b0);
      forward_butterfly(v0, v1, a01);
      forward_butterfly(v2, v3, a23);
      store_four(g.to + i, d, v0, v1, v2, v3);
    }
  }
  static WFS_ALWAYS_INLINE void store_four(Strip* to, size_t d, Vector v0, Vector v1, Vector v2, Vector v3) {
    Ops::store(to[0], v0);
    Ops::store(to[d], v1);
    Ops::store(to[2 * d], v2);
    Ops::store(to[3 * d], v3);
  }

  template <bool kInverse, typename F0>
  static WFS_ALWAYS_INLINE void one(const Group& g) {
    const F0 a01 = g.template factor<F0>(0, 0);
    const size_t d = g.distance();
    for (size_t i = 0; i < d; ++i) {
      Vector v0 = Ops::load(g.from[i]), v1 = Ops::load(g.from[i + d]);
      if constexpr (kInverse) {
        inverse_butterfly(v0, v1, a01);
      } else {
        forward_butterfly(v0, v1, a01);
      }
      Ops::store(g.to[i], v0);
      if (kInverse || g.wanted > d) Ops::store(g.to[i + d], v1);
    }
  }

  template <bool kInverse, unsigned kLayers, typename F0, typename F1, typename F2>
  static void run(const Group& g) {
    if constexpr (kLayers == 3) {
      kInverse ? inverse_three<F0, F1, F2>(g) : forward_three<F0, F1, F2>(g);
    } else if constexpr (kLayers == 2) {
      kInverse ? inverse_two<F0, F1>(g) : forward_two<F0, F1>(g);
    } else {
      one<kInverse, F0>(g);
    }
  }

  // Points of one group agree in all bits that decide whether a layer's multipliers are in the subfield.
  template <bool kInverse, unsigned kLayers>
  static WFS_ALWAYS_INLINE void run(const Group& g) {
    using S = typename Ops::Subfield;
    using G = typename Ops::General;
    const uint32_t word = g.point >> g.layer;
    if (word < 256) {
      run<kInverse, kLayers, S, S, S>(g);
    } else if (kLayers > 1 && word < 512) {
      run<kInverse, kLayers, G, S, S>(g);
    } else if (kLayers > 2 && word < 1024) {
      run<kInverse, kLayers, G, G, S>(g);
    } else {
      run<kInverse, kLayers, G, G, G>(g);
    }
  }

  struct Span {
    const Strip* from;
    Strip* to;
    uint32_t base;
    size_t begin;  // positions that matter
    size_t end;
  };
  template <bool kInverse, unsigned kLayers>
  static void pass(const Span& span, unsigned layer) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    const size_t width = size_t{1} << (layer + kLayers);
    for (size_t r = span.begin / width * width; r < span.end; r += width) {
      run<kInverse, kLayers>(
          {span.from + r, span.to + r, span.base + static_cast<uint32_t>(r), layer, span.end - r, tables});
    }
  }
  template <bool kInverse>
  static void pass(const Span& span, unsigned layer, unsigned layers) {
    if constexpr (Ops::kLayersPerPass == 3) {
      if (layers == 3) return pass<kInverse, 3>(span, layer);
    }
    layers == 2 ? pass<kInverse, 2>(span, layer) : pass<kInverse, 1>(span, layer);
  }

  static unsigned layers_of(size_t size) {
    unsigned layers = 0;
    while (size_t{1} << layers < size) ++layers;
    return layers;
  }

  static void inverse(Strip* a, size_t size, uint32_t base, size_t nonzero) {
    const unsigned all = layers_of(size);
    for (unsigned layer = 0; layer < all;) {
      const unsigned layers = all - layer < Ops::kLayersPerPass ? all - layer : Ops::kLayersPerPass;
      pass<true>({a, a, base, 0, nonzero < size ? nonzero : size}, layer, layers);
      layer += layers;
    }
  }

  static void forward(Strip* to, const Strip* from, size_t size, uint32_t base, size_t begin, size_t end) {
    unsigned layer = layers_of(size);
    if (layer == 0 && to != from) Ops::store(*to, Ops::load(*from));
    for (; layer > 0; from = to) {
      const unsigned rest = layer % Ops::kLayersPerPass;
      const unsigned layers = rest != 0 ? rest : Ops::kLayersPerPass;
      layer -= layers;
      pass<false>({from, to, base, begin, end}, layer, layers);
    }
  }

  static void add(Strip* into, const Strip* from, size_t count) {
    for (size_t i = 0; i < count; ++i) Ops::store(into[i], Ops::add(Ops::load(into[i]), Ops::load(from[i])));
  }

  static void convert(Strip* strips, size_t count) {
    const typename Ops::Shift shift(gf16::subfield_tables());
    for (size_t i = 0; i < count; ++i) Ops::store(strips[i], shift.apply(Ops::load(strips[i])));
  }

  // From a symbol's low bytes in a strip to its high ones.
  static WFS_ALWAYS_INLINE size_t to_high(size_t left) { return (left < kStripBytes ? left : kStripBytes) / 2; }

  static void load(Strip* to, const uint8_t* const* from, size_t offset, size_t left, size_t count) {
    const typename Ops::Shift shift(gf16::subfield_tables());
    const size_t high = offset + to_high(left);
    for (size_t i = 0; i < count; ++i) {
      Ops::store(to[i], shift.apply(Ops::load_halves(from[i] + offset, from[i] + high)));
    }
  }
  static void load_and_copy(Strip* to, const uint8_t* const* from, size_t offset, uint8_t* copies, size_t stride,
                            size_t count) {
    const typename Ops::Shift shift(gf16::subfield_tables());
    for (size_t i = 0; i < count; ++i, copies += stride) {
      const Vector v = Ops::load_halves(from[i] + offset, from[i] + offset + kStripElements);
      Ops::store_halves(copies, copies + kStripElements, v);
      Ops::store(to[i], shift.apply(v));
    }
  }
  static void store(const Strip* from, uint8_t* to, size_t stride, size_t left, size_t count) {
    const typename Ops::Shift shift(gf16::subfield_tables());
    const size_t high = to_high(left);
    for (size_t i = 0; i < count; ++i, to += stride) {
      Ops::store_halves(to, to + high, shift.apply(Ops::load(from[i])));
    }
  }
  static void store_past_caches(const Strip* from, uint8_t* to, size_t stride, size_t left, size_t count) {
    if (left < kStripBytes) return store(from, to, stride, left, count);
    const typename Ops::Shift shift(gf16::subfield_tables());
    for (size_t i = 0; i < count; ++i, to += stride) Ops::store_past_caches(to, shift.apply(Ops::load(from[i])));
    Ops::end_past_caches();
  }

  // Strip t becomes the sum of itself and of the strips t + 2^b for all bits b that t lacks. Those come later,
  // so that they are still what they were.
  static void derive(Strip* a, size_t size) {
    if (size < kDerived) return derive_few(a, size);
    for (size_t r = 0; r < size; r += kDerived) {
      Vector v0 = Ops::load(a[r]), v1 = Ops::load(a[r + 1]), v2 = Ops::load(a[r + 2]), v3 = Ops::load(a[r + 3]);
      Vector v4 = Ops::load(a[r + 4]), v5 = Ops::load(a[r + 5]), v6 = Ops::load(a[r + 6]), v7 = Ops::load(a[r + 7]);
      v0 = Ops::add(Ops::add(v0, v1), Ops::add(v2, v4));
      v1 = Ops::add(v1, Ops::add(v3, v5));
      v2 = Ops::add(v2, Ops::add(v3, v6));
      v3 = Ops::add(v3, v7);
      v4 = Ops::add(v4, Ops::add(v5, v6));
      v5 = Ops::add(v5, v7);
      v6 = Ops::add(v6, v7);
      for (size_t lacking = (size - kDerived) & ~r; lacking != 0; lacking &= lacking - 1) {
        const Strip* more = a + r + (lacking & (~lacking + 1));
        v0 = Ops::add(v0, Ops::load(more[0]));
        v1 = Ops::add(v1, Ops::load(more[1]));
        v2 = Ops::add(v2, Ops::load(more[2]));
        v3 = Ops::add(v3, Ops::load(more[3]));
        v4 = Ops::add(v4, Ops::load(more[4]));
        v5 = Ops::add(v5, Ops::load(more[5]));
        v6 = Ops::add(v6, Ops::load(more[6]));
        v7 = Ops::add(v7, Ops::load(more[7]));
      }
      store_eight(a + r, 1, v0, v1, v2, v3, v4, v5, v6, v7);
    }
  }
  static constexpr size_t kDerived = 8;  // at a time
  static void derive_few(Strip* a, size_t size) {
    for (size_t t = 0; t < size; ++t) {
      for (size_t bit = 1; bit < size; bit *= 2) {
        if ((t & bit) == 0) add(a + t, a + t + bit, 1);
      }
    }
  }

  using General = typename Ops::General;
  static void sum_multiples(Strip* sum, const Strip* strips, const uint16_t* factors, size_t count) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    Vector total = General(tables, factors[0]).times(Ops::load(strips[0]));
    for (size_t i = 1; i < count; ++i) {
      total = Ops::add(total, General(tables, factors[i]).times(Ops::load(strips[i])));
    }
    Ops::store(*sum, total);
  }
  static void scatter(Strip* to, const Strip* from, const ScaledPlace* places, size_t count) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    for (size_t i = 0; i < count; ++i) {
      Ops::store(to[places[i].position], General(tables, places[i].factor).times(Ops::load(from[i])));
    }
  }
  static void gather(Strip* to, const Strip* from, const ScaledPlace* places, size_t count) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    for (size_t i = 0; i < count; ++i) {
      Ops::store(to[i], General(tables, places[i].factor).times(Ops::load(from[places[i].position])));
    }
  }
};

}  // namespace
}  // namespace walrusfs::codec
