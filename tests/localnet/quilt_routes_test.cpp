// Quilts in and out over HTTP (API, sections 2.1, 2.7 and 3.2).
#include "codec/quilt/patch_id.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

constexpr const char* kBoundary = "a boundary of the test";

std::string form_part(const std::string& name, const std::string& content) {
  return std::string("--") + kBoundary + "\r\nContent-Disposition: form-data; name=\"" + name +
         "\"; filename=\"ignored\"\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n";
}
std::string form_end() { return std::string("--") + kBoundary + "--\r\n"; }
httplib::Headers form_headers() {
  return {{"Content-Type", std::string("multipart/form-data; boundary=\"") + kBoundary + "\""}};
}

std::string encoded_segment(const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    char escaped[4];
    snprintf(escaped, sizeof escaped, "%%%02X", c);
    out += escaped;
  }
  return out;
}

class QuiltRoutesTest : public NetworkTest {
 protected:
  void SetUp() override { start(10, 4); }

  Reply put_form(const std::string& body, const std::string& query = "") {
    return send(publisher(), "PUT", "/v1/quilts" + query, body, form_headers());
  }
  // The answer to a store of these files.
  Json put_files(const std::vector<std::pair<std::string, std::string>>& files, const std::string& metadata = "") {
    std::string body;
    for (const auto& [name, content] : files) body += form_part(name, content);
    if (!metadata.empty()) body += form_part("_metadata", metadata);
    Reply reply = put_form(body + form_end());
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? reply.json() : Json();
  }
  static std::string quilt_of(const Json& stored) {
    return stored.at("blobStoreResult").at("newlyCreated").at("blobObject").at("blobId");
  }
  Reply fetch(const std::string& target, const httplib::Headers& headers = {}, const std::string& method = "GET") {
    return send(aggregator(), method, target, "", headers);
  }
  Reply by_patch(const std::string& id, const httplib::Headers& headers = {}) {
    return fetch("/v1/blobs/by-quilt-patch-id/" + id, headers);
  }
  Reply by_name(const std::string& quilt, const std::string& name) {
    return fetch("/v1/blobs/by-quilt-id/" + quilt + "/" + encoded_segment(name));
  }
};

TEST_F(QuiltRoutesTest, FilesComeBackByPatchAndByName) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"b.txt", "second"}, {"a/long name \xc3\xa4.bin", content_of(9'000)}, {"empty", ""}};
  const Json stored = put_files(files);
  const std::string quilt = quilt_of(stored);
  ASSERT_EQ(stored.at("storedQuiltBlobs").size(), 3u);
  std::map<std::string, std::string> patches;
  for (const Json& one : stored["storedQuiltBlobs"]) {
    patches[one.at("identifier")] = one.at("quiltPatchId");
    const auto id = quilt::PatchId::parse(one.at("quiltPatchId").get<std::string>()).value();
    EXPECT_EQ(id.quilt.to_string(), quilt);
    EXPECT_EQ(one.at("range"), (Json{id.columns.begin, id.columns.end}));
  }
  for (const auto& [name, content] : files) {
    SCOPED_TRACE(name);
    for (const Reply& reply : {by_patch(patches.at(name)), by_name(quilt, name)}) {
      EXPECT_EQ(reply.status, 200);
      EXPECT_TRUE(reply.body == content);
      EXPECT_EQ(reply.header("ETag"), quilt) << "the same for all files";
      EXPECT_EQ(reply.header("Content-Length"), std::to_string(content.size()));
      EXPECT_EQ(reply.header("Cache-Control"), "public, max-age=86400, stale-while-revalidate=3600");
    }
  }
  EXPECT_EQ(by_patch(patches.at("b.txt")).header("X-Quilt-Patch-Identifier"), "b.txt");
  EXPECT_FALSE(by_patch(patches.at("a/long name \xc3\xa4.bin")).has("X-Quilt-Patch-Identifier"))
      << "it cannot stand in a header";
  EXPECT_EQ(fetch("/v1/blobs/by-quilt-patch-id/" + patches.at("b.txt"), {}, "HEAD").header("Content-Length"), "6");
}

TEST_F(QuiltRoutesTest, ThePatchesAreListedWithTheirTags) {
  const Json stored = put_files({{"x", "1"}, {"y", "2"}},
                                R"([{"identifier":"y","tags":{"kind":"text","n":5,"b":true,"nothing":null}},)"
                                R"({"identifier":"nobody","tags":{}}])");
  Reply reply = fetch("/v1/quilts/" + quilt_of(stored) + "/patches");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.header("Content-Type").starts_with("application/json"));
  const Json list = reply.json();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].at("identifier"), "x");
  EXPECT_EQ(list[0].at("tags"), Json::object());
  EXPECT_EQ(list[0].at("patch_id"), stored["storedQuiltBlobs"][0]["quiltPatchId"]);
  EXPECT_EQ(list[1].at("tags"), (Json{{"b", "true"}, {"kind", "text"}, {"n", "5"}, {"nothing", "null"}}));
}

