#include "tests/codec/vectors.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto.h"

namespace walrusfs::test {

nlohmann::json load_vectors(const std::string& name) {
  std::ifstream file(std::string(WALRUSFS_TEST_VECTORS) + "/" + name + ".json");
  return nlohmann::json::parse(file);
}

Bytes stream(const std::string& seed, size_t bytes) {
  Bytes out;
  out.reserve(bytes + sizeof(Digest));
  for (uint64_t counter = 0; out.size() < bytes; ++counter) {
    Bytes preimage = to_bytes(as_bytes(seed));
    append_le(preimage, counter);
    append(out, sha256(preimage));
  }
  out.resize(bytes);
  return out;
}

std::string sha256_hex(ByteView data) { return to_hex(sha256(data)); }

CodeShape shape_of(uint32_t shards) { return CodeShape::create(shards).value(); }

std::vector<SliverIndex> sliver_indices(uint16_t begin, uint16_t end) {
  std::vector<SliverIndex> out;
  for (uint16_t i = begin; i < end; ++i) out.push_back(SliverIndex{i});
  return out;
}

}  // namespace walrusfs::test
