// Each kind of fault on real nodes: with f shards struck everything works, with more there is a clear error; wrong
// bytes never come. And what the faults look like on the wire.
#include <thread>

#include "fault_cases.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class FaultKindTest : public NetworkTest, public testing::WithParamInterface<FaultCase> {
 protected:
  // Nodes 0 and 1 have three of ten shards each, 2 and 3 two; f is 3.
  void store_then_strike(size_t nodes) {
    start(10, 4);
    id_ = store(content_);
    forget_reads();
    for (size_t node = 0; node < nodes; ++node)
      ASSERT_TRUE(network_->set_fault(node, GetParam().rule).ok());
  }
  void expect_well_again() {
    for (size_t node = 0; node < 4; ++node) ASSERT_TRUE(network_->clear_faults(node, std::nullopt).ok());
    system_clock().sleep_for(Millis(1'100));  // as long as nodes that did not answer are left alone
    expect_reads_back(id_, content_);
    const std::string other = content_of(3'000, 4);
    expect_reads_back(store(other), other);
  }

  const std::string content_ = content_of(20'000);
  std::string id_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, FaultKindTest, testing::ValuesIn(fault_cases(Struck::kAlwaysOrAtTimes)),
                         [](const auto& which) { return which.param.name; });

TEST_P(FaultKindTest, UpToFShardsMayHaveIt) {
  store_then_strike(1);
  expect_reads_back(id_, content_);
  Reply part = get_range(id_, 100, 19'000);
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content_.substr(100, 18'901));
  const std::string other = content_of(5'000, 2);
  const std::string other_id = store(other);
  expect_reads_back(other_id, other);
  EXPECT_GT(network_->status().nodes[0].faults.at(0).struck + (GetParam().rule == FaultRule{} ? 1 : 0), 0u);
}

TEST_P(FaultKindTest, MoreThanFMakeAClearErrorAndNeverWrongBytes) {
  store_then_strike(3);
  Reply whole = get(id_);
  if (whole.status == 200) {
    EXPECT_TRUE(whole.body == content_);
  } else if (whole.status == 404) {  // a quorum says that there is none
    EXPECT_EQ(whole.reason(), "BLOB_NOT_FOUND");
    EXPECT_TRUE(GetParam().rule.kind == FaultKind::kStale || GetParam().rule.kind == FaultKind::kWrongBytes);
  } else {
    EXPECT_EQ(whole.status, 503) << whole.body;
    EXPECT_EQ(whole.reason(), "BLOB_UNAVAILABLE");
  }
  Reply stored = put(content_of(5'000, 3));
  if (stored.status != 200) {
    EXPECT_EQ(stored.status, 504) << stored.body;
    EXPECT_EQ(stored.reason(), "INSUFFICIENT_CONFIRMATIONS");
  }
  expect_well_again();
}

class FaultWireTest : public NetworkTest {
 protected:
  uint16_t port_of(size_t node) const { return network_->state().nodes.at(node).port; }
  std::string health(size_t node) { return send_raw(port_of(node), "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"); }
  bool accepts_connections(size_t node) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_of(node));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
};

TEST_F(FaultWireTest, ADeadNodeRefusesConnectionsAndComesBackOnItsPort) {
  start(10, 4);
  const std::string url = node(1);
  ASSERT_TRUE(network_->set_fault(1, {.kind = FaultKind::kDead}).ok());
  EXPECT_FALSE(accepts_connections(1));
  EXPECT_TRUE(network_->status().nodes[1].running) << "it is there, nobody reaches it";
  ASSERT_TRUE(network_->clear_faults(1, FaultKind::kDead).ok());
  EXPECT_EQ(send(url, "GET", "/v1/health").status, 200);
}

TEST_F(FaultWireTest, ADeadNodeMayBeStoppedAndStarted) {
  start(10, 4);
  ASSERT_TRUE(network_->set_fault(1, {.kind = FaultKind::kDead}).ok());
  ASSERT_TRUE(network_->stop_node(1).ok());
  ASSERT_TRUE(network_->start_node(1).ok());
  EXPECT_FALSE(accepts_connections(1));
  ASSERT_TRUE(network_->clear_faults(1, std::nullopt).ok());
  EXPECT_TRUE(accepts_connections(1));
}

TEST_F(FaultWireTest, ACutConnectionHasNoByteOfAnAnswer) {
  start(10, 4);
  for (FaultKind kind : {FaultKind::kDead, FaultKind::kLostAnswer}) {
    ASSERT_TRUE(network_->set_fault(2, {.kind = kind, .times = 1}).ok());
    EXPECT_EQ(health(2), "");
    EXPECT_NE(health(2), "") << "once only";
  }
  ASSERT_TRUE(network_->set_fault(2, {.kind = FaultKind::kHanging, .delay = Millis(50)}).ok());
  EXPECT_EQ(health(2), "");
}

TEST_F(FaultWireTest, WhatHangsEndsWithTheFaultOrTheNode) {
  start(10, 4);
  const FaultRule for_ever{.kind = FaultKind::kHanging, .delay = kMaxFaultDelay};
  ASSERT_TRUE(network_->set_fault(0, for_ever).ok());
  auto until_struck = [&](uint64_t times) {
    while (network_->status().nodes[0].faults.at(0).struck < times) system_clock().sleep_for(Millis(1));
  };
  std::thread first([&] { EXPECT_EQ(health(0), ""); });
  until_struck(1);
  ASSERT_TRUE(network_->clear_faults(0, std::nullopt).ok());
  first.join();
  ASSERT_TRUE(network_->set_fault(0, for_ever).ok());
  std::thread second([&] { EXPECT_EQ(health(0), ""); });
  until_struck(1);
  ASSERT_TRUE(network_->stop_node(0).ok());
  second.join();
}

TEST_F(FaultWireTest, ABlobMayBeBlocked) {
  start(10, 4);
  const std::string blocked = store(content_of(4'000, 1)), content = content_of(4'000, 2), other = store(content);
  for (size_t node : {0, 1, 2})
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kRefusing, .route = blocked, .answer = "FORBIDDEN_BLOB"})
                    .ok());
  Reply reply = get(blocked);
  EXPECT_EQ(reply.status, 451) << reply.body;
  EXPECT_EQ(reply.reason(), "FORBIDDEN_BLOB");
  expect_reads_back(other, content);
}

// Whoever meets it first waits; the next readers go past it. A store asks it once more: among the others may
// be one that refuses.
TEST_F(FaultWireTest, AHangingNodeIsWaitedForOnce) {
  config_.read_cache_bytes = 1;  // every read goes to the nodes
  start(10, 4);
  const std::string before = content_of(4'000, 1), after = content_of(4'000, 2);
  const std::string id = store(before);
  const size_t hanging = owner_of_row(id, 0);
  ASSERT_TRUE(network_->set_fault(hanging, {.kind = FaultKind::kHanging, .delay = kMaxFaultDelay}).ok());
  const auto struck = [&] { return network_->status().nodes[hanging].faults.at(0).struck; };
  expect_reads_back(id, before);
  const uint64_t waited = struck();
  EXPECT_GT(waited, 0u);
  expect_reads_back(id, before);
  EXPECT_EQ(struck(), waited) << "it was asked again";
  const std::string stored = store(after);
  EXPECT_EQ(struck(), waited + 1);
  expect_reads_back(stored, after);
  EXPECT_EQ(struck(), waited + 1);
}

TEST_F(FaultWireTest, ALostAnswerWasDone) {
  start(10, 4);
  ASSERT_TRUE(network_->set_fault(0, {.kind = FaultKind::kLostAnswer, .route = "/slivers/"}).ok());
  const std::string content = content_of(4'000);
  expect_reads_back(store(content), content);
  EXPECT_GT(network_->status().nodes[0].slivers, 0u);
}

TEST_F(FaultWireTest, AnEpochMayEndInTheMiddleOfAStore) {
  start(10, 4);
  ASSERT_TRUE(network_->set_fault(3, {.kind = FaultKind::kEpochChange, .times = 1, .route = "/confirmation/"}).ok());
  const uint32_t before = network_->status().epoch;
  const std::string content = content_of(4'000);
  const std::string id = store(content, "?epochs=3");
  EXPECT_EQ(network_->status().epoch, before + 1);
  expect_reads_back(id, content);
}

TEST_F(FaultWireTest, ALedgerThatCannotBeReachedFailsStoresAndItsPort) {
  start(10, 4);
  const std::string content = content_of(4'000);
  ASSERT_TRUE(network_->set_fault(std::nullopt, {.kind = FaultKind::kDead, .times = 1, .route = "register"}).ok());
  EXPECT_EQ(put(content).status, 500);
  expect_reads_back(store(content), content);
  ASSERT_TRUE(network_->set_fault(std::nullopt, {.kind = FaultKind::kDead}).ok());
  EXPECT_EQ(send(network_->state().chain.rpc_url, "GET", "/").status, 0);
  ASSERT_TRUE(network_->clear_faults(std::nullopt, std::nullopt).ok());
  EXPECT_NE(send(network_->state().chain.rpc_url, "GET", "/").status, 0);
}

TEST_F(FaultWireTest, ACertificationWhoseAnswerWasLostIsFoundByTheNextStore) {
  start(10, 4);
  const std::string content = content_of(4'000);
  ASSERT_TRUE(network_->set_fault(std::nullopt, {.kind = FaultKind::kLostAnswer, .times = 1, .route = "certify"}).ok());
  EXPECT_EQ(put(content).status, 504);
  expect_reads_back(blob_id(content).to_string(), content);
  EXPECT_TRUE(put(content).json().contains("alreadyCertified"));
}

TEST_F(FaultWireTest, TheControlPortSetsShowsAndClears) {
  start(10, 4);
  const std::string control = network_->state().control_url;
  const httplib::Headers token = {{"X-Walrusfs-Token", network_->state().control_token}};
  EXPECT_EQ(send(control, "POST", "/v1/nodes/1/faults", R"({"kind":"slow"})").status, 403);
  EXPECT_EQ(send(control, "POST", "/v1/nodes/1/faults", R"({"kind":"slow","delayMs":5})", token).status, 200);
  EXPECT_EQ(send(control, "POST", "/v1/nodes/1/faults", R"({"kind":"wrong","rate":0.5})", token).status, 200);
  EXPECT_EQ(send(control, "POST", "/v1/ledger/faults", R"({"kind":"slow"})", token).status, 200);
  const Json status = send(control, "GET", "/v1/status", "", token).json();
  ASSERT_EQ(status["nodes"][1]["faults"].size(), 2u);
  EXPECT_EQ(status["nodes"][1]["faults"][0]["kind"], "slow");
  EXPECT_EQ(status["nodes"][1]["faults"][0]["delayMs"], 5);
  EXPECT_EQ(status["nodes"][1]["faults"][1]["rate"], 0.5);
  EXPECT_EQ(status["ledgerFaults"].size(), 1u);
  EXPECT_EQ(send(control, "DELETE", "/v1/nodes/1/faults?kind=slow", "", token).status, 200);
  EXPECT_EQ(network_->status().nodes[1].faults.size(), 1u);
  EXPECT_EQ(send(control, "DELETE", "/v1/nodes/1/faults", "", token).status, 200);
  EXPECT_TRUE(network_->status().nodes[1].faults.empty());
}

TEST_F(FaultWireTest, TheControlPortRefusesNonsense) {
  start(10, 4);
  const std::string control = network_->state().control_url;
  const httplib::Headers token = {{"X-Walrusfs-Token", network_->state().control_token}};
  auto status_of = [&](const char* method, const std::string& target, const std::string& body = "") {
    return send(control, method, target, body, token).status;
  };
  for (const char* body : {"", "{}", "{\"kind\":\"sleepy\"}", "\xff\xfe", R"({"kind":"slow","rate":7})"})
    EXPECT_EQ(status_of("POST", "/v1/nodes/0/faults", body), 400) << body;
  EXPECT_EQ(status_of("POST", "/v1/nodes/0/faults", std::string(5000, ' ')), 413);
  EXPECT_EQ(status_of("POST", "/v1/nodes/9/faults", R"({"kind":"slow"})"), 400);
  EXPECT_EQ(status_of("DELETE", "/v1/nodes/9/faults"), 400);
  EXPECT_EQ(status_of("DELETE", "/v1/nodes/0/faults?kind=sleepy"), 400);
  EXPECT_EQ(status_of("DELETE", "/v1/nodes/0/faults?colour=red"), 400);
  EXPECT_EQ(status_of("GET", "/v1/nodes/0/faults"), 405);
  EXPECT_EQ(status_of("POST", "/v1/nodes/x/faults", R"({"kind":"slow"})"), 404);
}

}  // namespace
}  // namespace walrusfs::localnet
