// The http backend against the embedded network: real blob IDs, slivers on nodes, official routes and limits.
#include "base/testing/temp_folder.h"
#include "client/http_curl.h"
#include "client/http_store.h"
#include "client/memory_store.h"
#include "client/read_back.h"
#include "localnet/localnet.h"
#include "tests/client/blob_store_suite.h"

namespace walrusfs::testing {
namespace {

constexpr uint32_t kShards = 10;
constexpr uint64_t kSuiteLimit = 1 << 20;

// An aggregator that lies: what comes through it has the wrong byte where it was told.
class TamperingTransport final : public Transport {
 public:
  explicit TamperingTransport(Transport& inner) : inner_(inner) {}
  void tamper(const BlobId& blob, uint64_t offset) {
    path_ = "/v1/blobs/" + blob.to_string();
    offset_ = offset;
  }
  Result<HttpResponse> perform(const HttpRequest& request) override {
    auto response = inner_.perform(request);
    if (!response.ok() || path_.empty() || !request.url.ends_with(path_)) return response;
    unsigned long long first = 0;
    const std::string range(find_header(response->headers, "Content-Range"));
    if (std::sscanf(range.c_str(), "bytes %llu-", &first) != 1) return response;
    if (offset_ >= first && offset_ - first < response->body.size()) response->body[offset_ - first] ^= 1;
    return response;
  }

 private:
  Transport& inner_;
  std::string path_;
  uint64_t offset_ = 0;
};

class LocalnetUnderTest final : public StoreUnderTest {
 public:
  LocalnetUnderTest() {
    localnet::LocalnetConfig config;
    config.folder = folder_ / "network";
    config.nodes = 4;
    config.shards = kShards;
    config.max_body_bytes = 2 * kSuiteLimit;
    auto network = localnet::Localnet::start(config, {system_files(), system_clock(), system_rng()});
    WFS_CHECK(network.ok());
    network_ = std::move(*network);
    const auto state = network_->state();
    store_ = HttpStore::create(tampering_, system_clock(), nullptr,
                               {.aggregators = {state.aggregator_url},
                                .publisher = state.publisher_url,
                                .shards = kShards,
                                .max_blob_bytes = kSuiteLimit})
                 .value();
  }
  BlobStore& store() override { return *store_; }
  Clock& clock() override { return system_clock(); }
  BlobId id_of(ByteView content) override { return walrus_blob_ids(kShards)(content).value(); }
  void damage(const BlobId& blob, uint64_t offset) override { tampering_.tamper(blob, offset); }

 private:
  TempFolder folder_;
  std::unique_ptr<localnet::Localnet> network_;
  std::unique_ptr<CurlTransport> curl_ = CurlTransport::create(system_clock()).value();
  TamperingTransport tampering_{*curl_};
  std::unique_ptr<HttpStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Localnet, BlobStoreSuite,
                         ::testing::Values(StoreMaker{"Http", [] { return std::make_unique<LocalnetUnderTest>(); }}),
                         suite_case_name);

TEST(LocalnetStore, WhatWasStoredCanBeReadBackAndATamperedByteIsFound) {
  LocalnetUnderTest network;
  const Bytes content = random_bytes(20, 300'000);
  const BlobId id = network.id_of(content);
  MemoryFile file(content);
  const Deadline deadline = system_clock().in(Millis(60'000));
  auto receipt = network.store().store({.blob = id, .content = &file, .size_bytes = content.size()}, deadline);
  ASSERT_TRUE(receipt.ok()) << receipt.error().to_string();
  const ReadBackOptions options{.step_bytes = 100'000};
  EXPECT_TRUE(read_back(network.store(), id, file, content.size(), options, deadline).ok());
  network.damage(id, 250'000);
  EXPECT_CODE(read_back(network.store(), id, file, content.size(), options, deadline), Code::kCorrupt);
}

}  // namespace
}  // namespace walrusfs::testing
