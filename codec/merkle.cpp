#include "codec/merkle.h"

#include <bit>

#include "base/crypto.h"
#include "codec/lane_hash.h"

namespace walrusfs {
namespace {

constexpr uint8_t kEmptyNodeTag = 0;
constexpr uint8_t kDigestNodeTag = 1;
constexpr uint8_t kLeafPrefix = 0;
// Deeper than any tree over u16-numbered leaves.
constexpr uint32_t kMaxProofNodes = 16;

// The number of levels above `leaves` leaves: ceil(log2(leaves)).
size_t tree_height(size_t leaves) { return leaves <= 1 ? 0 : std::bit_width(leaves - 1); }

// The next level of the tree; `level` has more than one node.
std::vector<Digest> level_above(const std::vector<Digest>& level) {
  const size_t pairs = level.size() / 2;
  std::vector<Digest> above(pairs + level.size() % 2);
  codec::hash_pairs(default_codec_engine(), level.data(), pairs, above.data());
  if (level.size() % 2 != 0) above.back() = merkle_inner(level.back(), Digest{});
  return above;
}

}  // namespace

void write_node(BcsWriter& out, const MerkleNode& node) {
  if (node.empty) return out.u8(kEmptyNodeTag);
  out.u8(kDigestNodeTag);
  out.raw(node.digest);
}

Result<MerkleNode> read_node(BcsReader& in) {
  WFS_ASSIGN(const uint8_t tag, in.u8());
  if (tag == kEmptyNodeTag) return MerkleNode::none();
  if (tag != kDigestNodeTag) return in.fail("a Merkle node has an unknown tag");
  WFS_ASSIGN(const Digest digest, in.digest());
  return MerkleNode{digest};
}

Digest merkle_leaf(ByteView data) {
  Blake2b256 hash;
  hash.update({&kLeafPrefix, 1});
  hash.update(data);
  return hash.finish();
}

Digest merkle_inner(const Digest& left, const Digest& right) {
  uint8_t preimage[1 + 2 * sizeof(Digest)];
  preimage[0] = codec::kInnerPrefix;
  std::memcpy(preimage + 1, left.data(), left.size());
  std::memcpy(preimage + 1 + left.size(), right.data(), right.size());
  return blake2b256(preimage);
}

void MerkleProof::write(BcsWriter& out) const {
  out.uleb(static_cast<uint32_t>(path.size()));
  for (const MerkleNode& node : path) write_node(out, node);
}

Result<MerkleProof> MerkleProof::read(BcsReader& in) {
  WFS_ASSIGN(const uint32_t count, in.uleb(kMaxProofNodes));
  MerkleProof proof;
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(const MerkleNode node, read_node(in));
    proof.path.push_back(node);
  }
  return proof;
}

bool MerkleProof::verify(ByteView leaf, size_t index, size_t leaf_count, const MerkleNode& root) const {
  if (root.empty || path.size() > tree_height(leaf_count) || index >> path.size() != 0) return false;
  Digest hash = merkle_leaf(leaf);
  for (const MerkleNode& sibling : path) {
    hash = index % 2 == 0 ? merkle_inner(hash, sibling.digest) : merkle_inner(sibling.digest, hash);
    index /= 2;
  }
  return hash == root.digest;
}

MerkleTree::MerkleTree(std::vector<Digest> leaf_hashes) {
  levels_.push_back(std::move(leaf_hashes));
  while (levels_.back().size() > 1) levels_.push_back(level_above(levels_.back()));
}

MerkleNode MerkleTree::root() const {
  return levels_.back().empty() ? MerkleNode::none() : MerkleNode{levels_.back().front()};
}

MerkleProof MerkleTree::prove(size_t index) const {
  WFS_CHECK(index < leaf_count());
  MerkleProof proof;
  for (size_t height = 0; height + 1 < levels_.size(); ++height) {
    const size_t sibling = index ^ 1;
    const auto& level = levels_[height];
    proof.path.push_back(sibling < level.size() ? MerkleNode{level[sibling]} : MerkleNode::none());
    index /= 2;
  }
  return proof;
}

MerkleNode merkle_root(std::span<const Digest> leaf_hashes) {
  if (leaf_hashes.empty()) return MerkleNode::none();
  return {codec::reduce_to_root(default_codec_engine(), leaf_hashes)};
}

}  // namespace walrusfs
