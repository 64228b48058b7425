// The change of epochs as the driver of the network makes it: committees by stake, rewards and penalties, what expires,
// and that stake, shards and WAL are never lost on the way.
#include "localnet/sui/epochs.h"

#include <map>
#include <set>

#include "base/rng.h"
#include "chain.h"
#include "codec/signed_messages.h"
#include "tests/sui_node/all_wal.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kWal = 1'000'000'000;  // FROST

Candidate candidate(uint8_t seed, uint32_t epoch, const Address& operator_address) {
  const auto key = bls::SecretKey::from_seed(Bytes(32, seed)).value();
  const auto point = key.public_key().to_bytes();
  const auto proof = prove_possession(key, epoch, operator_address.bytes).to_bytes();
  Candidate out;
  out.name = "node " + std::to_string(seed);
  out.address = "127.0.0.1:" + std::to_string(9000 + seed);
  out.public_key = Bytes(point.begin(), point.end());
  out.proof_of_possession = Bytes(proof.begin(), proof.end());
  out.network_public_key = Bytes(33, 2);
  out.operator_address = operator_address;
  out.votes = {11'000, 20'000, uint64_t{1} << 47};
  return out;
}

class EpochsTest : public ChainTest {
 protected:
  EpochView view() const { return view_epoch(*node); }
  NodeView of(const ObjectId& id) const {
    for (NodeView& each : view_nodes(*node))
      if (each.id == id) return each;
    ADD_FAILURE() << "no node " << id.to_string();
    return {};
  }
  ObjectId joined(uint8_t seed, uint64_t frost) {
    const ObjectId id = register_candidate(*node, candidate(seed, view().epoch, me.address())).value();
    EXPECT_TRUE(grant_stake(*node, id, frost, me.address()).ok());
    return id;
  }
  const ObjectId& old_node(size_t number) const { return nodes.genesis.nodes[number].id; }
  size_t shards(const ObjectId& id) const {
    const Committee committee = view().current;
    const auto* own = shards_of(committee, id);
    return own == nullptr ? 0 : own->size();
  }
  std::vector<std::string> told_last() const {
    std::vector<std::string> out;
    const Record last = node->transactions_after(node->height() - 1, 1).at(0);
    for (const EmittedEvent& event : last.effects.events) out.push_back(event.type.name);
    return out;
  }
  // Without a step: everything at once.
  void next_epoch() { ASSERT_TRUE(advance_epoch(*node).ok()); }

  uint64_t all_wal() const { return sui::all_wal(*node, std::array{me.address(), Address{}}); }
  const TestBlob poem{"a poem of some length"};
};

// ---- step by step

TEST_F(EpochsTest, TheChangeInItsSteps) {
  EXPECT_EQ(start_epoch_change(*node, Timing::kNow).error().code(), Code::kNotPermitted);
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  EXPECT_EQ(told_last(), (std::vector<std::string>{"EpochParametersSelected"}));
  EXPECT_TRUE(std::holds_alternative<NextParamsSelected>(view().state));
  EXPECT_EQ(view().next, view().current);  // stake has not changed
  EXPECT_EQ(select_next(*node, Timing::kNow).error().code(), Code::kNotPermitted);

  EXPECT_EQ(start_epoch_change(*node, Timing::kNow).value(), 2u);
  EXPECT_EQ(told_last(), (std::vector<std::string>{"EpochChangeStart", "PricesUpdated"}));
  EXPECT_EQ(std::get<EpochChangeSync>(view().state).weight, 0u);
  EXPECT_EQ(view().epoch, 2u);
  EXPECT_EQ(view().current_keys.epoch, 2u);
  EXPECT_FALSE(view().next);

  EXPECT_FALSE(report_sync_done(*node, old_node(0)).value());  // 3 of 10
  EXPECT_EQ(told_last(), (std::vector<std::string>{"ShardsReceived"}));
  const uint64_t height = node->height();
  EXPECT_FALSE(report_sync_done(*node, old_node(0)).value());  // twice is nothing
  EXPECT_EQ(node->height(), height);
  EXPECT_FALSE(report_sync_done(*node, old_node(1)).value());  // 6
  EXPECT_EQ(std::get<EpochChangeSync>(view().state).weight, 6u);
  EXPECT_TRUE(report_sync_done(*node, old_node(2)).value());  // 8
  EXPECT_EQ(told_last(), (std::vector<std::string>{"EpochChangeDone", "ShardsReceived"}));
  EXPECT_TRUE(report_sync_done(*node, old_node(3)).value());  // late
  EXPECT_EQ(std::get<EpochChangeDone>(view().state).at_ms, node->now_ms());
}

