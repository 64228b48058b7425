#include "cache/frame_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/crypto.h"
#include "base/limits.h"
#include "base/testing/faulty_files.h"
#include "cache/frame_file.h"

namespace walrusfs {
namespace {

namespace fs = std::filesystem;

class FrameCacheTest : public ::testing::Test {
 protected:
  FrameCacheTest() {
    options_.folder = folder_ / "frames";
    options_.bound_bytes = 64 << 20;
    options_.memory_bytes = 0;  // so that the disk is what is tested
  }

  void start() {
    cache_.reset();
    auto opened = FrameCache::open(files_, options_);
    ASSERT_TRUE(opened.ok()) << opened.error().to_string();
    cache_ = std::move(*opened);
  }

  static FrameKey key(uint64_t number) {
    FrameKey key;
    key.hash = blake2b256(as_bytes(std::to_string(number)));
    key.t_offset = number * 1000;
    return key;
  }
  static Bytes frame(uint64_t number, size_t size = 10'000) {
    Bytes bytes(size);
    SeededRng(number).fill(bytes);
    return bytes;
  }
  void put(uint64_t number, size_t size = 10'000) {
    cache_->put(key(number), std::make_shared<const Bytes>(frame(number, size)));
  }
  // Whether it is there, and as it must be.
  bool has(uint64_t number, size_t size = 10'000) {
    SharedFrame got = cache_->get(key(number));
    EXPECT_TRUE(!got || *got == frame(number, size)) << "a damaged frame was served";
    return got != nullptr;
  }
  std::string path(uint64_t number) const {
    return options_.folder + "/" + frame_file_folder(key(number)) + "/" + frame_file_name(key(number));
  }
  uint64_t bytes_in_folder() const {
    uint64_t sum = 0;
    for (const auto& entry : fs::recursive_directory_iterator(options_.folder)) {
      if (entry.is_regular_file()) sum += (entry.file_size() + 4095) / 4096 * 4096;
    }
    return sum;
  }

