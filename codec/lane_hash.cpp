#include "codec/lane_hash.h"

#include <algorithm>
#include <cstring>

#include "codec/blake2b.h"

namespace walrusfs::codec {
namespace {

constexpr uint8_t kInnerPrefix = 1;
constexpr size_t kInnerBytes = 1 + 2 * sizeof(Digest);

}  // namespace

LaneState initial_lanes() {
  LaneState state;
  for (size_t word = 0; word < 8; ++word) {
    for (uint64_t& lane : state.h[word]) lane = blake2b::kIv[word] ^ (word == 0 ? blake2b::kParameters : 0);
  }
  return state;
}

Digest lane_digest(const LaneState& state, size_t lane) {
  Digest out;
  for (size_t word = 0; word < 4; ++word) store_le(out.data() + 8 * word, state.h[word][lane]);
  return out;
}

void hash_pairs(const CodecEngine& engine, const Digest* in, size_t pairs, Digest* out) {
  alignas(64) uint8_t blocks[kLanes][kBlake2bBlockBytes] = {};
  const uint8_t* lanes[kLanes];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    blocks[lane][0] = kInnerPrefix;
    lanes[lane] = blocks[lane];
  }
  const LaneState initial = initial_lanes();
  for (size_t first = 0; first < pairs; first += kLanes) {
    const size_t used = std::min(kLanes, pairs - first);
    for (size_t lane = 0; lane < used; ++lane) {
      std::memcpy(blocks[lane] + 1, in + 2 * (first + lane), 2 * sizeof(Digest));
    }
    LaneState state = initial;
    engine.compress(state, lanes, 1, 0, kInnerBytes);
    for (size_t lane = 0; lane < used; ++lane) out[first + lane] = lane_digest(state, lane);
  }
}

Digest reduce_to_root(const CodecEngine& engine, std::vector<Digest>& nodes) {
  WFS_CHECK(!nodes.empty());
  while (nodes.size() > 1) {
    if (nodes.size() % 2 != 0) nodes.push_back(Digest{});
    const size_t pairs = nodes.size() / 2;
    hash_pairs(engine, nodes.data(), pairs, nodes.data());
    nodes.resize(pairs);
  }
  return nodes.front();
}

void LeafHasher::compress(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t blocks,
                          uint64_t total_bytes) {
  for (size_t group = 0; group < lanes_.size(); ++group) {
    const uint8_t* in[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) {
      // Lanes without a message repeat the last one; their results are dropped.
      in[lane] = first + std::min(group * kLanes + lane, count_ - 1) * stride;
    }
    engine.compress(lanes_[group], in, blocks, absorbed_bytes_, total_bytes);
  }
}

void LeafHasher::absorb(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes) {
  WFS_CHECK(bytes % kBlake2bBlockBytes == 0);
  compress(engine, first, stride, bytes / kBlake2bBlockBytes, 0);
  absorbed_bytes_ += bytes;
}

void LeafHasher::finish(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes, Digest* out) {
  const size_t blocks = (bytes + kBlake2bBlockBytes - 1) / kBlake2bBlockBytes;
  compress(engine, first, stride, blocks, absorbed_bytes_ + bytes);
  for (size_t i = 0; i < count_; ++i) out[i] = lane_digest(lanes_[i / kLanes], i % kLanes);
}

}  // namespace walrusfs::codec
