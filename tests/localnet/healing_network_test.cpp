// A whole network whose nodes heal themselves, in the background, as users meet it.
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class HealingNetworkTest : public NetworkTest {
 protected:
  HealingNetworkTest() { config_.heal = true; }

  NodeStatus status(size_t node) { return network_->status().nodes.at(node); }
  // The node is told from outside that it is done: by its status.
  bool heals(size_t node, uint64_t slivers) {
    const auto deadline = system_clock().in(Millis(120'000));
    while (!system_clock().passed(deadline)) {
      const NodeStatus now = status(node);
      if (now.slivers == slivers && now.healing.blobs_lacking == 0 && now.shards_in_recovery == 0) return true;
      system_clock().sleep_for(Millis(20));
    }
    return false;
  }
  void wipe(size_t node) {
    ASSERT_TRUE(network_->stop_node(node).ok());
    std::filesystem::remove_all(config_.folder + "/node-" + std::to_string(node) + "/blobs");
    ASSERT_TRUE(network_->start_node(node).ok());
  }
};

TEST_F(HealingNetworkTest, AWipedNodeHasEverythingAgainAndServesIt) {
  start(31, 5);
  std::vector<std::string> contents, ids;
  for (size_t size : {size_t{0}, size_t{1}, size_t{70'000}, size_t{1'000'000}}) {
    contents.push_back(content_of(size));
    ids.push_back(store(contents.back()));
  }
  const uint64_t slivers = status(1).slivers;
  EXPECT_GT(slivers, 0u);
  wipe(1);
  ASSERT_TRUE(heals(1, slivers));
  EXPECT_EQ(status(1).healing.slivers_rebuilt, slivers);
  forget_reads();
  ASSERT_TRUE(network_->stop_node(2).ok());  // with node 1 still empty this would be too many
  for (size_t i = 0; i < ids.size(); ++i) expect_reads_back(ids[i], contents[i]);
}

TEST_F(HealingNetworkTest, FilesOfGarbageAreReplaced) {
  start(10, 4);
  const std::string content = content_of(30'000);
  const std::string id = store(content);
  const uint64_t slivers = status(0).slivers;
  stop();
  overwrite_with_garbage(0);
  start_again();
  ASSERT_TRUE(heals(0, slivers));
  expect_reads_back(id, content);
}

// What was stored while a node was down, it has after its next start.
TEST_F(HealingNetworkTest, ANodeThatWasDownCatchesUp) {
  start(10, 4);
  ASSERT_TRUE(network_->stop_node(3).ok());
  const std::string content = content_of(50'000);
  store(content);
  ASSERT_TRUE(network_->start_node(3).ok());
  EXPECT_TRUE(heals(3, 2 * status(3).shards));
}

TEST_F(HealingNetworkTest, ADefaultNetworkMovesLittleMoreThanWasLost) {
  start(301, 5);
  store(content_of(6 << 20));
  const uint64_t slivers = status(0).slivers;
  wipe(0);
  ASSERT_TRUE(heals(0, slivers));
  const HealCounts counts = status(0).healing;
  EXPECT_GT(counts.bytes_rebuilt, 5u << 20);
  EXPECT_LT(counts.bytes_moved, counts.bytes_rebuilt * 5 / 4);
  const Json told = Json::parse(to_json(network_->status()))["nodes"][0]["healing"];
  EXPECT_EQ(told["bytesRebuilt"], counts.bytes_rebuilt);
  EXPECT_EQ(told["blobsLacking"], 0);
}

}  // namespace
}  // namespace walrusfs::localnet
