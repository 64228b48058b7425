// The upload relay over HTTP (API, section 4). What a tip is worth is tested in relay_tip_test and sui_node/relay_test.
#include <future>

#include "base/base58.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class UploadRelayTest : public NetworkTest {
 protected:
  void SetUp() override { start(10, 4); }

  std::string relay() const { return network_->state().relay_url; }
  Reply upload(const std::string& content, const std::string& query) {
    return send(relay(), "POST", "/v1/blob-upload-relay" + query, content);
  }
  std::string query_of(const BlobObject& object) const {
    return "?blob_id=" + object.blob.to_string() +
           (object.deletable ? "&deletable_blob_object=" + object.id : "");
  }
  void expect_text(const Reply& reply, int status) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
  }
};

TEST_F(UploadRelayTest, WantsNoTipUnlessTold) {
  Reply reply = send(relay(), "GET", "/v1/tip-config");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "\"no_tip\"");
}

TEST_F(UploadRelayTest, ACertificateThatTheChainTakesComesBack) {
  for (const bool deletable : {true, false}) {
    const std::string content = content_of(40'000, deletable ? 2 : 3);
    const BlobObject object = register_blob(content, deletable);
    Reply reply = upload(content, query_of(object) + "&encoding_type=RS2");
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json answer = reply.json();
    EXPECT_EQ(answer.at("blob_id").size(), 32u);
    EXPECT_EQ(answer["blob_id"].get<std::vector<uint8_t>>(),
              std::vector<uint8_t>(object.blob.bytes.begin(), object.blob.bytes.end()));
    const Json& certificate = answer.at("confirmation_certificate");
    const auto signers = certificate.at("signers").get<std::vector<uint16_t>>();
    EXPECT_TRUE(std::is_sorted(signers.begin(), signers.end()));
    const StorageConfirmation wanted = confirmation_for(object, network_->ledger().epoch());
    EXPECT_EQ(certificate.at("serialized_message").get<Bytes>(), wanted.to_bytes());
    const BlobCertificate on_chain{wanted.to_bytes(), signers_to_bitmap(signers, config_.nodes),
                                   from_base64(certificate.at("signature").get<std::string>()).value()};
    ASSERT_TRUE(network_->ledger().certify(object.id, on_chain).ok());
    expect_reads_back(object.blob.to_string(), content);
  }
}

TEST_F(UploadRelayTest, TheSameUploadMayBeRepeated) {
  const std::string content = content_of(500);
  const BlobObject object = register_blob(content, true);
  EXPECT_EQ(upload(content, query_of(object)).status, 200);
  EXPECT_EQ(upload(content, query_of(object)).status, 200);
}

TEST_F(UploadRelayTest, ALostNodeDoesNotMatter) {
  const std::string content = content_of(5'000);
  const BlobObject object = register_blob(content, true);
  ASSERT_TRUE(network_->stop_node(2).ok());
  Reply reply = upload(content, query_of(object));
  EXPECT_EQ(reply.status, 200) << reply.body;
  ASSERT_TRUE(network_->stop_node(1).ok());
  expect_text(upload(content, query_of(object)), 500);
}

TEST_F(UploadRelayTest, ABlobThatNobodyRegisteredIsAnInternalClientError) {
  const std::string content = content_of(300);
  Reply reply = upload(content, "?blob_id=" + blob_id(content).to_string());
  expect_text(reply, 500);
  EXPECT_EQ(reply.body, "internal client error");
  const BlobObject object = register_blob(content, true);
  Reply other = upload(content, "?blob_id=" + object.blob.to_string() + "&deletable_blob_object=0x1");
  expect_text(other, 500);
}

TEST_F(UploadRelayTest, ALaggingRegistrationIsWaitedFor) {
  const std::string content = content_of(301);
  auto registered = std::async(std::launch::async, [&] {
    // The relay has the whole request by the time it asks for the registration; this only has to come a little later.
    system_clock().sleep_for(Millis(300));
    return register_blob(content, false);
  });
  EXPECT_EQ(upload(content, "?blob_id=" + blob_id(content).to_string()).status, 200);
  registered.get();
}

TEST_F(UploadRelayTest, AnotherBlobThanSaidIsRefused) {
  const std::string content = content_of(302);
  const BlobObject object = register_blob(content, true);
  expect_text(upload(content + "x", query_of(object)), 400);
  expect_text(upload("", query_of(object)), 400);
}

TEST_F(UploadRelayTest, QueriesAreReadStrictly) {
  const std::string id = blob_id("hello").to_string();
  for (const std::string& query :
       {std::string(), std::string("?blob_id=x"), "?blob_id=" + id + "&unknown=1", "?blob_id=" + id + "&blob_id=" + id,
        "?blob_id=" + id + "&encoding_type=RedStuff", "?blob_id=" + id + "&tx_id=0OIl",
        "?blob_id=" + id + "&nonce=short", "?blob_id=" + id + "&deletable_blob_object=zz"}) {
    SCOPED_TRACE(query);
    expect_text(upload("hello", query), 400);
  }
  EXPECT_EQ(send(relay(), "GET", "/v1/blob-upload-relay").status, 405);
  EXPECT_EQ(send(relay(), "POST", "/v1/tip-config", "").status, 405);
  EXPECT_EQ(send(relay(), "GET", "/v1/other").status, 404);
}

TEST_F(UploadRelayTest, ABlobBeyondTheCodeIsRefused) {
  expect_text(upload(content_of(1'834'953), "?blob_id=" + blob_id("x").to_string()), 400);
  EXPECT_TRUE(nothing_is_spooled());
}

class RelayWithTipTest : public UploadRelayTest {
 protected:
  void SetUp() override {
    TipConfig tip;
    tip.address = walrusfs::sui::Address::of(0x2a);
    tip.kind = ConstTip{105};
    config_.services.relay_tip = tip;
    start(10, 4);
  }
};

TEST_F(RelayWithTipTest, TheTipIsToldAndWanted) {
  const Json told = send(relay(), "GET", "/v1/tip-config").json();
  EXPECT_EQ(told.at("send_tip").at("kind").at("const"), 105);
  const std::string content = content_of(303);
  const BlobObject object = register_blob(content, true);
  expect_text(upload(content, query_of(object)), 400);
  const std::string nonce = "&nonce=" + to_base64url(Bytes(32, 1));
  expect_text(upload(content, query_of(object) + nonce), 400);
  const std::string unknown = "&tx_id=" + to_base58(Bytes(32, 1));
  Reply reply = upload(content, query_of(object) + nonce + unknown);
  expect_text(reply, 500);
  EXPECT_EQ(reply.body, "internal client error");
}

class RelayLimitTest : public UploadRelayTest {
 protected:
  void SetUp() override {
    config_.services.relay_max_body_bytes = 10'000;
    start(10, 4);
  }
};

TEST_F(RelayLimitTest, TheLimitIsExact) {
  for (const size_t size : {size_t{10'000}, size_t{10'001}}) {
    const std::string content = content_of(size);
    Reply reply = upload(content, query_of(register_blob(content, true)));
    EXPECT_EQ(reply.status, size == 10'000 ? 200 : 413);
  }
}

}  // namespace
}  // namespace walrusfs::localnet