TEST_F(QuiltRoutesTest, TagsBecomeHeadersWhenTheyAreAllowed) {
  const Json stored = put_files(
      {{"page.html", "<p>"}},
      R"([{"identifier":"page.html","tags":{"Content-Type":"text/html","content-language":"de",)"
      R"("x-own":"no","link":"a\r\nb"}}])");
  const std::string patch = stored["storedQuiltBlobs"][0]["quiltPatchId"];
  Reply reply = by_patch(patch);
  EXPECT_EQ(reply.header("Content-Type"), "text/html");
  EXPECT_EQ(reply.header("content-language"), "de");
  EXPECT_FALSE(reply.has("x-own"));
  EXPECT_FALSE(reply.has("link")) << "what would break the head is left out";
  EXPECT_EQ(by_patch(patch, {{"Accept", "text/plain"}}).header("Content-Type"), "text/plain");
}

TEST_F(QuiltRoutesTest, AllTagsMayBeAllowed) {
  config_.services.all_quilt_tags = true;
  forget_reads();
  const Json stored = put_files({{"f", "1"}}, R"([{"identifier":"f","tags":{"x-own":"yes"}}])");
  EXPECT_EQ(by_patch(stored["storedQuiltBlobs"][0]["quiltPatchId"]).header("x-own"), "yes");
}

TEST_F(QuiltRoutesTest, WhatIsNotInTheQuiltIsNotFound) {
  const Json stored = put_files({{"x", "1"}});
  const BlobId quilt = BlobId::parse(quilt_of(stored)).value();
  EXPECT_EQ(by_name(quilt.to_string(), "y").reason(), "QUILT_PATCH_NOT_FOUND");
  for (const quilt::ColumnRange columns :
       {quilt::ColumnRange{0, 1}, quilt::ColumnRange{3, 4}, quilt::ColumnRange{1, 999}}) {
    Reply reply = by_patch(quilt::PatchId{quilt, columns}.to_string());
    EXPECT_EQ(reply.status, 404) << columns.begin << " " << columns.end;
    EXPECT_EQ(reply.reason(), "QUILT_PATCH_NOT_FOUND");
  }
  EXPECT_EQ(by_patch(quilt::PatchId{quilt, {2, 2}}.to_string()).status, 400) << "no columns at all";
  const std::string nowhere = blob_id("never stored").to_string();
  EXPECT_EQ(by_name(nowhere, "x").reason(), "BLOB_NOT_FOUND");
  EXPECT_EQ(fetch("/v1/quilts/" + nowhere + "/patches").reason(), "BLOB_NOT_FOUND");
}

