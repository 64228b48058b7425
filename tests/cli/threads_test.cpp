#include "cli/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace walrusfs::cli {
namespace {

TEST(StepThread, StepsAgainWhenWoken) {
  std::atomic<int> steps{0};
  std::latch three(3);
  StepThread thread([&] {
    if (++steps <= 3) three.count_down();
    return Millis(3'600'000);
  });
  while (!three.try_wait()) thread.wake();
  EXPECT_GE(steps.load(), 3);
}

TEST(StepThread, StepsAgainAfterTheTimeItSaid) {
  std::latch several(5);
  StepThread thread([&, left = 5]() mutable {
    if (left-- > 0) several.count_down();
    return Millis(1);
  });
  several.wait();
}

TEST(WorkerPool, AFullQueueDropsTheJob) {
  std::latch release(1);
  std::latch begun(1);
  std::atomic<int> done{0};
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.post([&] {
      begun.count_down();
      release.wait();
    }));
    begun.wait();
    EXPECT_TRUE(pool.post([&] { ++done; }));
    EXPECT_TRUE(pool.post([&] { ++done; }));
    EXPECT_FALSE(pool.post([&] { ++done; })) << "one more than the limit";
    release.count_down();
    while (done < 2) std::this_thread::yield();
  }
  EXPECT_EQ(done.load(), 2);
}

}  // namespace
}  // namespace walrusfs::cli
