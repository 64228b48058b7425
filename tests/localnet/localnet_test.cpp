// Starting, stopping, and telling others about it.
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class LocalnetTest : public NetworkTest {};

// Folders of that name are made by people, too: a network may be put beside what is theirs.
TEST_F(LocalnetTest, OnlyItsOwnLeftoversGo) {
  const std::filesystem::path folder = folder_ / "net";
  for (const char* name : {"tmp/thesis.txt", "spools/thesis.txt", "spools/left.spool"}) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "content";
  }
  start(10, 4);
  EXPECT_TRUE(std::filesystem::exists(folder / "tmp/thesis.txt"));
  EXPECT_TRUE(std::filesystem::exists(folder / "spools/thesis.txt"));
  EXPECT_FALSE(std::filesystem::exists(folder / "spools/left.spool"));
}

TEST_F(LocalnetTest, TwoOnOneFolderAreRefused) {
  start(10, 4);
  auto second = Localnet::start(config_, real_world());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Code::kBusy);
  EXPECT_NE(second.error().message().find("already runs in " + config_.folder), std::string::npos);
  stop();
  start_again();
}

TEST_F(LocalnetTest, AnotherSizeIsRefused) {
  start(10, 4);
  stop();
  config_.shards = 13;
  auto other = Localnet::start(config_, real_world());
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), Code::kInvalidArgument);
  EXPECT_NE(other.error().message().find("10 shards on 4 nodes"), std::string::npos);
}

TEST_F(LocalnetTest, OthersFindItWhileItRuns) {
  config_.folder = folder_ / "net";
  EXPECT_EQ(find_running(system_files(), config_.folder).error().code(), Code::kNotFound);
  start(10, 4);
  LocalnetState state = find_running(system_files(), config_.folder).value();
  EXPECT_EQ(state.pid, getpid());
  EXPECT_EQ(state.aggregator_url, aggregator());
  EXPECT_EQ(state.shards, 10u);
  EXPECT_EQ(send(state.publisher_url, "GET", "/status").body, "OK");
  stop();
  EXPECT_EQ(find_running(system_files(), config_.folder).error().code(), Code::kNotFound);
}

TEST_F(LocalnetTest, StatusTellsWhatIsKept) {
  start(10, 4);
  store(content_of(10'000));
  LocalnetStatus status = network_->status();
  EXPECT_EQ(status.blobs, 1u);
  EXPECT_EQ(status.epoch, 1u);
  uint64_t slivers = 0, bytes = 0;
  for (const NodeStatus& node : status.nodes) {
    EXPECT_TRUE(node.running);
    slivers += node.slivers;
    bytes += node.bytes;
  }
  EXPECT_EQ(slivers, 20u);
  EXPECT_EQ(bytes, status.bytes);
  EXPECT_EQ(bytes, shape_->all_sliver_bytes(10'000).value() +
                       4 * metadata(content_of(10'000)).to_bytes().size());
  Json json = Json::parse(to_json(status));
  EXPECT_EQ(json["nodes"].size(), 4u);
  EXPECT_EQ(json["aggregator"], aggregator());
}

TEST_F(LocalnetTest, TheControlPortObeysTheOwner) {
  start(10, 4);
  Json status = Json::parse(fetch_status_json(system_files(), config_.folder).value());
  EXPECT_EQ(status["shards"], 10);
  ASSERT_TRUE(control_node(system_files(), config_.folder, 2, "stop").ok());
  EXPECT_FALSE(network_->status().nodes[2].running);
  ASSERT_TRUE(control_node(system_files(), config_.folder, 2, "start").ok());
  EXPECT_TRUE(network_->status().nodes[2].running);
  auto no_such = control_node(system_files(), config_.folder, 4, "stop");
  EXPECT_EQ(no_such.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(control_advance_epoch(system_files(), config_.folder).value(),
            R"({"epoch":2,"beyondHealing":{"count":0,"blobs":[]}})");
  const std::string control = network_->state().control_url;
  EXPECT_EQ(send(control, "POST", "/v1/nodes/0/stop").status, 403);
  EXPECT_EQ(send(control, "GET", "/v1/status", "", {{"X-Walrusfs-Token", "wrong"}}).status, 403);
}

TEST_F(LocalnetTest, ATakenPortIsReplacedUnlessItWasAskedFor) {
  start(10, 4);
  uint16_t port = network_->state().aggregator_port;
  stop();
  Localnet* other = nullptr;
  TempFolder elsewhere;
  LocalnetConfig thief = config_;
  thief.folder = elsewhere / "net";
  thief.aggregator_port = port;
  auto holder = Localnet::start(thief, real_world());
  ASSERT_TRUE(holder.ok()) << holder.error().message();
  other = holder->get();
  EXPECT_EQ(other->state().aggregator_port, port);
  start_again();
  EXPECT_NE(network_->state().aggregator_port, port);
  EXPECT_EQ(send(aggregator(), "GET", "/status").body, "OK");
  stop();
  config_.aggregator_port = port;
  auto refused = Localnet::start(config_, real_world());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kBusy);
}

}  // namespace
}  // namespace walrusfs::localnet