TEST_F(EpochsTest, OnTheChainsOwnTimes) {
  EXPECT_EQ(select_next(*node, Timing::kAsOnChain).error().code(), Code::kNotPermitted);
  clock.advance(Millis(nodes.genesis.epoch_duration_ms / 2));
  EXPECT_TRUE(select_next(*node, Timing::kAsOnChain).ok());
  EXPECT_EQ(start_epoch_change(*node, Timing::kAsOnChain).error().code(), Code::kNotPermitted);
  clock.advance(Millis(nodes.genesis.epoch_duration_ms / 2));
  EXPECT_TRUE(start_epoch_change(*node, Timing::kAsOnChain).ok());
}

TEST_F(EpochsTest, SystemAndStakingMoveOnTogether) {
  const uint64_t before = node->object(net.system)->version;
  next_epoch();
  EXPECT_GT(node->object(net.system)->version, before);
  EXPECT_EQ(node->object(net.system)->version, node->object(net.staking)->version);
  EXPECT_EQ(node->object(net.system)->version, node->object(inner_state_id(net.system, 3))->version);
}

TEST_F(EpochsTest, SurvivesRestartsInEveryPhase) {
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  restart();
  ASSERT_TRUE(start_epoch_change(*node, Timing::kNow).ok());
  ASSERT_TRUE(report_sync_done(*node, old_node(0)).ok());
  restart();
  EXPECT_EQ(std::get<EpochChangeSync>(view().state).weight, 3u);
  next_epoch();  // whoever has not reported is taken as done
  EXPECT_EQ(view().epoch, 3u);
}

TEST_F(EpochsTest, UnknownNodes) {
  const ObjectId nobody = Address::of(77);
  EXPECT_EQ(set_node_address(*node, nobody, "x").error().code(), Code::kNotFound);
  EXPECT_EQ(set_votes(*node, nobody, {}).error().code(), Code::kNotFound);
  EXPECT_EQ(grant_stake(*node, nobody, kWal, me.address()).error().code(), Code::kNotFound);
  EXPECT_EQ(withdraw_node(*node, nobody).error().code(), Code::kNotFound);
  EXPECT_EQ(report_failed_challenges(*node, {nobody}).error().code(), Code::kNotFound);
  EXPECT_EQ(report_sync_done(*node, nobody).error().code(), Code::kNotFound);
  EXPECT_EQ(report_sync_done(*node, net.system).error().code(), Code::kNotFound);
}

// ---- nodes come and go

TEST_F(EpochsTest, ANodeWithStakeJoinsAndTakesShards) {
  const ObjectId fifth = joined(50, 2500 * kWal);
  EXPECT_EQ(of(fifth).stake, 0u);
  EXPECT_EQ(of(fifth).next_stake, 2500 * kWal);
  const Committee before = view().current;
  next_epoch();
  EXPECT_EQ(shards(fifth), 2u);
  EXPECT_EQ(view().previous, before);
  EXPECT_EQ(of(fifth).stake, 2500 * kWal);
  EXPECT_EQ(of(fifth).address, "127.0.0.1:9050");
  ASSERT_TRUE(set_node_address(*node, fifth, "127.0.0.1:1").ok());
  EXPECT_EQ(of(fifth).address, "127.0.0.1:1");
}

