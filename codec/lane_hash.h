// Hashing many messages of one length at once, in the lanes of an engine: leaves and inner nodes of
// Merkle trees by the thousand.
#pragma once

#include <span>
#include <vector>

#include "base/ids.h"
#include "codec/engine.h"
#include "codec/engine_table.h"

namespace walrusfs::codec {

LaneState initial_lanes();
Digest lane_digest(const LaneState& state, size_t lane);

// out[i] = inner node over in[2i], in[2i+1], for i < pairs. `out` may be `in`.
void hash_pairs(const CodecEngine& engine, const Digest* in, size_t pairs, Digest* out);

// The root of the tree over `nodes` (not empty), which serves as scratch.
Digest reduce_to_root(const CodecEngine& engine, std::vector<Digest>& nodes);

// Leaf hashes of `count` messages of one length that arrive in pieces. The leaf prefix counts as the
// message's first byte: the caller hands it in with the first piece.
class LeafHasher {
 public:
  explicit LeafHasher(size_t count) : lanes_((count + kLanes - 1) / kLanes, initial_lanes()), count_(count) {}

  // Message i continues at first + i * stride with `bytes` bytes, a multiple of the block size.
  void absorb(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes);
  // The last piece, possibly shorter; behind it the caller has put zeros up to a whole block.
  void finish(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes, Digest* out);

 private:
  void compress(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t blocks, uint64_t total_bytes);

  std::vector<LaneState> lanes_;
  size_t count_;
  uint64_t absorbed_bytes_ = 0;
};

}  // namespace walrusfs::codec
