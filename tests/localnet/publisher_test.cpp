// What the publisher answers (HTTP API, section 3).
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class PublisherTest : public NetworkTest {
 protected:
  void SetUp() override { start(10, 4); }
};

TEST_F(PublisherTest, AFreshStoreIsNewlyCreated) {
  std::string content = content_of(1'234);
  Json answer = put(content, "?epochs=3").json();
  ASSERT_EQ(answer.size(), 1u);
  const Json& created = answer.at("newlyCreated");
  const Json& object = created.at("blobObject");
  uint64_t encoded = shape_->encoded_length(content.size()).value();
  EXPECT_EQ(object.at("blobId"), blob_id(content).to_string());
  EXPECT_EQ(object.at("size"), 1'234);
  EXPECT_EQ(object.at("encodingType"), "RS2");
  EXPECT_EQ(object.at("registeredEpoch"), 1);
  EXPECT_EQ(object.at("certifiedEpoch"), 1);
  EXPECT_EQ(object.at("deletable"), true);
  EXPECT_EQ(object.at("storage").at("startEpoch"), 1);
  EXPECT_EQ(object.at("storage").at("endEpoch"), 4);
  EXPECT_EQ(object.at("storage").at("storageSize"), encoded);
  EXPECT_EQ(object.at("id").get<std::string>().size(), 66u);
  EXPECT_EQ(created.at("resourceOperation").at("registerFromScratch").at("encodedLength"), encoded);
  EXPECT_EQ(created.at("resourceOperation").at("registerFromScratch").at("epochsAhead"), 3);
  EXPECT_EQ(created.at("cost"), 3 * 11'000 + 20'000) << "one started MiB";
  EXPECT_FALSE(created.contains("sharedBlobObject"));
}

TEST_F(PublisherTest, TheSameBytesAreAlreadyCertified) {
  std::string content = content_of(99);
  Json first = put(content, "?epochs=2").json();
  Json again = put(content, "?epochs=2").json();
  EXPECT_EQ(again.at("alreadyCertified").at("endEpoch"), 3);
  EXPECT_EQ(again["alreadyCertified"]["object"], first["newlyCreated"]["blobObject"]["id"]);
  EXPECT_TRUE(put(content, "?epochs=3").json().contains("newlyCreated")) << "it must live longer";
  EXPECT_TRUE(put(content, "?epochs=1&force=true").json().contains("newlyCreated"));
}

TEST_F(PublisherTest, APermanentBlobAnswersWithItsEvent) {
  std::string content = content_of(98);
  EXPECT_EQ(put(content, "?permanent=true&epochs=4").json()["newlyCreated"]["blobObject"]["deletable"], false);
  Json again = put(content, "?epochs=2").json();
  EXPECT_EQ(again.at("alreadyCertified").at("event").at("eventSeq"), "0");
  EXPECT_FALSE(again["alreadyCertified"]["event"]["txDigest"].get<std::string>().empty());
  EXPECT_EQ(again["alreadyCertified"]["endEpoch"], 5);
}

TEST_F(PublisherTest, ADeletableBlobDoesNotMakeAPermanentOne) {
  std::string content = content_of(97);
  store(content);
  EXPECT_TRUE(put(content, "?permanent=true").json().contains("newlyCreated"));
}

TEST_F(PublisherTest, ObjectsGoWhereTheyAreSent) {
  std::string content = content_of(96);
  std::string address = "0x" + std::string(64, 'a');
  Json sent = put(content, "?send_object_to=" + address).json();
  std::string id = sent["newlyCreated"]["blobObject"]["id"];
  EXPECT_EQ(network_->ledger().object(id)->owner, address);
  EXPECT_TRUE(put(content).json().contains("newlyCreated")) << "that one may be deleted by somebody else";
  Json shared = put(content_of(95), "?share=true").json();
  EXPECT_EQ(shared["newlyCreated"]["sharedBlobObject"].get<std::string>().size(), 66u);
}

TEST_F(PublisherTest, ABlobOfItsOwnIsExtendedInsteadOfBoughtAgain) {
  const std::string content = content_of(94);
  const std::string id = put(content, "?epochs=2").json()["newlyCreated"]["blobObject"]["id"];
  const Json extended = put(content, "?epochs=5&reuse_resources=true").json().at("newlyCreated");
  EXPECT_EQ(extended["blobObject"]["id"], id);
  EXPECT_EQ(extended["blobObject"]["certifiedEpoch"], 1);
  EXPECT_EQ(extended["blobObject"]["storage"]["endEpoch"], 6);
  const Json& operation = extended["resourceOperation"].at("reuseAndExtend");
  EXPECT_EQ(operation.at("encodedLength"), shape_->encoded_length(content.size()).value());
  EXPECT_EQ(operation.at("epochsExtended"), 3);
  EXPECT_EQ(extended["cost"], 3 * 11'000);
  EXPECT_EQ(network_->ledger().object(id)->end_epoch, 6u);
  EXPECT_TRUE(put(content, "?epochs=5&reuse_resources=true").json().contains("alreadyCertified"));
  // Not when another kind of object is wanted, or one of its own, or one for somebody else.
  for (const char* other : {"&force=true", "&share=true", "&send_object_to=0x7", "&permanent=true"}) {
    const Json anew = put(content_of(94), std::string("?epochs=6&reuse_resources=true") + other).json();
    EXPECT_TRUE(anew.at("newlyCreated").at("resourceOperation").contains("registerFromScratch")) << other << anew;
  }
}

// A registration that nobody certified, and that ends too early.
TEST_F(PublisherTest, ARegistrationOfItsOwnIsCertifiedAndExtended) {
  const std::string content = content_of(93);
  const BlobMetadata built = metadata(content);
  RegisterRequest request{built.blob_id(), built.root(), content.size(),
                          shape_->encoded_length(content.size()).value(), 2, true};
  const BlobObject early = network_->ledger().register_blob(request).value().object;
  const Json reused = put(content, "?epochs=4&reuse_resources=true").json().at("newlyCreated");
  EXPECT_EQ(reused["blobObject"]["id"], early.id);
  EXPECT_EQ(reused["blobObject"]["certifiedEpoch"], 1);
  EXPECT_EQ(reused["blobObject"]["storage"]["endEpoch"], 5);
  EXPECT_EQ(reused["resourceOperation"].at("reuseAndExtendNonCertified").at("epochsExtended"), 2);
  EXPECT_EQ(reused["cost"], 2 * 11'000);
  EXPECT_EQ(network_->ledger().object(early.id)->end_epoch, 5u);
  expect_reads_back(built.blob_id().to_string(), content);
}

TEST_F(PublisherTest, TheRegistrationThatNeedsLeastIsReused) {
  const std::string content = content_of(92);
  const BlobMetadata built = metadata(content);
  std::string enough;
  for (uint32_t epochs : {1, 5, 3}) {
    RegisterRequest request{built.blob_id(), built.root(), content.size(),
                            shape_->encoded_length(content.size()).value(), epochs, true};
    const BlobObject made = network_->ledger().register_blob(request).value().object;
    if (epochs == 5) enough = made.id;
  }
  const Json reused = put(content, "?epochs=4&reuse_resources=true").json().at("newlyCreated");
  EXPECT_EQ(reused["blobObject"]["id"], enough);
  EXPECT_TRUE(reused["resourceOperation"].contains("reuseRegistration")) << reused;
  EXPECT_EQ(reused["cost"], 0);
}

TEST_F(PublisherTest, BadQueriesAreRefusedInPlainText) {
  for (const char* query : {"?unknown=1", "?epochs=0", "?epochs=54", "?epochs=-1", "?epochs=x", "?permanent=yes",
                            "?encoding_type=RedStuff", "?send_object_to=0xzz", "?epochs=1&epochs=2",
                            "?share=true&send_object_to=0x1", "?epochs=%zz"}) {
    SCOPED_TRACE(query);
    Reply reply = put("hello", query);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
  }
  EXPECT_EQ(network_->status().blobs, 0u);
}

TEST_F(PublisherTest, DeletableAndPermanentExcludeEachOther) {
  Reply reply = put("hello", "?deletable=true&permanent=true");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.reason(), "INVALID_BLOB_PERSISTENCE");
  EXPECT_EQ(put("hello", "?deletable=true").status, 200);
}

TEST_F(PublisherTest, UnknownRoutesAndMethodsAreRefused) {
  EXPECT_EQ(send(publisher(), "GET", "/v1/blobs").status, 405);
  EXPECT_EQ(send(publisher(), "GET", "/v1/quilts").status, 405);
  EXPECT_EQ(send(publisher(), "PUT", "/v1/other", "x").status, 404);
  EXPECT_EQ(send(publisher(), "GET", "/status").body, "OK");
}

TEST_F(PublisherTest, ABodyThatBreaksOffIsNotStored) {
  std::string answer = send_raw(network_->state().publisher_port,
                                "PUT /v1/blobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this", true);
  EXPECT_EQ(answer.find(" 200 "), std::string::npos);
  EXPECT_EQ(network_->status().blobs, 0u);
  EXPECT_TRUE(nothing_is_spooled());
}

// Each of them keeps a thread, but no place among those who are at work.
TEST_F(PublisherTest, WhoSendsSlowlyKeepsNobodyWaiting) {
  std::vector<Fd> slow;
  for (int i = 0; i < 40; ++i)
    slow.push_back(begin_request(network_->state().publisher_port,
                                 "PUT /v1/blobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this"));
  for (int i = 0; i < 3; ++i) store(content_of(100 + static_cast<size_t>(i)));
  EXPECT_EQ(network_->status().blobs, 3u);
  const auto start_of_end = system_clock().monotonic();
  stop();
  EXPECT_LT(system_clock().monotonic() - start_of_end, Millis(30'000));
}

TEST_F(PublisherTest, ChunkedBodiesAreTaken) {
  std::string answer = send_raw(network_->state().publisher_port,
                                "PUT /v1/blobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_NE(answer.find(" 200 "), std::string::npos) << answer;
  expect_reads_back(blob_id("hello world").to_string(), "hello world");
}

class PublisherLimitTest : public NetworkTest {};

TEST_F(PublisherLimitTest, TheBodyLimitIsExact) {
  config_.max_body_bytes = 10'000;
  start(10, 4);
  EXPECT_EQ(put(content_of(10'000)).status, 200);
  Reply reply = put(content_of(10'001));
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
  EXPECT_EQ(network_->status().blobs, 1u);
}

TEST_F(PublisherLimitTest, TheOfficialLimitIsTheDefault) {
  start(10, 4);
  EXPECT_EQ(config_.max_body_bytes, 10u << 20);
  EXPECT_EQ(put(content_of((10 << 20) + 1)).status, 413);
}

TEST_F(PublisherLimitTest, ABlobBeyondTheCodeIsAFailedStoreInAGoodAnswer) {
  start(10, 4);
  Reply reply = put(content_of(1'834'953));  // one byte more than ten shards can hold
  EXPECT_EQ(reply.status, 200);
  const Json error = reply.json().at("error");
  EXPECT_TRUE(error.at("blobId").is_null());
  EXPECT_EQ(error.at("failurePhase"), "encode");
  EXPECT_FALSE(error.at("errorMsg").get<std::string>().empty());
}

}  // namespace
}  // namespace walrusfs::localnet