// All of a node's stake fits 64 bits, what is still to count included.
TEST_F(EpochsTest, ANodesStakeHasAnEnd) {
  const ObjectId fifth = joined(50, 2500 * kWal);
  const uint64_t room = UINT64_MAX - 2500 * kWal;
  const Error refused = grant_stake(*node, fifth, room + 1, me.address()).error();
  EXPECT_EQ(refused.code(), Code::kNotPermitted);
  EXPECT_EQ(refused.message(), "a node's stake ends at 18446744073.709551615 WAL, and this would be more");
  EXPECT_TRUE(grant_stake(*node, fifth, room, me.address()).ok());
  EXPECT_EQ(of(fifth).next_stake, UINT64_MAX);
}

TEST_F(EpochsTest, StakeThatComesAfterTheChoiceWaitsForTheNext) {
  const ObjectId fifth = register_candidate(*node, candidate(50, 1, me.address())).value();
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  ASSERT_TRUE(grant_stake(*node, fifth, 2500 * kWal, me.address()).ok());
  next_epoch();
  EXPECT_EQ(shards(fifth), 0u);
  next_epoch();
  EXPECT_EQ(shards(fifth), 2u);
}

TEST_F(EpochsTest, ANodeThatIsWithdrawnIsNotChosenAgain) {
  ASSERT_TRUE(withdraw_node(*node, old_node(0)).ok());
  const Error twice = withdraw_node(*node, old_node(0)).error();
  EXPECT_EQ(twice.code(), Code::kNotPermitted);
  EXPECT_EQ(twice.message(), "the node has left already, or leaves with the next committee");
  EXPECT_TRUE(std::holds_alternative<PoolWithdrawing>(of(old_node(0)).state));
  const Error late = grant_stake(*node, old_node(0), kWal, me.address()).error();
  EXPECT_EQ(late.code(), Code::kNotPermitted);
  EXPECT_EQ(late.message(), "a node that leaves gets no more stake");
  EXPECT_EQ(shards(old_node(0)), 3u);  // to the end of its epoch
  next_epoch();
  EXPECT_EQ(shards(old_node(0)), 0u);
  EXPECT_EQ(shards(old_node(1)), 4u);
  next_epoch();
  EXPECT_EQ(shards(old_node(0)), 0u);
}

TEST_F(EpochsTest, SomebodyHasToStay) {
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(withdraw_node(*node, old_node(i)).ok());
  EXPECT_EQ(withdraw_node(*node, old_node(3)).error().code(), Code::kNotPermitted);
  next_epoch();
  EXPECT_EQ(shards(old_node(3)), 10u);
}

TEST_F(EpochsTest, CapacityIsVotedByTwoThirds) {
  const auto vote = [&](size_t number, uint64_t capacity) {
    ASSERT_TRUE(set_votes(*node, old_node(number), {1, 1, capacity}).ok());
  };
  vote(0, 300);  // of 3 shards of 10: 1000 in all
  vote(1, 600);  // 2000
  vote(2, 800);  // 4000
  vote(3, 100);  // 500
  next_epoch();
  EXPECT_EQ(view().total_capacity, 1000u);  // 4000 and 2000 have 5 shards, with 1000 it is 8
}

TEST_F(EpochsTest, WhatWasSoldStaysSold) {
  keep(reserve(5000, 3));
  ASSERT_EQ(run_outcome(), "");
  for (size_t i = 0; i < 4; ++i) ASSERT_TRUE(set_votes(*node, old_node(i), {1, 1, 1}).ok());
  next_epoch();
  EXPECT_EQ(view().total_capacity, 5000u);
  EXPECT_EQ(view().used_capacity, 5000u);
  keep(reserve(1, 1));
  EXPECT_EQ(run_outcome(), "system_state_inner::reserve_space_without_payment 1");
  next_epoch();
  next_epoch();
  EXPECT_EQ(view().used_capacity, 0u);
  EXPECT_EQ(view().total_capacity, 3u);  // of what every node offers now, and two thirds of them
}

