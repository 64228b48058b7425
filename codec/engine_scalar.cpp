// The reference engine: the specification's formulas as they are written there, one element and one
// message at a time. Other engines are tested against it. Strips stay in wire coordinates.
#include <algorithm>
#include <bit>
#include <cstring>

#include "codec/blake2b.h"
#include "codec/engine_table.h"
#include "codec/gf16.h"

namespace walrusfs::codec {
namespace {

void add(Strip* into, const Strip* from, size_t count) {
  for (size_t s = 0; s < count; ++s) {
    for (size_t i = 0; i < kStripElements; ++i) {
      into[s].low[i] ^= from[s].low[i];
      into[s].high[i] ^= from[s].high[i];
    }
  }
}

// into ^= factor * from
void add_product(Strip& into, const Strip& from, uint16_t factor) {
  if (factor == 0) return;
  const gf16::Tables& t = gf16::tables();
  const uint32_t log_factor = t.log[factor];
  for (size_t i = 0; i < kStripElements; ++i) {
    const uint32_t element = from.low[i] | uint32_t{from.high[i]} << 8;
    if (element == 0) continue;
    const uint16_t product = t.exp[(t.log[element] + log_factor) % gf16::kModulus];
    into.low[i] ^= static_cast<uint8_t>(product);
    into.high[i] ^= static_cast<uint8_t>(product >> 8);
  }
}

void convert(Strip*, size_t) {}

void load(Strip* to, const uint8_t* const* from, size_t offset, size_t left, size_t count) {
  for (size_t i = 0; i < count; ++i) load_strip(to[i], from[i] + offset, left);
}

void load_and_copy(Strip* to, const uint8_t* const* from, size_t offset, uint8_t* copies, size_t stride,
                   size_t count) {
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&to[i], from[i] + offset, kStripBytes);
    std::memcpy(copies + i * stride, from[i] + offset, kStripBytes);
  }
}

void store(const Strip* from, uint8_t* to, size_t stride, size_t left, size_t count) {
  for (size_t i = 0; i < count; ++i) store_strip(from[i], to + i * stride, left);
}

void inverse_transform(Strip* a, size_t size, uint32_t base, size_t nonzero) {
  for (unsigned layer = 0; size_t{1} << layer < size; ++layer) {
    const size_t d = size_t{1} << layer;
    for (size_t r = 0; r < size && r < nonzero; r += 2 * d) {
      const auto factor = static_cast<uint16_t>((base + r) >> layer);
      for (size_t i = r; i < r + d; ++i) {
        add(&a[i + d], &a[i], 1);
        add_product(a[i], a[i + d], factor);
      }
    }
  }
}

void transform(Strip* a, const Strip* from, size_t size, uint32_t base, size_t begin, size_t end) {
  if (a != from) std::copy_n(from, size, a);
  for (size_t d = size / 2; d > 0; d /= 2) {
    const auto layer = static_cast<unsigned>(std::countr_zero(d));
    for (size_t r = begin / (2 * d) * (2 * d); r < end; r += 2 * d) {
      const auto factor = static_cast<uint16_t>((base + r) >> layer);
      for (size_t i = r; i < r + d; ++i) {
        add_product(a[i], a[i + d], factor);
        add(&a[i + d], &a[i], 1);
      }
    }
  }
}

void derive(Strip* a, size_t size) {
  for (size_t i = 1; i < size; ++i) {
    const size_t width = i & (~i + 1);
    add(&a[i - width], &a[i], width);
  }
}

void sum_multiples(Strip* sum, const Strip* strips, const uint16_t* factors, size_t count) {
  Strip total{};
  for (size_t i = 0; i < count; ++i) add_product(total, strips[i], factors[i]);
  *sum = total;
}

void scatter(Strip* to, const Strip* from, const ScaledPlace* places, size_t count) {
  for (size_t i = 0; i < count; ++i) sum_multiples(&to[places[i].position], &from[i], &places[i].factor, 1);
}

void gather(Strip* to, const Strip* from, const ScaledPlace* places, size_t count) {
  for (size_t i = 0; i < count; ++i) sum_multiples(&to[i], &from[places[i].position], &places[i].factor, 1);
}

