#include "fs/io/backoff.h"

#include <gtest/gtest.h>

namespace walrusfs {
namespace {

TEST(Backoff, DoublesFromASecondToAMinute) {
  SeededRng rng(1);
  Millis whole = kFirstBackoff;
  for (uint64_t failures = 1; failures <= 100; ++failures) {
    for (int roll = 0; roll < 20; ++roll) {
      const Millis delay = backoff_delay(failures, true, rng);
      EXPECT_GE(delay, whole / 2) << failures;
      EXPECT_LE(delay, whole) << failures;
    }
    whole = std::min(whole * 2, kLongestBackoff);
  }
}

TEST(Backoff, WhatTryingAgainCannotHealWaitsLongFromTheStart) {
  SeededRng rng(2);
  EXPECT_GE(backoff_delay(1, false, rng), kLongestBackoff / 2);
}

TEST(Backoff, RollsDice) {
  SeededRng rng(3);
  const Millis first = backoff_delay(9, true, rng);
  bool differs = false;
  for (int roll = 0; roll < 20; ++roll) differs |= backoff_delay(9, true, rng) != first;
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace walrusfs
