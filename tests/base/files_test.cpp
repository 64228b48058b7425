#include "base/files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/testing/faulty_files.h"
#include "base/testing/memory_files.h"

namespace walrusfs {
namespace {

using Open = Files::Open;

enum class Disk { kSystem, kFaulty, kMemory, kFaultyMemory };
constexpr const char* kDiskNames[] = {"System", "Faulty", "Memory", "FaultyMemory"};

// One suite for the real disk, for the one that can fail, and for the one in memory, so that the latter stay honest.
class FilesTest : public ::testing::TestWithParam<Disk> {
 protected:
  FilesTest() { WFS_CHECK(files_.make_directories(folder_.path()).ok()); }

  Files& chosen() {
    switch (GetParam()) {
      case Disk::kSystem: return system_files();
      case Disk::kFaulty: return faulty_;
      case Disk::kMemory: return memory_;
      case Disk::kFaultyMemory: return faulty_memory_;
    }
    return system_files();
  }
  bool in_memory() const { return GetParam() == Disk::kMemory || GetParam() == Disk::kFaultyMemory; }

  std::unique_ptr<File> open(const std::string& name, Open how) {
    auto file = files_.open(folder_ / name, how);
    EXPECT_TRUE(file.ok()) << file.error().to_string();
    return std::move(*file);
  }
  Code error_of_open(const std::string& name, Open how) { return files_.open(folder_ / name, how).error().code(); }
  Bytes read(File& file, uint64_t offset, size_t size) {
    Bytes out(size);
    out.resize(file.read_at(offset, out).value());
    return out;
  }

