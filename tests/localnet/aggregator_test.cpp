// The aggregator's headers, ranges and refusals (HTTP API, section 2).
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class AggregatorTest : public NetworkTest {
 protected:
  void SetUp() override {
    start(10, 4);
    content_ = content_of(5'000);
    id_ = store(content_);
  }
  Reply ranged(const std::string& range) { return get(id_, {{"Range", range}}); }
  Reply byte_range(const std::string& query) {
    return send(aggregator(), "GET", "/v1/blobs/" + id_ + "/byte-range?" + query);
  }

  std::string content_, id_;
};

TEST_F(AggregatorTest, WholeBlobCarriesTheOfficialHeaders) {
  Reply reply = get(id_);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("ETag"), id_);
  EXPECT_EQ(reply.header("Cache-Control"), "public, max-age=86400, stale-while-revalidate=3600");
  EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.header("Content-Length"), "5000");
  EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(reply.has("Content-Range"));
  EXPECT_FALSE(reply.has("Accept-Ranges"));
}

TEST_F(AggregatorTest, ContentTypeMirrorsTheRequest) {
  EXPECT_EQ(get(id_, {{"Accept", "image/png"}}).header("Content-Type"), "image/png");
  EXPECT_FALSE(get(id_, {{"Accept", "*/*"}}).has("Content-Type"));
  EXPECT_EQ(get(id_, {{"Accept", "*/*"}, {"Content-Type", "text/csv"}}).header("Content-Type"), "text/csv");
}

TEST_F(AggregatorTest, NothingIsCompressedOrCutBehindOurBack) {
  Reply reply = get(id_, {{"Accept", "text/plain"}, {"Accept-Encoding", "gzip, br"}});
  EXPECT_FALSE(reply.has("Content-Encoding"));
  EXPECT_TRUE(reply.body == content_);
}

TEST_F(AggregatorTest, HeadTellsLengthWithoutBody) {
  Reply reply = send(aggregator(), "HEAD", "/v1/blobs/" + id_);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Length"), "5000");
  EXPECT_FALSE(reply.has("Accept-Ranges"));
  EXPECT_TRUE(reply.body.empty());
}

TEST_F(AggregatorTest, OneClosedRangeIsServed) {
  Reply reply = ranged("bytes=10-19");
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.body, content_.substr(10, 10));
  EXPECT_EQ(reply.header("Content-Range"), "bytes 10-19/5000");
  EXPECT_EQ(reply.header("Content-Length"), "10");
  EXPECT_EQ(ranged("bytes=0-0").body, content_.substr(0, 1));
  EXPECT_EQ(ranged("bytes=4999-4999").body, content_.substr(4999));
}

TEST_F(AggregatorTest, EveryOtherRangeIsRefused) {
  for (const char* range : {"bytes=10-", "bytes=-10", "bytes=0-1,4-5", "items=0-1", "bytes=0-5000", "bytes=5000-5000",
                            "bytes=9-3", "bytes=a-b", "nonsense", "bytes=0-99999999999999999999999"}) {
    SCOPED_TRACE(range);
    Reply reply = ranged(range);
    EXPECT_EQ(reply.status, 416);
    EXPECT_EQ(reply.reason(), "INVALID_BYTE_RANGE");
    EXPECT_EQ(reply.domain(), "daemon.walrus.space");
    EXPECT_EQ(reply.json()["error"]["status"], "RANGE_NOT_SATISFIABLE");
  }
}

TEST_F(AggregatorTest, ByteRangeRouteAnswers200) {
  Reply reply = byte_range("start=100&length=50");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, content_.substr(100, 50));
  EXPECT_EQ(reply.header("ETag"), id_ + "-100-50");
  EXPECT_EQ(byte_range("start=0&length=5000").body, content_);
}

TEST_F(AggregatorTest, ByteRangeRouteRefusesWhatIsNotInTheBlob) {
  for (const char* query : {"start=0&length=0", "start=4999&length=2", "start=5001&length=1",
                            "start=18446744073709551615&length=2", "start=0&length=18446744073709551615"}) {
    SCOPED_TRACE(query);
    Reply reply = byte_range(query);
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.reason(), "INVALID_BYTE_RANGE");
  }
}

