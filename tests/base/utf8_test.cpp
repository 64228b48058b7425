#include "base/utf8.h"

#include <gtest/gtest.h>

namespace walrusfs {
namespace {

TEST(Utf8, CharactersAreTakenOneByOne) {
  std::string_view text = "a\u00e9\u20ac\U0001f600";
  for (char32_t expected : {U'a', U'\u00e9', U'\u20ac', U'\U0001f600'}) EXPECT_EQ(take_utf8_character(text), expected);
  EXPECT_TRUE(text.empty());
}

TEST(Utf8, EdgesOfEachLength) {
  for (const char* good : {"\x01", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", ""}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(", "a\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace walrusfs
