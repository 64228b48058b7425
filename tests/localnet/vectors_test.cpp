// What the publisher computes and the nodes keep is, byte for byte, what the official software makes.
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

// SHA-256(seed || counter), one after the other: how the vectors' blobs are made.
std::string stream(const std::string& seed, size_t size) {
  std::string out;
  for (uint64_t counter = 0; out.size() < size; ++counter) {
    Bytes block = to_bytes(as_bytes(seed));
    append_le(block, counter);
    out += as_text(sha256(block));
  }
  out.resize(size);
  return out;
}

class VectorsTest : public NetworkTest {
 protected:
  // SHA-256 over the SHA-256 of every sliver's BCS, in pair order, as nodes hand them out.
  std::string slivers_digest(const std::string& id, const std::string& axis) {
    Bytes digests;
    for (uint16_t pair = 0; pair < shape_->n(); ++pair) {
      Reply found;
      for (size_t i = 0; i < config_.nodes && found.status != 200; ++i)
        found = send(node(i), "GET", "/v1/blobs/" + id + "/slivers/" + std::to_string(pair) + "/" + axis);
      EXPECT_EQ(found.status, 200);
      append(digests, sha256(as_bytes(found.body)));
    }
    return to_hex(sha256(digests));
  }

  void expect_official(const Json& example) {
    SCOPED_TRACE(example.at("seed").get<std::string>());
    std::string content = stream(example["seed"], example.at("size"));
    std::string id = put(content).json()["newlyCreated"]["blobObject"]["blobId"];
    EXPECT_EQ(id, example.at("blob_id"));
    Reply metadata = send(node(0), "GET", "/v1/blobs/" + id + "/metadata");
    EXPECT_EQ(to_hex(sha256(as_bytes(metadata.body))), example.at("metadata_with_id_bcs_sha256"));
    EXPECT_EQ(slivers_digest(id, "primary"), example.at("primary_slivers_digest"));
    EXPECT_EQ(slivers_digest(id, "secondary"), example.at("secondary_slivers_digest"));
    expect_reads_back(id, content);
  }

  void expect_all_official(uint32_t shards, uint32_t nodes, size_t largest) {
    start(shards, nodes);
    std::ifstream file(WALRUSFS_TEST_VECTORS "/blobs.json");
    const Json vectors = Json::parse(file);
    size_t checked = 0;
    for (const Json& example : vectors.at("cases")) {
      if (example.at("n") != shards || example.at("size") > largest) continue;
      expect_official(example);
      ++checked;
    }
    EXPECT_GE(checked, 2u);
  }
};

TEST_F(VectorsTest, TenShards) { expect_all_official(10, 4, 1'000); }
TEST_F(VectorsTest, HundredShards) { expect_all_official(100, 5, 100); }

}  // namespace
}  // namespace walrusfs::localnet
