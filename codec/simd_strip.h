// Strips for vector engines whose registers hold half a strip or less: low bytes apart from high bytes,
// and constants as linear maps of bytes. For inclusion by engine files only, like simd_transform.h.
#pragma once

#include "codec/simd_transform.h"

namespace walrusfs::codec {
namespace {

// Half has: Bytes, the 32 low or high bytes of a strip; load, store; the same anywhere in memory, load_anywhere,
// store_anywhere; add; and Map, a linear map of bytes, made for a constant of GF(256) by of_constant() or for the
// change of coordinates by shift(), with times(Bytes).
template <typename Half>
struct SplitStrips {
  static constexpr unsigned kLayersPerPass = 2;
  struct Vector {
    typename Half::Bytes low;
    typename Half::Bytes high;
  };
  static WFS_ALWAYS_INLINE Vector load(const Strip& strip) { return {Half::load(strip.low), Half::load(strip.high)}; }
  static WFS_ALWAYS_INLINE void store(Strip& strip, Vector v) {
    Half::store(strip.low, v.low);
    Half::store(strip.high, v.high);
  }
  static WFS_ALWAYS_INLINE Vector load_halves(const uint8_t* low, const uint8_t* high) {
    return {Half::load_anywhere(low), Half::load_anywhere(high)};
  }
  // In this order: of a short symbol the high half overwrites what the low one has too much.
  static WFS_ALWAYS_INLINE void store_halves(uint8_t* low, uint8_t* high, Vector v) {
    Half::store_anywhere(low, v.low);
    Half::store_anywhere(high, v.high);
  }
  static WFS_ALWAYS_INLINE void store_past_caches(uint8_t* to, Vector v) {
    Half::store_past_caches(to, v.low);
    Half::store_past_caches(to + kStripElements, v.high);
  }
  static WFS_ALWAYS_INLINE void end_past_caches() { Half::end_past_caches(); }
  static WFS_ALWAYS_INLINE Vector add(Vector a, Vector b) {
    return {Half::add(a.low, b.low), Half::add(a.high, b.high)};
  }

  using Map = typename Half::Map;

  struct Subfield {
    Map map;
    WFS_ALWAYS_INLINE Subfield(const gf16::SubfieldTables& tables, uint32_t word)
        : map(Map::of_constant(tables, word)) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const { return {map.times(v.low), map.times(v.high)}; }
  };
  struct General {
    Map low_by_low, high_by_high, high_to_low, low_to_high;
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, uint32_t word)
        : General(tables, split_factor(tables, word)) {}
    WFS_ALWAYS_INLINE General(const gf16::SubfieldTables& tables, FactorParts parts)
        : low_by_low(Map::of_constant(tables, parts.low_by_low)),
          high_by_high(Map::of_constant(tables, parts.high_by_high)),
          high_to_low(Map::of_constant(tables, parts.high_to_low)),
          low_to_high(Map::of_constant(tables, parts.low_to_high)) {}
    WFS_ALWAYS_INLINE Vector times(Vector v) const {
      return {Half::add(low_by_low.times(v.low), high_to_low.times(v.high)),
              Half::add(low_to_high.times(v.low), high_by_high.times(v.high))};
    }
  };

  struct Shift {
    Map map;
    WFS_ALWAYS_INLINE explicit Shift(const gf16::SubfieldTables& tables) : map(Map::shift(tables)) {}
    WFS_ALWAYS_INLINE Vector apply(Vector v) const { return {Half::add(v.low, map.times(v.high)), v.high}; }
  };
};

}  // namespace
}  // namespace walrusfs::codec
