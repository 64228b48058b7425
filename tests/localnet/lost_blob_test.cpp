// Blobs of which more is gone than anybody can heal: they are named, hold up nothing, and come back with their data.
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kWal = 1'000'000'000;

class LostBlobTest : public NetworkTest {
 protected:
  LostBlobTest() {
    config_.heal = true;
    config_.read_cache_bytes = 1;
  }
  std::string blobs_of(size_t node) const { return config_.folder + "/node-" + std::to_string(node) + "/blobs"; }
  std::string kept_for(size_t node) const { return folder_ / ("kept-" + std::to_string(node)); }
  std::string file_of(const std::string& id) const {
    char hex[3];
    snprintf(hex, sizeof hex, "%02x", BlobId::parse(id).value().bytes[0]);
    return std::string("/") + hex + "/" + id + ".blob";
  }
  // What these nodes have of the blob is gone …
  void take_away(const std::string& id, const std::vector<size_t>& nodes) {
    wait_until([this] { return all_have_their_own(network_->status().blobs); });
    for (const size_t node : nodes) ASSERT_TRUE(network_->stop_node(node).ok());
    for (const size_t node : nodes) std::filesystem::rename(blobs_of(node) + file_of(id), kept_for(node));
    for (const size_t node : nodes) ASSERT_TRUE(network_->start_node(node).ok());
  }
  // … and comes back.
  void give_back(const std::string& id, size_t node) {
    ASSERT_TRUE(network_->stop_node(node).ok());
    std::filesystem::create_directories(std::filesystem::path(blobs_of(node) + file_of(id)).parent_path());
    std::filesystem::rename(kept_for(node), blobs_of(node) + file_of(id));
    ASSERT_TRUE(network_->start_node(node).ok());
  }
  // Every node has its own of so many blobs, and nobody anything else.
  bool all_have_their_own(size_t blobs) {
    const auto nodes = network_->status().nodes;
    return std::all_of(nodes.begin(), nodes.end(),
                       [&](const NodeStatus& node) { return node.slivers == blobs * 2 * node.shards; });
  }
  void expect_lost(const std::string& id, size_t found) {
    const LostBlobs lost = network_->status().lost;
    ASSERT_EQ(lost.count, 1u);
    ASSERT_EQ(lost.told.size(), 1u);
    EXPECT_EQ(lost.told[0].blob.to_string(), id);
    for (const size_t axis : {0, 1}) EXPECT_EQ(lost.told[0].left.found[axis], found);
    EXPECT_EQ(lost.told[0].left.needed[0], shape_->k1());
    EXPECT_EQ(lost.told[0].left.needed[1], shape_->k2());
    EXPECT_NE(get(id).status, 200);
  }
};

TEST_F(LostBlobTest, HoldsUpNoChangeIsNamedAndReadsAgainWhenItsDataComesBack) {
  start(31, 5);
  const std::string content = content_of(50'000, 1), other = content_of(50'000, 2);
  const std::string id = store(content, "?epochs=10"), intact = store(other, "?epochs=10");
  const size_t left = node_now(0).shards;
  take_away(id, {1, 2, 3, 4});
  ASSERT_TRUE(network_->stake(0, 20'000 * kWal).ok());  // shards move
  const auto answer = control_advance_epoch(system_files(), config_.folder);
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  const Json told = Json::parse(*answer);
  EXPECT_EQ(told["epoch"], 2);
  EXPECT_EQ(told["beyondHealing"]["count"], 1);
  EXPECT_EQ(told["beyondHealing"]["blobs"][0]["blobId"], id);
  EXPECT_EQ(told["beyondHealing"]["blobs"][0]["primary"], Json({{"found", left}, {"needed", 11}}));
  EXPECT_EQ(told["beyondHealing"]["blobs"][0]["secondary"], Json({{"found", left}, {"needed", 21}}));
  EXPECT_EQ(Json::parse(to_json(network_->status()))["beyondHealing"], told["beyondHealing"]);
  EXPECT_FALSE(network_->status().changing);
  EXPECT_GT(node_now(0).shards, left);
  expect_lost(id, left);
  expect_reads_back(intact, other);
  EXPECT_EQ(network_->advance_epoch().value(), 3u);  // and the next one
  expect_lost(id, left);

  // 7 slivers of node 0 and at least 4 others do. Their shards are of other nodes by now, in part.
  give_back(id, 1);
  wait_until([this] { return network_->status().lost.count == 0 && all_have_their_own(2); });
  expect_reads_back(id, content);
  expect_reads_back(intact, other);
}

TEST_F(LostBlobTest, WhatIsLeftOfItIsKeptWhereverItIs) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  take_away(id, {0, 1, 2, 3});
  const size_t left = node_now(4).shards;
  // Node 0 gains nearly all shards, and nobody hands it anything.
  for (size_t node = 1; node < 5; ++node)
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kRefusing, .route = "/migrate/"}).ok());
  ASSERT_TRUE(network_->stake(0, 1'000'000 * kWal).ok());
  EXPECT_EQ(network_->advance_epoch().value(), 2u);
  EXPECT_LT(node_now(4).shards, left);
  EXPECT_EQ(node_now(4).slivers, 2 * left) << "given away, and not erased";
  expect_lost(id, left);
  EXPECT_EQ(network_->advance_epoch().value(), 3u);
  EXPECT_EQ(node_now(4).slivers, 2 * left);
  give_back(id, 3);
  wait_until([this] { return network_->status().lost.count == 0 && all_have_their_own(1); });
  expect_reads_back(id, content);
}

// More is gone than the network promises to bear, and it is healed all the same.
TEST_F(LostBlobTest, ThreeOfFiveAreTooFewToLoseIt) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  take_away(id, {1, 2, 3});
  EXPECT_EQ(network_->advance_epoch().value(), 2u);
  wait_until([this] { return all_have_their_own(1); });
  EXPECT_EQ(network_->status().lost.count, 0u);
  expect_reads_back(id, content);
}

// As whoever still has it may do; without force the publisher says that it is certified.
TEST_F(LostBlobTest, StoredAgainItIsWhole) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  take_away(id, {0, 1, 2, 3});
  wait_until([this] { return network_->status().lost.count == 1; });
  store(content, "?epochs=10&force=true");
  wait_until([this] { return network_->status().lost.count == 0 && all_have_their_own(1); });
  expect_reads_back(id, content);
}

TEST_F(LostBlobTest, AHundredAreNamed) {
  start(10, 4);
  for (uint64_t i = 0; i < LostBlobs::kMostTold; ++i) store(content_of(100, i), "?epochs=10");
  auto wipe = [this] {
    for (const size_t node : {1, 2, 3}) {
      ASSERT_TRUE(network_->stop_node(node).ok());
      std::filesystem::remove_all(blobs_of(node));
    }
    for (const size_t node : {1, 2, 3}) ASSERT_TRUE(network_->start_node(node).ok());
  };
  wipe();
  wait_until([this] { return network_->status().lost.count == LostBlobs::kMostTold; });
  EXPECT_EQ(network_->status().lost.told.size(), LostBlobs::kMostTold);
  store(content_of(100, 1'000), "?epochs=10");
  wipe();
  wait_until([this] { return network_->status().lost.count == LostBlobs::kMostTold + 1; });
  EXPECT_EQ(network_->status().lost.told.size(), LostBlobs::kMostTold);
  EXPECT_EQ(network_->advance_epoch().value(), 2u);
}

}  // namespace
}  // namespace walrusfs::localnet