  TempFolder folder_;
  FaultyFiles files_{system_files()};
  FrameCacheOptions options_;
  std::unique_ptr<FrameCache> cache_;
};

TEST_F(FrameCacheTest, GivesBackWhatWasPut) {
  start();
  EXPECT_FALSE(has(1));
  put(1);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(has(2));
  const FrameCacheUsage usage = cache_->usage();
  EXPECT_EQ(usage.hits, 1u);
  EXPECT_EQ(usage.misses, 2u);
  EXPECT_EQ(usage.damaged, 0u);
  EXPECT_EQ(usage.frames, 1u);
  EXPECT_EQ(usage.bytes, 12'288u);
}

TEST_F(FrameCacheTest, TheSameHashElsewhereIsAnotherFrame) {
  start();
  put(1);
  FrameKey other = key(1);
  other.t_offset = 0;
  EXPECT_EQ(cache_->get(other), nullptr);
}

TEST_F(FrameCacheTest, SurvivesARestart) {
  start();
  for (uint64_t i = 0; i < 20; ++i) put(i);
  const uint64_t bytes = cache_->usage().bytes;
  start();
  EXPECT_EQ(cache_->usage().bytes, bytes);
  EXPECT_EQ(cache_->usage().frames, 20u);
  for (uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(has(i));
}

TEST_F(FrameCacheTest, StaysUnderItsBound) {
  options_.bound_bytes = 1 << 20;
  start();
  for (uint64_t i = 0; i < 300; ++i) {
    put(i);
    ASSERT_LE(bytes_in_folder(), options_.bound_bytes);
    ASSERT_EQ(cache_->usage().bytes, bytes_in_folder());
  }
  EXPECT_TRUE(has(299));
  EXPECT_FALSE(has(100));
}

TEST_F(FrameCacheTest, ASmallerBoundAppliesAtTheNextStart) {
  start();
  for (uint64_t i = 0; i < 50; ++i) put(i);
  options_.bound_bytes = 100'000;
  start();
  EXPECT_LE(bytes_in_folder(), 100'000u);
  EXPECT_EQ(cache_->usage().bytes, bytes_in_folder());
}

TEST_F(FrameCacheTest, FramesOfEverySizeUpToTheLimitAndNotBeyond) {
  start();
  put(0, 0);
  put(1, 1);
  put(2, limits::kFrameBytes);
  put(3, limits::kFrameBytes + 1);
  EXPECT_TRUE(has(0, 0));
  EXPECT_TRUE(has(1, 1));
  EXPECT_TRUE(has(2, limits::kFrameBytes));
  EXPECT_FALSE(has(3, limits::kFrameBytes + 1));
}

TEST_F(FrameCacheTest, ABoundOfZeroKeepsNothingOnDisk) {
  options_.bound_bytes = 0;
  options_.memory_bytes = 1 << 20;
  start();
  put(1);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(fs::exists(options_.folder));
}

TEST_F(FrameCacheTest, MemoryServesWithoutTheDisk) {
  options_.memory_bytes = 100'000;
  start();
  for (uint64_t i = 0; i < 8; ++i) put(i);
  const uint64_t reads = files_.count(kOpRead);
  for (uint64_t i = 0; i < 8; ++i) EXPECT_TRUE(has(i));
  EXPECT_EQ(files_.count(kOpRead), reads);
  for (uint64_t i = 8; i < 100; ++i) put(i);
  EXPECT_TRUE(has(0));  // from disk
  EXPECT_GT(files_.count(kOpRead), reads);
}

// --- damage ---

TEST_F(FrameCacheTest, AnyFlippedBitIsAMiss) {
  start();
  constexpr size_t kSize = 4;
  put(1, kSize);
  std::string raw(kFrameFileHeaderBytes + kSize, '\0');
  std::ifstream(path(1), std::ios::binary).read(raw.data(), static_cast<std::streamsize>(raw.size()));
  for (size_t bit = 0; bit < raw.size() * 8; ++bit) {
    put(1, kSize);
    std::string damaged = raw;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    std::ofstream(path(1), std::ios::binary) << damaged;
    ASSERT_FALSE(has(1, kSize)) << "bit " << bit;
    ASSERT_EQ(cache_->usage().damaged, bit + 1);
    ASSERT_FALSE(fs::exists(path(1)));
    ASSERT_EQ(cache_->usage().bytes, 0u);
  }
}

TEST_F(FrameCacheTest, ATruncatedOrLengthenedFileIsAMiss) {
  start();
  for (uint64_t size : {0u, 1u, 71u, 72u, 10'071u, 10'073u, 20'000'000u}) {
    put(1);
    fs::resize_file(path(1), size);
    EXPECT_FALSE(has(1)) << size;
    EXPECT_FALSE(fs::exists(path(1)));
  }
}

TEST_F(FrameCacheTest, SwappedFilesAreMisses) {
  start();
  put(1);
  put(2);
  fs::rename(path(1), folder_ / "aside");
  fs::rename(path(2), path(1));
  fs::rename(folder_ / "aside", path(2));
  EXPECT_FALSE(has(1));
  EXPECT_FALSE(has(2));
  EXPECT_EQ(cache_->usage().damaged, 2u);
  put(1);
  EXPECT_TRUE(has(1));
}

TEST_F(FrameCacheTest, AReadErrorIsAMiss) {
  start();
  put(1);
  files_.fail({.ops = kOpRead});
  EXPECT_FALSE(has(1));
  EXPECT_FALSE(fs::exists(path(1)));
}

TEST_F(FrameCacheTest, WhatAPowerCutLeftHalfIsAMiss) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRng rng(seed);
    start();
    for (uint64_t i = 0; i < 10; ++i) put(i);
    files_.power_cut(rng);
    start();
    for (uint64_t i = 0; i < 10; ++i) has(i);  // expects each to be whole or absent
  }
}

// --- the folder ---

TEST_F(FrameCacheTest, StrangersInOurFoldersAreDroppedOthersAreNot) {
  start();
  put(1);
  const std::string ours = options_.folder + "/" + frame_file_folder(key(1));
  std::ofstream(ours + "/stranger") << "x";
  std::ofstream(ours + "/" + frame_file_name(key(1)) + "0") << "x";
  fs::create_directories(options_.folder + "/photos");
  std::ofstream(options_.folder + "/photos/a.jpg") << "x";
  std::ofstream(options_.folder + "/note") << "x";
  start();
  EXPECT_TRUE(has(1));
  EXPECT_EQ(std::distance(fs::directory_iterator(ours), {}), 1);
  EXPECT_TRUE(fs::exists(options_.folder + "/photos/a.jpg"));
  EXPECT_TRUE(fs::exists(options_.folder + "/note"));
}

TEST_F(FrameCacheTest, TheFolderMayBeDeletedWhileInUse) {
  start();
  for (uint64_t i = 0; i < 100; ++i) put(i);
  fs::remove_all(options_.folder);
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(has(i));  // as a reader does: look, fetch, put
    put(i);
    EXPECT_TRUE(has(i));
  }
  EXPECT_EQ(cache_->usage().damaged, 0u);
  EXPECT_EQ(cache_->usage().bytes, bytes_in_folder());
}

TEST_F(FrameCacheTest, AFullOrBrokenDiskKeepsNothingAndFailsNothing) {
  start();
  for (FileOp op : {kOpWrite, kOpOpen, kOpTruncate, kOpMakeDirectory}) {
    for (int error : {ENOSPC, EIO}) {
      files_.fail({.ops = op, .errno_value = error, .stays = true, .torn = true});
      put(1);
      EXPECT_FALSE(has(1)) << op;
      files_.clear_faults();
      EXPECT_EQ(cache_->usage().bytes, 0u);
      EXPECT_EQ(bytes_in_folder(), 0u);
      fs::remove_all(options_.folder);
      fs::create_directories(options_.folder);
    }
  }
  put(1);
  EXPECT_TRUE(has(1));
}

TEST_F(FrameCacheTest, AFolderThatCannotBeMeantIsAnError) {
  std::ofstream(folder_ / "frames") << "a file";
  auto opened = FrameCache::open(files_, options_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::kNotDirectory);
}

TEST_F(FrameCacheTest, AFolderThatCannotBeReadForNowIsNoError) {
  files_.fail({.ops = kOpList});
  start();
  put(1);
  EXPECT_TRUE(has(1));
}

TEST_F(FrameCacheTest, ManyThreadsGetPutAndDelete) {
  options_.bound_bytes = 400'000;
  options_.memory_bytes = 100'000;
  start();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      SeededRng rng(t);
      for (int step = 0; step < 200; ++step) {
        const uint64_t number = rng.below(80);
        if (!has(number)) put(number);
        if (rng.below(100) == 0) {
          std::error_code ignored;
          fs::remove_all(options_.folder + "/" + frame_file_folder(key(rng.below(80))), ignored);
        }
        if (rng.below(50) == 0) cache_->usage();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(cache_->usage().bytes, options_.bound_bytes);
  EXPECT_LE(bytes_in_folder(), options_.bound_bytes);
  EXPECT_EQ(cache_->usage().damaged, 0u);
}

}  // namespace
}  // namespace walrusfs
