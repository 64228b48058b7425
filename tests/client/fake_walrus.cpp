#include "tests/client/fake_walrus.h"

#include <sstream>

#include <fmt/format.h>

#include "base/check.h"

namespace walrusfs::testing {
namespace {

constexpr uint64_t kEpoch = 10;

std::map<std::string, std::string> parse_query(const std::string& query) {
  std::map<std::string, std::string> values;
  std::istringstream in(query);
  for (std::string item; std::getline(in, item, '&');) {
    const size_t equals = item.find('=');
    values[item.substr(0, equals)] = equals == std::string::npos ? "" : item.substr(equals + 1);
  }
  return values;
}

FakeReply json_reply(std::string body) {
  return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

FakeReply range_reply(const std::string& content, const std::string& range) {
  unsigned long long first = 0, last = 0;
  char rest = 0;
  const int fields = std::sscanf(range.c_str(), "bytes=%llu-%llu%c", &first, &last, &rest);
  if (fields != 2 || first > last || last >= content.size()) {
    return envelope_reply(416, "INVALID_BYTE_RANGE", "the range cannot be served");
  }
  return {.status = 206,
          .headers = {{"content-range", fmt::format("bytes {}-{}/{}", first, last, content.size())}},
          .body = content.substr(first, last - first + 1)};
}

}  // namespace

FakeReply text_reply(int status, std::string text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)};
}

FakeReply envelope_reply(int status, const std::string& reason, const std::string& message, const std::string& domain) {
  FakeReply reply =
      json_reply(fmt::format(R"({{"error":{{"status":"X","code":{},"message":"{}","details":[{{"@type":"ErrorInfo",)"
                             R"("reason":"{}","domain":"{}","metadata":{{}}}}]}}}})",
                             status, message, reason, domain));
  reply.status = status;
  return reply;
}

FakeReply FakeWalrus::publisher(const FakeRequest& request) {
  MutexLock lock(mutex_);
  last_publisher_request_ = request;
  if (request.method != "PUT" || request.path != "/v1/blobs") return text_reply(404, "no such route");
  auto query = parse_query(request.query);
  static const std::set<std::string> kKnown = {"epochs", "permanent", "deletable", "send_object_to", "force"};
  for (const auto& [name, value] : query) {
    if (!kKnown.contains(name)) return text_reply(400, "Failed to deserialize query string: unknown field " + name);
  }
  if (request.body.size() > kPublisherLimit) return text_reply(413, "length limit exceeded");

  const std::string id = digest_blob_id(as_bytes(request.body)).value().to_string();
  const uint64_t end_epoch = kEpoch + std::stoull(query.contains("epochs") ? query["epochs"] : "1");
  Blob& blob = blobs_[id];
  if (blob.end_epoch >= end_epoch) {
    return json_reply(fmt::format(
        R"({{"alreadyCertified":{{"blobId":"{}","event":{{"txDigest":"t","eventSeq":"0"}},"endEpoch":{}}}}})", id,
        blob.end_epoch));
  }
  blob = {request.body, end_epoch};
  return json_reply(
      fmt::format(R"({{"newlyCreated":{{"blobObject":{{"id":"0x{:064x}","registeredEpoch":10,"blobId":"{}","size":{},)"
                  R"("encodingType":"RS2","certifiedEpoch":10,"storage":{{"id":"0x1","startEpoch":10,"endEpoch":{},)"
                  R"("storageSize":66034000}},"deletable":true}},"resourceOperation":{{"registerFromScratch":)"
                  R"({{"encodedLength":66034000,"epochsAhead":1}}}},"cost":132300}}}})",
                  blobs_.size(), id, request.body.size(), end_epoch));
}

FakeReply FakeWalrus::aggregator(const FakeRequest& request) {
  MutexLock lock(mutex_);
  ++aggregator_requests_;
  const std::string prefix = "/v1/blobs/";
  if (request.method != "GET" || !request.path.starts_with(prefix)) return text_reply(404, "no such route");
  if (!request.query.empty()) return text_reply(400, "Failed to deserialize query string");
  auto found = blobs_.find(request.path.substr(prefix.size()));
  if (found == blobs_.end() || hidden_answers_ > 0) {
    if (hidden_answers_ > 0) --hidden_answers_;
    return envelope_reply(404, "BLOB_NOT_FOUND", "the requested blob ID does not exist on Walrus");
  }
  const std::string& content = found->second.content;
  const std::string range(find_header(request.headers, "Range"));
  if (range.empty() || ignore_ranges_) return {.status = 200, .headers = {}, .body = content};
  return range_reply(content, range);
}

void FakeWalrus::damage(const BlobId& blob, uint64_t offset) {
  MutexLock lock(mutex_);
  auto found = blobs_.find(blob.to_string());
  WFS_CHECK(found != blobs_.end() && offset < found->second.content.size());
  found->second.content[offset] = static_cast<char>(found->second.content[offset] ^ 1);
}

void FakeWalrus::hide_blobs(int count) {
  MutexLock lock(mutex_);
  hidden_answers_ = count;
}

void FakeWalrus::ignore_ranges() {
  MutexLock lock(mutex_);
  ignore_ranges_ = true;
}

int FakeWalrus::aggregator_requests() const {
  MutexLock lock(mutex_);
  return aggregator_requests_;
}

FakeRequest FakeWalrus::last_publisher_request() const {
  MutexLock lock(mutex_);
  return last_publisher_request_;
}

}  // namespace walrusfs::testing