TEST_F(QuiltRoutesTest, AnOrdinaryBlobIsNoQuilt) {
  const std::string id = store(content_of(5'000));
  EXPECT_EQ(fetch("/v1/quilts/" + id + "/patches").status, 500);
  EXPECT_EQ(by_name(id, "x").status, 500);
}

TEST_F(QuiltRoutesTest, MalformedIdsAndMethodsAreRefusedInPlainText) {
  EXPECT_EQ(by_patch("nonsense").status, 400);
  EXPECT_EQ(by_name("nonsense", "x").status, 400);
  EXPECT_EQ(fetch("/v1/quilts/nonsense/patches").status, 400);
  EXPECT_EQ(fetch("/v1/quilts/nonsense/other").status, 404);
  EXPECT_EQ(send(aggregator(), "PUT", "/v1/blobs/by-quilt-patch-id/x", "").status, 405);
  const std::string quilt = quilt_of(put_files({{"x", "1"}}));
  EXPECT_EQ(fetch("/v1/quilts/" + quilt + "/patches?x=1").status, 400);
}

TEST_F(QuiltRoutesTest, OnlyTheColumnsOfAFileAreFetched) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 5; ++i) files.emplace_back("file " + std::to_string(i), content_of(50'000, i + 2));
  const Json stored = put_files(files);
  forget_reads();
  EXPECT_EQ(by_patch(stored["storedQuiltBlobs"][3]["quiltPatchId"]).body, files[3].second);
  const auto status = network_->status();
  const auto columns = quilt::PatchId::parse(stored["storedQuiltBlobs"][3]["quiltPatchId"].get<std::string>());
  EXPECT_EQ(status.slivers_fetched, columns.value().columns.count());
  EXPECT_EQ(status.slivers_rebuilt + status.blobs_decoded, 0u);
}

TEST_F(QuiltRoutesTest, FilesSurviveALostNode) {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 5; ++i) files.emplace_back("file " + std::to_string(i), content_of(3'000, i + 2));
  const Json stored = put_files(files);
  forget_reads();
  ASSERT_TRUE(network_->stop_node(1).ok());
  for (const auto& [name, content] : files) EXPECT_TRUE(by_name(quilt_of(stored), name).body == content) << name;
}

TEST_F(QuiltRoutesTest, MalformedFormsAreRefused) {
  const std::string file = form_part("x", "1");
  const auto metadata = [&](const std::string& text) { return file + form_part("_metadata", text) + form_end(); };
  for (const std::string& body :
       {std::string(), std::string("no form"), form_end(), file, form_part("_metadata", "[]") + form_end(),
        file + form_part("x", "2") + form_end(), form_part("", "1") + form_end(), form_part("a ", "1") + form_end(),
        form_part("a\tb", "1") + form_end(), metadata("{}"), metadata("nonsense"), metadata("[5]"),
        metadata(R"([{"tags":{}}])"), metadata(R"([{"identifier":"x","tags":5}])"),
        metadata(R"([{"identifier":"x"},{"identifier":"x"}])"), metadata("[" + std::string(100'000, '[') + "]"),
        metadata(R"([{"identifier":"x","tags":{"a":)" + std::string(100, '[') + std::string(100, ']') + "}}]")}) {
    Reply reply = put_form(body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 300);
    EXPECT_EQ(reply.reason(), "MALFORMED_REQUEST") << body.substr(0, 300);
    EXPECT_EQ(reply.domain(), "daemon.walrus.space");
  }
  Reply other = send(publisher(), "PUT", "/v1/quilts", file + form_end(), {{"Content-Type", "text/plain"}});
  EXPECT_EQ(other.reason(), "MALFORMED_REQUEST");
  EXPECT_EQ(network_->status().blobs, 0u);
  EXPECT_TRUE(nothing_is_spooled());
}

TEST_F(QuiltRoutesTest, AQuiltHoldsAsManyFilesAsItHasColumns) {
  std::string body;
  for (int i = 0; i < shape_->k2() - 1; ++i) body += form_part(std::to_string(i), "x");
  EXPECT_EQ(put_form(body + form_end()).status, 200);
  EXPECT_EQ(put_form(body + form_part("one more", "x") + form_end()).reason(), "MALFORMED_REQUEST");
}

TEST_F(QuiltRoutesTest, TheVersionIsOne) {
  const std::string body = form_part("x", "1") + form_end();
  EXPECT_EQ(put_form(body, "?quilt_version=v1&epochs=2").status, 200);
  EXPECT_EQ(put_form(body, "?quilt_version=v2").status, 400);
  EXPECT_EQ(put_form(body, "?unknown=1").status, 400);
  EXPECT_EQ(put("hello", "?quilt_version=v1").status, 400) << "of quilts only";
}

class QuiltLimitTest : public QuiltRoutesTest {
 protected:
  void SetUp() override {
    config_.services.max_quilt_bytes = 20'000;
    start(10, 4);
  }
};

TEST_F(QuiltLimitTest, TheLimitIsExact) {
  const size_t around = form_part("x", "").size() + form_end().size();
  EXPECT_EQ(put_form(form_part("x", std::string(20'000 - around, 'q')) + form_end()).status, 200);
  Reply reply = put_form(form_part("x", std::string(20'001 - around, 'q')) + form_end());
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.header("Content-Type").starts_with("text/plain"));
}

}  // namespace
}  // namespace walrusfs::localnet
