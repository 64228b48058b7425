// Merkle trees as Walrus builds them: BLAKE2b-256, 00 before leaves, 01 before inner nodes, one empty
// node appended to a level of odd length (specification section 6).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "codec/bcs.h"

namespace walrusfs {

// A node as it is written in BCS: a digest, or the empty node, which hashes as 32 zero bytes.
struct MerkleNode {
  Digest digest{};
  bool empty = false;

  static MerkleNode none() { return {Digest{}, true}; }
  bool operator==(const MerkleNode&) const = default;
};

void write_node(BcsWriter& out, const MerkleNode& node);
Result<MerkleNode> read_node(BcsReader& in);

Digest merkle_leaf(ByteView data);
Digest merkle_inner(const Digest& left, const Digest& right);

// The siblings from the bottom up.
struct MerkleProof {
  std::vector<MerkleNode> path;

  void write(BcsWriter& out) const;
  static Result<MerkleProof> read(BcsReader& in);

  // Whether `leaf` is number `index` of the `leaf_count` leaves under `root`. A root that is the
  // empty node proves nothing.
  bool verify(ByteView leaf, size_t index, size_t leaf_count, const MerkleNode& root) const;
  bool operator==(const MerkleProof&) const = default;
};

class MerkleTree {
 public:
  // From the hashes of the leaves (merkle_leaf).
  explicit MerkleTree(std::vector<Digest> leaf_hashes);

  // The empty node for a tree without leaves.
  MerkleNode root() const;
  size_t leaf_count() const { return levels_.front().size(); }
  // index < leaf_count().
  MerkleProof prove(size_t index) const;

 private:
  std::vector<std::vector<Digest>> levels_;  // from the leaves up, without the appended empty nodes
};

// The root alone, over leaf hashes.
MerkleNode merkle_root(std::span<const Digest> leaf_hashes);

}  // namespace walrusfs
