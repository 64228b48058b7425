// The transforms of specification 4.3 for vector engines, two layers at a time so that each strip is
// loaded and stored half as often. For inclusion by engine files only: everything is local to the file
// that includes it, as each is compiled for another CPU (see engine_table.h).
//
// Strips are in subfield coordinates (specification 4.6): multiplying by a constant below 256 is one
// bytewise operation on both halves; other constants mix the halves.
//
// Ops has: Vector; load, store, add; and two kinds of constants, Subfield and General, made from a
// 16-bit word, with times(Vector).
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/engine_table.h"
#include "codec/gf16.h"

#define WFS_ALWAYS_INLINE inline __attribute__((always_inline))

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

  // The multipliers of one group over two layers: `first` and `second` for the two halves on the layer
  // with distance d, `across` on the layer with distance 2d.
  struct Words {
    uint32_t first;
    uint32_t second;
    uint32_t across;
    bool in_subfield() const { return (first | second | across) < 256; }
  };
  static WFS_ALWAYS_INLINE Words words_for(uint32_t point, unsigned layer) {
    const uint32_t d = uint32_t{1} << layer;
    return {point >> layer, (point + 2 * d) >> layer, point >> (layer + 1)};
  }

  template <typename Factor>
  static WFS_ALWAYS_INLINE void inverse_group(Strip* a, size_t d, Words words, const gf16::SubfieldTables& tables) {
    const Factor first(tables, words.first), second(tables, words.second), across(tables, words.across);
    for (size_t i = 0; i < d; ++i) {
      Vector v0 = Ops::load(a[i]), v1 = Ops::load(a[i + d]);
      Vector v2 = Ops::load(a[i + 2 * d]), v3 = Ops::load(a[i + 3 * d]);
      v1 = Ops::add(v1, v0);
      v3 = Ops::add(v3, v2);
      v0 = Ops::add(v0, first.times(v1));
      v2 = Ops::add(v2, second.times(v3));
      v2 = Ops::add(v2, v0);
      v3 = Ops::add(v3, v1);
      v0 = Ops::add(v0, across.times(v2));
      v1 = Ops::add(v1, across.times(v3));
      Ops::store(a[i], v0);
      Ops::store(a[i + d], v1);
      Ops::store(a[i + 2 * d], v2);
      Ops::store(a[i + 3 * d], v3);
    }
  }

  template <typename Factor>
  static WFS_ALWAYS_INLINE void forward_group(Strip* a, size_t d, Words words, const gf16::SubfieldTables& tables) {
    const Factor first(tables, words.first), second(tables, words.second), across(tables, words.across);
    for (size_t i = 0; i < d; ++i) {
      Vector v0 = Ops::load(a[i]), v1 = Ops::load(a[i + d]);
      Vector v2 = Ops::load(a[i + 2 * d]), v3 = Ops::load(a[i + 3 * d]);
      v0 = Ops::add(v0, across.times(v2));
      v1 = Ops::add(v1, across.times(v3));
      v2 = Ops::add(v2, v0);
      v3 = Ops::add(v3, v1);
      v0 = Ops::add(v0, first.times(v1));
      v2 = Ops::add(v2, second.times(v3));
      v1 = Ops::add(v1, v0);
      v3 = Ops::add(v3, v2);
      Ops::store(a[i], v0);
      Ops::store(a[i + d], v1);
      Ops::store(a[i + 2 * d], v2);
      Ops::store(a[i + 3 * d], v3);
    }
  }

  // One layer alone, where their number is odd: the one with the largest distance, size / 2.
  template <typename Factor>
  static WFS_ALWAYS_INLINE void inverse_top(Strip* a, size_t d, uint32_t word, const gf16::SubfieldTables& tables) {
    const Factor factor(tables, word);
    for (size_t i = 0; i < d; ++i) {
      const Vector sum = Ops::add(Ops::load(a[i + d]), Ops::load(a[i]));
      Ops::store(a[i + d], sum);
      Ops::store(a[i], Ops::add(Ops::load(a[i]), factor.times(sum)));
    }
  }
  template <typename Factor>
  static WFS_ALWAYS_INLINE void forward_top(Strip* a, size_t d, uint32_t word, const gf16::SubfieldTables& tables) {
    const Factor factor(tables, word);
    for (size_t i = 0; i < d; ++i) {
      const Vector low = Ops::add(Ops::load(a[i]), factor.times(Ops::load(a[i + d])));
      Ops::store(a[i], low);
      Ops::store(a[i + d], Ops::add(Ops::load(a[i + d]), low));
    }
  }

  static void inverse(Strip* a, size_t size, uint32_t base, size_t nonzero) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    unsigned layer = 0;
    for (; size_t{4} << layer <= size; layer += 2) {
      const size_t d = size_t{1} << layer;
      for (size_t r = 0; r < size && r < nonzero; r += 4 * d) {
        const Words words = words_for(base + static_cast<uint32_t>(r), layer);
        if (words.in_subfield()) {
          inverse_group<typename Ops::Subfield>(a + r, d, words, tables);
        } else {
          inverse_group<typename Ops::General>(a + r, d, words, tables);
        }
      }
    }
    if (size_t{2} << layer > size) return;
    const uint32_t word = base >> layer;
    if (word < 256) {
      inverse_top<typename Ops::Subfield>(a, size / 2, word, tables);
    } else {
      inverse_top<typename Ops::General>(a, size / 2, word, tables);
    }
  }

  static void forward(Strip* a, size_t size, uint32_t base, size_t begin, size_t end) {
    const gf16::SubfieldTables& tables = gf16::subfield_tables();
    unsigned layers = 0;
    while (size_t{1} << layers < size) ++layers;
    if (layers % 2 != 0) {
      --layers;
      const uint32_t word = base >> layers;
      if (word < 256) {
        forward_top<typename Ops::Subfield>(a, size / 2, word, tables);
      } else {
        forward_top<typename Ops::General>(a, size / 2, word, tables);
      }
    }
    while (layers >= 2) {
      layers -= 2;
      const size_t d = size_t{1} << layers;
      for (size_t r = begin / (4 * d) * (4 * d); r < end; r += 4 * d) {
        const Words words = words_for(base + static_cast<uint32_t>(r), layers);
        if (words.in_subfield()) {
          forward_group<typename Ops::Subfield>(a + r, d, words, tables);
        } else {
          forward_group<typename Ops::General>(a + r, d, words, tables);
        }
      }
    }
  }

  static void add(Strip* into, const Strip* from, size_t count) {
    for (size_t i = 0; i < count; ++i) Ops::store(into[i], Ops::add(Ops::load(into[i]), Ops::load(from[i])));
  }

  static void scale(Strip* strip, uint16_t factor) {
    const typename Ops::General by(gf16::subfield_tables(), factor);
    Ops::store(*strip, by.times(Ops::load(*strip)));
  }
};

}  // namespace
}  // namespace walrusfs::codec
