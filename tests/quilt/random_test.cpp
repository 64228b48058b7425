// Random quilts of random shapes: what goes in comes out, whole and in parts.
#include "base/rng.h"
#include "codec/quilt/layout.h"
#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {
namespace {

class QuiltRandom : public ::testing::TestWithParam<uint64_t> {
 protected:
  SeededRng rng_{GetParam()};
  const uint32_t shards_ = static_cast<uint32_t>(4 + rng_.below(60));
  std::map<std::string, Bytes> contents_;
  std::map<std::string, Tags::Map> tags_;

  Bytes some_bytes(size_t most) {
    Bytes out(rng_.below(most + 1));
    rng_.fill(out);
    return out;
  }
  std::string some_text(size_t most) {
    static constexpr const char* kCharacters[] = {"a", "Z", "/", "\u00e9", "\u65e5", "\U0001f600", ".", "0"};
    std::string out;
    for (size_t i = rng_.below(most) + 1; i-- > 0;) out += kCharacters[rng_.below(std::size(kCharacters))];
    return out;
  }
  Tags::Map some_tags() {
    Tags::Map out;
    for (size_t i = rng_.below(4); i-- > 0;) out[some_text(5)] = some_text(20);
    return out;
  }

  Files::Built build() {
    Files files(shards_);
    const size_t count = rng_.below(max_files(test::shape_of(shards_)) + 1u);
    for (size_t i = 0; i < count; ++i) {
      const std::string name = some_text(30);
      if (contents_.contains(name)) continue;
      contents_[name] = some_bytes(rng_.below(3) == 0 ? 3000 : 40);
      tags_[name] = some_tags();
      EXPECT_TRUE(files.add(name, contents_[name], tags_[name]).ok());
    }
    return files.build().value();
  }

  void check_file(Reader& reader, const IndexEntry& entry) {
    const QuiltFile file = reader.open(entry).value();
    const Bytes& content = contents_.at(entry.identifier);
    EXPECT_EQ(file.header.tags.to_map(), tags_.at(entry.identifier));
    EXPECT_EQ(reader.read(file, ByteRange{0, file.bytes()}).value(), content);
    for (int i = 0; i < 5; ++i) {
      const uint64_t begin = rng_.below(content.size() + 1);
      const uint64_t length = rng_.below(content.size() - begin + 1);
      EXPECT_TRUE(equal(reader.read(file, ByteRange{begin, length}).value(), ByteView(content).subspan(begin, length)));
    }
  }
};

TEST_P(QuiltRandom, WhatGoesInComesOut) {
  const Files::Built built = build();
  Opened opened(shards_, built.bytes);
  const Index index = opened.reader().read_index().value();
  EXPECT_EQ(index.entries, built.plan.index.entries);
  ASSERT_EQ(index.entries.size(), contents_.size());
  auto expected = contents_.begin();  // sorted by the bytes of their names
  for (const IndexEntry& entry : index.entries) {
    EXPECT_EQ(entry.identifier, (expected++)->first);
    check_file(opened.reader(), entry);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, QuiltRandom, ::testing::Range(uint64_t{0}, uint64_t{100}));

}  // namespace
}  // namespace walrusfs::quilt
