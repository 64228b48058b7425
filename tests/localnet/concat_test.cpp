// Several blobs in one answer, size caps, remembered 404s and the page of routes (HTTP API, sections 1 and 2).
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class ConcatTest : public NetworkTest {
 protected:
  void SetUp() override {
    start(10, 4);
    for (int i = 0; i < 3; ++i) {
      contents_.push_back(content_of(1'000 * i + 500, i + 3));
      const Json answer = put(contents_.back()).json();
      ids_.push_back(answer["newlyCreated"]["blobObject"]["blobId"]);
      objects_.push_back(answer["newlyCreated"]["blobObject"]["id"]);
    }
  }
  Reply concat(const std::string& query) { return send(aggregator(), "GET", "/v1alpha/blobs/concat?" + query); }
  Reply concat_json(const std::string& body, const std::string& type = "application/json") {
    return send(aggregator(), "POST", "/v1alpha/blobs/concat", body, {{"Content-Type", type}});
  }
  static std::string list(const std::vector<std::string>& ids) {
    std::string out;
    for (const std::string& id : ids) out += (out.empty() ? "" : ",") + id;
    return out;
  }

  std::vector<std::string> contents_, ids_, objects_;
};

TEST_F(ConcatTest, BlobsAndObjectsFollowEachOther) {
  const std::string ids = list({ids_[2], objects_[0], ids_[1], ids_[2]});
  const std::string wanted = contents_[2] + contents_[0] + contents_[1] + contents_[2];
  Reply reply = concat("ids=" + ids);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.body == wanted);
  const Digest digest = sha256(as_bytes(ids));
  EXPECT_EQ(reply.header("ETag"), to_base64url(digest));
  Json body;
  body["ids"] = {ids_[2], objects_[0], ids_[1], ids_[2]};
  for (const char* flag : {"strict_consistency_check", "skip_consistency_check"}) {
    body[flag] = true;
    EXPECT_TRUE(concat_json(body.dump()).body == wanted);
    body.erase(flag);
  }
}

TEST_F(ConcatTest, IdsAreResolvedBeforeAnythingIsSent) {
  const std::string unknown_object = "0x" + std::string(64, '1');
  EXPECT_EQ(concat("ids=" + ids_[0] + "," + unknown_object).reason(), "OBJECT_ID_RESOLUTION_FAILED");
  const std::string& good = ids_[0];
  for (const std::string& ids : {std::string(), std::string("nonsense"), good + ",", "," + good, good + ",x"}) {
    Reply reply = concat("ids=" + ids);
    EXPECT_EQ(reply.status, 400) << ids;
    EXPECT_EQ(reply.reason(), "INVALID_ID_FORMAT") << ids;
  }
  EXPECT_EQ(concat("ids=" + blob_id("never stored").to_string()).reason(), "BLOB_NOT_FOUND");
}

TEST_F(ConcatTest, WhatIsMissingLaterBreaksTheConnectionOff) {
  Reply reply = concat("ids=" + ids_[0] + "," + blob_id("never stored").to_string());
  EXPECT_EQ(reply.status, 0) << "no whole answer came";
}

TEST_F(ConcatTest, FlagsOfTheGetFormAreRefused) {
  EXPECT_EQ(concat("ids=" + ids_[0] + "&strict_consistency_check=true").status, 400);
  EXPECT_EQ(concat("").status, 400);
  EXPECT_EQ(concat("x=1").status, 400);
  EXPECT_EQ(send(aggregator(), "PUT", "/v1alpha/blobs/concat", "").status, 405);
}

TEST_F(ConcatTest, BodiesOfThePostFormAreChecked) {
  EXPECT_EQ(concat_json("{}").status, 422);
  EXPECT_EQ(concat_json(R"({"ids":"x"})").status, 422);
  EXPECT_EQ(concat_json(R"({"ids":[5]})").status, 422);
  EXPECT_EQ(concat_json(R"({"ids":[],"strict_consistency_check":"yes"})").status, 422);
  EXPECT_EQ(concat_json("{").status, 400);
  EXPECT_EQ(concat_json("[" + std::string(100'000, '[')).status, 400);
  EXPECT_EQ(concat_json("{}", "text/plain").status, 415);
  EXPECT_EQ(concat_json(R"({"ids":[]})").reason(), "INVALID_ID_FORMAT");
  EXPECT_EQ(concat_json(std::string((2 << 20) + 1, ' ')).status, 413);
  Json both = {{"ids", {ids_[0]}}, {"strict_consistency_check", true}, {"skip_consistency_check", true}};
  EXPECT_EQ(concat_json(both.dump()).reason(), "INVALID_CONSISTENCY_CHECK");
}

TEST_F(ConcatTest, RoutesAreToldToPeople) {
  for (const std::string& url : {aggregator(), publisher()}) {
    Reply reply = send(url, "GET", "/v1/api");
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.header("Content-Type").starts_with("text/html"));
    EXPECT_NE(reply.body.find("/v1/"), std::string::npos);
    EXPECT_EQ(send(url, "POST", "/v1/api", "").status, 405);
  }
}

TEST_F(ConcatTest, HeadIsAnsweredOnEveryRoute) {
  for (const std::string& target : {"/v1/blobs/" + ids_[0], "/v1/blobs/by-object-id/" + objects_[0],
                                    "/v1/blobs/" + ids_[0] + "/byte-range?start=1&length=2",
                                    "/v1alpha/blobs/" + ids_[0] + "/stream", std::string("/status")}) {
    Reply reply = send(aggregator(), "HEAD", target);
    EXPECT_EQ(reply.status, 200) << target;
    EXPECT_TRUE(reply.body.empty());
  }
}

class CapTest : public NetworkTest {};

TEST_F(CapTest, LargerBlobsAreLeftToOtherAggregators) {
  config_.services.aggregator_max_blob_bytes = 1'000;
  start(10, 4);
  const std::string fits = store(content_of(1'000)), large = store(content_of(1'001));
  EXPECT_EQ(get(fits).status, 200);
  Reply reply = get(large);
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.reason(), "BLOB_TOO_LARGE");
  EXPECT_EQ(reply.json()["error"]["status"], "SIZE_EXCEEDED");
  EXPECT_EQ(get_range(large, 0, 9).status, 206) << "ranges are not capped";
}

TEST_F(CapTest, ARememberedNotFoundOutlivesTheStore) {
  config_.services.keep_not_found = Millis(600'000);
  start(10, 4);
  const std::string content = content_of(700);
  const std::string id = blob_id(content).to_string();
  EXPECT_EQ(get(id).status, 404);
  store(content);
  EXPECT_EQ(get(id).reason(), "BLOB_NOT_FOUND") << "as from a cache in front";
  EXPECT_EQ(get_range(id, 0, 1).status, 404);
  EXPECT_EQ(get(id, {}, "?skip_consistency_check=true").status, 200) << "another target";
  forget_reads();
  expect_reads_back(id, content);
}

}  // namespace
}  // namespace walrusfs::localnet
