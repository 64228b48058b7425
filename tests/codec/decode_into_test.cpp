// Decoding into the caller's memory: any slivers, few missing, progress, cancelling, odd padding.
#include <algorithm>

#include "base/rng.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::shape_of;
using test::stream;

std::vector<Sliver> slivers_of(const EncodedBlob& encoded, Axis axis) {
  const CodeShape& shape = encoded.metadata.shape();
  std::vector<Sliver> out;
  for (uint16_t i = 0; i < shape.n(); ++i) {
    const SliverPair& pair = encoded.pairs[raw(shape.pair_of(axis, SliverIndex{i}))];
    out.push_back(axis == Axis::kPrimary ? pair.primary : pair.secondary);
  }
  return out;
}

// Any sufficient slivers, in any order, of blobs that end anywhere, fill exactly the blob.
TEST(DecodeInto, AnySliversGiveTheBlob) {
  SeededRng rng(3);
  for (int round = 0; round < 400; ++round) {
    const CodeShape shape = shape_of(static_cast<uint32_t>(4 + rng.below(20)));
    const Bytes blob = stream("walrusfs/into" + std::to_string(round), rng.below(round % 2 == 0 ? 100 : 20'000));
    const EncodedBlob encoded = encode_blob(shape, blob).value();
    const Axis axis{static_cast<uint8_t>(rng.below(2))};
    std::vector<Sliver> slivers = slivers_of(encoded, axis);
    // Now and then only a few of the systematic ones are missing.
    const size_t kept = round % 3 == 0 ? shape.systematic_slivers(axis) - 1u : 0;
    for (size_t i = slivers.size(); i > kept + 1; --i) std::swap(slivers[i - 1], slivers[kept + rng.below(i - kept)]);
    const std::vector<SliverView> views(slivers.begin(), slivers.end());
    DecodeOptions options;
    options.check = ConsistencyCheck{static_cast<int>(rng.below(3))};
    options.threads = static_cast<unsigned>(1 + rng.below(3));
    Bytes out(blob.size() + 1, 0xee);
    const MutableByteView place(out.data(), blob.size());
    const Status status = decode_blob_into(encoded.metadata, axis, views, place, options);
    ASSERT_TRUE(status.ok()) << status.error().to_string();
    ASSERT_TRUE(equal(place, blob)) << "round " << round;
    ASSERT_EQ(out.back(), 0xee) << "a byte behind the blob was written";
  }
}

TEST(DecodeInto, FewSystematicSliversMissing) {
  const CodeShape shape = shape_of(100);
  const Bytes blob = stream("walrusfs/few", 500'000);
  const EncodedBlob encoded = encode_blob(shape, blob).value();
  for (const CodecEngine* engine : usable_codec_engines()) {
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
      for (size_t missing : {0, 1, 2, 4, 5}) {
        std::vector<Sliver> slivers = slivers_of(encoded, axis);
        slivers.erase(slivers.begin() + 3, slivers.begin() + static_cast<ptrdiff_t>(3 + missing));
        DecodeOptions options;
        options.engine = engine;
        EXPECT_EQ(decode_blob(encoded.metadata, axis, slivers, options).value(), blob) << missing;
      }
    }
  }
}

class DecodeProgress : public ::testing::TestWithParam<ConsistencyCheck> {
 protected:
  const CodeShape shape_ = shape_of(31);
  const Bytes blob_ = stream("walrusfs/progress", 50'000);
  const EncodedBlob encoded_ = encode_blob(shape_, blob_).value();
  std::vector<Sliver> slivers_ = slivers_of(encoded_, Axis::kPrimary);

  void SetUp() override { std::reverse(slivers_.begin(), slivers_.end()); }

  Result<Bytes> decode(std::function<bool(uint64_t, uint64_t)> progress) {
    DecodeOptions options;
    options.check = GetParam();
    options.threads = 2;
    options.progress = std::move(progress);
    return decode_blob(encoded_.metadata, Axis::kPrimary, slivers_, options);
  }
};

TEST_P(DecodeProgress, GrowsAndEndsWithAll) {
  uint64_t last = 0;
  uint64_t all = 0;
  const auto decoded = decode([&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    EXPECT_LE(done, total);
    EXPECT_TRUE(all == 0 || all == total);
    last = done;
    all = total;
    return true;
  });
  EXPECT_EQ(decoded.value(), blob_);
  EXPECT_GT(all, 0u);
  EXPECT_EQ(last, all);
}

TEST_P(DecodeProgress, CancellingWorksAtEveryStep) {
  uint64_t steps = 0;
  ASSERT_TRUE(decode([&](uint64_t, uint64_t) { return ++steps > 0; }).ok());
  ASSERT_GT(steps, 2u);
  for (uint64_t stop : {uint64_t{1}, steps / 3, steps / 2, steps - 1}) {
    uint64_t step = 0;
    const auto decoded = decode([&](uint64_t, uint64_t) { return ++step < stop; });
    ASSERT_FALSE(decoded.ok()) << stop << " of " << steps;
    EXPECT_EQ(decoded.error().code(), Code::kCancelled);
  }
}

INSTANTIATE_TEST_SUITE_P(Checks, DecodeProgress,
                         ::testing::Values(ConsistencyCheck::kSkip, ConsistencyCheck::kDefault,
                                           ConsistencyCheck::kStrict));

// A writer may encode padding that is not zero. Readers who see all systematic slivers cannot notice and
// need not: the blob's bytes are the same. Whoever decodes rows must refuse, as official readers do.
TEST(DecodeInto, PaddingThatIsNotZero) {
  const CodeShape shape = shape_of(7);
  const Bytes longer = stream("walrusfs/padding", shape.source_symbols() * 2);
  const EncodedBlob encoded = encode_blob(shape, longer).value();
  const uint64_t claimed_bytes = longer.size() - 1;
  ASSERT_EQ(shape.symbol_bytes(claimed_bytes).value(), 2);
  const auto pairs = encoded.metadata.pairs();
  const BlobMetadata metadata = BlobMetadata::create(shape, claimed_bytes, {pairs.begin(), pairs.end()}).value();
  std::vector<Sliver> slivers = slivers_of(encoded, Axis::kPrimary);
  for (const Sliver& sliver : slivers) ASSERT_TRUE(verify_sliver(sliver, metadata).ok());
  const Bytes blob = to_bytes(ByteView(longer).first(claimed_bytes));
  DecodeOptions strict;
  strict.check = ConsistencyCheck::kStrict;
  EXPECT_EQ(decode_blob(metadata, Axis::kPrimary, slivers).value(), blob);
  EXPECT_EQ(decode_blob(metadata, Axis::kPrimary, slivers, strict).error().code(), Code::kCorrupt);
  std::reverse(slivers.begin(), slivers.end());
  EXPECT_EQ(decode_blob(metadata, Axis::kPrimary, slivers).error().code(), Code::kCorrupt);
}

// A blob that claims 14 GB costs nothing until there are slivers of it.
TEST(DecodeInto, ClaimsAloneTakeNoMemory) {
  const CodeShape shape = shape_of(1000);
  const BlobMetadata metadata =
      BlobMetadata::create(shape, shape.max_blob_bytes(), std::vector<PairHashes>(1000)).value();
  EXPECT_EQ(decode_blob(metadata, Axis::kPrimary, {}).error().code(), Code::kUnavailable);
  const std::vector<Sliver> small(400, Sliver{Axis::kPrimary, SliverIndex{1}, kMaxSymbolBytes, Bytes(1334)});
  EXPECT_EQ(decode_blob(metadata, Axis::kPrimary, small).error().code(), Code::kUnavailable);
}

TEST(SliverViews, AreSliversInForeignMemory) {
  const CodeShape shape = shape_of(7);
  const EncodedBlob encoded = encode_blob(shape, stream("walrusfs/views", 500)).value();
  for (const Sliver& sliver : {encoded.pairs[1].primary, encoded.pairs[1].secondary}) {
    const Bytes bcs = sliver_to_bytes(sliver);
    const SliverView view = view_sliver(shape, bcs).value();
    EXPECT_GE(view.data.data(), bcs.data());
    EXPECT_LE(view.data.data() + view.data.size(), bcs.data() + bcs.size());
    EXPECT_EQ(view.copy(), sliver);
    EXPECT_TRUE(verify_sliver(view, encoded.metadata).ok());
    EXPECT_EQ(sliver_to_bytes(view), bcs);
    EXPECT_EQ(view_sliver_data(shape, sliver.axis, ByteView(bcs).subspan(1))->copy(), sliver);
  }
}

}  // namespace
}  // namespace walrusfs
