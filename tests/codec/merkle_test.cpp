#include "codec/merkle.h"

#include <nlohmann/json.hpp>

#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::load_vectors;
using test::stream;

std::vector<Bytes> leaves_of(const nlohmann::json& c) {
  std::vector<Bytes> leaves;
  for (const auto& length : c["leaf_lengths"]) {
    leaves.push_back(stream(c["leaf_seed_prefix"].get<std::string>() + std::to_string(leaves.size()), length));
  }
  return leaves;
}

MerkleTree tree_of(const std::vector<Bytes>& leaves) {
  std::vector<Digest> hashes;
  for (const Bytes& leaf : leaves) hashes.push_back(merkle_leaf(leaf));
  return MerkleTree(hashes);
}

TEST(Merkle, RootsAndProofsAreThoseOfTheOfficialTree) {
  const nlohmann::json vectors = load_vectors("merkle");
  for (const auto& c : vectors["cases"]) {
    const auto leaves = leaves_of(c);
    const MerkleTree tree = tree_of(leaves);
    EXPECT_EQ(to_hex(tree.root().digest), c["root"]);
    for (size_t i = 0; i < leaves.size(); ++i) {
      BcsWriter out;
      tree.prove(i).write(out);
      const Bytes bcs = out.take();
      EXPECT_EQ(to_hex(bcs), c["proofs_bcs"][i]);
      BcsReader in(bcs, "a proof");
      const auto parsed = MerkleProof::read(in);
      ASSERT_TRUE(parsed.ok());
      EXPECT_TRUE(parsed->verify(leaves[i], i, leaves.size(), tree.root()));
    }
  }
}

TEST(Merkle, ProofOfAnythingElseFails) {
  const std::vector<Bytes> leaves{{1}, {2}, {3}, {4}, {5}};
  const MerkleTree tree = tree_of(leaves);
  MerkleProof proof = tree.prove(2);
  EXPECT_TRUE(proof.verify(leaves[2], 2, 5, tree.root()));
  EXPECT_FALSE(proof.verify(leaves[1], 2, 5, tree.root()));
  EXPECT_FALSE(proof.verify(leaves[2], 3, 5, tree.root()));
  EXPECT_FALSE(proof.verify(leaves[2], 2 + 8, 5, tree.root()));
  EXPECT_FALSE(proof.verify(leaves[2], 2, 5, MerkleNode{merkle_leaf(leaves[2])}));
  EXPECT_FALSE(proof.verify(leaves[2], 2, 5, MerkleNode::none()));
  proof.path[0].digest[0] ^= 1;
  EXPECT_FALSE(proof.verify(leaves[2], 2, 5, tree.root()));
  proof = tree.prove(2);
  proof.path.push_back(MerkleNode::none());
  EXPECT_FALSE(proof.verify(leaves[2], 2, 5, tree.root()));
}

TEST(Merkle, TreeWithoutLeavesHasTheEmptyNodeAsRoot) {
  EXPECT_EQ(MerkleTree({}).root(), MerkleNode::none());
  EXPECT_EQ(merkle_root({}), MerkleNode::none());
}

}  // namespace
}  // namespace walrusfs
