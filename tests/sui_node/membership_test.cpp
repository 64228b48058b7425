// Who keeps which shard, read from a chain whose epochs change.
#include "localnet/chain_membership.h"

#include "chain.h"
#include "codec/signed_messages.h"
#include "localnet/sui/epochs.h"

namespace walrusfs::localnet::sui {
namespace {

class MembershipTest : public ChainTest {
 protected:
  // A fifth node with a quarter of what the largest have.
  ObjectId fifth() {
    const auto key = bls::SecretKey::from_seed(Bytes(32, 50)).value();
    const auto point = key.public_key().to_bytes();
    const auto proof = prove_possession(key, 1, me.address().bytes).to_bytes();
    Candidate candidate;
    candidate.address = "127.0.0.1:9";
    candidate.public_key = Bytes(point.begin(), point.end());
    candidate.proof_of_possession = Bytes(proof.begin(), proof.end());
    candidate.network_public_key = Bytes(33, 2);
    candidate.operator_address = me.address();
    candidate.votes = {1, 1, uint64_t{1} << 40};
    const ObjectId id = register_candidate(*node, candidate).value();
    EXPECT_TRUE(grant_stake(*node, id, 2'500'000'000'000, me.address()).ok());
    return id;
  }
};

TEST_F(MembershipTest, FollowsTheChangeThroughItsPhases) {
  const ChainMembership membership(*node);
  const auto first = membership.committees();
  EXPECT_EQ(first->epoch, 1u);
  EXPECT_EQ(first->phase, Phase::kDone);
  EXPECT_EQ(first->next, nullptr);
  EXPECT_EQ(membership.shape().n(), kShards);
  ASSERT_EQ(first->current->members().size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    const Member& member = first->current->members()[i];
    EXPECT_EQ(member.id, nodes.genesis.nodes[i].id.to_string());
    EXPECT_EQ(member.key, nodes.keys[i].public_key());
    EXPECT_EQ(member.shards.size(), nodes.genesis.nodes[i].shards.size());
  }
  EXPECT_EQ(membership.committees(), first);  // the very same while nothing happens

  const std::string newcomer = fifth().to_string();
  EXPECT_EQ(membership.committees(), first);  // nor by what does not concern it
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  const auto selected = membership.committees();
  EXPECT_EQ(selected->phase, Phase::kNextSelected);
  ASSERT_NE(selected->next, nullptr);
  ASSERT_NE(selected->next->find(newcomer), nullptr);
  EXPECT_EQ(selected->next->find(newcomer)->shards.size(), 2u);
  EXPECT_EQ(selected->current->find(newcomer), nullptr);

  ASSERT_TRUE(start_epoch_change(*node, Timing::kNow).ok());
  const auto sync = membership.committees();
  EXPECT_EQ(sync->epoch, 2u);
  EXPECT_EQ(sync->phase, Phase::kSync);
  ASSERT_NE(sync->also_serving(), nullptr);
  EXPECT_EQ(sync->also_serving()->members().size(), 4u);
  EXPECT_EQ(sync->current->members().size(), 5u);
  EXPECT_EQ(sync->current->signers().size(), 5u);
  for (const GenesisNode& each : nodes.genesis.nodes) ASSERT_TRUE(report_sync_done(*node, each.id).ok());
  EXPECT_EQ(membership.committees()->phase, Phase::kDone);
  EXPECT_EQ(membership.committees()->also_serving(), nullptr);
}

TEST_F(MembershipTest, ReadsAChainThatIsReopenedInTheMiddle) {
  fifth();
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  ASSERT_TRUE(start_epoch_change(*node, Timing::kNow).ok());
  restart();
  const ChainMembership membership(*node);
  EXPECT_EQ(membership.committees()->epoch, 2u);
  EXPECT_EQ(membership.committees()->phase, Phase::kSync);
  EXPECT_EQ(membership.committees()->previous->members().size(), 4u);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
