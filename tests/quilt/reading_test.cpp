// What is read for a file or a range, and layouts other than the official one.
#include "codec/quilt/file_header.h"
#include "codec/quilt/layout.h"
#include "tests/quilt/quilt_support.h"

namespace walrusfs::quilt {
namespace {

using test::shape_of;
using test::stream;

using ColumnSet = std::set<uint16_t>;

class QuiltReading : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.add("a", stream("a", 100)).ok());
    ASSERT_TRUE(files_.add("big", stream("big", 5000), {{"kind", "big"}}).ok());
    ASSERT_TRUE(files_.add("z", stream("z", 300)).ok());
    built_ = files_.build().value();
    opened_.emplace(kShards, built_.bytes);
    index_ = opened_->reader().read_index().value();
    column_bytes_ = column_bytes(shape_of(kShards), built_.plan.symbol_bytes);
    opened_->watched().take_columns();
  }

  static constexpr uint32_t kShards = 31;
  Files files_{kShards};
  Files::Built built_;
  std::optional<Opened> opened_;
  Index index_;
  uint64_t column_bytes_ = 0;
};

TEST_F(QuiltReading, AFileNeedsItsOwnColumnsOnly) {
  const IndexEntry& entry = *index_.find("big");
  ASSERT_GT(entry.columns.count(), 5);
  const QuiltFile file = opened_->reader().open(entry).value();
  EXPECT_EQ(opened_->watched().take_columns(), ColumnSet{entry.columns.begin});
  EXPECT_EQ(opened_->reader().read(file, ByteRange{0, 5000}).value(), stream("big", 5000));
  ColumnSet all;
  for (uint16_t c = entry.columns.begin; c < entry.columns.end; ++c) all.insert(c);
  EXPECT_EQ(opened_->watched().take_columns(), all);
}

// Each range that begins or ends beside a column's edge; the official SDK fails at some of these.
TEST_F(QuiltReading, ARangeNeedsItsOwnColumnsOnly) {
  const IndexEntry& entry = *index_.find("big");
  const QuiltFile file = opened_->reader().open(entry).value();
  const Bytes content = stream("big", 5000);
  const uint64_t header = file_header_bytes("big", entry.tags);
  EXPECT_EQ(file.header.data.offset, header);
  for (uint64_t edge = column_bytes_; edge < header + content.size(); edge += column_bytes_) {
    for (int begin_step : {-2, -1, 0, 1}) {
      for (uint64_t length : {uint64_t{1}, uint64_t{2}, column_bytes_, column_bytes_ + 1}) {
        const uint64_t begin = edge - header + static_cast<uint64_t>(begin_step);
        if (begin + length > content.size()) continue;
        opened_->watched().take_columns();
        const Bytes got = opened_->reader().read(file, ByteRange{begin, length}).value();
        ASSERT_TRUE(equal(got, ByteView(content).subspan(begin, length))) << begin << ' ' << length;
        ColumnSet needed;
        for (uint64_t at = begin; at < begin + length; ++at) {
          needed.insert(static_cast<uint16_t>(entry.columns.begin + (header + at) / column_bytes_));
        }
        EXPECT_EQ(opened_->watched().take_columns(), needed);
      }
    }
  }
}

TEST_F(QuiltReading, ARangeEndsWithTheFile) {
  const QuiltFile file = opened_->reader().open(*index_.find("a")).value();
  Reader& reader = opened_->reader();
  EXPECT_EQ(reader.read(file, ByteRange{0, 100}).value(), stream("a", 100));
  EXPECT_TRUE(reader.read(file, ByteRange{100, 0}).value().empty());
  EXPECT_EQ(reader.read(file, ByteRange{0, 101}).error().code(), Code::kRange);
  EXPECT_EQ(reader.read(file, ByteRange{100, 1}).error().code(), Code::kRange);
  EXPECT_EQ(reader.read(file, ByteRange{101, 0}).error().code(), Code::kRange);
  EXPECT_EQ(reader.read(file, ByteRange{UINT64_MAX, 2}).error().code(), Code::kRange);
}

TEST_F(QuiltReading, APatchIdNeedsNoIndex) {
  const ColumnRange columns = index_.find("z")->columns;
  opened_->watched().take_columns();
  const QuiltFile file = opened_->reader().open(columns).value();
  EXPECT_EQ(file.header.identifier, "z");
  EXPECT_FALSE(opened_->watched().take_columns().contains(0));
}

