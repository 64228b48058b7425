// Verbs for tests of the spool.
#pragma once

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/testing/faulty_files.h"
#include "base/testing/manual_clock.h"
#include "cache/spool.h"

namespace walrusfs {

inline Bytes pattern(size_t size, uint64_t seed) {
  Bytes bytes(size);
  SeededRng(seed).fill(bytes);
  return bytes;
}

class SpoolTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kMiB = 1 << 20;

  SpoolTest() {
    options_.folder = folder_ / "spool";
    options_.bound_bytes = 64 * kMiB;
  }

  // Opens it as after a start of the program; what the index needs is given.
  SpoolReport start(const std::map<StagingId, uint64_t>& needed = {}, const std::vector<PackId>& packs = {}) {
    spool_.reset();
    auto opened = Spool::open(files_, options_);
    EXPECT_TRUE(opened.ok()) << opened.error().to_string();
    spool_ = std::move(*opened);
    auto report = spool_->reconcile(needed, packs);
    EXPECT_TRUE(report.ok()) << report.error().to_string();
    return report.ok() ? *report : SpoolReport{};
  }

  Status sync(std::vector<StagingId> ids) { return spool_->sync(ids); }

  void expect_bytes(StagingId id, uint64_t offset, ByteView want) {
    Bytes got(want.size());
    Status read = spool_->read(id, offset, got);
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_TRUE(equal(got, want)) << "staging " << raw(id) << " at " << offset;
  }

  std::string staging_path(StagingId id) const {
    return fmt::format("{}/staging/{:02x}/{:x}", options_.folder, (raw(id) >> 8) % 256, raw(id));
  }

  TempFolder folder_;
  FaultyFiles files_{system_files()};
  ManualClock clock_;
  SpoolOptions options_;
  std::unique_ptr<Spool> spool_;
};

inline ::testing::AssertionResult failed_with(const Status& status, Code code) {
  if (status.ok()) return ::testing::AssertionFailure() << "succeeded";
  if (status.error().code() == code) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << status.error().to_string();
}

inline ::testing::AssertionResult succeeded(const Status& status) {
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << status.error().to_string();
}

}  // namespace walrusfs