TEST_F(AggregatorTest, QueriesAreReadStrictly) {
  for (const char* target : {"?cachebuster=1", "?strict_consistency_check=maybe", "?strict_consistency_check",
                             "?skip_consistency_check=true&skip_consistency_check=true", "/byte-range?start=0",
                             "/byte-range?length=5", "/byte-range?start=-1&length=5",
                             "/byte-range?start=0&length=1&x=1"}) {
    SCOPED_TRACE(target);
    Reply reply = get(id_ + target);
    EXPECT_EQ(reply.status, 400);
    EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
  }
}

TEST_F(AggregatorTest, ConsistencyChecksAreChosenByFlags) {
  EXPECT_TRUE(get(id_, {}, "?strict_consistency_check=true").body == content_);
  EXPECT_TRUE(get(id_, {}, "?skip_consistency_check=true").body == content_);
  Reply both = get(id_, {}, "?strict_consistency_check=true&skip_consistency_check=true");
  EXPECT_EQ(both.status, 400);
  EXPECT_EQ(both.reason(), "INVALID_CONSISTENCY_CHECK");
}

TEST_F(AggregatorTest, UnknownBlobsAre404WithAReason) {
  std::string unknown = blob_id("never stored").to_string();
  for (const std::string& target : {unknown, unknown + "/byte-range?start=0&length=1"}) {
    Reply reply = get(target);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.reason(), "BLOB_NOT_FOUND");
    EXPECT_EQ(reply.json()["error"]["code"], 404);
  }
  EXPECT_EQ(get_range(unknown, 0, 0).reason(), "BLOB_NOT_FOUND");
}

TEST_F(AggregatorTest, MalformedIdsRoutesAndMethodsAreRefusedInPlainText) {
  EXPECT_EQ(get("notablobid").status, 400);
  EXPECT_EQ(get(id_ + "=").status, 400);
  EXPECT_EQ(send(aggregator(), "GET", "/v1/nothing").status, 404);
  EXPECT_EQ(send(aggregator(), "GET", "/v1/blobs/" + id_ + "/status").status, 404);
  EXPECT_EQ(send(aggregator(), "PUT", "/v1/blobs/" + id_, "x").status, 405);
  EXPECT_EQ(send(aggregator(), "GET", "/status").body, "OK");
}

TEST_F(AggregatorTest, BlobsAreFoundByObjectToo) {
  std::string content = content_of(70);
  std::string object = put(content).json()["newlyCreated"]["blobObject"]["id"];
  Reply reply = get("by-object-id/" + object);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, content);
  EXPECT_EQ(get("by-object-id/" + object, {{"Range", "bytes=1-2"}}).body, content.substr(1, 2));
  EXPECT_EQ(get("by-object-id/0x" + std::string(64, '1')).status, 404);
  EXPECT_EQ(get("by-object-id/nonsense").status, 400);
}

TEST_F(AggregatorTest, StreamSendsTheWholeBlob) {
  Reply reply = send(aggregator(), "GET", "/v1alpha/blobs/" + id_ + "/stream");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("x-walrus-streaming"), "true");
  EXPECT_TRUE(reply.body == content_);
}

TEST_F(AggregatorTest, TheEmptyBlobHasNoRanges) {
  std::string empty = store("");
  Reply reply = get(empty);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Length"), "0");
  EXPECT_EQ(get_range(empty, 0, 0).status, 416);
}

TEST_F(AggregatorTest, PreflightIsAnswered) {
  Reply reply = send(aggregator(), "OPTIONS", "/v1/blobs/" + id_);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Access-Control-Max-Age"), "86400");
}

TEST_F(AggregatorTest, ExpiredBlobsAreGone) {
  EXPECT_EQ(get(id_).status, 200);  // now it is remembered
  ASSERT_TRUE(network_->advance_epoch().ok());
  EXPECT_EQ(get(id_).reason(), "BLOB_NOT_FOUND");
  EXPECT_EQ(get_range(id_, 0, 0).reason(), "BLOB_NOT_FOUND");
  forget_reads();
  EXPECT_EQ(get(id_).reason(), "BLOB_NOT_FOUND");
  EXPECT_EQ(network_->status().blobs, 0u);
  EXPECT_EQ(network_->status().epoch, 2u);
}

}  // namespace
}  // namespace walrusfs::localnet
