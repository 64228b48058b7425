// Changes of epochs of a whole network: committees move on, nothing is lost, what expired is gone.
#include <functional>
#include <thread>

#include "localnet/challenger.h"
#include "localnet/sui/epochs.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kWal = 1'000'000'000;

class EpochsTest : public NetworkTest {
 protected:
  EpochsTest() {
    config_.heal = true;
    config_.read_cache_bytes = 1;  // every read goes to the nodes
  }
  uint32_t shards_of(size_t node) { return network_->status().nodes.at(node).shards; }
  uint32_t advance() {
    auto epoch = network_->advance_epoch();
    EXPECT_TRUE(epoch.ok()) << epoch.error().to_string();
    return epoch ? *epoch : 0;
  }
  static bool within(Millis patience, const std::function<bool()>& holds) {
    const auto deadline = system_clock().in(patience);
    while (!holds() && !system_clock().passed(deadline)) system_clock().sleep_for(Millis(10));
    return holds();
  }
  void give_stake(size_t node, uint64_t wal) { ASSERT_TRUE(network_->stake(node, wal * kWal).ok()); }
  // As many shards as the network has, and every node has all slivers of its own.
  void expect_whole(size_t blobs) {
    uint32_t shards = 0;
    for (const NodeStatus& node : network_->status().nodes) {
      shards += node.shards;
      EXPECT_EQ(node.slivers, blobs * 2 * node.shards) << node.folder;
      EXPECT_EQ(node.shards_in_transfer + node.shards_in_recovery, 0u);
    }
    EXPECT_EQ(shards, config_.shards);
  }
};

