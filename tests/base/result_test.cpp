#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

namespace walrusfs {
namespace {

Result<int> parse(bool good) {
  if (good) return 42;
  return Error(Code::kNotFound, "no number");
}

Result<std::string> tell(bool good) {
  WFS_ASSIGN(const int number, parse(good));
  WFS_ASSIGN(const int again, parse(good));  // two in one function
  return std::to_string(number + again);
}

Status try_it(bool good, int& reached) {
  WFS_TRY(parse(good));
  ++reached;
  return {};
}

TEST(Result, ValueOrError) {
  EXPECT_EQ(parse(true).value(), 42);
  EXPECT_FALSE(parse(false).ok());
  EXPECT_EQ(parse(false).error().code(), Code::kNotFound);
}

TEST(Result, AssignHandsTheErrorUp) {
  EXPECT_EQ(tell(true).value(), "84");
  EXPECT_EQ(tell(false).error().message(), "no number");
}

TEST(Result, TryReturnsAtTheFirstError) {
  int reached = 0;
  EXPECT_TRUE(try_it(true, reached).ok());
  EXPECT_EQ(try_it(false, reached).error().code(), Code::kNotFound);
  EXPECT_EQ(reached, 1);
}

TEST(Result, CarriesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(ResultDeathTest, TheValueOfAnErrorIsABug) {
  EXPECT_DEATH((void)parse(false).value(), "internal error");
  EXPECT_DEATH((void)parse(true).error(), "internal error");
}

TEST(Error, GainsContextUpwards) {
  const Error error = Error(Code::kCorrupt, "bad magic").with_context("frame 3").with_context("pack 41");
  EXPECT_EQ(error.to_string(), "pack 41: frame 3: bad magic [corrupt]");
}

TEST(Error, OnlyTemporaryKindsAreRetryable) {
  std::set<Code> retryable;
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) {
    if (is_retryable(static_cast<Code>(i))) retryable.insert(static_cast<Code>(i));
  }
  EXPECT_EQ(retryable, (std::set<Code>{Code::kUnavailable, Code::kTimeout}));
}

TEST(Error, EveryCodeHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Code::kInternal); ++i) words.insert(code_name(static_cast<Code>(i)));
  EXPECT_EQ(words.size(), static_cast<size_t>(Code::kInternal) + 1);
  EXPECT_FALSE(words.contains("unknown"));
}

TEST(Error, FromErrno) {
  EXPECT_EQ(error_from_errno(ENOENT, "open x").code(), Code::kNotFound);
  EXPECT_EQ(error_from_errno(ENOENT, "open x").message(), "open x: No such file or directory");
  EXPECT_EQ(error_from_errno(ENOSPC, "").code(), Code::kNoSpace);
  EXPECT_EQ(error_from_errno(EDQUOT, "").code(), Code::kNoSpace);
  EXPECT_EQ(error_from_errno(EIO, "").code(), Code::kIo);
  EXPECT_EQ(error_from_errno(99999, "").code(), Code::kIo);
}

}  // namespace
}  // namespace walrusfs