// ---- epoch 0

class FirstEpoch : public EpochsTest {
 protected:
  FirstEpoch() {
    node.reset();
    store.reset();
    Genesis genesis;
    genesis.epoch = 0;
    genesis.n_shards = 10;
    genesis.time_ms = nodes.genesis.time_ms + 1000;
    store =
        ChainStore::open(system_files(), folder / "empty.sqlite", [&] { return make_first_state(genesis); }).value();
    node = std::make_unique<FullNode>(*store, certificates, clock);
    net = node->network();
  }
};

TEST_F(FirstEpoch, HasNoCommitteeAndNoDelays) {
  EXPECT_EQ(select_next(*node, Timing::kAsOnChain).error().code(), Code::kNotPermitted);  // it has not begun
  clock.advance(Millis(1000));
  EXPECT_EQ(select_next(*node, Timing::kAsOnChain).error().code(), Code::kNotPermitted);  // nobody has staked
  const ObjectId first = joined(1, 30 * kWal), second = joined(2, 10 * kWal), third = joined(3, 10 * kWal);
  ASSERT_TRUE(select_next(*node, Timing::kAsOnChain).ok());
  EXPECT_EQ(start_epoch_change(*node, Timing::kAsOnChain).value(), 1u);
  EXPECT_EQ(shards(first), 6u);
  EXPECT_EQ(shards(second), 2u);
  EXPECT_EQ(shards(third), 2u);
  EXPECT_TRUE(view().previous.empty());
  for (const ObjectId& id : {first, second, third}) ASSERT_TRUE(report_sync_done(*node, id).ok());
  EXPECT_TRUE(std::holds_alternative<EpochChangeDone>(view().state));
  EXPECT_EQ(view().storage_price, 11'000u);
}

// ---- as many nodes as the contract takes

class ManyNodes : public EpochsTest {
 protected:
  // A thousand shards among `count` nodes, as evenly as can be.
  void open(uint16_t count) {
    node.reset();
    store.reset();
    Genesis genesis;
    genesis.n_shards = 1000;
    genesis.time_ms = nodes.genesis.time_ms;
    genesis.total_aggregated_key = nodes.genesis.total_aggregated_key;
    for (uint16_t i = 0; i < count; ++i) {
      ObjectId id = Address::of(0xa0);
      id.bytes[0] = static_cast<uint8_t>(i);
      genesis.nodes.push_back({id, "node", "127.0.0.1:1", nodes.genesis.nodes[i % 4].public_key, Bytes(33, 2), {}});
      for (uint16_t shard = i; shard < genesis.n_shards; shard = static_cast<uint16_t>(shard + count))
        genesis.nodes.back().shards.push_back(shard);
    }
    store = ChainStore::open(system_files(), folder / "many.sqlite", [&] { return make_first_state(genesis); }).value();
    node = std::make_unique<FullNode>(*store, certificates, clock);
    net = node->network();
  }
};

TEST_F(ManyNodes, AFullActiveSetOfAThousandShards) {
  open(kMostActiveNodes);
  const Committee before = view().current;
  next_epoch();
  EXPECT_EQ(view().current, before);
  // There is no room for another one, unless it has more than the smallest.
  const ObjectId small = joined(1, kWal);
  next_epoch();
  EXPECT_EQ(shards(small), 0u);
  const ObjectId large = joined(2, 9500 * kWal);
  next_epoch();
  EXPECT_EQ(shards(large), 9u);
  EXPECT_EQ(view().current.size(), kMostActiveNodes);
  const ObjectId whale = joined(3, 1'000'000'000 * kWal);
  next_epoch();
  EXPECT_EQ(shards(whale), 100u);  // a tenth, and no more
}

// ---- rewards

TEST_F(EpochsTest, RewardsGoByShards) {
  register_blob(poem, true, 2);
  const uint64_t all = view().pending_rewards;
  ASSERT_GT(all, 0u);
  next_epoch();
  EXPECT_EQ(of(old_node(0)).record.earned_frost, all * 3 / 10);
  EXPECT_EQ(of(old_node(2)).record.earned_frost, all * 2 / 10);
  EXPECT_EQ(of(old_node(0)).rewards_pool, all * 3 / 10);
  EXPECT_EQ(of(old_node(0)).stake, 3000 * kWal + all * 3 / 10);
}

TEST_F(EpochsTest, WhoFailsChallengesGetsNothing) {
  register_blob(poem, true, 2);
  const uint64_t all = view().pending_rewards;
  ASSERT_TRUE(report_failed_challenges(*node, {old_node(1)}).ok());
  ASSERT_TRUE(report_failed_challenges(*node, {old_node(1)}).ok());  // counts once in an epoch
  const uint64_t planned = system_state().future_accounting.ring[1].rewards;
  next_epoch();
  const NodeView failed = of(old_node(1));
  EXPECT_EQ(failed.rewards_pool, 0u);
  EXPECT_EQ(failed.record.earned_frost, 0u);
  EXPECT_EQ(failed.record.withheld_frost, all * 3 / 10);
  EXPECT_EQ(failed.record.failures, 1u);
  EXPECT_EQ(failed.record.failed_epoch, 1u);
  EXPECT_EQ(of(old_node(0)).record.earned_frost, all * 3 / 10);  // no more than without that
  EXPECT_GE(view().pending_rewards, planned + all * 3 / 10);     // it is the next epoch's
  next_epoch();
  EXPECT_GT(of(old_node(1)).rewards_pool, 0u);  // forgiven
}

TEST_F(EpochsTest, OnlyTheCommitteeIsChallenged) {
  const ObjectId fifth = joined(50, 2500 * kWal);
  ASSERT_TRUE(report_failed_challenges(*node, {fifth, old_node(0)}).ok());
  EXPECT_EQ(of(fifth).record.failures, 0u);
  EXPECT_EQ(of(old_node(0)).record.failures, 1u);
}

// ---- what expires

TEST_F(EpochsTest, AnExpiredBlobCanOnlyBeBurned) {
  const ObjectId blob = certified_blob(poem, true, 2), registered = register_blob(TestBlob("another"), true, 2);
  next_epoch();
  const auto extend = [&](const ObjectId& id) {
    walrus("system", "extend_blob", {system(true), owned(id), builder.pure(uint32_t{1}), wal()});
    return run_outcome();
  };
  const auto remove = [&](const ObjectId& id) {
    keep(walrus("system", "delete_blob", {system(false), owned(id)}));
    return run_outcome();
  };
  const ObjectId kept = certified_blob(TestBlob("a third"), true, 2);
  next_epoch();  // the third epoch: it was paid for two
  EXPECT_EQ(extend(blob), "blob::assert_certified_not_expired 2");
  EXPECT_EQ(remove(blob), "blob::delete 2");
  EXPECT_EQ(outcome(certify(registered)), "blob::certify_with_certified_msg 2");
  EXPECT_EQ(extend(kept), "");
  walrus("blob", "burn", {owned(blob)});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_FALSE(exists(blob));
}

TEST_F(EpochsTest, AnExpiredSharedBlobIsNotExtended) {
  const ObjectId blob = certified_blob(poem, false, 2);
  walrus("shared_blob", "new_funded", {owned(blob), nested(builder.split(wal(), {kWal}), 0)});
  const ObjectId shared = only_created(run(), walrus_type("shared_blob", "SharedBlob"));
  const auto extend = [&] {
    const uint64_t version = std::get<SharedOwner>(node->object(shared)->owner).initial_version;
    walrus("shared_blob", "extend", {builder.shared(shared, version, true), system(true), builder.pure(uint32_t{1})});
    return run_outcome();
  };
  EXPECT_EQ(extend(), "");  // until epoch 4
  next_epoch();
  next_epoch();
  EXPECT_EQ(extend(), "");
  next_epoch();
  next_epoch();
  EXPECT_EQ(extend(), "blob::assert_certified_not_expired 2");
}

// ---- whatever happens

// Shards are all there once, weights are those of the committee, as few moved as can be, and no WAL is lost or made.
class AnyStory : public EpochsTest, public testing::WithParamInterface<uint64_t> {
 protected:
  void check(int step) {
    const EpochView now = view();
    std::set<uint16_t> seen;
    ASSERT_EQ(now.current.size(), now.current_keys.members.size());
    uint64_t weight = 0;
    for (size_t i = 0; i < now.current.size(); ++i) {
      const auto& [id, own] = now.current[i];
      ASSERT_EQ(now.current_keys.members[i].node_id, id);
      ASSERT_EQ(now.current_keys.members[i].weight, own.size());
      weight += own.size();
      for (const uint16_t shard : own) ASSERT_TRUE(seen.insert(shard).second && shard < now.n_shards) << step;
    }
    ASSERT_EQ(weight, now.n_shards) << step;
    ASSERT_EQ(all_wal(), minted) << step;
  }
  // Of shards that their owner lost, none went elsewhere without need.
  void check_moves(const Committee& before, const Committee& after) {
    size_t moved = 0, lost = 0;
    for (const auto& [id, own] : before) {
      const auto* now = shards_of(after, id);
      const std::set<uint16_t> kept =
          now == nullptr ? std::set<uint16_t>{} : std::set<uint16_t>(now->begin(), now->end());
      for (const uint16_t shard : own) moved += kept.contains(shard) ? 0 : 1;
      lost += own.size() - std::min(own.size(), kept.size());
    }
    ASSERT_EQ(moved, lost);
  }
  std::vector<ObjectId> my_stakes() const {
    std::vector<ObjectId> out;
    for (const Object& object : node->owned_by(me.address(), staked_wal_type(net.packages), {}, 1000))
      out.push_back(object.id);
    return out;
  }
  // Failing is part of the story.
  void take_back(const ObjectId& stake, bool ask) {
    const Argument staking = builder.shared(net.staking, 1, true);
    const Argument out = walrus("staking", ask ? "request_withdraw_stake" : "withdraw_stake", {staking, owned(stake)});
    if (!ask) keep(out);
    run();
  }
  uint64_t minted = 0;
};

TEST_P(AnyStory, KeepsShardsAndWal) {
  SeededRng rng(GetParam());
  minted = all_wal();
  std::vector<ObjectId> members;
  for (const GenesisNode& each : nodes.genesis.nodes) members.push_back(each.id);
  uint8_t next_seed = 60;
  for (int step = 0; step < 120; ++step) {
    const ObjectId& some = members[rng.below(members.size())];
    const auto stakes = my_stakes();
    switch (rng.below(9)) {
      case 0:
        if (members.size() < 9)
          members.push_back(register_candidate(*node, candidate(next_seed++, view().epoch, me.address())).value());
        break;
      case 1:
      case 2: {
        const uint64_t amount = (1 + rng.below(5000)) * kWal + rng.below(kWal);
        if (grant_stake(*node, some, amount, me.address()).ok()) minted += amount;
        break;
      }
      case 3:
      case 4:
        if (!stakes.empty()) take_back(stakes[rng.below(stakes.size())], rng.below(2) == 0);
        break;
      case 5:
        if (rng.below(4) == 0) (void)withdraw_node(*node, some);
        break;
      case 6: (void)select_next(*node, Timing::kNow); break;
      case 7: {
        keep(reserve(1 + rng.below(100 << 20), 1 + static_cast<uint32_t>(rng.below(3))));
        run();
        (void)report_failed_challenges(*node, {some});
        break;
      }
      default: {
        const Committee before = view().current;
        next_epoch();
        check_moves(before, view().current);
      }
    }
    check(step);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(view().epoch, 5u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyStory, testing::Range(uint64_t{1}, uint64_t{7}));

}  // namespace
}  // namespace walrusfs::localnet::sui
