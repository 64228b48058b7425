#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace walrusfs {
namespace {

// Gives the numbers it was told to.
class ScriptedRng final : public Rng {
 public:
  explicit ScriptedRng(std::vector<uint64_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(MutableByteView out) override {
    ASSERT_EQ(out.size(), 8u);
    ASSERT_LT(next_, numbers_.size());
    store_le(out.data(), numbers_[next_++]);
  }
  size_t used() const { return next_; }

 private:
  std::vector<uint64_t> numbers_;
  size_t next_ = 0;
};

TEST(Rng, BelowStaysBelow) {
  SeededRng rng(1);
  for (uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{1000}, uint64_t{1} << 63, UINT64_MAX}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(rng.below(bound), bound);
  }
}

TEST(Rng, BelowDrawsAgainWhatWouldFavourSmallNumbers) {
  // With bound 3, all numbers up to UINT64_MAX - 1 fall into equal parts; the largest does not.
  ScriptedRng rng({UINT64_MAX, 5});
  EXPECT_EQ(rng.below(3), 2u);
  EXPECT_EQ(rng.used(), 2u);
}

TEST(Rng, BelowReachesEveryNumberAboutAsOften) {
  SeededRng rng(2);
  std::array<int, 10> seen{};
  for (int i = 0; i < 100'000; ++i) ++seen[rng.below(10)];
  for (int times : seen) {
    EXPECT_GT(times, 9'500);
    EXPECT_LT(times, 10'500);
  }
}

TEST(SeededRng, TheSameSeedTellsTheSameStory) {
  SeededRng a(5);
  SeededRng b(5);
  SeededRng c(6);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

// First outputs of splitmix64 with seed 0, as its authors publish them.
TEST(SeededRng, IsSplitmix64) {
  SeededRng rng(0);
  EXPECT_EQ(rng.next(), 0xE220A8397B1DCDAFu);
  EXPECT_EQ(rng.next(), 0x6E789E6AA1B965F4u);
}

TEST(SeededRng, FillsAnySize) {
  for (size_t size = 0; size < 40; ++size) {
    Bytes guarded(size + 1, 0xEE);
    SeededRng(9).fill(MutableByteView(guarded).first(size));
    EXPECT_EQ(guarded[size], 0xEE);
  }
}

TEST(SystemRng, DoesNotRepeat) {
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(system_rng().next());
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace walrusfs
