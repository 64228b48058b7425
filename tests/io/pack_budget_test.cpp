#include "fs/io/pack_budget.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace walrusfs {
namespace {

using limits::kKiB;
using limits::kMiB;

TEST(PackBudget, AnEmptyPackTakesNearlyItsLimit) {
  PackBudget budget(256 * kMiB);
  const auto room = budget.room({184, 0}, {1536, 500});
  ASSERT_TRUE(room);
  EXPECT_LT(*room, 256 * kMiB);
  EXPECT_GT(*room, 255 * kMiB);
}

TEST(PackBudget, RoomShrinksWithEverythingPutIn) {
  PackBudget budget(8 * kMiB);
  const uint64_t before = budget.room({kMiB, kMiB}, {}).value();
  EXPECT_LT(budget.room({2 * kMiB, 2 * kMiB}, {}).value(), before);
  budget.add_rows(100 * kKiB);
  EXPECT_LE(budget.room({kMiB, kMiB}, {}).value() + 100 * kKiB, before);
  EXPECT_LE(budget.room({kMiB, kMiB}, {50 * kKiB, 0}).value() + 150 * kKiB, before);
}

TEST(PackBudget, NothingFitsIntoAFullPack) {
  PackBudget budget(kMiB);
  EXPECT_FALSE(budget.room({kMiB, kMiB}, {}));
  EXPECT_FALSE(budget.rows_fit({kMiB - kKiB, kMiB}, 10));
  EXPECT_TRUE(budget.rows_fit({0, 0}, 10));
}

TEST(PackBudget, RowsStopAtHalfOfWhatAPackMayCarry) {
  PackBudget budget(4 * limits::kGiB);
  budget.add_rows(limits::kChangesBytes / 2);
  EXPECT_TRUE(budget.rows_fit({0, 0}, 0));
  EXPECT_FALSE(budget.rows_fit({0, 0}, 1));
}

TEST(PackBudget, PiecesAreWholeFramesWherePacksAreLargeEnough) {
  EXPECT_EQ(PackBudget(256 * kMiB).piece_unit(), limits::kFrameBytes);
  EXPECT_EQ(PackBudget(8 * kMiB).piece_unit(), limits::kFrameBytes);
  EXPECT_EQ(PackBudget(limits::kSmallestPackBytes).piece_unit(), 32 * kKiB);
}

TEST(PackBudget, IsUntouchedUntilSomethingIsIn) {
  PackBudget budget(kMiB);
  EXPECT_TRUE(budget.is_untouched());
  budget.add_member(false);
  EXPECT_FALSE(budget.is_untouched());
}

}  // namespace
}  // namespace walrusfs
