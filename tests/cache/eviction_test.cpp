#include "cache/eviction.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace walrusfs {
namespace {

using Policy = S3Fifo<int>;
using Keys = std::vector<int>;

constexpr Policy::Shape kHundred{.bound_bytes = 100, .small_bytes = 10, .close_bytes = 0};

Keys insert(Policy& policy, int key, uint64_t size = 1) {
  Keys evicted;
  EXPECT_TRUE(policy.insert(key, size, evicted));
  return evicted;
}

TEST(Eviction, FillsUpToTheBoundBeforeAnythingGoes) {
  Policy policy(kHundred);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(insert(policy, i).empty());
  EXPECT_EQ(policy.bytes(), 100u);
  EXPECT_EQ(insert(policy, 100), Keys{0});
  EXPECT_EQ(policy.bytes(), 100u);
}

TEST(Eviction, OneLargerThanEverythingIsRefusedAndOneAsLargeIsTaken) {
  Policy policy(kHundred);
  insert(policy, 1);
  Keys evicted;
  EXPECT_FALSE(policy.insert(2, 101, evicted));
  EXPECT_TRUE(evicted.empty());
  EXPECT_TRUE(policy.contains(1));
  EXPECT_TRUE(policy.insert(2, 100, evicted));
  EXPECT_EQ(evicted, Keys{1});
}

TEST(Eviction, AScanDoesNotPushOutWhatIsUsedOften) {
  Policy policy(kHundred);
  for (int i = 0; i < 50; ++i) insert(policy, i);
  for (int use = 0; use < 2; ++use) {
    for (int i = 0; i < 50; ++i) policy.touch(i);
  }
  for (int i = 1000; i < 11'000; ++i) {
    insert(policy, i);
    policy.touch(i);  // a scan uses each once
  }
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(policy.contains(i)) << i;
}

TEST(Eviction, WhatIsNeverUsedAgainLeavesTheMainQueueInTheEnd) {
  Policy policy(kHundred);
  for (int i = 0; i < 100; ++i) insert(policy, i);
  for (int use = 0; use < 3; ++use) {
    for (int i = 0; i < 100; ++i) policy.touch(i);
  }
  for (int i = 100; i < 1000; ++i) {
    insert(policy, i);
    policy.touch(i);
    policy.touch(i);  // a new working set
  }
  int old_ones = 0;
  for (int i = 0; i < 100; ++i) old_ones += policy.contains(i) ? 1 : 0;
  EXPECT_EQ(old_ones, 0);
}

TEST(Eviction, WhatComesBackSoonGoesToTheMainQueue) {
  Policy policy(kHundred);
  for (int i = 0; i < 101; ++i) insert(policy, i);
  ASSERT_FALSE(policy.contains(0));
  insert(policy, 0);
  for (int i = 200; i < 290; ++i) insert(policy, i);
  EXPECT_TRUE(policy.contains(0));
}

TEST(Eviction, UsesThatFollowEachOtherCloselyAreOne) {
  Policy policy({.bound_bytes = 100, .small_bytes = 10, .close_bytes = 5});
  for (int i = 0; i < 100; ++i) {
    insert(policy, i);
    for (int piece = 0; piece < 8; ++piece) policy.touch(i);
  }
  EXPECT_EQ(insert(policy, 100), Keys{0});  // not promoted by its eight pieces
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) insert(policy, 1000 + round * 5 + i);
    policy.touch(50);
  }
  for (int i = 2000; i < 2500; ++i) insert(policy, i);
  EXPECT_TRUE(policy.contains(50));
}

TEST(Eviction, EraseForgets) {
  Policy policy(kHundred);
  insert(policy, 1, 40);
  policy.erase(1);
  policy.erase(1);
  policy.touch(1);
  EXPECT_EQ(policy.bytes(), 0u);
  EXPECT_EQ(policy.count(), 0u);
}

TEST(Eviction, AgreesWithASetAboutWhatIsThere) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    Policy policy({.bound_bytes = 500, .small_bytes = 50, .close_bytes = rng.below(20)});
    std::map<int, uint64_t> model;
    for (int step = 0; step < 5000; ++step) {
      const int key = static_cast<int>(rng.below(200));
      if (rng.below(10) == 0) {
        policy.erase(key);
        model.erase(key);
      } else if (policy.contains(key)) {
        policy.touch(key);
      } else {
        Keys evicted;
        const uint64_t size = 1 + rng.below(30);
        ASSERT_TRUE(policy.insert(key, size, evicted));
        for (int gone : evicted) ASSERT_EQ(model.erase(gone), 1u);
        model[key] = size;
      }
      uint64_t bytes = 0;
      for (auto& [each, size] : model) {
        bytes += size;
        ASSERT_TRUE(policy.contains(each));
      }
      ASSERT_EQ(policy.count(), model.size());
      ASSERT_EQ(policy.bytes(), bytes);
      ASSERT_LE(bytes, 500u);
    }
  }
}

}  // namespace
}  // namespace walrusfs
