// A network stops soon, whatever its requests wait for.
#include <future>

#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kForEver{600'000};  // of a fault
constexpr Millis kSoon{40'000};      // on a slow, loaded machine; without care it takes a minute and more

class StoppingTest : public NetworkTest {
 protected:
  // Requests of a client of its own, until it ends.
  std::future<void> in_background(std::function<void()> work) {
    return std::async(std::launch::async, std::move(work));
  }
  bool has_struck(std::optional<size_t> node) {
    const LocalnetStatus status = network_->status();
    const auto& faults = node ? status.nodes.at(*node).faults : status.ledger_faults;
    return std::any_of(faults.begin(), faults.end(), [](const FaultState& fault) { return fault.struck > 0; });
  }
  void wait_until_struck(std::optional<size_t> node) {
    while (!has_struck(node)) system_clock().sleep_for(Millis(5));
  }
  void expect_stops_soon() {
    const auto since = system_clock().monotonic();
    stop();
    EXPECT_LT(system_clock().monotonic() - since, kSoon);
  }
};

TEST_F(StoppingTest, NodesThatHangHoldNobodyUp) {
  start(10, 4);
  for (size_t node = 0; node < 4; ++node)
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kHanging, .route = "/metadata", .delay = kForEver}).ok());
  auto storing = in_background([this, url = publisher()] { send(url, "PUT", "/v1/blobs", "some bytes"); });
  wait_until_struck(0);
  expect_stops_soon();
}

TEST_F(StoppingTest, AChainThatHangsHoldsNobodyUp) {
  start(10, 4);
  ASSERT_TRUE(network_->set_fault({}, {.kind = FaultKind::kHanging, .delay = kForEver}).ok());
  auto storing = in_background([this, url = publisher()] { send(url, "PUT", "/v1/blobs", "some bytes"); });
  wait_until_struck({});
  expect_stops_soon();
}

// It waits for a minute before it gives up.
TEST_F(StoppingTest, AChangeOfEpochsThatWaitsHoldsNobodyUp) {
  config_.heal = true;
  start(10, 4);
  store(content_of(20'000), "?epochs=10");
  ASSERT_TRUE(network_->stop_node(0).ok());
  std::filesystem::remove_all(config_.folder + "/node-0/blobs");
  for (size_t node = 1; node < 4; ++node)
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kRefusing}).ok());
  ASSERT_TRUE(network_->start_node(0).ok());
  while (network_->status().nodes[0].healing.blobs_lacking == 0) system_clock().sleep_for(Millis(5));
  auto asked = in_background([folder = config_.folder] {
    EXPECT_FALSE(control_advance_epoch(system_files(), folder).ok());
  });
  EXPECT_EQ(asked.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout) << "it waits for node 0";
  expect_stops_soon();
}

// The handler of such a request must not wait for what stop_node() holds.
TEST_F(StoppingTest, ANodeStopsWhileItsRequestsChangeEpochs) {
  start(10, 4);
  const std::string target = "/v1/blobs/" + store(content_of(500), "?epochs=50") + "/status";
  ASSERT_TRUE(network_->set_fault(1, {.kind = FaultKind::kEpochChange}).ok());
  std::atomic<bool> ending{false};
  std::vector<std::future<void>> asking;
  for (int i = 0; i < 4; ++i)
    asking.push_back(in_background([&, url = node(1)] {
      while (!ending) send(url, "GET", target);
    }));
  for (int round = 0; round < 3; ++round) {
    const uint32_t epoch = network_->status().epoch;
    while (network_->status().epoch == epoch) system_clock().sleep_for(Millis(5));
    const auto since = system_clock().monotonic();
    ASSERT_TRUE(network_->stop_node(1).ok());
    EXPECT_LT(system_clock().monotonic() - since, kSoon);
    ASSERT_TRUE(network_->start_node(1).ok());
  }
  expect_stops_soon();
  ending = true;
}

}  // namespace
}  // namespace walrusfs::localnet
