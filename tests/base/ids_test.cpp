#include "base/ids.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/testing/manual_clock.h"

namespace walrusfs {
namespace {

TEST(BlobId, TextHas43CharactersBothWays) {
  BlobId id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(i * 7);
  const std::string text = id.to_string();
  EXPECT_EQ(text.size(), 43u);
  EXPECT_EQ(BlobId::parse(text).value(), id);
}

TEST(BlobId, RefusesAnythingElse) {
  const std::string good = BlobId{}.to_string();
  EXPECT_EQ(good, std::string(43, 'A'));
  EXPECT_FALSE(BlobId::parse("").ok());
  EXPECT_FALSE(BlobId::parse(good.substr(1)).ok());
  EXPECT_FALSE(BlobId::parse(good + "A").ok());
  EXPECT_FALSE(BlobId::parse(good + "=").ok());
  EXPECT_FALSE(BlobId::parse(std::string(42, 'A') + "B").ok());  // bits after the last byte
  EXPECT_FALSE(BlobId::parse(std::string(42, 'A') + "+").ok());
  const auto huge = BlobId::parse(std::string(1'000'000, 'A'));
  ASSERT_FALSE(huge.ok());
  EXPECT_EQ(huge.error().code(), Code::kInvalidArgument);
  EXPECT_LT(huge.error().message().size(), 200u);
}

TEST(ByteRange, EndAndEmptiness) {
  EXPECT_EQ((ByteRange{5, 7}).end(), 12u);
  EXPECT_TRUE((ByteRange{5, 0}).empty());
}

TEST(Timestamp, PartsOfTimesBefore1970) {
  EXPECT_EQ(Timestamp{0}.seconds(), 0);
  EXPECT_EQ(Timestamp{1'500'000'000}.seconds(), 1);
  EXPECT_EQ(Timestamp{1'500'000'000}.nanoseconds(), 500'000'000);
  EXPECT_EQ(Timestamp{-1}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1}.nanoseconds(), 999'999'999);
  EXPECT_EQ(Timestamp{-1'000'000'000}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1'000'000'000}.nanoseconds(), 0);
  EXPECT_EQ(Timestamp{-1'000'000'001}.seconds(), -2);
  EXPECT_EQ(Timestamp{-1'000'000'001}.nanoseconds(), 999'999'999);
}

TEST(Timestamp, PartsAreTheWhole) {
  for (int64_t ns :
       {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{999'999'999}, int64_t{-999'999'999}, int64_t{-1'000'000'000},
        int64_t{4'102'444'800'123'456'789}, INT64_MIN, INT64_MAX}) {
    const Timestamp time{ns};
    EXPECT_GE(time.nanoseconds(), 0);
    EXPECT_LT(time.nanoseconds(), Timestamp::kNsPerSecond);
    EXPECT_EQ(Timestamp::from_parts(time.seconds(), time.nanoseconds()), time);
  }
}

TEST(Timestamp, WhatDoesNotFitBecomesTheNearest) {
  EXPECT_EQ(Timestamp::from_parts(INT64_MAX / Timestamp::kNsPerSecond + 1, 0).ns, INT64_MAX);
  EXPECT_EQ(Timestamp::from_parts(INT64_MAX, 999'999'999).ns, INT64_MAX);
  EXPECT_EQ(Timestamp::from_parts(INT64_MIN / Timestamp::kNsPerSecond - 2, 0).ns, INT64_MIN);
  EXPECT_EQ(Timestamp::from_parts(INT64_MIN, 0).ns, INT64_MIN);
}

TEST(Deadline, PassesWhenItsTimeHasCome) {
  ManualClock clock;
  const Deadline deadline = clock.in(Millis(100));
  EXPECT_FALSE(clock.passed(deadline));
  EXPECT_EQ(clock.left(deadline), Millis(100));
  clock.advance(Millis(99));
  EXPECT_FALSE(clock.passed(deadline));
  clock.sleep_for(Millis(1));
  EXPECT_TRUE(clock.passed(deadline));
  EXPECT_EQ(clock.left(deadline), Millis(0));
  EXPECT_FALSE(clock.passed(Deadline::never()));
  EXPECT_EQ(deadline.sooner_of(Deadline::never()).at(), deadline.at());
}

}  // namespace
}  // namespace walrusfs
