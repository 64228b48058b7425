// Hashing many messages of one length at once, in the lanes of an engine: leaves and inner nodes of
// Merkle trees by the thousand.
//
// Digests stay in the engines' layout (DigestLanes) from the leaves to the roots, since putting them
// into order and apart again for every level would cost a tenth of the hashing.
#pragma once

#include <span>
#include <vector>

#include "base/ids.h"
#include "codec/engine.h"
#include "codec/engine_table.h"

namespace walrusfs::codec {

// Groups of kLanes messages or digests that hold `count`.
constexpr size_t groups_for(size_t count) { return (count + kLanes - 1) / kLanes; }

// Half-open range of groups.
struct GroupRange {
  size_t begin = 0;
  size_t end = 0;
  bool empty() const { return begin >= end; }
};

LaneState initial_lanes();

Digest get_digest(const DigestLanes* groups, size_t number);
void set_digest(DigestLanes* groups, size_t number, const Digest& digest);

// out[i] = inner node over in[2i], in[2i+1], for i < pairs. `out` may be `in`.
void hash_pairs(const CodecEngine& engine, const Digest* in, size_t pairs, Digest* out);

// The root of the tree over `nodes` (not empty).
Digest reduce_to_root(const CodecEngine& engine, std::span<const Digest> nodes);

// Leaf hashes of messages of one length that arrive in pieces. The leaf prefix counts as the message's
// first byte: the caller hands it in with the first piece. There are always whole groups of messages;
// what is in those beyond the ones that the caller cares for does not matter, but it must be readable.
class LeafHasher {
 public:
  // Groups in `skipped` are left out; nothing is read or written for them.
  explicit LeafHasher(size_t groups, GroupRange skipped = {}) : states_(groups, initial_lanes()), skipped_(skipped) {}

  // Message i continues at first + i * stride with `bytes` bytes, a multiple of the block size.
  void absorb(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes);
  // The last piece, possibly shorter; behind it the caller has put zeros up to a whole block.
  void finish(const CodecEngine& engine, const uint8_t* first, size_t stride, size_t bytes, DigestLanes* out);

 private:
  struct Piece {
    const uint8_t* first;
    size_t stride;
    size_t blocks;
    uint64_t total_bytes;
  };
  void compress(const CodecEngine& engine, const Piece& piece);
  void compress(const CodecEngine& engine, const Piece& piece, GroupRange range);
  bool skips(size_t group) const { return group >= skipped_.begin && group < skipped_.end; }

  std::vector<LaneState> states_;
  GroupRange skipped_;
  uint64_t absorbed_bytes_ = 0;
};

}  // namespace walrusfs::codec