void mix(uint64_t& a, uint64_t& b, uint64_t& c, uint64_t& d, uint64_t x, uint64_t y) {
  a += b + x;
  d = std::rotr(d ^ a, 32);
  c += d;
  b = std::rotr(b ^ c, 24);
  a += b + y;
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 63);
}

void compress_block(uint64_t h[8], const uint8_t* block, uint64_t counter, bool last) {
  uint64_t m[16];
  std::memcpy(m, block, sizeof m);
  uint64_t v[16];
  for (size_t i = 0; i < 8; ++i) {
    v[i] = h[i];
    v[8 + i] = blake2b::kIv[i];
  }
  v[12] ^= counter;
  if (last) v[14] = ~v[14];
  for (unsigned round = 0; round < blake2b::kRounds; ++round) {
    const uint8_t* s = blake2b::kSigma[round % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[8 + i];
}

void compress(LaneState* states, size_t groups, const uint8_t* first, size_t stride, size_t blocks,
              uint64_t bytes_before, uint64_t total_bytes) {
  for (size_t i = 0; i < groups * kLanes; ++i) {
    LaneState& state = states[i / kLanes];
    uint64_t h[8];
    for (size_t word = 0; word < 8; ++word) h[word] = state.h[word][i % kLanes];
    for (size_t b = 0; b < blocks; ++b) {
      const bool last = total_bytes != 0 && b + 1 == blocks;
      const uint64_t counter = last ? total_bytes : bytes_before + (b + 1) * kBlake2bBlockBytes;
      compress_block(h, first + i * stride + b * kBlake2bBlockBytes, counter, last);
    }
    for (size_t word = 0; word < 8; ++word) state.h[word][i % kLanes] = h[word];
  }
}

// Digest number `at` of `out`: that of a message of at most one block, which lies there with zeros behind it.
void hash_block(const uint8_t* block, uint64_t total_bytes, DigestLanes* out, size_t at) {
  uint64_t h[8];
  std::memcpy(h, blake2b::kIv, sizeof h);
  h[0] ^= blake2b::kParameters;
  compress_block(h, block, total_bytes, true);
  for (size_t word = 0; word < 4; ++word) out[at / kLanes].word[word][at % kLanes] = h[word];
}

void hash_words(const LaneWord* messages, uint64_t total_bytes, DigestLanes* out, size_t groups) {
  for (size_t i = 0; i < groups * kLanes; ++i) {
    uint8_t block[kBlake2bBlockBytes] = {};
    std::memcpy(block, &messages[i / kLanes].lane[i % kLanes], sizeof(uint64_t));
    hash_block(block, total_bytes, out, i);
  }
}

void copy_digest(uint8_t* to, const DigestLanes* from, size_t at) {
  for (size_t word = 0; word < 4; ++word) std::memcpy(to + 8 * word, &from[at / kLanes].word[word][at % kLanes], 8);
}

// Digests number `left` and `right` of `in` become number `at` of `out`.
void join(const DigestLanes* in, size_t left, size_t right, DigestLanes* out, size_t at) {
  uint8_t block[kBlake2bBlockBytes] = {kInnerPrefix};
  copy_digest(block + 1, in, left);
  copy_digest(block + 33, in, right);
  hash_block(block, kInnerBytes, out, at);
}

void join_groups(const DigestLanes* in, DigestLanes* out, size_t groups) {
  for (size_t i = 0; i < groups; ++i) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const size_t left = 2 * i * kLanes + lane;
      join(in, left, left + kLanes, out, i * kLanes + lane);
    }
  }
}

void join_neighbours(const DigestLanes* in, DigestLanes* out, size_t groups) {
  for (size_t i = 0; i < groups * kLanes; ++i) join(in, 2 * i, 2 * i + 1, out, i);
}

}  // namespace

extern const CodecEngine kScalarEngine{.name = "scalar",
                                       .convert = convert,
                                       .load = load,
                                       .load_and_copy = load_and_copy,
                                       .store = store,
                                       .store_past_caches = store,
                                       .inverse_transform = inverse_transform,
                                       .transform = transform,
                                       .derive = derive,
                                       .add = add,
                                       .sum_multiples = sum_multiples,
                                       .scatter = scatter,
                                       .gather = gather,
                                       .compress = compress,
                                       .hash_words = hash_words,
                                       .join_groups = join_groups,
                                       .join_neighbours = join_neighbours};

}  // namespace walrusfs::codec
