#include "cli/quantity.h"

#include <gtest/gtest.h>

namespace walrusfs::cli {
namespace {

TEST(Quantity, BytesAsPeopleWriteThem) {
  EXPECT_EQ(*parse_bytes("0"), 0u);
  EXPECT_EQ(*parse_bytes("4096"), 4096u);
  EXPECT_EQ(*parse_bytes("64KiB"), 65536u);
  EXPECT_EQ(*parse_bytes("1.5 GiB"), 1610612736u);
  EXPECT_EQ(*parse_bytes("10MB"), 10'000'000u);
}

TEST(Quantity, RefusesWhatIsNoSize) {
  for (const char* text : {"", "many", "-1", "1QiB", "1e300", "nan", "inf", "99999999TiB", "1 2"}) {
    EXPECT_FALSE(parse_bytes(text).ok()) << text;
  }
}

TEST(Quantity, CoinsHaveNineDecimals) {
  EXPECT_EQ(parse_coins("2").value(), 2'000'000'000u);
  EXPECT_EQ(parse_coins("0.5").value(), 500'000'000u);
  EXPECT_EQ(parse_coins("1.000000001").value(), 1'000'000'001u);
  for (const char* bad : {"", ".5", "1.", "1.0000000001", "-1", "1e3", "0x1", "99999999999", "1.2.3", "2 SUI"})
    EXPECT_EQ(parse_coins(bad).error().code(), Code::kInvalidArgument) << bad;
}

TEST(Quantity, Durations) {
  EXPECT_EQ(parse_duration("30s")->count(), 30'000);
  EXPECT_EQ(parse_duration("5min")->count(), 300'000);
  EXPECT_EQ(parse_duration("1d")->count(), 86'400'000);
  EXPECT_FALSE(parse_duration("30").ok()) << "a time without a unit is ambiguous";
  EXPECT_FALSE(parse_duration("1000000d").ok());
}

TEST(Quantity, ShownAsPeopleRead) {
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(uint64_t{5} << 30), "5.00 GiB");
  EXPECT_EQ(format_duration(Millis(125'000)), "2 min 5 s");
}

}  // namespace
}  // namespace walrusfs::cli
