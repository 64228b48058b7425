// Reads stay right with f shards gone or lying.
#include "localnet/blob_file.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class FaultsTest : public NetworkTest {
 protected:
  void store_some() {
    for (size_t size : {size_t{1}, size_t{3'000}, size_t{200'000}}) {
      contents_.push_back(content_of(size));
      ids_.push_back(store(contents_.back()));
    }
  }
  void expect_all_right() {
    for (size_t i = 0; i < ids_.size(); ++i) {
      SCOPED_TRACE(contents_[i].size());
      expect_reads_back(ids_[i], contents_[i]);
      Reply part = get_range(ids_[i], 0, contents_[i].size() - 1);
      EXPECT_EQ(part.status, 206);
      EXPECT_TRUE(part.body == contents_[i]);
    }
  }

  std::vector<std::string> contents_, ids_;
};

TEST_F(FaultsTest, AnyOneNodeMayBeStopped) {
  start(10, 4);
  store_some();
  for (size_t dead = 0; dead < 4; ++dead) {
    SCOPED_TRACE(dead);
    forget_reads();
    ASSERT_TRUE(network_->stop_node(dead).ok());
    EXPECT_FALSE(network_->status().nodes[dead].running);
    expect_all_right();
    ASSERT_TRUE(network_->start_node(dead).ok());
    EXPECT_TRUE(network_->status().nodes[dead].running);
  }
}

TEST_F(FaultsTest, AStoppedNodeCostsOneSliverPerSliver) {
  start(301, 5);
  std::string content = content_of(2 << 20);
  std::string id = store(content);
  forget_reads();
  ASSERT_TRUE(network_->stop_node(owner_of_row(id, 0)).ok());
  expect_reads_back(id, content);
  LocalnetStatus status = network_->status();
  EXPECT_GT(status.slivers_rebuilt, 0u);
  EXPECT_EQ(status.slivers_rebuilt + status.slivers_fetched, shape_->k1());
  EXPECT_EQ(status.blobs_decoded, 0u);
}

TEST_F(FaultsTest, AnyOneNodesFilesMayBeGarbage) {
  start(10, 4);
  store_some();
  uint64_t found = 0;
  for (size_t broken = 0; broken < 4; ++broken) {
    SCOPED_TRACE(broken);
    forget_reads();
    TempFolder saved;
    const std::string blobs = config_.folder + "/node-" + std::to_string(broken) + "/blobs";
    std::filesystem::copy(blobs, saved / "blobs", std::filesystem::copy_options::recursive);
    overwrite_with_garbage(broken);
    expect_all_right();
    found += network_->status().nodes[broken].damaged_found;
    stop();
    std::filesystem::remove_all(blobs);
    std::filesystem::copy(saved / "blobs", blobs, std::filesystem::copy_options::recursive);
    start_again();
  }
  EXPECT_GT(found, 0u);
}

TEST_F(FaultsTest, GarbageOnADefaultNetworkIsSurvivedAndReported) {
  start(301, 5);
  std::string content = content_of(1 << 20);
  std::string id = store(content);
  stop();
  overwrite_with_garbage(1);
  start_again();
  EXPECT_EQ(network_->status().nodes[1].damaged_found, 1u);
  EXPECT_EQ(network_->status().nodes[1].blobs, 0u);
  expect_reads_back(id, content);
}

TEST_F(FaultsTest, ADamagedBlobIsWholeAgainAfterAnotherStore) {
  start(10, 4);
  std::string content = content_of(20'000);
  std::string id = store(content);
  stop();
  overwrite_with_garbage(0);
  start_again();
  store(content, "?force=true");
  EXPECT_EQ(network_->status().nodes[0].blobs, 1u);
  ASSERT_TRUE(network_->stop_node(3).ok());
  expect_reads_back(id, content);
}

// A flipped bit in the middle of the data is found by the node, not only by the reader.
TEST_F(FaultsTest, AFlippedBitMakesASliverMissing) {
  start(10, 1);
  std::string content = content_of(50'000);
  std::string id = store(content);
  forget_reads();
  uint16_t slot = raw(shape_->shard_of(blob_id(content), PairIndex{0}));  // of sliver 0
  auto at = static_cast<std::streamoff>(4096 + slot * metadata(content).sliver_bytes(Axis::kPrimary) + 10);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(config_.folder + "/node-0/blobs")) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    char byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }
  expect_reads_back(id, content);
  EXPECT_EQ(network_->status().nodes[0].damaged_found, 1u);
  EXPECT_EQ(network_->status().slivers_rebuilt, 1u);
}

