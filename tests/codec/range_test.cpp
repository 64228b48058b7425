#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::shape_of;
using test::stream;

// Every range of a blob, put together from the parts, is the blob's own bytes.
TEST(Ranges, PartsGiveBackTheBytes) {
  const CodeShape shape = shape_of(7);
  for (size_t size : {1u, 9u, 10u, 11u, 29u, 30u, 61u, 95u}) {
    const Bytes blob = stream("walrusfs/ranges", size);
    const auto slivers =
        SliverEncoder::create(shape, blob)->slivers(Axis::kPrimary, test::sliver_indices(0, shape.k1())).value();
    for (uint64_t begin = 0; begin < size; ++begin) {
      for (uint64_t length = 1; begin + length <= size; ++length) {
        Bytes out(length);
        const auto parts = slivers_of_range(shape, size, {begin, length}).value();
        for (const RangePart& part : parts) {
          const ByteView data(slivers[raw(part.sliver)].data);
          const ByteView piece = data.subspan(part.in_sliver.offset, part.in_sliver.length);
          std::copy(piece.begin(), piece.end(), out.begin() + static_cast<ptrdiff_t>(part.at));
        }
        ASSERT_TRUE(equal(out, ByteView(blob).subspan(begin, length))) << size << ": " << begin << "+" << length;
      }
    }
  }
}

// 1,000,000 bytes over 1000 shards leave rows 250 to 333 to padding; no range reaches them.
TEST(Ranges, RowsOfPaddingAreNeverNamed) {
  const CodeShape shape = shape_of(1000);
  const auto parts = slivers_of_range(shape, 1'000'000, {0, 1'000'000}).value();
  ASSERT_EQ(parts.size(), 250u);
  EXPECT_EQ(parts.back().sliver, SliverIndex{249});
  EXPECT_EQ(parts.back().at + parts.back().in_sliver.length, 1'000'000u);
}

TEST(Ranges, EmptyRangesAndThoseThatEndPastTheBlobAreRefused) {
  const CodeShape shape = shape_of(7);
  const auto code = [&](uint64_t size, ByteRange range) { return slivers_of_range(shape, size, range).error().code(); };
  EXPECT_EQ(code(100, {0, 0}), Code::kRange);
  EXPECT_EQ(code(100, {0, 101}), Code::kRange);
  EXPECT_EQ(code(100, {100, 1}), Code::kRange);
  EXPECT_EQ(code(100, {UINT64_MAX, 2}), Code::kRange);
  EXPECT_EQ(code(0, {0, 1}), Code::kRange);
  EXPECT_EQ(code(shape.max_blob_bytes() + 1, {0, 1}), Code::kTooLarge);
  EXPECT_TRUE(slivers_of_range(shape, 100, {99, 1}).ok());
}

}  // namespace
}  // namespace walrusfs