  TempFolder folder_;
  FaultyFiles faulty_{system_files()};
  MemoryFiles memory_;
  FaultyFiles faulty_memory_{memory_};
  Files& files_ = chosen();
};

INSTANTIATE_TEST_SUITE_P(Disks, FilesTest,
                         ::testing::Values(Disk::kSystem, Disk::kFaulty, Disk::kMemory, Disk::kFaultyMemory),
                         [](const auto& which) { return kDiskNames[static_cast<size_t>(which.param)]; });

TEST_P(FilesTest, WritesAndReadsAtAnyPlace) {
  auto file = open("a", Open::kCreateNew);
  ASSERT_TRUE(file->write_at(0, as_bytes("hello")).ok());
  ASSERT_TRUE(file->write_at(10'000, as_bytes("world")).ok());
  EXPECT_EQ(file->size().value(), 10'005u);
  EXPECT_EQ(as_text(read(*file, 0, 5)), "hello");
  EXPECT_EQ(read(*file, 5, 100), Bytes(100));          // a hole
  EXPECT_EQ(as_text(read(*file, 10'003, 100)), "ld");  // a short read at the end
  EXPECT_TRUE(read(*file, 20'000, 10).empty());
  EXPECT_TRUE(file->sync_data().ok());
}

TEST_P(FilesTest, TheWaysToOpen) {
  EXPECT_EQ(error_of_open("a", Open::kRead), Code::kNotFound);
  EXPECT_EQ(error_of_open("a", Open::kReadWrite), Code::kNotFound);
  open("a", Open::kCreate);
  open("a", Open::kCreate);
  EXPECT_EQ(error_of_open("a", Open::kCreateNew), Code::kExists);
  open("a", Open::kReadWrite);
  EXPECT_FALSE(open("a", Open::kRead)->write_at(0, as_bytes("x")).ok());
  EXPECT_EQ(error_of_open("no/a", Open::kCreate), Code::kNotFound);
}

TEST_P(FilesTest, OthersCannotReadWhatWeMake) {
  if (in_memory()) GTEST_SKIP() << "nobody else can reach it";
  open("a", Open::kCreate);
  ASSERT_TRUE(files_.make_directories(folder_ / "b/c").ok());
  EXPECT_EQ(std::filesystem::status(folder_ / "a").permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(folder_ / "b").permissions(), std::filesystem::perms(0700));
  EXPECT_EQ(std::filesystem::status(folder_ / "b/c").permissions(), std::filesystem::perms(0700));
}

TEST_P(FilesTest, TruncatePunchAndReserve) {
  auto file = open("a", Open::kCreate);
  ASSERT_TRUE(file->write_at(0, Bytes(16'384, 7)).ok());
  ASSERT_TRUE(file->sync_data().ok());
  ASSERT_TRUE(file->punch_hole({4096, 8192}).ok());
  EXPECT_EQ(read(*file, 4096, 8192), Bytes(8192));
  EXPECT_EQ(read(*file, 12'288, 1), Bytes(1, 7));
  EXPECT_EQ(file->size().value(), 16'384u);
  EXPECT_EQ(file->allocated_bytes().value(), 8192u);
  ASSERT_TRUE(file->truncate(100).ok());
  EXPECT_EQ(file->size().value(), 100u);
  ASSERT_TRUE(file->reserve({0, 1 << 20}).ok());
  EXPECT_EQ(file->size().value(), 100u);
  EXPECT_GE(file->allocated_bytes().value(), 1u << 20);
}

TEST_P(FilesTest, RenameReplacesAndRemoveRemoves) {
  ASSERT_TRUE(open("a", Open::kCreate)->write_at(0, as_bytes("a")).ok());
  ASSERT_TRUE(open("b", Open::kCreate)->write_at(0, as_bytes("b")).ok());
  ASSERT_TRUE(files_.rename(folder_ / "a", folder_ / "b").ok());
  EXPECT_FALSE(files_.exists(folder_ / "a").value());
  EXPECT_EQ(as_text(read(*open("b", Open::kRead), 0, 9)), "a");
  ASSERT_TRUE(files_.remove(folder_ / "b").ok());
  EXPECT_EQ(files_.remove(folder_ / "b").error().code(), Code::kNotFound);
  EXPECT_EQ(files_.rename(folder_ / "a", folder_ / "b").error().code(), Code::kNotFound);
}

TEST_P(FilesTest, AnOpenFileOutlivesItsName) {
  auto file = open("a", Open::kCreate);
  ASSERT_TRUE(file->write_at(0, as_bytes("still here")).ok());
  ASSERT_TRUE(files_.remove(folder_ / "a").ok());
  EXPECT_EQ(as_text(read(*file, 0, 100)), "still here");
}

TEST_P(FilesTest, FoldersAreMadeListedAndRemoved) {
  ASSERT_TRUE(files_.make_directories(folder_ / "b/c").ok());
  ASSERT_TRUE(files_.make_directories(folder_ / "b/c").ok());
  open("b/file", Open::kCreate);
  auto items = files_.list(folder_ / "b").value();
  std::sort(items.begin(), items.end(), [](auto& x, auto& y) { return x.name < y.name; });
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].name, "c");
  EXPECT_TRUE(items[0].is_directory);
  EXPECT_EQ(items[1].name, "file");
  EXPECT_FALSE(items[1].is_directory);
  EXPECT_EQ(files_.remove_directory(folder_ / "b").error().code(), Code::kNotEmpty);
  EXPECT_TRUE(files_.remove_directory(folder_ / "b/c").ok());
  EXPECT_EQ(files_.make_directories(folder_ / "b/file").error().code(), Code::kNotDirectory);
  EXPECT_EQ(files_.list(folder_ / "none").error().code(), Code::kNotFound);
}

TEST_P(FilesTest, SyncsAndSpace) {
  auto file = open("a", Open::kCreate);
  EXPECT_TRUE(files_.sync_directory(folder_.path()).ok());
  EXPECT_TRUE(files_.sync_filesystem(folder_.path()).ok());
  EXPECT_TRUE(file->sync_filesystem().ok());
  EXPECT_FALSE(files_.sync_directory(folder_ / "none").ok());
  const DiskSpace space = files_.space(folder_.path()).value();
  EXPECT_GT(space.total_bytes, 0u);
  EXPECT_LE(space.free_bytes, space.total_bytes);
}

TEST_P(FilesTest, ReadFileUpToItsLimit) {
  ASSERT_TRUE(open("a", Open::kCreate)->write_at(0, Bytes(100, 1)).ok());
  EXPECT_EQ(read_file(files_, folder_ / "a", 100).value(), Bytes(100, 1));
  EXPECT_EQ(read_file(files_, folder_ / "a", 99).error().code(), Code::kTooLarge);
  EXPECT_EQ(read_file(files_, folder_ / "none", 1).error().code(), Code::kNotFound);
}

TEST_P(FilesTest, WriteFileDurablyReplaces) {
  ASSERT_TRUE(write_file_durably(files_, folder_ / "a", as_bytes("a long first content")).ok());
  ASSERT_TRUE(write_file_durably(files_, folder_ / "a", as_bytes("second")).ok());
  EXPECT_EQ(as_text(read_file(files_, folder_ / "a", 100).value()), "second");
  EXPECT_EQ(files_.list(folder_.path()).value().size(), 1u);
}

// At every moment, also after any failure and power cut, the old content or the new one is there.
TEST(WriteFileDurably, IsOldOrNewWhateverFails) {
  uint64_t failed = 0;
  for (uint64_t nth = 1; nth <= 20; ++nth) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      TempFolder folder;
      FaultyFiles files(system_files());
      const std::string path = folder / "settings";
      ASSERT_TRUE(write_file_durably(files, path, as_bytes("old")).ok());
      files.fail({.nth = nth, .stays = seed % 2 == 0, .torn = true});
      const bool written = write_file_durably(files, path, as_bytes("new and longer")).ok();
      files.clear_faults();
      failed += written ? 0 : 1;
      SeededRng rng(seed);
      if (seed < 2) {
        files.power_cut();
      } else {
        files.power_cut(rng);
      }
      const Bytes content = read_file(files, path, 100).value();
      EXPECT_TRUE(as_text(content) == "new and longer" || (as_text(content) == "old" && !written))
          << "operation " << nth << ", seed " << seed << ": '" << as_text(content) << "'";
    }
  }
  EXPECT_GT(failed, 30u);
}

}  // namespace
}  // namespace walrusfs
