// Quilts of the official encoders, byte for byte, and their files read back.
#include <nlohmann/json.hpp>

#include "codec/quilt/layout.h"
#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {
namespace {

using nlohmann::json;
using test::sha256_hex;
using test::shape_of;

// Long texts stand as {"repeat", "count"}.
std::string text_of(const json& value) {
  if (value.is_string()) return value;
  std::string out;
  for (size_t i = 0; i < value["count"]; ++i) out += value["repeat"].get<std::string>();
  return out;
}

Tags::Map tags_of(const json& file) {
  Tags::Map tags;
  if (!file.contains("tags")) return tags;
  for (const auto& [key, value] : file["tags"].items()) tags.emplace(key, text_of(value));
  return tags;
}

struct QuiltCase {
  json vector;
  friend std::ostream& operator<<(std::ostream& out, const QuiltCase& c) { return out << c.vector["label"]; }
};

class QuiltVector : public ::testing::TestWithParam<QuiltCase> {
 protected:
  const json& c() const { return GetParam().vector; }
  const CodeShape shape_ = shape_of(c()["n"]);

  Bytes content_of(const json& file) const {
    return test::stream(c()["seed_prefix"].get<std::string>() + text_of(file["identifier"]), file["len"]);
  }

  Result<Files::Built> build() const {
    Files files(c()["n"]);
    for (const json& file : c()["blobs"]) {
      WFS_TRY(files.add(text_of(file["identifier"]), content_of(file), tags_of(file)));
    }
    return files.build();
  }

  // Patches as the vectors list them.
  nlohmann::ordered_json patches(const Plan& plan, const BlobId& id) const {
    auto list = nlohmann::ordered_json::array();
    for (const IndexEntry& entry : plan.index.entries) {
      list.push_back({{"identifier", entry.identifier},
                      {"start", entry.columns.begin},
                      {"end", entry.columns.end},
                      {"patch_id", PatchId{id, entry.columns}.to_string()}});
    }
    return list;
  }

  void check_against(const json& expected, const Files::Built& quilt) const {
    EXPECT_EQ(quilt.plan.symbol_bytes, expected["symbol_size"]);
    EXPECT_EQ(quilt.plan.quilt_bytes, expected["quilt_len"]);
    EXPECT_EQ(quilt.bytes.size(), expected["quilt_len"]);
    EXPECT_EQ(sha256_hex(quilt.bytes), expected["quilt_sha256"]);
    if (expected.contains("quilt_hex")) {
      EXPECT_EQ(to_hex(quilt.bytes), expected["quilt_hex"]);
    }
    check_index(expected, quilt.plan);
    const BlobId id = compute_metadata(shape_, quilt.bytes)->blob_id();
    EXPECT_EQ(id.to_string(), expected["quilt_blob_id"]);
    check_patches(expected, patches(quilt.plan, id));
  }

  static void check_index(const json& expected, const Plan& plan) {
    const Bytes index = plan.index.to_bytes();
    if (expected.contains("index_bcs_sha256")) {
      EXPECT_EQ(sha256_hex(index), expected["index_bcs_sha256"]);
      EXPECT_EQ(index.size(), expected["index_bcs_len"]);
    }
    if (expected.contains("index_bcs_hex")) {
      EXPECT_EQ(to_hex(index), expected["index_bcs_hex"]);
    }
    if (expected.contains("index_columns")) {
      EXPECT_EQ(plan.index.entries[0].columns.begin, expected["index_columns"]);
    }
  }

  static void check_patches(const json& expected, const nlohmann::ordered_json& own) {
    if (expected.contains("patches_sha256")) {
      EXPECT_EQ(own.size(), expected["patch_count"]);
      EXPECT_EQ(sha256_hex(as_bytes(own.dump())), expected["patches_sha256"]);
      return;
    }
    ASSERT_EQ(own.size(), expected["patches"].size());
    for (size_t i = 0; i < own.size(); ++i) {
      for (const char* field : {"start", "end", "patch_id"}) EXPECT_EQ(own[i][field], expected["patches"][i][field]);
    }
  }

