// Shards, votes, rewards and pools as numbers: against what was reckoned by hand, and against slower, more obvious
// ways.
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "base/rng.h"
#include "localnet/sui/apportionment.h"
#include "localnet/sui/epoch_rules.h"
#include "localnet/sui/pool_rules.h"

namespace walrusfs::localnet::sui {
namespace {

using walrusfs::sui::Address;
using walrusfs::sui::Committee;
using walrusfs::sui::ObjectId;
__extension__ using Wide = unsigned __int128;

// ---- shards by stake

using Counts = std::vector<uint16_t>;

// One shard after the other, each to whoever has most stake per shard with it.
Counts one_by_one(uint16_t shards, const std::vector<uint64_t>& stakes, uint64_t limit) {
  Counts counts(stakes.size());
  for (int given = 0; given < shards; ++given) {
    size_t best = stakes.size();
    for (size_t i = 0; i < stakes.size(); ++i) {
      if (counts[i] == limit) continue;
      if (best == stakes.size() || Wide{stakes[i]} * (counts[best] + 1u) > Wide{stakes[best]} * (counts[i] + 1u))
        best = i;
    }
    ++counts[best];
  }
  return counts;
}

Counts apportioned(uint16_t shards, std::vector<uint64_t> stakes) { return apportion_shards(shards, stakes).value(); }

TEST(Apportionment, AsReckonedByHand) {
  // The usual example of d'Hondt's method.
  EXPECT_EQ(apportioned(8, {100'000, 80'000, 30'000, 20'000}), (Counts{4, 3, 1, 0}));
  EXPECT_EQ(apportioned(10, {3, 3, 2, 2}), (Counts{3, 3, 2, 2}));
  EXPECT_EQ(apportioned(10, {1}), (Counts{10}));
  // Among equals, whoever came first.
  EXPECT_EQ(apportioned(10, {7, 7, 7}), (Counts{4, 3, 3}));
  EXPECT_EQ(apportioned(4, {1, 1, 1, 1, 1}), (Counts{1, 1, 1, 1, 0}));
  // Nobody has more than twice an even share, rounded up, however much he has staked.
  EXPECT_EQ(apportioned(10, {1'000'000, 1, 1}), (Counts{7, 2, 1}));
  EXPECT_EQ(apportioned(1000, {UINT64_MAX, UINT64_MAX, UINT64_MAX}), (Counts{334, 333, 333}));
}

TEST(Apportionment, TheLimitPerNode) {
  EXPECT_EQ(max_shards_per_node(1, 10), 20u);
  EXPECT_EQ(max_shards_per_node(3, 1000), 667u);
  EXPECT_EQ(max_shards_per_node(19, 1000), 106u);
  EXPECT_EQ(max_shards_per_node(20, 1000), 100u);
  EXPECT_EQ(max_shards_per_node(111, 1000), 100u);
}

TEST(Apportionment, NeedsStakeAndShards) {
  EXPECT_EQ(apportion_shards(10, std::vector<uint64_t>{}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(apportion_shards(10, std::vector<uint64_t>{0, 0}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(apportion_shards(9, std::vector<uint64_t>(20, 1)).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(apportion_shards(10, std::vector<uint64_t>(20, 1)).ok());
}

TEST(Apportionment, AsOneByOne) {
  SeededRng rng(1);
  for (int round = 0; round < 2000; ++round) {
    const auto shards = static_cast<uint16_t>(10 + rng.below(300));
    std::vector<uint64_t> stakes(1 + rng.below(40));
    const uint64_t most = uint64_t{1} << (1 + rng.below(63));
    for (uint64_t& stake : stakes) stake = rng.below(most);
    stakes[0] += 1;
    const Counts expected = one_by_one(shards, stakes, max_shards_per_node(stakes.size(), shards));
    ASSERT_EQ(apportioned(shards, stakes), expected) << "round " << round;
  }
}

// ---- which shards

Address node(uint8_t number) { return Address::of(number); }

size_t moved(const Committee& before, const Committee& after) {
  std::map<uint16_t, ObjectId> owners;
  for (const auto& [id, shards] : before)
    for (const uint16_t shard : shards) owners[shard] = id;
  size_t count = 0;
  for (const auto& [id, shards] : after)
    for (const uint16_t shard : shards) count += owners.at(shard) == id ? 0 : 1;
  return count;
}

// No way of moving shards moves fewer than those that nodes lose.
size_t least_moves(const Committee& before, const ShardCounts& wanted) {
  size_t lost = 0;
  for (const auto& [id, shards] : before) {
    size_t keeps = 0;
    for (const auto& [other, count] : wanted)
      if (other == id) keeps = count;
    lost += shards.size() - std::min(shards.size(), keeps);
  }
  return lost;
}

void expect_whole(const Committee& committee, size_t shards) {
  std::set<uint16_t> seen;
  for (const auto& [id, own] : committee)
    for (const uint16_t shard : own) EXPECT_TRUE(seen.insert(shard).second) << "shard " << shard << " twice";
  EXPECT_EQ(seen.size(), shards);
  EXPECT_TRUE(seen.empty() || *seen.rbegin() == shards - 1);
}

TEST(Shards, TheFirstCommitteeIsInOrderOfIds) {
  EXPECT_EQ(first_committee({{node(9), 2}, {node(3), 1}}), (Committee{{node(3), {0}}, {node(9), {1, 2}}}));
}

TEST(Shards, OnlyWhatMustMoves) {
  const Committee now = {{node(1), {0, 1, 2}}, {node(2), {3, 4, 5}}, {node(3), {6, 7}}};
  EXPECT_EQ(next_committee(now, {{node(1), 3}, {node(2), 3}, {node(3), 2}}), now);
  // A node leaves: the others take its shards.
  EXPECT_EQ(next_committee(now, {{node(1), 4}, {node(2), 4}}),
            (Committee{{node(1), {0, 1, 2, 7}}, {node(2), {3, 4, 5, 6}}}));
  // A node comes, and stands where its id belongs.
  EXPECT_EQ(next_committee(now, {{node(1), 2}, {node(2), 2}, {node(3), 2}, {node(0), 2}}),
            (Committee{{node(0), {5, 2}}, {node(1), {0, 1}}, {node(2), {3, 4}}, {node(3), {6, 7}}}));
}

TEST(Shards, AsFewAsPossibleMove) {
  SeededRng rng(2);
  for (int round = 0; round < 500; ++round) {
    const auto shards = static_cast<uint16_t>(10 + rng.below(100));
    const auto counts = [&] {
      std::vector<uint64_t> stakes(1 + rng.below(12));
      for (uint64_t& stake : stakes) stake = 1 + rng.below(1000);
      ShardCounts out;
      const Counts all = apportioned(shards, stakes);
      uint8_t id = static_cast<uint8_t>(rng.below(5));
      for (const uint16_t count : all) {
        id = static_cast<uint8_t>(id + 1 + rng.below(3));
        if (count > 0) out.insert(out.begin() + static_cast<ptrdiff_t>(rng.below(out.size() + 1)), {node(id), count});
      }
      return out;
    };
    const Committee before = first_committee(counts());
    const ShardCounts wanted = counts();
    const Committee after = next_committee(before, wanted);
    expect_whole(after, shards);
    EXPECT_TRUE(std::is_sorted(after.begin(), after.end()));
    for (const auto& [id, count] : wanted)
      for (const auto& [other, own] : after) EXPECT_TRUE(other != id || own.size() == count);
    ASSERT_EQ(moved(before, after), least_moves(before, wanted)) << "round " << round;
  }
}

// ---- votes

TEST(Votes, AsReckonedByHand) {
  // Ten nodes, fifty shards: 34 are a quorum.
  const std::vector<uint64_t> weights = {5, 5, 4, 6, 3, 7, 2, 8, 1, 9};
  std::vector<Vote> votes;
  for (size_t i = 0; i < weights.size(); ++i) votes.push_back({i + 1, weights[i]});
  EXPECT_EQ(quorum_above(votes, 50), 4u);  // 9 + 1 + 8 + 2 + 7 + 3 = 30 of them want 5 or more
  EXPECT_EQ(quorum_below(votes, 50), 8u);  // 32 want 7 or less
  EXPECT_EQ(quorum_above({{7, 50}}, 50), 7u);
  EXPECT_EQ(quorum_below({{7, 50}}, 50), 7u);
  EXPECT_EQ(quorum_below({}, 10), UINT64_MAX);  // nobody votes in epoch 0
}

TEST(Votes, AQuorumStandsBehindThem) {
  SeededRng rng(3);
  for (int round = 0; round < 1000; ++round) {
    std::vector<Vote> votes(1 + rng.below(10));
    uint64_t shards = 0;
    for (Vote& vote : votes) shards += (vote = {rng.below(8), 1 + rng.below(20)}).weight;
    const auto supporters = [&](auto supports) {
      uint64_t weight = 0;
      for (const Vote& vote : votes) weight += supports(vote.value) ? vote.weight : 0;
      return 3 * weight >= 2 * shards + 1;
    };
    // Try every value there may be.
    uint64_t above = 0, below = UINT64_MAX;
    for (uint64_t value = 8; value-- > 0;) {
      if (supporters([&](uint64_t v) { return v >= value; })) above = std::max(above, value);
      if (supporters([&](uint64_t v) { return v <= value; })) below = value;
    }
    ASSERT_EQ(quorum_above(votes, shards), above);
    ASSERT_EQ(quorum_below(votes, shards), below);
  }
}

TEST(Votes, CapacityIsOfAllNodes) {
  EXPECT_EQ(capacity_vote(100, 10, 1000), 10'000u);
  EXPECT_EQ(capacity_vote(100, 3, 10), 333u);
  EXPECT_EQ(capacity_vote(UINT64_MAX, 1, 1000), UINT64_MAX);
}

// ---- rewards

TEST(Rewards, ByShards) {
  const RewardShares shares = share_rewards(1003, 500, {{3}, {3}, {2}, {2}});
  EXPECT_EQ(shares.paid, (std::vector<uint64_t>{300, 300, 200, 200}));
  EXPECT_EQ(shares.left, 3u);
}

TEST(Rewards, WhoFailedGetsNothingAndNobodyGetsItInstead) {
  const RewardShares shares = share_rewards(1000, 500, {{3}, {3, 0, true}, {2}, {2}});
  EXPECT_EQ(shares.paid, (std::vector<uint64_t>{300, 0, 200, 200}));
  EXPECT_EQ(shares.withheld, (std::vector<uint64_t>{0, 300, 0, 0}));
  EXPECT_EQ(shares.left, 300u);
}

TEST(Rewards, WhatIsDeniedIsNotPaid) {
  // The others share it: 1 * 250, 1 * 500 of 750.
  EXPECT_EQ(share_rewards(900, 500, {{1, 250}, {1}}).paid, (std::vector<uint64_t>{300, 600}));
  EXPECT_EQ(share_rewards(900, 500, {{1, 9999}, {1}}).paid, (std::vector<uint64_t>{0, 900}));
}

TEST(Rewards, NothingStoredIsNothingPaid) {
  EXPECT_EQ(share_rewards(900, 0, {{1}, {1}}).left, 900u);
  EXPECT_EQ(share_rewards(900, 10, {}).left, 900u);
}

TEST(Rewards, NothingIsLost) {
  SeededRng rng(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Worked> nodes(1 + rng.below(20));
    const uint64_t used = rng.next() >> rng.below(64);
    for (Worked& node : nodes) node = {1 + rng.below(1000), rng.below(4) == 0 ? rng.next() : 0, rng.below(5) == 0};
    const uint64_t rewards = rng.next() >> rng.below(64);
    const RewardShares shares = share_rewards(rewards, used, nodes);
    const auto sum = [](const std::vector<uint64_t>& all) { return std::accumulate(all.begin(), all.end(), Wide{0}); };
    ASSERT_TRUE(sum(shares.paid) + shares.left == rewards);
    ASSERT_TRUE(sum(shares.withheld) <= shares.left);
  }
}

// ---- pools

class MapRates final : public ExchangeRates {
 public:
  std::optional<PoolExchangeRate> at(uint32_t epoch) const override {
    const auto found = rates_.find(epoch);
    if (found == rates_.end()) return std::nullopt;
    return found->second;
  }
  void add(uint32_t epoch, const PoolExchangeRate& rate) override { rates_[epoch] = rate; }

 private:
  std::map<uint32_t, PoolExchangeRate> rates_;
};

// A pool in the committee all along, and who has staked with it.
class PoolStory : public testing::Test {
 protected:
  PoolStory() {
    pool.activation_epoch = pool.latest_epoch = 1;
    moment = {1, false, true, false};
  }
  StakedWal stake(uint64_t wal) {
    EXPECT_FALSE(add_stake(pool, wal, moment));
    return {{}, {}, {}, wal, activation_of(moment)};
  }
  void next_epoch(uint64_t rewards = 0) {
    moment = {moment.epoch + 1, false, true, false};
    ASSERT_FALSE(advance(pool, rates, rewards, moment.epoch));
  }
  void select() { moment.next_selected = moment.in_next = true; }
  PoolFailure request(StakedWal& staked) { return request_withdrawal(pool, rates, staked, moment); }
  PoolFailure take(const StakedWal& staked, uint64_t* rewards) {
    return withdraw(pool, rates, staked, moment, rewards);
  }
  uint64_t taken(const StakedWal& staked) {
    uint64_t rewards = 0;
    EXPECT_FALSE(take(staked, &rewards));
    return staked.principal + rewards;
  }

  StakingPool pool;
  MapRates rates;
  PoolMoment moment;
  uint64_t ignored = 0;
};

TEST_F(PoolStory, StakeCountsFromTheNextEpochOn) {
  stake(1000);
  EXPECT_EQ(balance_at(pool, rates, 1), 0u);
  EXPECT_EQ(balance_at(pool, rates, 2), 1000u);
  select();
  stake(500);
  EXPECT_EQ(balance_at(pool, rates, 2), 1000u);
  EXPECT_EQ(balance_at(pool, rates, 3), 1500u);
  next_epoch();
  EXPECT_EQ(pool.wal_balance, 1000u);
  next_epoch();
  EXPECT_EQ(pool.wal_balance, 1500u);
}

TEST_F(PoolStory, RewardsAreSharedByWhatWasStaked) {
  StakedWal first = stake(1000);
  next_epoch();
  StakedWal second = stake(1000);
  next_epoch(500);  // all of it for the first: 1500 WAL are 1000 shares, the second buys 666
  EXPECT_EQ(pool.wal_balance, 2500u);
  EXPECT_EQ(pool.num_shares, 1666u);
  EXPECT_FALSE(request(first));
  EXPECT_FALSE(request(second));
  EXPECT_EQ(take(first, &ignored), kWithdrawEpochNotReached);
  next_epoch(250);  // 2750 WAL for 1666 shares
  EXPECT_EQ(taken(first), 1650u);
  EXPECT_EQ(taken(second), 1099u);  // a FROST goes in roundings and stays
  EXPECT_EQ(pool.wal_balance, 0u);
  EXPECT_EQ(pool.rewards_pool, 1u);
}

TEST_F(PoolStory, CommissionComesFirst) {
  stake(1000);
  pool.commission_rate = 1000;  // ten percent
  next_epoch();
  EXPECT_FALSE(announce_commission(pool, 5000, moment.epoch));  // in force two epochs later
  next_epoch(100);
  EXPECT_EQ(pool.commission, 10u);
  EXPECT_EQ(pool.wal_balance, 1090u);
  next_epoch(100);  // still for the epoch before
  EXPECT_EQ(pool.commission, 20u);
  EXPECT_EQ(pool.commission_rate, 5000u);
  next_epoch(100);
  EXPECT_EQ(pool.commission, 70u);
  EXPECT_EQ(announce_commission(pool, 10'001, 1), kIncorrectCommissionRate);
}

TEST_F(PoolStory, StakeThatNeverCountedLeavesAtOnce) {
  const StakedWal staked = stake(1000);
  StakedWal asked = staked;
  EXPECT_EQ(request(asked), kWithdrawDirectly);
  EXPECT_EQ(taken(staked), 1000u);
  EXPECT_EQ(balance_at(pool, rates, 2), 0u);
  select();
  const StakedWal later = stake(1000);
  EXPECT_EQ(later.activation_epoch, 3u);
  EXPECT_EQ(taken(later), 1000u);
}

TEST_F(PoolStory, StakeThatWasChosenWithWorksForAnEpoch) {
  StakedWal staked = stake(1000);
  select();
  EXPECT_EQ(take(staked, &ignored), kStakeNotWithdrawing);
  EXPECT_FALSE(request(staked));
  EXPECT_EQ(request(staked), kNotStaked);
  EXPECT_EQ(balance_at(pool, rates, 2), 1000u);
  EXPECT_EQ(balance_at(pool, rates, 3), 0u);
  next_epoch();
  EXPECT_EQ(take(staked, &ignored), kWithdrawEpochNotReached);
  next_epoch(70);
  EXPECT_EQ(taken(staked), 1070u);
  EXPECT_EQ(pool.wal_balance, 0u);
}

TEST_F(PoolStory, OutOfTheCommitteeStakeLeavesInOneStep) {
  StakedWal staked = stake(1000);
  next_epoch();
  next_epoch(100);
  moment.in_current = false;
  EXPECT_EQ(request(staked), kWithdrawDirectly);
  EXPECT_EQ(taken(staked), 1100u);
  EXPECT_EQ(balance_at(pool, rates, moment.epoch), 0u);
}

TEST_F(PoolStory, WhatIsRefused) {
  EXPECT_EQ(add_stake(pool, 0, moment), kZeroStake);
  pool.state = walrusfs::sui::PoolWithdrawing{2};
  EXPECT_EQ(add_stake(pool, 1, moment), kPoolNotActive);
  EXPECT_EQ(advance(pool, rates, 0, 1), kPoolAlreadyUpdated);
  EXPECT_EQ(advance(pool, rates, 1, 2), kIncorrectEpochAdvance);
  StakedWal nothing;
  EXPECT_EQ(request(nothing), kZeroStake);
  EXPECT_EQ(take(nothing, &ignored), kZeroStake);
}

TEST_F(PoolStory, AnnouncedKeysAreInForceWithTheNextEpoch) {
  pool.node_info.next_epoch_public_key = walrusfs::sui::Element{Bytes(96, 7)};
  next_epoch();
  EXPECT_EQ(pool.node_info.public_key.bytes, Bytes(96, 7));
  EXPECT_FALSE(pool.node_info.next_epoch_public_key);
}

TEST_F(PoolStory, DustBuysSharesOneToOne) {
  EXPECT_EQ(to_wal(make_rate(1, 0), 5), 5u);
  EXPECT_EQ(to_shares(make_rate(0, 0), 5), 5u);
  EXPECT_EQ(to_shares(make_rate(300, 200), 150), 100u);
  EXPECT_EQ(to_wal(make_rate(300, 200), 100), 150u);
}

// Whatever stakers do, they and the pool together have what was staked and what was earned, and nobody loses principal.
TEST_F(PoolStory, NothingIsLost) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SeededRng rng(seed);
    pool = {};
    pool.activation_epoch = pool.latest_epoch = 1;
    pool.commission_rate = static_cast<uint16_t>(rng.below(10'001));
    rates = {};
    moment = {1, false, true, false};
    std::vector<StakedWal> stakes;
    uint64_t in = 0, out = 0;
    for (int step = 0; step < 60; ++step) {
      const size_t which = stakes.empty() ? 0 : rng.below(stakes.size());
      switch (rng.below(5)) {
        case 0: {
          const uint64_t amount = 1 + rng.below(1'000'000);
          stakes.push_back(stake(amount));
          in += amount;
          break;
        }
        case 1:
          if (!stakes.empty()) (void)request(stakes[which]);
          break;
        case 2: {
          uint64_t rewards = 0;
          if (stakes.empty() || take(stakes[which], &rewards)) break;
          out += stakes[which].principal + rewards;
          stakes.erase(stakes.begin() + static_cast<ptrdiff_t>(which));
          break;
        }
        case 3: select(); break;
        default: {
          const uint64_t rewards = pool.wal_balance > 0 ? rng.below(10'000) : 0;
          next_epoch(rewards);
          in += rewards;
        }
      }
      uint64_t held = pool.rewards_pool + pool.commission;
      for (const StakedWal& staked : stakes) held += staked.principal;
      ASSERT_EQ(in, out + held) << "seed " << seed << ", step " << step;
      ASSERT_LE(pool.num_shares, std::max<uint64_t>(pool.wal_balance, 1)) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace walrusfs::localnet::sui
