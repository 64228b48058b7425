#include "base/testing/faulty_files.h"

#include <gtest/gtest.h>

namespace walrusfs {
namespace {

using Open = Files::Open;

class PowerCut : public ::testing::Test {
 protected:
  std::unique_ptr<File> make(const std::string& name) {
    return std::move(files_.open(folder_ / name, Open::kCreate).value());
  }
  std::string content(const std::string& name) {
    auto bytes = read_file(files_, folder_ / name, 1000);
    return bytes.ok() ? std::string(as_text(*bytes)) : "(none)";
  }
  void sync_folder() { ASSERT_TRUE(files_.sync_directory(folder_.path()).ok()); }

  TempFolder folder_;
  FaultyFiles files_{system_files()};
};

TEST_F(PowerCut, OnlySyncedBytesStay) {
  auto file = make("a");
  sync_folder();
  ASSERT_TRUE(file->write_at(0, as_bytes("synced")).ok());
  ASSERT_TRUE(file->sync_data().ok());
  ASSERT_TRUE(file->write_at(2, as_bytes("XXXXXXXX")).ok());
  ASSERT_TRUE(file->truncate(1).ok());
  ASSERT_TRUE(file->punch_hole({0, 1}).ok());
  files_.power_cut();
  EXPECT_EQ(content("a"), "synced");
}

TEST_F(PowerCut, OnlySyncedNamesStay) {
  auto file = make("a");
  ASSERT_TRUE(file->write_at(0, as_bytes("synced")).ok());
  ASSERT_TRUE(file->sync_data().ok());
  files_.power_cut();
  EXPECT_EQ(content("a"), "(none)");
}

TEST_F(PowerCut, RenamesAndRemovalsAreTakenBack) {
  ASSERT_TRUE(make("a")->write_at(0, as_bytes("A")).ok());
  ASSERT_TRUE(make("b")->write_at(0, as_bytes("B")).ok());
  ASSERT_TRUE(make("c")->write_at(0, as_bytes("C")).ok());
  ASSERT_TRUE(files_.sync_filesystem(folder_.path()).ok());
  ASSERT_TRUE(files_.rename(folder_ / "a", folder_ / "b").ok());
  ASSERT_TRUE(files_.remove(folder_ / "c").ok());
  EXPECT_EQ(content("b"), "A");
  files_.power_cut();
  EXPECT_EQ(content("a"), "A");
  EXPECT_EQ(content("b"), "B");
  EXPECT_EQ(content("c"), "C");
}

TEST_F(PowerCut, SyncedRenamesAndRemovalsStay) {
  ASSERT_TRUE(write_file_durably(files_, folder_ / "a", as_bytes("A")).ok());
  ASSERT_TRUE(write_file_durably(files_, folder_ / "b", as_bytes("B")).ok());
  ASSERT_TRUE(files_.rename(folder_ / "a", folder_ / "c").ok());
  ASSERT_TRUE(files_.remove(folder_ / "b").ok());
  sync_folder();
  files_.power_cut();
  EXPECT_EQ(content("a"), "(none)");
  EXPECT_EQ(content("b"), "(none)");
  EXPECT_EQ(content("c"), "A");
}

TEST_F(PowerCut, WhatAFailedSyncCoveredIsLostEvenIfALaterOneSaysYes) {
  auto file = make("a");
  sync_folder();
  ASSERT_TRUE(file->write_at(0, as_bytes("gone")).ok());
  files_.fail({.ops = kOpSyncData});
  EXPECT_EQ(file->sync_data().error().code(), Code::kIo);
  EXPECT_TRUE(file->sync_data().ok());
  files_.power_cut();
  EXPECT_EQ(content("a"), "");
}

TEST_F(PowerCut, OpenFilesAreDeadAfterwards) {
  auto file = make("a");
  sync_folder();
  files_.power_cut();
  EXPECT_FALSE(file->write_at(0, as_bytes("x")).ok());
  EXPECT_FALSE(file->sync_data().ok());
  EXPECT_TRUE(make("a")->write_at(0, as_bytes("x")).ok());
}

TEST_F(PowerCut, ARandomCutKeepsAnyPartOfTheUnsyncedWrites) {
  std::map<std::string, int> outcomes;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    SeededRng rng(seed);
    auto file = make("a");
    ASSERT_TRUE(file->truncate(0).ok());
    ASSERT_TRUE(file->write_at(0, as_bytes("....")).ok());
    ASSERT_TRUE(file->sync_data().ok());
    sync_folder();
    ASSERT_TRUE(file->write_at(0, as_bytes("12")).ok());
    ASSERT_TRUE(file->write_at(2, as_bytes("34")).ok());
    files_.power_cut(rng);
    ++outcomes[content("a")];
  }
  for (const char* each : {"....", "12..", "..34", "1234"}) EXPECT_GT(outcomes[each], 0) << each;
  EXPECT_EQ(outcomes.size(), 4u);
}

TEST_F(PowerCut, TheNthMatchingOperationFails) {
  auto file = make("a");
  files_.fail({.ops = kOpWrite, .nth = 2, .errno_value = ENOSPC, .path_part = "/a"});
  EXPECT_TRUE(make("b")->write_at(0, as_bytes("b")).ok());
  EXPECT_TRUE(file->write_at(0, as_bytes("1")).ok());
  EXPECT_EQ(file->write_at(0, as_bytes("2")).error().code(), Code::kNoSpace);
  EXPECT_TRUE(file->write_at(0, as_bytes("3")).ok());
  EXPECT_EQ(files_.count(kOpWrite), 4u);
}

TEST_F(PowerCut, AStayingFaultFailsUntilItIsCleared) {
  files_.fail({.ops = kOpOpen, .stays = true});
  EXPECT_FALSE(files_.open(folder_ / "a", Open::kCreate).ok());
  EXPECT_FALSE(files_.open(folder_ / "a", Open::kCreate).ok());
  files_.clear_faults();
  EXPECT_TRUE(files_.open(folder_ / "a", Open::kCreate).ok());
}

TEST_F(PowerCut, ATornWriteWritesHalf) {
  auto file = make("a");
  files_.fail({.ops = kOpWrite, .torn = true});
  EXPECT_FALSE(file->write_at(0, as_bytes("12345678")).ok());
  EXPECT_EQ(content("a"), "1234");
}

}  // namespace
}  // namespace walrusfs
