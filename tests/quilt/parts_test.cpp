// Names, tags, patch IDs and layouts: each limit, and one past it.
#include "base/rng.h"
#include "codec/quilt/identifier.h"
#include "codec/quilt/layout.h"
#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {
namespace {

using test::shape_of;

TEST(QuiltIdentifier, WhatOfficialReadersTake) {
  for (const char* good : {"a", ".x", " x", "/etc", "a/../b", "a\u00a0b", "\u65e5\u672c", "\U0001f600", "a\u200bb"}) {
    EXPECT_TRUE(check_identifier(good).ok()) << good;
  }
}

TEST(QuiltIdentifier, WhatTheyRefuse) {
  const std::string_view bad[] = {"",         "a ",      "a\t",       "a\u0085",      "a\u00a0",
                                  "a\u1680",  "a\u2003", "a\u2028",   "a\u202f",      "a\u205f",
                                  "a\u3000",  "a\nb",    {"a\0b", 3}, "\x7f",         "a\u0080b",
                                  "a\u009fb", "\xff",    "a\xc0\x80", "\xed\xa0\x80", "abc\xe2\x82"};
  for (std::string_view text : bad) {
    EXPECT_EQ(check_identifier(text).error().code(), Code::kInvalidArgument) << text;
  }
}

TEST(QuiltIdentifier, LengthLimit) {
  EXPECT_TRUE(check_identifier(std::string(65531, 'i')).ok());
  EXPECT_EQ(check_identifier(std::string(65532, 'i')).error().code(), Code::kTooLarge);
}

TEST(QuiltIdentifier, LengthOfBcsForm) {
  for (size_t bytes : {0u, 1u, 127u, 128u, 16383u, 16384u, 65531u}) {
    BcsWriter out;
    write_string(out, std::string(bytes, 'x'));
    EXPECT_EQ(bcs_string_bytes(std::string(bytes, 'x')), out.take().size()) << bytes;
  }
}

Result<Tags> parse_tags(ByteView bcs) {
  BcsReader in(bcs, "tags");
  WFS_ASSIGN(Tags tags, Tags::read(in));
  WFS_TRY(in.finish());
  return tags;
}

TEST(QuiltTags, OrderIsThatOfTheSerializedKeys) {
  const Tags tags = Tags::create({{"aa", "1"}, {"b", "2"}, {"", "3"}, {std::string(128, 'a'), "4"}}).value();
  EXPECT_EQ(to_hex(ByteView(tags.bcs()).first(13)), "04000133016201320261610131");
  EXPECT_EQ(parse_tags(tags.bcs()).value(), tags);
  EXPECT_EQ(tags.to_map().size(), 4u);
  EXPECT_EQ(tags.to_map().at("aa"), "1");
}

TEST(QuiltTags, SizeLimit) {
  EXPECT_EQ(Tags::create({{"k", std::string(65529, 'v')}})->bcs().size(), kMaxTagsBcsBytes);
  EXPECT_EQ(Tags::create({{"k", std::string(65530, 'v')}}).error().code(), Code::kTooLarge);
  EXPECT_EQ(Tags::create({{"k", "\xff"}}).error().code(), Code::kInvalidArgument);
}

TEST(QuiltTags, OtherFormsAreCorrupt) {
  const char* bad[] = {
      "",                  // nothing
      "01",                // a key that is missing
      "010161",            // a value that is missing
      "0101610000",        // more than the tags
      "02016200016100",    // wrong order
      "02016100016100",    // the same key twice
      "0202616100016200",  // by length first
      "0101ff00",          // no UTF-8
      "ffffffff0f",        // 4 billion tags
      "8100",              // a length not in its shortest form
  };
  for (const char* hex : bad) {
    EXPECT_EQ(parse_tags(from_hex(hex).value()).error().code(), Code::kCorrupt) << hex;
  }
}

TEST(QuiltPatchId, OtherTextsAreRefused) {
  const PatchId id{BlobId{{1, 2, 3}}, {3, 700}};
  EXPECT_EQ(id.to_string().size(), 50u);
  EXPECT_EQ(PatchId::parse(id.to_string()).value(), id);
  const auto why = [](const std::string& text) { return PatchId::parse(text).error().to_string(); };
  EXPECT_NE(why(id.quilt.to_string()).find("whole blob"), std::string::npos);
  EXPECT_NE(why(id.to_string() + "AAAA").find("length"), std::string::npos);
  EXPECT_NE(why(id.to_string() + "==").find("padding"), std::string::npos);
  EXPECT_NE(why("").find("length"), std::string::npos);
  EXPECT_NE(why(PatchId{id.quilt, {5, 5}}.to_string()).find("no columns"), std::string::npos);
  EXPECT_NE(why(PatchId{id.quilt, {5, 4}}.to_string()).find("no columns"), std::string::npos);
  Bytes other_version = from_base64url(id.to_string()).value();
  other_version[32] = 2;
  EXPECT_NE(why(to_base64url(other_version)).find("version"), std::string::npos);
}

// Content of a size, and of no bytes.
class SizeOnly final : public ByteSource {
 public:
  explicit SizeOnly(uint64_t bytes) : bytes_(bytes) {}
  Result<uint64_t> size() override { return bytes_; }
  Result<Bytes> read(ByteRange) override { return Error(Code::kInternal, "nobody reads this"); }

