#include "cache/block_runs.h"

#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"

namespace walrusfs {
namespace {

constexpr uint64_t kBlock = BlockRuns::kBlockBytes;

TEST(BlockRuns, SequentialWritesAreOneRun) {
  BlockRuns runs;
  EXPECT_EQ(runs.add({0, 100}), kBlock);
  EXPECT_EQ(runs.add({100, kBlock - 100}), 0u);
  EXPECT_EQ(runs.add({kBlock, 3 * kBlock}), 3 * kBlock);
  EXPECT_EQ(runs.runs(), 1u);
  EXPECT_EQ(runs.total_bytes(), 4 * kBlock);
}

TEST(BlockRuns, EmptyRangesCostNothing) {
  BlockRuns runs;
  EXPECT_EQ(runs.missing_bytes({5, 0}), 0u);
  EXPECT_EQ(runs.add({5, 0}), 0u);
  runs.remove({0, 0});
  EXPECT_EQ(runs.runs(), 0u);
}

TEST(BlockRuns, AWriteBetweenJoinsItsNeighbours) {
  BlockRuns runs;
  runs.add({0, kBlock});
  runs.add({2 * kBlock, kBlock});
  EXPECT_EQ(runs.runs(), 2u);
  EXPECT_EQ(runs.add({kBlock, 1}), kBlock);
  EXPECT_EQ(runs.runs(), 1u);
}

TEST(BlockRuns, APunchTakesOnlyWholeBlocks) {
  BlockRuns runs;
  runs.add({0, 4 * kBlock});
  runs.remove({1, 2 * kBlock});
  EXPECT_EQ(runs.total_bytes(), 3 * kBlock);
  runs.remove({2 * kBlock, UINT64_MAX});
  EXPECT_EQ(runs.total_bytes(), kBlock);
}

TEST(BlockRuns, AgreesWithASetOfBlocks) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    BlockRuns runs;
    std::set<uint64_t> model;
    for (int step = 0; step < 500; ++step) {
      const ByteRange range{rng.below(64 * kBlock), 1 + rng.below(9 * kBlock)};
      if (rng.below(4) == 0) {
        runs.remove(range);
        for (uint64_t b = (range.offset + kBlock - 1) / kBlock; (b + 1) * kBlock <= range.end(); ++b) model.erase(b);
      } else {
        uint64_t added = 0;
        for (uint64_t b = range.offset / kBlock; b * kBlock < range.end(); ++b) {
          added += model.insert(b).second ? kBlock : 0;
        }
        ASSERT_EQ(runs.missing_bytes(range), added);
        ASSERT_EQ(runs.add(range), added);
      }
      ASSERT_EQ(runs.total_bytes(), model.size() * kBlock);
      size_t gaps = 0;
      for (uint64_t b : model) gaps += model.contains(b + 1) ? 0 : 1;
      ASSERT_EQ(runs.runs(), gaps);
    }
  }
}

}  // namespace
}  // namespace walrusfs