class LyingNodeTest : public NetworkTest {
 protected:
  // Other slivers, with checksums that fit them: the node itself cannot tell.
  void make_node_lie(const std::string& id, size_t node, std::initializer_list<Axis> axes) {
    BlobId blob = BlobId::parse(id).value();
    stop();
    const std::string path = config_.folder + "/node-" + std::to_string(node) + "/blobs/" +
                             to_hex(ByteView(blob.bytes).first(1)) + "/" + id + ".blob";
    auto file = BlobFile::open(system_files(), path, blob, *shape_).value();
    for (Axis axis : axes) {
      for (uint16_t slot = 0; slot < file->slots(); ++slot) {
        auto stored = file->read_sliver(axis, slot);
        if (!stored) continue;  // it is another node's
        Bytes lie = std::move(*stored);
        for (uint8_t& byte : lie) byte ^= 0x55;
        ASSERT_TRUE(file->write_sliver(axis, slot, lie).ok());
      }
    }
    start_again();
  }
};

TEST_F(LyingNodeTest, ALieAboutASliverIsCaughtAndTheSliverRebuilt) {
  start(301, 5);
  std::string content = content_of(200'000);
  std::string id = store(content);
  make_node_lie(id, owner_of_row(id, 0), {Axis::kPrimary});
  expect_reads_back(id, content);
  EXPECT_GT(network_->status().slivers_rebuilt, 0u);
  EXPECT_EQ(network_->status().blobs_decoded, 0u);
  for (const NodeStatus& node : network_->status().nodes) EXPECT_EQ(node.damaged_found, 0u);
}

// Two of five lie: the symbols of the other three (180 of 301) are fewer than a sliver needs (201), so that a lie is
// among them in whatever order the nodes answer, and their rows (180) are more than decoding needs (101).
TEST_F(LyingNodeTest, ALieAboutSymbolsIsCaughtAndTheBlobDecoded) {
  start(301, 5);
  std::string content = content_of(200'000);
  std::string id = store(content);
  const size_t liar = owner_of_row(id, 0);
  make_node_lie(id, liar, {Axis::kPrimary, Axis::kSecondary});
  make_node_lie(id, (liar + 1) % 5, {Axis::kPrimary, Axis::kSecondary});
  Reply part = get_range(id, 10, 20);
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, content.substr(10, 11));
  EXPECT_EQ(network_->status().blobs_decoded, 1u);
  expect_reads_back(id, content);
  EXPECT_EQ(network_->status().blobs_decoded, 1u) << "all rows were kept";
}

TEST_F(LyingNodeTest, ADeadAndALyingNodeAreTooMany) {
  start(10, 4);
  std::string content = content_of(20'000);
  std::string id = store(content);
  make_node_lie(id, 0, {Axis::kPrimary, Axis::kSecondary});
  ASSERT_TRUE(network_->stop_node(1).ok());
  ASSERT_TRUE(network_->stop_node(2).ok());
  Reply reply = get(id);
  EXPECT_EQ(reply.status, 503) << "an error, never wrong bytes";
}

// One shard per node, f = 3: what is promised, and past it nothing wrong.
class ToleranceTest : public LyingNodeTest {
 protected:
  void SetUp() override {
    start(10, 10);
    content_ = content_of(30'000);
    id_ = store(content_, "?permanent=true");
  }
  // Within the promise the bytes come; beyond it they come or an error does, which says what is the matter.
  void expect_right(bool promised) {
    const Reply whole = get(id_);
    if (whole.status == 200) {
      EXPECT_TRUE(whole.body == content_);
    } else {
      EXPECT_FALSE(promised) << whole.body;
      EXPECT_EQ(whole.status, 503);
      EXPECT_FALSE(whole.json()["error"]["message"].get<std::string>().empty());
    }
    const Reply part = get_range(id_, 17, 9'000);
    if (part.status == 206) {
      EXPECT_TRUE(part.body == content_.substr(17, 9'000 - 17 + 1));
    } else {
      EXPECT_FALSE(promised) << part.body;
      EXPECT_GE(part.status, 500);
    }
  }
  std::string content_, id_;
};

TEST_F(ToleranceTest, UpToFShardsMayBeDead) {
  for (size_t dead = 1; dead <= 10; ++dead) {
    SCOPED_TRACE(dead);
    forget_reads();
    for (size_t node = 0; node < dead; ++node) ASSERT_TRUE(network_->stop_node(node).ok());
    expect_right(dead <= shape_->f());
    const Reply stored = put(content_of(2'000, dead));
    EXPECT_EQ(stored.status, dead <= shape_->f() ? 200 : 504);
  }
  EXPECT_EQ(get(id_).status, 503);  // nobody is left
  const Reply streamed = send(aggregator(), "GET", "/v1alpha/blobs/" + id_ + "/stream");
  EXPECT_EQ(streamed.status, 500);
  EXPECT_EQ(streamed.reason(), "SLIVER_RETRIEVAL_FAILED");
}

// A stream is not read whole before it is sent, however small its blob is: the first rows come, then it is cut.
TEST_F(FaultsTest, AStreamBreaksOffWhereItsSliversEnd) {
  start(10, 10);
  const std::string content = content_of(20'000);
  const std::string id = store(content);
  const uint64_t row = metadata(content).sliver_bytes(Axis::kPrimary);
  forget_reads();
  const size_t owner = owner_of_row(id, 0);
  for (size_t node = 0; node < 10; ++node) {
    if (node == owner) continue;
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kRefusing, .route = "/slivers/"}).ok());
    ASSERT_TRUE(network_->set_fault(node, {.kind = FaultKind::kLostAnswer, .route = "Symbols"}).ok());
  }
  EXPECT_EQ(get(id).status, 503);
  uint64_t told = 0;
  std::string received;
  httplib::Client client(aggregator());
  client.set_read_timeout(120);
  const auto result = client.Get(
      "/v1alpha/blobs/" + id + "/stream",
      [&](const httplib::Response& response) {
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.get_header_value("x-walrus-streaming"), "true");
        told = std::stoull(response.get_header_value("Content-Length"));
        return true;
      },
      [&](const char* data, size_t size) {
        received.append(data, size);
        return true;
      });
  EXPECT_FALSE(result) << "it is complete";
  EXPECT_EQ(told, content.size());
  EXPECT_TRUE(received == content.substr(0, row)) << received.size();
}

TEST_F(ToleranceTest, UpToFShardsMayLie) {
  for (size_t lying = 1; lying <= 10; ++lying) {
    SCOPED_TRACE(lying);
    make_node_lie(id_, lying - 1, {Axis::kPrimary, Axis::kSecondary});
    expect_right(lying <= shape_->f());
  }
  EXPECT_EQ(get(id_).status, 503);  // nobody tells the truth any more
}

TEST_F(FaultsTest, AStoreSucceedsWithOneNodeDownAndIsReadable) {
  start(301, 5);
  ASSERT_TRUE(network_->stop_node(4).ok());
  std::string content = content_of(100'000);
  std::string id = store(content);
  expect_reads_back(id, content);
}

TEST_F(FaultsTest, TooFewNodesRefuseStoresAndReads) {
  start(10, 4);
  std::string content = content_of(10'000);
  std::string id = store(content);
  ASSERT_TRUE(network_->stop_node(0).ok());
  ASSERT_TRUE(network_->stop_node(1).ok());
  Reply refused = put(content_of(10'000, 2));
  EXPECT_EQ(refused.status, 504);
  EXPECT_EQ(refused.reason(), "INSUFFICIENT_CONFIRMATIONS");
  forget_reads();
  for (size_t i : {0, 1, 2}) ASSERT_TRUE(network_->stop_node(i).ok());
  Reply unavailable = get(id);
  EXPECT_EQ(unavailable.status, 503);
  EXPECT_EQ(unavailable.reason(), "BLOB_UNAVAILABLE");
  EXPECT_EQ(get_range(id, 0, 0).status, 500);
  for (size_t i : {0, 1, 2}) ASSERT_TRUE(network_->start_node(i).ok());
}

// What was not certified cannot be read, and the same store later succeeds.
TEST_F(FaultsTest, AFailedStoreCanBeRepeated) {
  start(10, 4);
  ASSERT_TRUE(network_->stop_node(0).ok());
  ASSERT_TRUE(network_->stop_node(1).ok());
  std::string content = content_of(10'000);
  EXPECT_EQ(put(content).status, 504);
  ASSERT_TRUE(network_->start_node(0).ok());
  ASSERT_TRUE(network_->start_node(1).ok());
  EXPECT_EQ(get(blob_id(content).to_string()).status, 404);
  Reply again = put(content, "?reuse_resources=true");
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_TRUE(again.json()["newlyCreated"]["resourceOperation"].contains("reuseRegistration"));
  expect_reads_back(blob_id(content).to_string(), content);
}

}  // namespace
}  // namespace walrusfs::localnet
