// Changes of epochs in which something goes wrong, or that somebody else began.
#include "base/testing/faulty_files.h"
#include "client/sui/objects.h"
#include "localnet/sui/epochs.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kWal = 1'000'000'000;

// What node 0 keeps is on a disk that can fail, everything else on a good one.
class TwoDisks final : public Files {
 public:
  FaultyFiles& of_node_0() { return faulty_; }

  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override { return disk(path).open(path, how); }
  Status rename(const std::string& from, const std::string& to) override { return disk(from).rename(from, to); }
  Status remove(const std::string& path) override { return disk(path).remove(path); }
  Status make_directories(const std::string& path) override { return disk(path).make_directories(path); }
  Status remove_directory(const std::string& path) override { return disk(path).remove_directory(path); }
  Result<std::vector<DirectoryItem>> list(const std::string& path) override { return disk(path).list(path); }
  Status sync_directory(const std::string& path) override { return disk(path).sync_directory(path); }
  Status sync_filesystem(const std::string& path) override { return disk(path).sync_filesystem(path); }
  Result<bool> exists(const std::string& path) override { return disk(path).exists(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk(path).space(path); }

 private:
  Files& disk(const std::string& path) {
    return path.find("node-0/blobs") == std::string::npos ? system_files() : faulty_;
  }

  FaultyFiles faulty_{system_files()};
};

class ChangeTroubleTest : public NetworkTest {
 protected:
  ChangeTroubleTest() {
    config_.heal = true;
    config_.read_cache_bytes = 1;
  }
  void TearDown() override { stop(); }  // before its disk goes
  // The last epoch for which the node told the chain that it has all its shards.
  uint32_t reported_in(size_t number) {
    const std::string id = network_->state().nodes.at(number).id;
    for (const sui::NodeView& view : sui::view_nodes(network_->full_node())) {
      if (view.id.to_string() != id) continue;
      const auto cap = network_->full_node().object(view.record.cap).value();
      return bcs_decode<walrusfs::sui::StorageNodeCap>(cap.contents, "a capability").value().last_epoch_sync_done;
    }
    ADD_FAILURE() << "node " << number << " is not on the chain";
    return 0;
  }
  uint64_t slivers_of_others() {
    uint64_t sum = 0;
    for (size_t i = 1; i < network_->status().nodes.size(); ++i) sum += node_now(i).slivers;
    return sum;
  }
  // Node 0 has so much stake that it gains most shards, and without it there is no quorum.
  void begin_a_change_for_node_0() {
    ASSERT_TRUE(network_->stake(0, 1'000'000 * kWal).ok());
    ASSERT_TRUE(sui::select_next(network_->full_node(), sui::Timing::kNow).ok());
    ASSERT_EQ(sui::start_epoch_change(network_->full_node(), sui::Timing::kNow).value(), 2u);
  }
  void expect_node_0_waits(uint64_t slivers_before) {
    EXPECT_TRUE(network_->status().changing);
    EXPECT_LT(reported_in(0), 2u);
    EXPECT_EQ(slivers_of_others(), slivers_before) << "nobody lets go of what node 0 has not";
  }
  void expect_the_change_ends_well(const std::string& id, const std::string& content) {
    wait_until([this] { return !network_->status().changing; });
    wait_until([this] { return node_now(0).slivers == 2 * node_now(0).shards; });
    wait_until([this] { return slivers_of_others() + node_now(0).slivers == 2 * config_.shards; });
    expect_reads_back(id, content);
  }

  TwoDisks disks_;
};

// As any wallet may do it by a transaction over the RPC (sui_node/staking_test).
TEST_F(ChangeTroubleTest, OneThatSomebodyElseBeganIsCarriedThrough) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  const uint32_t before = node_now(0).shards;
  begin_a_change_for_node_0();
  EXPECT_GT(node_now(0).shards, before);
  expect_the_change_ends_well(id, content);
  EXPECT_EQ(network_->status().epoch, 2u);
  EXPECT_EQ(reported_in(0), 2u);
}

TEST_F(ChangeTroubleTest, ANodeWhosePeersFailReportsNothingAndTakesNothingAway) {
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  for (size_t peer = 1; peer < 5; ++peer)
    ASSERT_TRUE(network_->set_fault(peer, {.kind = FaultKind::kRefusing}).ok());
  const uint64_t slivers = slivers_of_others();
  begin_a_change_for_node_0();
  wait_until([this] { return node_now(0).healing.blobs_lacking == 1; });  // it copied in vain, and tried to rebuild
  expect_node_0_waits(slivers);
  for (size_t peer = 1; peer < 5; ++peer) ASSERT_TRUE(network_->clear_faults(peer, {}).ok());
  expect_the_change_ends_well(id, content);
}

TEST_F(ChangeTroubleTest, ANodeWhoseDiskFailsReportsNothingAndTakesNothingAway) {
  files_ = &disks_;
  start(31, 5);
  const std::string content = content_of(50'000);
  const std::string id = store(content, "?epochs=10");
  disks_.of_node_0().fail({.ops = kOpWrite, .stays = true});
  const uint64_t slivers = slivers_of_others();
  begin_a_change_for_node_0();
  wait_until([this] { return node_now(0).healing.blobs_lacking == 1; });
  expect_node_0_waits(slivers);
  disks_.of_node_0().clear_faults();
  expect_the_change_ends_well(id, content);
}

}  // namespace
}  // namespace walrusfs::localnet
