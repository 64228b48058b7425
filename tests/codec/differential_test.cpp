// All engines against the scalar reference, through the whole encoder, on random committees, sizes and
// contents. The disabled case is the long run: scripts/test --long enables it.
#include <algorithm>

#include "base/rng.h"
#include "tests/codec/vectors.h"

namespace walrusfs {
namespace {

struct Case {
  uint32_t shards;
  Bytes blob;
};

// Mostly small committees; some where two-byte symbols come from a table, and symbols of every width.
uint32_t draw_shards(SeededRng& rng) {
  if (rng.below(200) == 0) return static_cast<uint32_t>(363 + rng.below(100));
  if (rng.below(20) == 0) return static_cast<uint32_t>(60 + rng.below(120));
  return static_cast<uint32_t>(kMinShards + rng.below(40));
}

size_t draw_size(SeededRng& rng, const CodeShape& shape) {
  const uint64_t symbols = shape.source_symbols();
  const uint64_t wide = std::min<uint64_t>(600 * symbols, 400'000);
  const uint64_t most = std::min(shape.max_blob_bytes(), rng.below(3) == 0 ? wide : 8 * symbols);
  return rng.below(10) == 0 ? rng.below(std::min<uint64_t>(most, 2 * shape.k2()) + 1) : rng.below(most + 1);
}

// Noise, or noise with long runs of zeros, or zeros.
void draw_content(SeededRng& rng, Bytes& blob) {
  const uint64_t kind = rng.below(8);
  if (kind == 0) return;
  rng.fill(blob);
  if (kind > 2 || blob.empty()) return;
  const size_t begin = rng.below(blob.size());
  std::fill(blob.begin() + static_cast<ptrdiff_t>(begin), blob.end(), uint8_t{0});
}

Case draw(SeededRng& rng) {
  Case one{draw_shards(rng), {}};
  one.blob.resize(draw_size(rng, test::shape_of(one.shards)));
  draw_content(rng, one.blob);
  return one;
}

std::vector<SliverPair> some_pairs(const Case& one, const CodecEngine& engine) {
  EncodeOptions options;
  options.engine = &engine;
  const auto n = static_cast<uint16_t>(one.shards);
  const PairIndex wanted[] = {PairIndex{0}, PairIndex{static_cast<uint16_t>(n / 2)},
                              PairIndex{static_cast<uint16_t>(n - 1)}};
  return SliverEncoder::create(test::shape_of(one.shards), one.blob)->pairs(wanted, options).value();
}

void expect_agreement(const Case& one) {
  const auto engines = usable_codec_engines();
  const auto metadata_by = [&](const CodecEngine& engine, unsigned threads) {
    EncodeOptions options;
    options.engine = &engine;
    options.threads = threads;
    return compute_metadata(test::shape_of(one.shards), one.blob, options).value();
  };
  const BlobMetadata expected = metadata_by(*engines.front(), 1);
  const auto expected_pairs = some_pairs(one, *engines.front());
  for (const CodecEngine* engine : engines) {
    ASSERT_EQ(metadata_by(*engine, 2).blob_id(), expected.blob_id()) << codec_engine_name(*engine);
    const auto pairs = some_pairs(one, *engine);
    for (size_t i = 0; i < pairs.size(); ++i) {
      ASSERT_EQ(pairs[i].primary, expected_pairs[i].primary) << codec_engine_name(*engine);
      ASSERT_EQ(pairs[i].secondary, expected_pairs[i].secondary) << codec_engine_name(*engine);
    }
  }
}

// Each case has its own seed, which is all that is needed to see it again.
void run_cases(uint64_t first_seed, int count) {
  for (int i = 0; i < count; ++i) {
    SeededRng rng(first_seed + static_cast<uint64_t>(i));
    const Case one = draw(rng);
    SCOPED_TRACE("seed " + std::to_string(first_seed + static_cast<uint64_t>(i)) + ", n " + std::to_string(one.shards) +
                 ", " + std::to_string(one.blob.size()) + " bytes");
    ASSERT_NO_FATAL_FAILURE(expect_agreement(one));
  }
}

TEST(Differential, EnginesAgreeOnRandomBlobs) { run_cases(1'000'000, 300); }
TEST(Differential, DISABLED_EnginesAgreeOnTenThousandRandomBlobs) { run_cases(2'000'000, 10'000); }

}  // namespace
}  // namespace walrusfs
