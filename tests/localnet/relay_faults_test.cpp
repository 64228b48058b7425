// The upload relay while nodes and chain misbehave: a right certificate, or an error after which the same upload may be
// tried again.
#include "base/testing/manual_clock.h"
#include "fake_call.h"
#include "fault_cases.h"
#include "localnet/upload_relay.h"
#include "network_fixture.h"
#include "node_ring.h"

namespace walrusfs::localnet {
namespace {

class RelayFaultTest : public NetworkTest {
 protected:
  BlobObject register_content() { return register_blob(content_, true); }
  Reply upload(const BlobObject& object) {
    return send(network_->state().relay_url, "POST",
                "/v1/blob-upload-relay?blob_id=" + object.blob.to_string() + "&deletable_blob_object=" + object.id,
                content_);
  }
  // The chain takes the certificate, and the blob is there.
  void expect_certified(const BlobObject& object, const Reply& reply) {
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json certificate = reply.json().at("confirmation_certificate");
    const BlobCertificate on_chain{
        certificate.at("serialized_message").get<Bytes>(),
        signers_to_bitmap(certificate.at("signers").get<std::vector<uint16_t>>(), config_.nodes),
        from_base64(certificate.at("signature").get<std::string>()).value()};
    ASSERT_TRUE(network_->ledger().certify(object.id, on_chain).ok());
    expect_reads_back(object.blob.to_string(), content_);
  }
  void expect_try_again(const Reply& reply) {
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "internal client error");
    EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
  }

  const std::string content_ = content_of(20'000);
};

// Nodes 0 and 1 have three of ten shards each, 2 and 3 two; f is 3.
class RelayNodeFaultTest : public RelayFaultTest, public testing::WithParamInterface<FaultCase> {
 protected:
  void SetUp() override { start(10, 4); }
  void strike(size_t nodes) {
    for (size_t node = 0; node < nodes; ++node) ASSERT_TRUE(network_->set_fault(node, GetParam().rule).ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, RelayNodeFaultTest, testing::ValuesIn(fault_cases(Struck::kAlways)),
                         [](const auto& which) { return which.param.name; });

TEST_P(RelayNodeFaultTest, UpToFShardsMayHaveIt) {
  strike(1);
  const BlobObject object = register_content();
  expect_certified(object, upload(object));
}

TEST_P(RelayNodeFaultTest, WithMoreTheSameUploadMayBeTriedAgain) {
  strike(3);
  const BlobObject object = register_content();
  const Reply reply = upload(object);
  if (GetParam().rule.kind != FaultKind::kSlow && GetParam().rule.kind != FaultKind::kStale) expect_try_again(reply);
  if (reply.status != 200) expect_try_again(reply);
  for (size_t node = 0; node < 3; ++node) ASSERT_TRUE(network_->clear_faults(node, {}).ok());
  // Nodes that did not answer are left alone for a second.
  Reply again = upload(object);
  for (int tries = 0; again.status != 200 && tries < 20; ++tries) {
    expect_try_again(again);
    system_clock().sleep_for(Millis(200));
    again = upload(object);
  }
  expect_certified(object, again);
}

class RelayChainFaultTest : public RelayFaultTest {
 protected:
  void SetUp() override { start(10, 4); }
};

TEST_F(RelayChainFaultTest, AChainThatLagsForAMomentIsWaitedFor) {
  ASSERT_TRUE(network_->set_fault({}, {.kind = FaultKind::kStale, .times = 3}).ok());
  const BlobObject object = register_content();
  expect_certified(object, upload(object));
  EXPECT_TRUE(network_->status().ledger_faults.at(0).over);
}

TEST_F(RelayChainFaultTest, OneThatLagsForLongIsToldAndTheUploadMayBeTriedAgain) {
  ASSERT_TRUE(network_->set_fault({}, {.kind = FaultKind::kStale}).ok());
  const BlobObject object = register_content();
  expect_try_again(upload(object));
  EXPECT_TRUE(nothing_is_spooled());
  ASSERT_TRUE(network_->clear_faults({}, {}).ok());
  expect_certified(object, upload(object));
}

// A full node that hears of a transaction only when it has been asked for it so many times.
class LateTransactions final : public TransactionSource {
 public:
  LateTransactions(TransactionFacts facts, int unseen) : facts_(std::move(facts)), unseen_(unseen) {}
  Result<TransactionFacts> transaction(const walrusfs::sui::SuiDigest&) const override {
    if (unseen_-- > 0) return Error(Code::kNotFound, "nobody has seen it");
    return facts_;
  }

 private:
  const TransactionFacts facts_;
  mutable int unseen_;
};

class LateTipTest : public testing::Test {
 protected:
  static constexpr uint64_t kTipMist = 105;

  LateTipTest() : content_(5'000), nonce_(32, 7), blob_(ring_.store(content_).metadata.blob_id()) {
    tip_.address = walrusfs::sui::Address::of(0x2a);
    tip_.kind = ConstTip{kTipMist};
  }
  HttpAnswer upload(int unseen) {
    TransactionFacts facts;
    facts.first_input = auth_package(content_, nonce_);
    facts.sui_changes = {{tip_.address, false, kTipMist}};
    facts.time_ms = static_cast<uint64_t>(clock_.now().ns / 1'000'000);
    const LateTransactions transactions(facts, unseen);
    RelayOptions options;
    options.tip = tip_;
    options.scratch_folder = folder_.path();
    BlobWriter writer(ring_.membership(), ring_.peers_of(0), 1);
    UploadRelay relay(ring_.membership(), writer, ring_.peers_of(0), ring_.registry, transactions, system_files(),
                      clock_, options);
    FakeCall call("POST", "/v1/blob-upload-relay",
                  "blob_id=" + blob_.to_string() + "&tx_id=" + walrusfs::sui::SuiDigest{}.to_string() +
                      "&nonce=" + to_base64url(nonce_),
                  content_);
    return relay.answer(call);
  }

  NodeRing ring_{10, 4};
  ManualClock clock_;
  TempFolder folder_;
  TipConfig tip_;
  const Bytes content_, nonce_;
  const BlobId blob_;
};

TEST_F(LateTipTest, ATransactionThatIsNotVisibleYetIsWaitedFor) {
  for (const int unseen : {0, 1, 9}) {
    const HttpAnswer answer = upload(unseen);
    EXPECT_EQ(answer.status, 200) << unseen << ": " << answer.body;
  }
}

TEST_F(LateTipTest, OneThatNobodySeesInTimeMayBeTriedAgain) {
  const auto before = clock_.monotonic();
  const HttpAnswer answer = upload(10);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "internal client error");
  EXPECT_LE(clock_.monotonic() - before, Millis(2'000));
  EXPECT_EQ(upload(0).status, 200);
}

}  // namespace
}  // namespace walrusfs::localnet