TEST_F(QuiltReading, APatchIdOfColumnsThatAreNone) {
  Reader& reader = opened_->reader();
  const uint16_t k2 = shape_of(kShards).k2();
  EXPECT_EQ(reader.open({2, 2}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(reader.open({3, 2}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(reader.open({0, static_cast<uint16_t>(k2 + 1)}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(reader.open({UINT16_MAX - 1, UINT16_MAX}).error().code(), Code::kInvalidArgument);
  const ColumnRange big = index_.find("big")->columns;
  const ColumnRange too_short{big.begin, static_cast<uint16_t>(big.end - 1)};
  EXPECT_EQ(reader.open(too_short).error().code(), Code::kCorrupt);
}

TEST_F(QuiltReading, BlobsOfOtherLengthsAreNoQuilts) {
  MemorySource source(Bytes{});
  const CodeShape shape = shape_of(10);
  WholeQuilt columns(shape, 2, source);
  EXPECT_TRUE(Reader::create(shape, 56, columns).ok());
  for (uint64_t bytes : {uint64_t{0}, uint64_t{55}, uint64_t{57}, uint64_t{84}, shape.max_blob_bytes() + 28}) {
    EXPECT_EQ(Reader::create(shape, bytes, columns).error().code(), Code::kCorrupt) << bytes;
  }
}

TEST_F(QuiltReading, ASliverThatIsAnotherColumnIsRefused) {
  const CodeShape shape = shape_of(kShards);
  SliverColumns columns(shape, built_.plan.symbol_bytes, [&](SliverIndex index) -> Result<Sliver> {
    Sliver sliver{Axis::kSecondary, index, built_.plan.symbol_bytes, Bytes(column_bytes_)};
    if (raw(index) == 1) sliver.axis = Axis::kPrimary;
    if (raw(index) == 2) sliver.index = SliverIndex{3};
    if (raw(index) == 3) sliver.data.pop_back();
    if (raw(index) == 4) return Error(Code::kUnavailable, "no node answers");
    return sliver;
  });
  EXPECT_EQ(columns.read(0, ByteRange{0, column_bytes_}).value(), Bytes(column_bytes_));
  for (uint16_t wrong : {1, 2, 3}) EXPECT_EQ(columns.read(wrong, ByteRange{0, 1}).error().code(), Code::kCorrupt);
  EXPECT_EQ(columns.read(4, ByteRange{0, 1}).error().code(), Code::kUnavailable);
}

TEST_F(QuiltReading, ASliverIsFetchedOnceForAllOfItsBytes) {
  const CodeShape shape = shape_of(kShards);
  const SliverEncoder encoder = SliverEncoder::create(shape, built_.bytes).value();
  std::map<uint16_t, int> fetched;
  SliverColumns columns(shape, built_.plan.symbol_bytes, [&](SliverIndex index) -> Result<Sliver> {
    ++fetched[raw(index)];
    return encoder.slivers(Axis::kSecondary, {{index}}).value().front();
  });
  Reader reader = Reader::create(shape, built_.bytes.size(), columns).value();
  ASSERT_TRUE(reader.read_index().ok());
  const QuiltFile file = reader.open(*index_.find("big")).value();
  for (uint64_t at = 0; at < 5000; at += 10) {
    ASSERT_TRUE(equal(reader.read(file, ByteRange{at, 10}).value(), ByteView(stream("big", 5000)).subspan(at, 10)));
  }
  for (const auto& [column, times] : fetched) EXPECT_EQ(times, 1) << column;
}

// Larger symbols, another order, spare columns, an empty tag map that is written out, a name that official
// readers refuse: all of it can be read.
TEST(QuiltOtherLayouts, AreRead) {
  const CodeShape shape = shape_of(10);
  constexpr uint16_t kSymbolBytes = 40;
  Bytes quilt(shape.source_symbols() * kSymbolBytes);
  Index index;
  index.entries.push_back({"z", {}, {1, 4}});
  index.entries.push_back({"a ", {}, {4, 5}});
  BcsWriter block;
  block.u8(1);
  block.u32(static_cast<uint32_t>(index.to_bytes().size()));
  block.raw(index.to_bytes());
  put_into_columns(shape, kSymbolBytes, 0, block.take(), quilt);
  Bytes first = make_file_header("z", {}, 7).value();
  append(first, as_bytes("content"));
  put_into_columns(shape, kSymbolBytes, 1, first, quilt);
  const Bytes second = from_hex(
                           "010f000000"
                           "01"
                           "0300"
                           "026120"
                           "0100"
                           "00"
                           "68656c6c6f2121")
                           .value();
  put_into_columns(shape, kSymbolBytes, 4, second, quilt);

  Opened opened(10, quilt);
  EXPECT_EQ(opened.reader().read_index().value().entries, index.entries);
  EXPECT_EQ(as_text(opened.content("z").value()), "content");
  EXPECT_EQ(as_text(opened.content("a ").value()), "hello!!");
  EXPECT_EQ(opened.content("b").error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace walrusfs::quilt