 private:
  uint64_t bytes_;
};

TEST(QuiltBuilder, AThousandShardsHold666Files) {
  Builder builder(shape_of(1000));
  SizeOnly small(10);
  for (int i = 0; i < 666; ++i) ASSERT_TRUE(builder.add("f" + std::to_string(i), {}, small).ok());
  EXPECT_EQ(builder.plan()->index.entries.back().columns.end, 667);
  EXPECT_EQ(builder.add("one more", {}, small).error().code(), Code::kTooLarge);
  EXPECT_EQ(builder.add("f0", {}, small).error().code(), Code::kExists);
}

TEST(QuiltBuilder, AFileEndsBelowFourGiB) {
  Builder builder(shape_of(1000));
  const uint64_t header_after_fixed = 2 + 2;  // length field, "a" as BCS
  SizeOnly largest(UINT32_MAX - header_after_fixed);
  EXPECT_TRUE(builder.add("a", {}, largest).ok());
  SizeOnly larger(UINT32_MAX - header_after_fixed + 1);
  EXPECT_EQ(builder.add("b", {}, larger).error().code(), Code::kTooLarge);
  SizeOnly absurd(UINT64_MAX);
  EXPECT_EQ(builder.add("b", {}, absurd).error().code(), Code::kTooLarge);
  EXPECT_TRUE(builder.plan().ok());
}

TEST(QuiltBuilder, TheLargestQuiltAndOneByteMore) {
  const CodeShape shape = shape_of(10);
  // One column is the index's; the header takes 10 bytes.
  const uint64_t largest = uint64_t{shape.k2() - 1u} * shape.k1() * kMaxSymbolBytes - 10;
  for (uint64_t more : {0, 1}) {
    SizeOnly content(largest + more);
    Builder builder(shape);
    ASSERT_TRUE(builder.add("a", {}, content).ok());
    const auto plan = builder.plan();
    ASSERT_EQ(plan.ok(), more == 0);
    if (plan.ok()) {
      EXPECT_EQ(plan->quilt_bytes, shape.max_blob_bytes());
    } else {
      EXPECT_EQ(plan.error().code(), Code::kTooLarge);
    }
  }
}

TEST(QuiltBuilder, ContentThatShrinksIsAnError) {
  class Shrinking final : public ByteSource {
   public:
    Result<uint64_t> size() override { return 100; }
    Result<Bytes> read(ByteRange) override { return Error(Code::kCorrupt, "the rest is missing"); }
  } content;
  Builder builder(shape_of(10));
  ASSERT_TRUE(builder.add("a", {}, content).ok());
  MemorySink sink;
  EXPECT_EQ(builder.write(sink).error().code(), Code::kCorrupt);
}

uint64_t columns_taken(const CodeShape& shape, uint64_t index_bytes, const std::vector<uint64_t>& files, uint64_t s) {
  uint64_t columns = columns_for(index_bytes, shape.k1() * s);
  for (uint64_t bytes : files) columns += columns_for(bytes, shape.k1() * s);
  return columns;
}

// The layout by binary search has the smallest symbols that do, found one by one.
TEST(QuiltLayout, SymbolsAreAsSmallAsTheyCanBe) {
  SeededRng rng(17);
  for (int round = 0; round < 500; ++round) {
    const CodeShape shape = shape_of(static_cast<uint32_t>(4 + rng.below(60)));
    std::vector<uint64_t> files(rng.below(max_files(shape) + 1));
    const uint64_t index_bytes = 6 + rng.below(400);
    for (uint64_t& bytes : files) bytes = 9 + rng.below(rng.below(2) == 0 ? 50 : 5000);
    const Layout layout = lay_out(shape, index_bytes, files).value();
    uint64_t smallest = 1;
    const auto does = [&](uint64_t s) {
      return columns_taken(shape, index_bytes, files, s) <= shape.k2() &&
             columns_for(index_bytes, shape.k1() * s) <= kMaxIndexColumns && shape.k1() * s >= kIndexPrefixBytes;
    };
    while (!does(smallest)) ++smallest;
    EXPECT_EQ(layout.symbol_bytes, smallest + smallest % 2);
    ASSERT_EQ(layout.columns.size(), files.size() + 1);
    EXPECT_EQ(layout.columns[0].begin, 0);
    for (size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(layout.columns[i + 1].begin, layout.columns[i].end);
      EXPECT_EQ(layout.columns[i + 1].count(), columns_for(files[i], column_bytes(shape, layout.symbol_bytes)));
    }
    EXPECT_LE(layout.columns.back().end, shape.k2());
  }
}

}  // namespace
}  // namespace walrusfs::quilt
