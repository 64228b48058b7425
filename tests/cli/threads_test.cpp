#include "cli/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <utility>

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

TEST(StepThread, GivesWayWithAllThreadsThatItStarts) {
  const auto niceness = [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); };
  const int usual = niceness();
  std::atomic<int> its_own{0}, its_helpers{0};
  std::latch done(1);
  StepThread thread(
      [&, first = true]() mutable {
        if (!std::exchange(first, false)) return Millis(3'600'000);
        its_own = niceness();
        std::thread([&] { its_helpers = niceness(); }).join();
        done.count_down();
        return Millis(3'600'000);
      },
      StepThread::Priority::kGivesWay);
  done.wait();
  if (usual < 19) {
    EXPECT_GT(its_own.load(), usual);
  }
  EXPECT_EQ(its_helpers.load(), its_own.load());
  EXPECT_EQ(niceness(), usual);
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
