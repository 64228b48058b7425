#include "codec/lane_hash.h"

#include <algorithm>

#include "codec/blake2b.h"
#include "codec/lane_tree.h"

namespace walrusfs::codec {

LaneState initial_lanes() {
  LaneState state;
  for (size_t word = 0; word < 8; ++word) {
    for (uint64_t& lane : state.h[word]) lane = blake2b::kIv[word] ^ (word == 0 ? blake2b::kParameters : 0);
  }
  return state;
}

Digest get_digest(const DigestLanes* groups, size_t number) {
  Digest out;
  const DigestLanes& group = groups[number / kLanes];
  for (size_t word = 0; word < 4; ++word) store_le(out.data() + 8 * word, group.word[word][number % kLanes]);
  return out;
}

void set_digest(DigestLanes* groups, size_t number, const Digest& digest) {
  DigestLanes& group = groups[number / kLanes];
  for (size_t word = 0; word < 4; ++word) {
    group.word[word][number % kLanes] = load_le<uint64_t>(digest.data() + 8 * word);
  }
}

void hash_pairs(const CodecEngine& engine, const Digest* in, size_t pairs, Digest* out) {
  for (size_t first = 0; first < pairs; first += kLanes) {
    const size_t used = std::min(kLanes, pairs - first);
    DigestLanes lanes[2] = {};
    for (size_t i = 0; i < 2 * used; ++i) set_digest(lanes, i, in[2 * first + i]);
    engine.join_neighbours(lanes, lanes, 1);
    for (size_t i = 0; i < used; ++i) out[first + i] = get_digest(lanes, i);
  }
}

Digest reduce_to_root(const CodecEngine& engine, std::span<const Digest> nodes) {
  WFS_CHECK(!nodes.empty());
  std::vector<DigestLanes> lanes(tree_groups(nodes.size()));
  for (size_t i = 0; i < nodes.size(); ++i) set_digest(lanes.data(), i, nodes[i]);
  return neighbours_root(engine, lanes.data(), nodes.size());
}

void LeafHasher::compress(const CodecEngine& engine, const Piece& piece, GroupRange range) {
  if (range.empty()) return;
  engine.compress(states_.data() + range.begin, range.end - range.begin,
                  piece.first + range.begin * kLanes * piece.stride, piece.stride, piece.blocks, absorbed_bytes_,
                  piece.total_bytes);
}

void LeafHasher::compress(const CodecEngine& engine, const Piece& piece) {
  if (skipped_.empty()) return compress(engine, piece, {0, states_.size()});
  compress(engine, piece, {0, skipped_.begin});
  compress(engine, piece, {skipped_.end, states_.size()});
}

void LeafHasher::absorb(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes) {
  WFS_CHECK(bytes % kBlake2bBlockBytes == 0);
  compress(engine, {first, stride, bytes / kBlake2bBlockBytes, 0});
  absorbed_bytes_ += bytes;
}

void LeafHasher::finish(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes,
                        DigestLanes* out) {
  const size_t blocks = (bytes + kBlake2bBlockBytes - 1) / kBlake2bBlockBytes;
  compress(engine, {first, stride, blocks, absorbed_bytes_ + bytes});
  for (size_t group = 0; group < states_.size(); ++group) {
    if (!skips(group)) std::memcpy(out[group].word, states_[group].h, sizeof out[group].word);
  }
}

}  // namespace walrusfs::codec
