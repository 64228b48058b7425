// The one-dimensional systematic Reed-Solomon code of Red Stuff: k source symbols, m recovery symbols,
// any k of the n = k + m give back the rest (specification 4.4, 4.5).
//
// Works on one strip (32 elements) of every symbol at a time; the caller loads and stores strips, so
// that symbols may lie anywhere. Objects are constant after construction and may be shared by threads;
// scratch strips belong to one call at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/engine_table.h"
#include "codec/shape.h"

namespace walrusfs::codec {

// Half-open range of recovery symbols.
struct RecoveryRange {
  size_t begin = 0;
  size_t end = 0;
  RecoveryRange within(size_t first, size_t last) const { return {std::max(begin, first), std::min(end, last)}; }
};

class RsCode {
 public:
  // Both at least 1, and pow2ge(min) + max <= 65536.
  RsCode(uint16_t sources, uint16_t recoveries);
  // The code that expands the slivers of `axis`: rows by the secondary code, columns by the primary one.
  static RsCode for_slivers(const CodeShape& shape, Axis axis);

  uint16_t sources() const { return k_; }
  uint16_t recoveries() const { return m_; }
  size_t symbols() const { return size_t{k_} + m_; }
  RecoveryRange all_recoveries() const { return {0, m_}; }

  // More sources than recovery symbols, roughly; decides which symbols make up the transforms.
  bool high_rate() const { return high_rate_; }
  size_t chunk() const { return chunk_; }

  size_t encode_scratch() const { return 2 * chunk_; }

  // load(first, count, strips): fills in sources [first, first + count). store(first, count, strips): takes the
  // wanted recovery symbols, piece by piece, and may use up the strips. Both in the engine's coordinates, see
  // each_loaded() and each_stored(). `scratch` has encode_scratch() strips.
  template <typename Load, typename Store>
  void encode(const CodecEngine& engine, Strip* scratch, RecoveryRange wanted, Load load, Store store) const {
    if (high_rate_) {
      encode_high(engine, scratch, wanted, load, store);
    } else {
      encode_low(engine, scratch, wanted, load, store);
    }
  }

 private:
  template <typename Load>
  void load_chunk(Strip* to, size_t first, size_t count, Load load) const {
    load(first, count, to);
    std::memset(static_cast<void*>(to + count), 0, (chunk_ - count) * sizeof(Strip));
  }

  template <typename Load, typename Store>
  void encode_high(const CodecEngine& engine, Strip* scratch, RecoveryRange wanted, Load load, Store store) const {
    Strip* sum = scratch;
    Strip* work = scratch + chunk_;
    for (size_t first = 0; first < k_; first += chunk_) {
      Strip* target = first == 0 ? sum : work;
      const size_t count = std::min<size_t>(chunk_, k_ - first);
      load_chunk(target, first, count, load);
      engine.inverse_transform(target, chunk_, static_cast<uint32_t>(first + chunk_), count);
      if (first != 0) engine.add(sum, work, chunk_);
    }
    engine.transform(sum, sum, chunk_, 0, wanted.begin, wanted.end);
    store(wanted.begin, wanted.end - wanted.begin, sum + wanted.begin);
  }

  template <typename Load, typename Store>
  void encode_low(const CodecEngine& engine, Strip* scratch, RecoveryRange wanted, Load load, Store store) const {
    Strip* coefficients = scratch;
    Strip* work = scratch + chunk_;
    load_chunk(coefficients, 0, k_, load);
    engine.inverse_transform(coefficients, chunk_, 0, k_);
    // The last chunk, which may be narrow, goes first: then the first, the wide one, can use up the coefficients.
    for (size_t left = (m_ + chunk_ - 1) / chunk_; left-- > 0;) {
      const size_t first = left * chunk_;
      const RecoveryRange part = wanted.within(first, first + chunk_);
      if (part.begin >= part.end) continue;
      Strip* to = first == 0 ? coefficients : work;
      engine.transform(to, coefficients, chunk_, static_cast<uint32_t>(first + chunk_), part.begin - first,
                       part.end - first);
      store(part.begin, part.end - part.begin, to + (part.begin - first));
    }
  }

  uint16_t k_;
  uint16_t m_;
  bool high_rate_;
  size_t chunk_;  // size of the transforms, a power of two
};

// What RsCode and RsDecodePlan load and store with, made of functions for one strip in wire coordinates:
// load(i, strip&), store(i, strip).
template <typename Load>
auto each_loaded(const CodecEngine& engine, Load load) {
  return [&engine, load](size_t first, size_t count, Strip* strips) {
    for (size_t i = 0; i < count; ++i) load(first + i, strips[i]);
    engine.convert(strips, count);
  };
}
template <typename Store>
auto each_stored(const CodecEngine& engine, Store store) {
  return [&engine, store](size_t first, size_t count, Strip* strips) {
    engine.convert(strips, count);
    for (size_t i = 0; i < count; ++i) store(first + i, strips[i]);
  };
}

// How to get the missing sources from k given symbols. Depends only on which symbols are given, so one
// plan serves all strips of a blob.
class RsDecodePlan {
 public:
  // `given`: exactly code.sources() distinct symbol numbers (sources 0..k-1, then recovery symbols).
  RsDecodePlan(const RsCode& code, std::span<const uint16_t> given);

  const std::vector<uint16_t>& missing_sources() const { return missing_; }
  size_t transform_size() const { return size_; }
  // Strips.
  size_t scratch() const { return size_ + given_.size(); }

  // load(first, count, strips): fills in the symbols given[first, first + count). store(first, count, strips):
  // takes those of missing_sources() and may use up the strips. Both in the engine's coordinates.
  template <typename Load, typename Store>
  void decode(const CodecEngine& engine, Strip* scratch, Load load, Store store) const {
    if (missing_.empty()) return;
    Strip* work = scratch + given_.size();
    load(size_t{0}, given_.size(), scratch);
    std::memset(static_cast<void*>(work), 0, size_ * sizeof(Strip));
    engine.scatter(work, scratch, given_.data(), given_.size());
    solve(engine, work);
    engine.gather(scratch, work, missing_at_.data(), missing_.size());
    store(size_t{0}, missing_.size(), scratch);
  }

 private:
  void solve(const CodecEngine& engine, Strip* work) const;

  std::vector<ScaledPlace> given_;  // on the evaluation domain, with factors of the error locator
  std::vector<uint16_t> missing_;
  std::vector<ScaledPlace> missing_at_;
  size_t size_;             // of the transform
  uint32_t given_end_ = 0;  // positions from here on hold zero
  uint32_t wanted_begin_ = 0;
  uint32_t wanted_end_ = 0;
};

}  // namespace walrusfs::codec
