// The ledger's fault `stale` on the port of its full node: clients read what there was before, and what they send is
// executed. (How such a node answers in detail: tests/sui_node/lagging_test.)
#include "client/http_curl.h"
#include "client/sui_client.h"
#include "localnet/faults.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

using walrusfs::sui::Address;
using walrusfs::sui::SuiDigest;

// Of the RPC only: the publisher's own view of the ledger has tests of its own.
constexpr const char* kRpc = "/sui.rpc.v2.";

class LaggingRpcTest : public NetworkTest {
 protected:
  void SetUp() override {
    start(10, 4);
    transport_ = CurlTransport::create(system_clock()).value();
    client_ = std::make_unique<SuiClient>(*transport_, network_->state().chain.rpc_url);
  }
  Deadline soon() const { return system_clock().in(Millis(60'000)); }
  // The digest of what the faucet did for `who_`.
  SuiDigest money() {
    const std::string wish = R"({"recipient":")" + who_.to_string() + R"(","sui":5,"wal":7})";
    const Reply reply = send(network_->state().chain.rpc_url, "POST", "/v1/faucet", wish);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return SuiDigest::parse(reply.json().at("digest").get<std::string>()).value();
  }
  uint64_t balance() { return client_->balance(who_, walrusfs::sui::sui_coin_type(), soon()).value(); }
  uint64_t struck() { return network_->status().ledger_faults.at(0).struck; }

  const Address who_ = Address::of(77);
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<SuiClient> client_;
};

TEST_F(LaggingRpcTest, WhatIsNewIsHiddenUntilItIsCleared) {
  ASSERT_TRUE(
      network_->set_fault(std::nullopt, {.kind = FaultKind::kStale, .route = kRpc, .delay = kMaxFaultDelay}).ok());
  const SuiDigest digest = money();
  EXPECT_EQ(struck(), 0u) << "the faucet does not read";
  EXPECT_EQ(balance(), 0u);
  EXPECT_EQ(client_->transaction(digest, soon()).error().code(), Code::kNotFound);
  EXPECT_EQ(struck(), 2u);
  // Nodes, publisher and aggregator go on.
  const std::string content = content_of(5'000);
  expect_reads_back(store(content), content);
  ASSERT_TRUE(network_->clear_faults(std::nullopt, std::nullopt).ok());
  EXPECT_EQ(balance(), 5u);
  EXPECT_TRUE(client_->transaction(digest, soon()).ok());
}

TEST_F(LaggingRpcTest, OnlySoManyReadsAreStruck) {
  ASSERT_TRUE(network_
                  ->set_fault(std::nullopt, {.kind = FaultKind::kStale, .times = 2, .route = "GetBalance",
                                             .delay = kMaxFaultDelay})
                  .ok());
  const SuiDigest digest = money();
  EXPECT_EQ(balance(), 0u);
  EXPECT_TRUE(client_->transaction(digest, soon()).ok()) << "another method";
  EXPECT_EQ(balance(), 0u);
  EXPECT_EQ(balance(), 5u);
}

// A client that asks until the node has its transaction sees everything from then on.
TEST_F(LaggingRpcTest, TheNodeCatchesUp) {
  constexpr Millis kLag{1'500};
  ASSERT_TRUE(network_->set_fault(std::nullopt, {.kind = FaultKind::kStale, .route = kRpc, .delay = kLag}).ok());
  const auto begun = system_clock().monotonic();
  const SuiDigest digest = money();
  const Deadline deadline = soon();
  while (!client_->transaction(digest, deadline).ok() && !system_clock().passed(deadline))
    system_clock().sleep_for(Millis(50));
  EXPECT_GE(system_clock().monotonic() - begun, kLag - Millis(2));  // times on the chain are whole milliseconds
  EXPECT_EQ(balance(), 5u);
}

}  // namespace
}  // namespace walrusfs::localnet
