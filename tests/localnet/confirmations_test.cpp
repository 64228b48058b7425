// Confirmations are believed one by one.
#include "localnet/confirmations.h"

#include "localnet/envelope.h"
#include "localnet/http_server.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr uint32_t kShards = 7, kNodes = 7;

// A node that knows nothing but to answer a confirmation, as it was told.
class ScriptedNode {
 public:
  explicit ScriptedNode(HttpAnswer answer) : answer_(std::move(answer)) {
    HttpServerOptions options;
    options.name = "scripted node";
    server_ = HttpServer::start(options, [this](HttpCall&) { return answer_; }).value();
  }
  uint16_t port() const { return server_->port(); }

 private:
  const HttpAnswer answer_;
  std::unique_ptr<HttpServer> server_;
};

class ConfirmationsTest : public testing::Test {
 protected:
  ConfirmationsTest() {
    std::vector<Member> members = Committee::create(kShards, kNodes, rng_).value().members();
    for (Member& member : members) {
      keys_.push_back(bls::SecretKey::generate(rng_));
      member.key = keys_.back().public_key();
    }
    committee_.emplace(shape_, std::move(members));
    wanted_.blob.bytes[0] = 1;
  }
  HttpAnswer signed_by(size_t key, const StorageConfirmation& promise) {
    return success_answer(200, confirmation_to_json(SignedMessage::sign(keys_[key], promise.to_bytes())));
  }
  void add_node(HttpAnswer answer) {
    servers_.push_back(std::make_unique<ScriptedNode>(std::move(answer)));
    clients_.push_back(std::make_shared<NodeClient>("node " + std::to_string(clients_.size()), "127.0.0.1",
                                                    servers_.back()->port(), shape_, system_clock()));
  }
  void add_honest_nodes(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) add_node(signed_by(i, wanted_));
  }
  ConfirmationRound collect(std::vector<bool> asked = std::vector<bool>(kNodes, true)) {
    ConfirmationRound round = collect_confirmations(*committee_, clients_, asked, wanted_);
    for (auto& client : clients_) client->close_idle();
    return round;
  }

  SeededRng rng_{5};
  const CodeShape shape_ = CodeShape::create(kShards).value();
  std::optional<Committee> committee_;
  std::vector<bls::SecretKey> keys_;
  StorageConfirmation wanted_{3, {}, {}};
  std::vector<std::unique_ptr<ScriptedNode>> servers_;
  std::vector<NodeClientPtr> clients_;
};

TEST_F(ConfirmationsTest, FMayLieInTheirOwnWays) {
  StorageConfirmation other_epoch = wanted_;
  other_epoch.epoch = 2;
  add_node(signed_by(0, other_epoch));
  add_node(signed_by(2, wanted_));  // somebody else's signature
  add_honest_nodes(2, kNodes);
  const ConfirmationRound round = collect();
  EXPECT_EQ(round.weight, 5u);
  ASSERT_TRUE(round.certificate.has_value());
  EXPECT_EQ(round.certificate->signers, (std::vector<uint16_t>{2, 3, 4, 5, 6}));
  EXPECT_TRUE(verify_certificate(committee_->signers(), committee_->quorum_weight(), *round.certificate).ok());
  EXPECT_NE(round.failures.find("node 0: the signed message is not the one asked for"), std::string::npos);
  EXPECT_NE(round.failures.find("node 1: the signature is not that of the node's key"), std::string::npos);
}

TEST_F(ConfirmationsTest, OneMoreMakesNoCertificate) {
  add_node(success_answer(200, "{}"));
  add_node(text_answer(500, ""));
  add_node(signed_by(0, wanted_));
  add_honest_nodes(3, kNodes);
  const ConfirmationRound round = collect();
  EXPECT_EQ(round.weight, 4u);
  EXPECT_FALSE(round.certificate.has_value());
  for (const char* node : {"node 0", "node 1", "node 2"})
    EXPECT_NE(round.failures.find(node), std::string::npos) << round.failures;
}

TEST_F(ConfirmationsTest, OnlyThoseThatKeepTheBlobAreAsked) {
  add_honest_nodes(0, kNodes);
  std::vector<bool> asked(kNodes, true);
  asked[4] = asked[6] = false;
  const ConfirmationRound round = collect(asked);
  EXPECT_EQ(round.certificate.value().signers, (std::vector<uint16_t>{0, 1, 2, 3, 5}));
  EXPECT_TRUE(round.failures.empty()) << round.failures;
}

class NodeKeyFaultTest : public NetworkTest {};

TEST_F(NodeKeyFaultTest, ANodeWithAForeignKeyDoesNotComeBack) {
  start(10, 4);
  std::string content = content_of(500);
  std::string id = store(content);
  ASSERT_TRUE(network_->stop_node(2).ok());
  const std::string key = node_folder(config_.folder, 2) + "/protocol.key";
  std::filesystem::rename(key, key + ".kept");
  std::filesystem::copy_file(node_folder(config_.folder, 1) + "/protocol.key", key);
  EXPECT_EQ(network_->start_node(2).error().code(), Code::kWrongKey);
  expect_reads_back(id, content);
  std::filesystem::rename(key + ".kept", key);
  EXPECT_TRUE(network_->start_node(2).ok());
}

TEST_F(NodeKeyFaultTest, ALostKeyIsReplacedWhenTheNetworkStarts) {
  start(10, 4);
  std::string content = content_of(500);
  std::string id = store(content);
  stop();
  std::filesystem::remove(node_folder(config_.folder, 2) + "/protocol.key");
  start_again();
  expect_reads_back(id, content);
  store(content_of(501));
}

}  // namespace
}  // namespace walrusfs::localnet
