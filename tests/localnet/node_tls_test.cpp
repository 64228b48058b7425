// A network whose storage nodes speak HTTPS with the keys that the chain tells (storage-node API, section 2.1).
#include "base/crypto_tls.h"
#include "localnet/pinned_wire.h"
#include "network_fixture.h"
#include "run_curl.h"

namespace walrusfs::localnet {
namespace {

class NodeTlsTest : public NetworkTest {
 protected:
  void SetUp() override {
    config_.services.node_tls = true;
    start(10, 4);
  }
};

TEST_F(NodeTlsTest, BlobsAreStoredAndReadOverHttps) {
  EXPECT_TRUE(node(0).starts_with("https://"));
  const std::string content = content_of(30'000);
  const std::string id = store(content);
  forget_reads();
  expect_reads_back(id, content);
  EXPECT_EQ(network_->status().slivers_rebuilt, 0u);
  ASSERT_TRUE(network_->stop_node(1).ok());
  const std::string other = content_of(30'000, 5);
  expect_reads_back(store(other), other);
}

TEST_F(NodeTlsTest, AStockCurlWithTheToldPinIsServed) {
  constexpr int kPinDoesNotMatch = 90;
  const NodeStatus status = network_->status().nodes[2];
  const std::string url = status.url + "/v1/health", out = folder_ / "out";
  EXPECT_EQ(curl({"--insecure", "--pinnedpubkey", status.pinned_key, url}, out), 0);
  EXPECT_TRUE(Json::parse(content_of_file(out)).contains("success"));
  const std::string other = network_->status().nodes[1].pinned_key;
  EXPECT_EQ(curl({"--insecure", "--pinnedpubkey", other, url}, out), kPinDoesNotMatch);
}

TEST_F(NodeTlsTest, ANodeWithAnotherKeyIsNotTalkedTo) {
  const Bytes right = SigningKey::create(KeyScheme::kSecp256r1, Bytes(32, 5)).value().public_key();
  const NodeAddress told = network_->state().nodes[0];
  auto wire = reach_node({"127.0.0.1", told.port, right}, system_clock()).value();
  const auto reply = wire->send({.target = "/v1/health"});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code(), Code::kPermission) << reply.error().to_string();
  EXPECT_EQ(reach_node({"127.0.0.1", told.port, Bytes(33, 1)}, system_clock()).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace walrusfs::localnet
