// The encoder's own promises: batches, threads, windows, progress, limits.
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

using test::shape_of;
using test::stream;

TEST(Encoder, BatchesInAnyOrderAreTheSameSlivers) {
  const CodeShape shape = shape_of(31);
  const Bytes blob = stream("walrusfs/batches", 40'000);
  const auto whole = encode_blob(shape, blob).value();
  const SliverEncoder encoder = SliverEncoder::create(shape, blob).value();
  EXPECT_EQ(encoder.pair_bytes(), whole.pairs[0].primary.data.size() + whole.pairs[0].secondary.data.size());
  for (const std::vector<uint16_t>& batch : {std::vector<uint16_t>{30, 0, 11, 10}, {5}, {20, 21, 22}, {}}) {
    std::vector<PairIndex> wanted;
    for (uint16_t p : batch) wanted.push_back(PairIndex{p});
    const auto pairs = encoder.pairs(wanted).value();
    ASSERT_EQ(pairs.size(), batch.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      EXPECT_EQ(pairs[i].pair, wanted[i]);
      EXPECT_EQ(pairs[i].primary, whole.pairs[batch[i]].primary);
      EXPECT_EQ(pairs[i].secondary, whole.pairs[batch[i]].secondary);
    }
  }
}

// Only the transforms' parts that lead to what is wanted are computed.
TEST(Encoder, SliversOfAnyRangeAreTheSameAsAllTogether) {
  for (uint32_t n : {7u, 34u, 100u}) {
    const CodeShape shape = shape_of(n);
    const Bytes blob = stream("walrusfs/ranges", 40'000);
    const auto encoder = SliverEncoder::create(shape, blob).value();
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
      const auto whole = encoder.slivers(axis, test::sliver_indices(0, shape.n())).value();
      for (const CodecEngine* engine : usable_codec_engines()) {
        EncodeOptions options;
        options.engine = engine;
        for (uint16_t first = 0; first < n; first = static_cast<uint16_t>(first + 5)) {
          const auto last = static_cast<uint16_t>(std::min<uint32_t>(first + 1 + first % 11, n));
          const auto some = encoder.slivers(axis, test::sliver_indices(first, last), options).value();
          for (size_t i = 0; i < some.size(); ++i) ASSERT_EQ(some[i], whole[first + i]) << n << ' ' << first + i;
        }
      }
    }
  }
}

TEST(Encoder, ThreadsDoNotChangeTheResult) {
  const CodeShape shape = shape_of(34);
  const Bytes blob = stream("walrusfs/threads", 100'001);
  const auto one = encode_blob(shape, blob).value();
  for (unsigned threads : {2u, 3u, 8u, 100u}) {
    EncodeOptions options;
    options.threads = threads;
    const auto many = encode_blob(shape, blob, options).value();
    EXPECT_EQ(many.metadata, one.metadata);
    for (size_t p = 0; p < shape.n(); ++p) ASSERT_EQ(many.pairs[p].secondary, one.pairs[p].secondary);
  }
}

// Symbols so large that the hasher slices them, and late columns need several windows: the whole-symbol
// path over the slivers themselves must tell the same hashes.
TEST(Encoder, LargeSymbolsInWindowsHashAsWholeOnes) {
  const CodeShape shape = shape_of(100);
  Bytes blob = stream("walrusfs/windows", 1 << 16);
  const size_t period = blob.size() - 1;
  blob.resize(size_t{70} << 20);
  for (size_t i = period; i < blob.size(); ++i) blob[i] = static_cast<uint8_t>(blob[i - period] + (i >> 20));
  EncodeOptions options;
  options.threads = 2;
  const BlobMetadata metadata = compute_metadata(shape, blob, options).value();
  ASSERT_GT(metadata.symbol_bytes(), 30'000u);  // beyond one window at this shape
  const uint16_t some[] = {0, 33, 34, 66, 67, 99};
  std::vector<PairIndex> pairs;
  for (uint16_t p : some) pairs.push_back(PairIndex{p});
  const auto made = SliverEncoder::create(shape, blob)->pairs(pairs, options).value();
  for (const SliverPair& pair : made) {
    EXPECT_TRUE(verify_sliver(pair.primary, metadata).ok()) << raw(pair.pair);
    EXPECT_TRUE(verify_sliver(pair.secondary, metadata).ok()) << raw(pair.pair);
  }
}

TEST(Encoder, ProgressReachesItsTotal) {
  const Bytes blob = stream("walrusfs/progress", 10'000);
  uint64_t last = 0, all = 0;
  EncodeOptions options;
  options.threads = 2;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
    return true;
  };
  ASSERT_TRUE(compute_metadata(shape_of(31), blob, options).ok());
  EXPECT_GT(all, 0u);
  EXPECT_EQ(last, all);
}

TEST(Encoder, ProgressCanCancel) {
  const Bytes blob = stream("walrusfs/cancel", 10'000);
  EncodeOptions options;
  options.progress = [](uint64_t, uint64_t) { return false; };
  EXPECT_EQ(compute_metadata(shape_of(31), blob, options).error().code(), Code::kCancelled);
  EXPECT_EQ(encode_blob(shape_of(31), blob, options).error().code(), Code::kCancelled);
  const SliverIndex last[] = {SliverIndex{30}};
  const auto slivers = SliverEncoder::create(shape_of(31), blob)->slivers(Axis::kPrimary, last, options);
  EXPECT_EQ(slivers.error().code(), Code::kCancelled);
}

TEST(Encoder, TheLargestBlobOfASmallCommitteeWorksAndOneByteMoreDoesNot) {
  const CodeShape shape = shape_of(4);
  Bytes blob(shape.max_blob_bytes(), 0x5a);
  const auto encoded = encode_blob(shape, blob).value();
  EXPECT_EQ(encoded.metadata.symbol_bytes(), kMaxSymbolBytes);
  const std::vector<Sliver> last{encoded.pairs[3].primary, encoded.pairs[2].primary};
  EXPECT_EQ(decode_blob(encoded.metadata, Axis::kPrimary, last).value(), blob);
  blob.push_back(0);
  EXPECT_EQ(encode_blob(shape, blob).error().code(), Code::kTooLarge);
  EXPECT_EQ(compute_metadata(shape, blob).error().code(), Code::kTooLarge);
  EXPECT_EQ(SliverEncoder::create(shape, blob).error().code(), Code::kTooLarge);
}

TEST(Encoder, SliversThatDoNotExistAreRefused) {
  const Bytes blob = stream("walrusfs/none", 100);
  const SliverEncoder encoder = SliverEncoder::create(shape_of(7), blob).value();
  const SliverIndex too_high[] = {SliverIndex{7}};
  const SliverIndex twice[] = {SliverIndex{6}, SliverIndex{6}};
  const PairIndex no_pair[] = {PairIndex{7}};
  EXPECT_EQ(encoder.slivers(Axis::kPrimary, too_high).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(encoder.slivers(Axis::kSecondary, twice).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(encoder.pairs(no_pair).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace walrusfs
