// What is put comes back, whatever its size, and stays over restarts and faults.
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

std::vector<size_t> sizes_around(const CodeShape& shape) {
  size_t full = shape.source_symbols() * 2;  // fits symbols of two bytes exactly
  size_t row = size_t{shape.k2()} * 2;
  return {0, 1, 2, 3, 7, row - 1, row, row + 1, full - 1, full, full + 1, 2 * full, 2 * full + 1, 100'001};
}

class RoundTripTest : public NetworkTest {};

TEST_F(RoundTripTest, EverySizeComesBackFromTenShards) {
  start(10, 4);
  for (size_t size : sizes_around(*shape_)) {
    SCOPED_TRACE(size);
    std::string content = content_of(size);
    expect_reads_back(store(content), content);
  }
}

TEST_F(RoundTripTest, EverySizeComesBackFromThirteenShardsOnOneNode) {
  start(13, 1);
  for (size_t size : sizes_around(*shape_)) {
    SCOPED_TRACE(size);
    std::string content = content_of(size);
    expect_reads_back(store(content), content);
  }
}

TEST_F(RoundTripTest, EverySizeComesBackFromTheDefaultNetwork) {
  start(301, 5);
  for (size_t size : {size_t{0}, size_t{1}, size_t{40'602}, size_t{40'603}, size_t{5} << 20}) {
    SCOPED_TRACE(size);
    std::string content = content_of(size);
    expect_reads_back(store(content), content);
  }
}

TEST_F(RoundTripTest, LargeBodiesWaitInAFileAndLargeAnswersAreStreamed) {
  config_.max_body_bytes = 40 << 20;
  config_.read_cache_bytes = 1 << 20;  // less than a few slivers: streams must not depend on it
  start(301, 5);
  std::string content = content_of(33 << 20);
  std::string id = store(content);
  expect_reads_back(id, content);
  Reply part = get_range(id, 1'000'000, 30'999'999);
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content.substr(1'000'000, 30'000'000));
  EXPECT_TRUE(nothing_is_spooled());
}

TEST_F(RoundTripTest, RangesAreCutExactly) {
  start(10, 4);
  std::string content = content_of(10'000);
  std::string id = store(content);
  SeededRng rng(3);
  for (int i = 0; i < 60; ++i) {
    uint64_t first = rng.below(content.size());
    uint64_t last = first + rng.below(content.size() - first);
    SCOPED_TRACE(std::to_string(first) + "-" + std::to_string(last));
    Reply part = get_range(id, first, last);
    EXPECT_EQ(part.status, 206);
    EXPECT_TRUE(part.body == content.substr(first, last - first + 1));
    EXPECT_EQ(part.header("Content-Range"),
              "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/10000");
  }
}

TEST_F(RoundTripTest, SequentialRangesFetchEverySliverOnce) {
  start(10, 4);
  std::string content = content_of(1'000'000);
  std::string id = store(content);
  for (size_t at = 0; at < content.size(); at += 10'000) {
    Reply part = get_range(id, at, at + 9'999);
    EXPECT_EQ(part.status, 206);
    EXPECT_TRUE(part.body == content.substr(at, 10'000));
  }
  EXPECT_EQ(network_->status().slivers_fetched, shape_->k1());
}

TEST_F(RoundTripTest, ARangeFetchesOnlyTheSliversItNeeds) {
  start(10, 4);
  std::string id = store(content_of(1'000'000));
  EXPECT_EQ(get_range(id, 0, 0).status, 206);
  EXPECT_EQ(network_->status().slivers_fetched, 1u);
}

TEST_F(RoundTripTest, EverythingSurvivesARestart) {
  start(10, 4);
  std::string content = content_of(50'000);
  std::string id = store(content, "?epochs=5");
  LocalnetState before = network_->state();
  LocalnetStatus kept = network_->status();
  forget_reads();
  expect_reads_back(id, content);
  LocalnetState after = network_->state();
  EXPECT_EQ(after.aggregator_url, before.aggregator_url);
  EXPECT_EQ(after.publisher_url, before.publisher_url);
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(after.nodes[i].id, before.nodes[i].id);
    EXPECT_EQ(after.nodes[i].url, before.nodes[i].url);
  }
  EXPECT_EQ(network_->status().bytes, kept.bytes);
  EXPECT_EQ(network_->status().blobs, 1u);
  EXPECT_TRUE(put(content).json().contains("alreadyCertified"));
}

TEST_F(RoundTripTest, ManyClientsAtOnce) {
  start(10, 4);
  std::vector<std::thread> clients;
  for (uint64_t client = 0; client < 6; ++client) {
    clients.emplace_back([this, client] {
      for (size_t i = 0; i < 5; ++i) {
        std::string content = content_of(2'000 + 777 * i, 100 + client);
        expect_reads_back(store(content), content);
      }
    });
  }
  for (auto& client : clients) client.join();
}

TEST_F(RoundTripTest, ManyReadersOfOneColdBlobFetchEverySliverOnce) {
  start(10, 4);
  std::string content = content_of(300'000);
  std::string id = store(content);
  forget_reads();
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) readers.emplace_back([&] { expect_reads_back(id, content); });
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(network_->status().slivers_fetched, shape_->k1());
}

}  // namespace
}  // namespace walrusfs::localnet