  // Every file, out of the whole quilt and out of slivers, by name and by patch ID.
  void check_reading(const Files::Built& quilt) const {
    MemorySource source(quilt.bytes);
    WholeQuilt whole(shape_, quilt.plan.symbol_bytes, source);
    const SliverEncoder encoder = SliverEncoder::create(shape_, quilt.bytes).value();
    SliverColumns slivers(shape_, quilt.plan.symbol_bytes, [&](SliverIndex index) -> Result<Sliver> {
      WFS_ASSIGN(std::vector<Sliver> made, encoder.slivers(Axis::kSecondary, {{index}}));
      return std::move(made[0]);
    });
    for (Columns* columns : std::initializer_list<Columns*>{&whole, &slivers}) {
      Reader reader = Reader::create(shape_, quilt.bytes.size(), *columns).value();
      const Index index = reader.read_index().value();
      EXPECT_EQ(index.entries, quilt.plan.index.entries);
      for (const json& file : c()["blobs"]) check_file(reader, index, file);
    }
  }

  void check_file(Reader& reader, const Index& index, const json& file) const {
    const std::string identifier = text_of(file["identifier"]);
    const IndexEntry* entry = index.find(identifier);
    ASSERT_NE(entry, nullptr) << identifier.substr(0, 100);
    const auto by_name = reader.open(*entry);
    ASSERT_TRUE(by_name.ok()) << by_name.error().to_string();
    EXPECT_EQ(by_name->bytes(), file["len"]);
    EXPECT_EQ(by_name->header.identifier, identifier);
    EXPECT_EQ(by_name->header.tags.to_map(), tags_of(file));
    const PatchId patch = PatchId::parse(PatchId{BlobId{}, entry->columns}.to_string()).value();
    const QuiltFile by_patch = reader.open(patch.columns).value();
    EXPECT_EQ(by_patch.header.identifier, identifier);
    EXPECT_EQ(reader.read(by_patch, ByteRange{0, by_patch.bytes()}).value(), content_of(file));
  }
};

TEST_P(QuiltVector, IsBuiltAndRead) {
  // In quilt_edge.json the two official encoders stand side by side; the Rust one decides.
  const json& expected = c().contains("rust") ? c()["rust"] : c();
  const auto quilt = build();
  if (expected.contains("error")) {
    ASSERT_FALSE(quilt.ok()) << expected["error"];
    return;
  }
  ASSERT_TRUE(quilt.ok()) << quilt.error().to_string();
  if (expected.contains("panic")) {  // the Rust encoder's own defect; the SDK makes the right bytes
    EXPECT_EQ(sha256_hex(quilt->bytes), c()["ts"]["quilt_sha256"]);
  } else {
    check_against(expected, *quilt);
  }
  check_reading(*quilt);
}

std::vector<QuiltCase> cases_of(const char* file) {
  std::vector<QuiltCase> cases;
  const json vectors = test::load_vectors(file);
  for (const json& vector : vectors["cases"]) cases.push_back({vector});
  return cases;
}
std::string case_name(const ::testing::TestParamInfo<QuiltCase>& info) {
  std::string name = info.param.vector["label"];
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Main, QuiltVector, ::testing::ValuesIn(cases_of("quilt")), case_name);
INSTANTIATE_TEST_SUITE_P(Edge, QuiltVector, ::testing::ValuesIn(cases_of("quilt_edge")), case_name);

// Where an official encoder refuses, so do we, and for the same reason.
TEST(QuiltVectors, EveryRefusalHasItsReason) {
  const auto code_of = [](const char* file, const std::string& label) {
    for (const auto& [c] : cases_of(file)) {
      if (c["label"] != label) continue;
      Files files(c["n"]);
      for (const json& blob : c["blobs"]) {
        const Status added = files.add(text_of(blob["identifier"]), Bytes(blob["len"].get<size_t>()), tags_of(blob));
        if (!added.ok()) return added.error().code();
      }
    }
    return Code::kInternal;
  };
  EXPECT_EQ(code_of("quilt", "too-many-n31"), Code::kTooLarge);
  EXPECT_EQ(code_of("quilt", "duplicate"), Code::kExists);
  EXPECT_EQ(code_of("quilt_edge", "trailing-space"), Code::kInvalidArgument);
  EXPECT_EQ(code_of("quilt_edge", "empty-identifier"), Code::kInvalidArgument);
  EXPECT_EQ(code_of("quilt_edge", "control-char"), Code::kInvalidArgument);
  EXPECT_EQ(code_of("quilt_edge", "long-identifier-65532"), Code::kTooLarge);
  EXPECT_EQ(code_of("quilt_edge", "big-tags-65536"), Code::kTooLarge);
}

}  // namespace
}  // namespace walrusfs::quilt