TEST_F(EpochsTest, StakeMovesShardsWithTheirSlivers) {
  start(31, 5);
  const std::string content = content_of(100'000);
  const std::string id = store(content, "?epochs=10&permanent=true");
  const uint32_t before = shards_of(0);
  give_stake(0, 20'000);
  EXPECT_EQ(shards_of(0), before);
  EXPECT_EQ(advance(), 2u);
  EXPECT_GT(shards_of(0), before);
  EXPECT_FALSE(network_->status().changing);
  expect_whole(1);
  expect_reads_back(id, content);
  // And what is stored now goes to the new committee.
  const std::string later = content_of(40'000);
  expect_reads_back(store(later), later);
}

TEST_F(EpochsTest, NodesJoinAndLeave) {
  start(31, 4);
  const std::string content = content_of(60'000);
  const std::string id = store(content, "?epochs=10");
  EXPECT_EQ(network_->add_node().value(), 4u);
  EXPECT_EQ(shards_of(4), 0u);
  EXPECT_EQ(network_->state().nodes.size(), 5u);
  advance();
  EXPECT_GT(shards_of(4), 3u);
  expect_whole(1);
  ASSERT_TRUE(network_->remove_node(1).ok());
  advance();
  EXPECT_EQ(shards_of(1), 0u);
  EXPECT_EQ(network_->status().nodes[1].blobs, 0u);
  expect_whole(1);
  expect_reads_back(id, content);
  // All of it is there after a restart.
  stop();
  start_again();
  EXPECT_EQ(network_->status().epoch, 3u);
  EXPECT_EQ(shards_of(1), 0u);
  expect_whole(1);
  expect_reads_back(id, content);
}

TEST_F(EpochsTest, WhatExpiredIsGoneAndNothingElse) {
  start(10, 4);
  const std::string brief = content_of(3'000, 1), lasting = content_of(3'000, 2);
  const std::string gone = store(brief, "?epochs=1"), kept = store(lasting, "?epochs=3");
  advance();
  forget_reads();
  EXPECT_EQ(get(gone).status, 404);
  expect_reads_back(kept, lasting);
  expect_whole(1);
  advance();
  forget_reads();
  expect_reads_back(kept, lasting);
  advance();
  forget_reads();
  EXPECT_EQ(get(kept).status, 404);
  for (const NodeStatus& node : network_->status().nodes) EXPECT_EQ(node.blobs, 0u);
}

// A node that is down gains shards all the same; it has them when it is back.
TEST_F(EpochsTest, ANodeThatMissedAChangeCatchesUp) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  ASSERT_TRUE(network_->stop_node(2).ok());
  give_stake(2, 4'000);  // with more, no quorum of shards could do without it
  EXPECT_EQ(advance(), 2u);
  expect_reads_back(id, content);
  ASSERT_TRUE(network_->start_node(2).ok());
  // The others keep what they gave away until it has its own.
  const auto slivers = [this] {
    uint64_t sum = 0;
    for (const NodeStatus& node : network_->status().nodes) sum += node.slivers;
    return sum;
  };
  const auto deadline = system_clock().in(Millis(60'000));
  while ((network_->status().nodes[2].slivers < 2 * shards_of(2) || slivers() > 2 * config_.shards) &&
         !system_clock().passed(deadline))
    system_clock().sleep_for(Millis(20));
  expect_whole(1);
}

// A node that lost its disk and finds too few to rebuild it from: the next change waits a while, for it would take away
// those who have what it needs.
TEST_F(EpochsTest, AChangeWaitsForANodeThatHasNotItsOwn) {
  start(10, 4);
  const std::string content = content_of(20'000);
  const std::string id = store(content, "?epochs=10");
  EXPECT_EQ(advance(), 2u);
  ASSERT_TRUE(network_->stop_node(0).ok());
  std::filesystem::remove_all(config_.folder + "/node-0/blobs");
  ASSERT_TRUE(network_->set_fault(1, {.kind = FaultKind::kRefusing}).ok());
  ASSERT_TRUE(network_->set_fault(2, {.kind = FaultKind::kRefusing}).ok());
  ASSERT_TRUE(network_->start_node(0).ok());  // it is empty, and has only node 3 to ask
  std::thread healed([this] {
    while (network_->status().nodes[0].healing.blobs_lacking == 0) system_clock().sleep_for(Millis(10));
    system_clock().sleep_for(Millis(300));
    EXPECT_EQ(network_->status().epoch, 2u);  // it waits
    EXPECT_TRUE(network_->clear_faults(1, {}).ok());
    EXPECT_TRUE(network_->clear_faults(2, {}).ok());
  });
  EXPECT_EQ(advance(), 3u);
  healed.join();
  expect_whole(1);
  expect_reads_back(id, content);
}

// But a quorum that has its own is enough: somebody may never get it.
TEST_F(EpochsTest, AChangeDoesNotWaitForEverForANodeThatHasNotItsOwn) {
  start(31, 5);
  const std::string content = content_of(20'000);
  const std::string id = store(content, "?epochs=10");
  EXPECT_EQ(advance(), 2u);
  ASSERT_TRUE(network_->stop_node(0).ok());
  std::filesystem::remove_all(config_.folder + "/node-0/blobs");
  for (size_t node = 1; node < 5; ++node)
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kRefusing, .route = "/metadata"}).ok());
  ASSERT_TRUE(network_->start_node(0).ok());
  EXPECT_EQ(advance(), 3u);
  EXPECT_EQ(network_->status().nodes[0].slivers, 0u);
  for (size_t node = 1; node < 5; ++node) ASSERT_TRUE(network_->clear_faults(node, {}).ok());
  EXPECT_TRUE(within(Millis(60'000), [&] {
    const NodeStatus node = network_->status().nodes[0];
    return node.slivers == 2 * node.shards && node.shards_in_recovery == 0;
  }));
  expect_whole(1);
  expect_reads_back(id, content);
}

// Uploads go on, and there is always something that it has not healed yet.
TEST_F(EpochsTest, AChangeDoesNotWaitForWhatWasJustStored) {
  start(31, 5);
  ASSERT_TRUE(network_->set_fault(1, {.kind = FaultKind::kFull}).ok());
  store(content_of(20'000), "?epochs=10");
  const auto since = system_clock().monotonic();
  EXPECT_TRUE(within(Millis(60'000), [&] { return network_->status().nodes[1].healing.blobs_lacking == 1; }));
  EXPECT_EQ(advance(), 2u);
  EXPECT_EQ(network_->status().nodes[1].slivers, 2 * shards_of(1)) << "it is of an earlier epoch now";
  EXPECT_LT(system_clock().monotonic() - since, Millis(60'000));
}

// Without waiting for the end of the epoch.
TEST_F(EpochsTest, WhatWasDeletedIsErased) {
  start(10, 4);
  const std::string unwanted = content_of(3'000, 1), wanted = content_of(3'000, 2);
  const std::string gone = store(unwanted, "?deletable=true"), kept = store(wanted, "?deletable=true");
  ASSERT_TRUE(network_->stop_node(3).ok());
  const auto objects = network_->ledger().objects_of(blob_id(unwanted));
  ASSERT_EQ(objects.size(), 1u);
  ASSERT_TRUE(network_->ledger().remove(objects[0].id).ok());
  Reply status = send(network_->status().nodes[0].url, "GET", "/v1/blobs/" + gone + "/metadata/status");
  EXPECT_EQ(status.json()["success"]["data"], "nonexistent") << "whether it is erased yet or not";
  for (size_t node = 0; node < 3; ++node)
    EXPECT_TRUE(within(Millis(60'000), [&] { return network_->status().nodes[node].blobs == 1; })) << node;
  ASSERT_TRUE(network_->start_node(3).ok());
  EXPECT_EQ(network_->status().nodes[3].blobs, 1u) << "what went while it was down";
  expect_whole(1);
  forget_reads();
  expect_reads_back(kept, wanted);
}

TEST_F(EpochsTest, EpochsEndByThemselvesWhenToldTo) {
  config_.epoch_seconds = 1;
  start(10, 4);
  EXPECT_TRUE(within(Millis(60'000), [this] { return network_->status().epoch >= 3; }));
}

TEST_F(EpochsTest, TheNextCommitteeIsKnownFromHalfOfAnEpochOn) {
  config_.epoch_seconds = 4;
  start(10, 4);
  EXPECT_EQ(sui::view_epoch(network_->full_node()).epoch_duration_ms, 4'000u);
  EXPECT_FALSE(sui::view_epoch(network_->full_node()).next);
  EXPECT_TRUE(within(Millis(60'000), [this] { return sui::view_epoch(network_->full_node()).next.has_value(); }));
  EXPECT_TRUE(within(Millis(60'000), [this] { return network_->status().epoch == 2; }));
}

// Who fails its challenges gets nothing for the epoch, and the others what they would have got anyway.
class RewardsTest : public EpochsTest, public testing::WithParamInterface<FaultKind> {
 protected:
  static constexpr size_t kBad = 1;

  RewardsTest() { config_.challenges = {.between = Millis(2), .new_blob = Millis(0)}; }
  bool all_were_challenged() {
    const auto nodes = network_->status().nodes;
    return std::all_of(nodes.begin(), nodes.end(), [](const NodeStatus& node) {
      return node.challenges_passed + node.challenges_failed >= ChallengeScore::kFewest;
    });
  }
};

TEST_P(RewardsTest, WhoFailsChallengesGetsNoneAndTheOthersTheirs) {
  start(10, 4);
  store(content_of(30'000), "?epochs=5");
  ASSERT_TRUE(network_->set_fault(kBad, {.kind = GetParam(), .route = "/recoverySymbols"}).ok());
  wait_until([this] { return all_were_challenged() && node_now(kBad).loses_rewards; });
  EXPECT_EQ(advance(), 2u);
  for (size_t i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const NodeRewards rewards = node_now(i).rewards;
    EXPECT_EQ(rewards.last_epoch, 1u);
    EXPECT_EQ(rewards.last_paid > 0, i != kBad);
    EXPECT_EQ(rewards.last_withheld > 0, i == kBad);
    EXPECT_EQ(rewards.epochs_failed, i == kBad ? 1u : 0u);
    // By shards, whatever became of the others'.
    const NodeRewards other = node_now(i == 0 ? 2 : 0).rewards;
    const uint64_t share = rewards.last_paid + rewards.last_withheld, others = other.last_paid;
    EXPECT_NEAR(static_cast<double>(share) / node_now(i).shards,
                static_cast<double>(others) / node_now(i == 0 ? 2 : 0).shards, 1.0);
  }
  // It does its duty again, and is paid again.
  ASSERT_TRUE(network_->clear_faults(kBad, {}).ok());
  wait_until([this] { return all_were_challenged() && !node_now(kBad).loses_rewards; });
  EXPECT_EQ(advance(), 3u);
  EXPECT_GT(node_now(kBad).rewards.last_paid, 0u);
  EXPECT_EQ(node_now(kBad).rewards.last_withheld, 0u);
  EXPECT_GT(node_now(kBad).rewards.withheld, 0u) << "what is lost stays lost";
}

INSTANTIATE_TEST_SUITE_P(Faults, RewardsTest, testing::Values(FaultKind::kRefusing, FaultKind::kWrongBytes),
                         [](const auto& which) { return std::string(fault_name(which.param)); });

// Anybody may register a node on the chain and have stake with it. It is none of this network's processes, and is to
// everybody like one that does not answer.
TEST_F(EpochsTest, ANodeThatSomebodyElseRegistersIsBorne) {
  start(31, 5);
  const std::string content = content_of(100'000), id = store(content, "?epochs=10&permanent=true");
  sui::FullNode& chain = network_->full_node();
  const sui::NodeView one_of_ours = sui::view_nodes(chain).front();
  const bls::SecretKey key = bls::SecretKey::generate(system_rng());
  sui::Candidate stranger;
  stranger.name = "stranger";
  stranger.address = "127.0.0.1:1";
  stranger.public_key = to_bytes(key.public_key().to_bytes());
  stranger.network_public_key = Bytes(33, 2);
  stranger.proof_of_possession =
      to_bytes(prove_possession(key, network_->status().epoch, stranger.operator_address.bytes).to_bytes());
  stranger.votes = one_of_ours.votes;
  const sui::ObjectId node = sui::register_candidate(chain, stranger).value();
  ASSERT_TRUE(sui::grant_stake(chain, node, one_of_ours.next_stake / 3, stranger.operator_address).ok());
  for (uint32_t epoch : {2u, 3u}) {
    EXPECT_EQ(advance(), epoch);
    expect_reads_back(id, content);
    const std::string later = content_of(40'000, epoch);
    expect_reads_back(store(later), later);
  }
  uint32_t ours = 0;
  for (const NodeStatus& each : network_->status().nodes) ours += each.shards;
  EXPECT_LT(ours, config_.shards);
  stop();
  start_again();
  expect_reads_back(id, content);
}

TEST_F(EpochsTest, AFullNetworkTakesANodeOnlyInThePlaceOfAnother) {
  config_.heal = false;
  start(112, 110);
  EXPECT_EQ(network_->add_node().value(), 110u);
  const auto refused = network_->add_node();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_NE(refused.error().message().find("at most 111 storage nodes"), std::string::npos);
  ASSERT_TRUE(network_->remove_node(7).ok());
  EXPECT_EQ(network_->add_node().value(), 111u);
}

TEST_F(EpochsTest, NonsenseIsRefused) {
  start(10, 4);
  EXPECT_EQ(network_->remove_node(4).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(network_->stake(4, kWal).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(network_->stake(0, kWal - 1).error().code(), Code::kInvalidArgument);
  for (size_t node : {0, 1, 2}) ASSERT_TRUE(network_->remove_node(node).ok());
  EXPECT_FALSE(network_->remove_node(3).ok());
}

// Readers and writers while three epochs change and shards move each time.
class LoadTest : public EpochsTest {
 protected:
  struct Stored {
    std::string id, content;
  };
  void write(uint64_t seed) {
    for (uint64_t i = 0; !ending_; ++i) {
      const std::string content = content_of(1'000 + 37 * (i % 100), seed * 1'000'000 + i);
      const std::string id = store(content, "?epochs=20");
      MutexLock lock(mutex_);
      if (!id.empty()) stored_.push_back({id, content});
    }
  }
  void read(uint64_t seed) {
    SeededRng rng(seed);
    while (!ending_) {
      Stored one;
      {
        MutexLock lock(mutex_);
        one = stored_[rng.below(stored_.size())];
      }
      expect_reads_back(one.id, one.content);
      ++reads_;
    }
  }
  size_t stored() {
    MutexLock lock(mutex_);
    return stored_.size();
  }

  std::atomic<bool> ending_{false};
  std::atomic<uint64_t> reads_{0};
  Mutex mutex_;
  std::vector<Stored> stored_;
};

TEST_F(LoadTest, ThreeChangesUnderLoadLoseNothing) {
  start(31, 5);
  const std::string brief = content_of(2'000, 99);
  const std::string expired = store(brief, "?epochs=1");
  const std::string first = content_of(300'000);
  stored_.push_back({store(first, "?epochs=20"), first});
  std::vector<std::thread> load;
  for (uint64_t i = 0; i < 2; ++i) load.emplace_back([this, i] { write(i + 1); });
  for (uint64_t i = 0; i < 2; ++i) load.emplace_back([this, i] { read(i + 1); });
  for (uint32_t change = 0; change < 3; ++change) {
    const size_t before = stored();
    const uint64_t reads = reads_;
    give_stake(change, 15'000 * (change + 1));
    EXPECT_EQ(advance(), change + 2);
    const auto deadline = system_clock().in(Millis(60'000));  // each epoch sees some of both
    while ((stored() < before + 3 || reads_ < reads + 3) && !system_clock().passed(deadline))
      system_clock().sleep_for(Millis(10));
  }
  ending_ = true;
  for (std::thread& thread : load) thread.join();
  EXPECT_GT(stored_.size(), 9u);
  forget_reads();
  EXPECT_EQ(get(expired).status, 404);
  for (const Stored& one : stored_) expect_reads_back(one.id, one.content);
}

}  // namespace
}  // namespace walrusfs::localnet
