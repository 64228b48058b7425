// The spool on a disk that fails, fills up, or loses its power.

#include <thread>

#include "tests/cache/spool_fixture.h"

namespace walrusfs {
namespace {

constexpr StagingId kA{1};
constexpr StagingId kB{2};

TEST_F(SpoolTest, SyncedBytesSurviveAPowerCut) {
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(5000, 1))));
  ASSERT_TRUE(succeeded(spool_->write(kB, 0, pattern(5000, 2))));
  ASSERT_TRUE(succeeded(sync({kA})));
  ASSERT_TRUE(succeeded(spool_->write(kA, 5000, pattern(5000, 3))));
  files_.power_cut();
  SpoolReport report = start({{kA, 5000}});
  EXPECT_TRUE(report.missing.empty());
  EXPECT_TRUE(report.too_short.empty());
  expect_bytes(kA, 0, pattern(5000, 1));
  Bytes out(1);
  EXPECT_TRUE(failed_with(spool_->read(kA, 5000, out), Code::kCorrupt));
}

TEST_F(SpoolTest, AnyMixOfSyncsSurvivesAnyPowerCut) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    options_.folder = folder_ / ("spool" + std::to_string(seed));
    options_.max_open_files = 1 + rng.below(30);
    start();
    std::map<StagingId, uint64_t> written;
    std::map<StagingId, uint64_t> safe;  // bytes that a sync covered
    for (int step = 0; step < 120; ++step) {
      const StagingId id{1 + rng.below(40)};
      const uint64_t size = 1 + rng.below(5000);
      Bytes data(size, static_cast<uint8_t>(raw(id)));
      ASSERT_TRUE(succeeded(spool_->write(id, written[id], data)));
      written[id] += size;
      if (rng.below(4) != 0) continue;
      std::vector<StagingId> ids;
      for (uint64_t i = rng.below(40); i > 0; --i) ids.push_back(StagingId{1 + rng.below(40)});
      ASSERT_TRUE(succeeded(sync(ids)));
      for (StagingId each : ids) {
        if (written.contains(each)) safe[each] = written[each];
      }
    }
    if (rng.below(2) == 0)
      files_.power_cut(rng);
    else
      files_.power_cut();
    SpoolReport report = start(safe);
    EXPECT_TRUE(report.missing.empty());
    EXPECT_TRUE(report.too_short.empty());
    for (auto& [id, size] : safe) expect_bytes(id, 0, Bytes(size, static_cast<uint8_t>(raw(id))));
  }
}

TEST_F(SpoolTest, OneSyncfsWhenFilesAreMany) {
  start();
  std::vector<StagingId> ids;
  for (uint64_t i = 1; i <= 100; ++i) {
    ids.push_back(StagingId{i});
    ASSERT_TRUE(succeeded(spool_->write(ids.back(), 0, pattern(10, i))));
  }
  const uint64_t syncs = files_.count(kOpAnySync);
  ASSERT_TRUE(succeeded(sync(ids)));
  EXPECT_EQ(files_.count(kOpAnySync), syncs + 1);
  // What is clean costs nothing.
  ASSERT_TRUE(succeeded(sync(ids)));
  EXPECT_EQ(files_.count(kOpAnySync), syncs + 1);
}

TEST_F(SpoolTest, FewFilesAreSyncedOneByOneAndTheirFolderOnce) {
  start();
  for (uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(succeeded(spool_->write(StagingId{i}, 0, pattern(10, i))));
  const uint64_t data = files_.count(kOpSyncData);
  const uint64_t folders = files_.count(kOpSyncDirectory);
  ASSERT_TRUE(succeeded(sync({StagingId{1}, StagingId{2}, StagingId{3}, StagingId{4}, StagingId{5}})));
  EXPECT_EQ(files_.count(kOpSyncData), data + 5);
  EXPECT_EQ(files_.count(kOpSyncDirectory), folders + 1);
}

// The kernel may have told of the failure when nobody listened: only a long-open descriptor knows.
TEST_F(SpoolTest, AFileClosedWithUnsyncedBytesIsSyncedThroughTheFilesystem) {
  options_.max_open_files = 1;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
  ASSERT_TRUE(succeeded(spool_->write(kB, 0, pattern(10, 2))));  // closes A
  const uint64_t syncfs = files_.count(kOpSyncFilesystem);
  ASSERT_TRUE(succeeded(sync({kA})));
  EXPECT_EQ(files_.count(kOpSyncFilesystem), syncfs + 1);
  files_.power_cut();
  EXPECT_TRUE(start({{kA, 10}}).too_short.empty());
  expect_bytes(kA, 0, pattern(10, 1));
}

TEST_F(SpoolTest, AFailedSyncIsRememberedForEver) {
  for (FileOp op : {kOpSyncData, kOpSyncDirectory}) {
    for (int error : {EIO, ENOSPC}) {
      options_.folder = folder_ / ("spool" + std::to_string(op) + "-" + std::to_string(error));
      options_.reserve_bytes = 0;
      start();
      ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
      ASSERT_TRUE(succeeded(spool_->write(kB, 0, pattern(10, 2))));
      files_.fail({.ops = op, .errno_value = error});
      EXPECT_TRUE(failed_with(sync({kA}), Code::kIo));
      EXPECT_TRUE(failed_with(sync({kA}), Code::kIo));
      EXPECT_TRUE(failed_with(sync({kB}), Code::kIo));
      EXPECT_TRUE(failed_with(sync({}), Code::kIo));
      // The dirty data stays in view.
      expect_bytes(kA, 0, pattern(10, 1));
    }
  }
}

TEST_F(SpoolTest, SyncfsOfManyFallsBackToAskingEachFile) {
  start();
  std::vector<StagingId> ids;
  for (uint64_t i = 1; i <= 50; ++i) {
    ids.push_back(StagingId{i});
    ASSERT_TRUE(succeeded(spool_->write(ids.back(), 0, pattern(10, i))));
  }
  // Some other program's file on that disk could not be written.
  files_.fail({.ops = kOpSyncFilesystem, .errno_value = ENOSPC});
  EXPECT_TRUE(succeeded(sync(ids)));
}

TEST_F(SpoolTest, AFailedWriteCountsNothing) {
  start();
  files_.fail({.ops = kOpWrite, .errno_value = ENOSPC, .torn = true});
  EXPECT_TRUE(failed_with(spool_->write(kA, 0, pattern(kMiB, 1)), Code::kNoSpace));
  // The half that was written is counted as it lies on disk.
  EXPECT_EQ(spool_->usage().staging_bytes, kMiB / 2);
  EXPECT_TRUE(succeeded(spool_->write(kA, 0, pattern(kMiB, 1))));
  ASSERT_TRUE(succeeded(sync({kA})));
  EXPECT_EQ(spool_->usage().staging_bytes, kMiB);
  ASSERT_TRUE(succeeded(spool_->remove(kA)));
  EXPECT_EQ(spool_->usage().staging_bytes, 0u);
}

TEST_F(SpoolTest, AFileThatCannotBeMadeIsTriedAgain) {
  start();
  files_.fail({.ops = kOpOpen, .errno_value = ENOSPC});
  EXPECT_TRUE(failed_with(spool_->write(kA, 0, pattern(10, 1)), Code::kNoSpace));
  EXPECT_EQ(spool_->usage().staging_bytes, 0u);
  EXPECT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
  expect_bytes(kA, 0, pattern(10, 1));
}

TEST_F(SpoolTest, AFullDiskRefusesWritesUntilRoomIsBack) {
  start();
  files_.set_free_bytes(0);
  // What was promised at the last look at the disk may still be given out; then it is asked again.
  Status last;
  for (uint64_t i = 0; i < 20 && last.ok(); ++i) last = spool_->write(kA, i * kMiB, pattern(kMiB, i));
  EXPECT_TRUE(failed_with(last, Code::kNoSpace));
  EXPECT_FALSE(spool_->has_room(1));
  EXPECT_TRUE(failed_with(spool_->wait_for_room(1, Deadline(clock_.monotonic()), clock_), Code::kNoSpace));
  files_.set_free_bytes(std::nullopt);
  EXPECT_TRUE(spool_->has_room(1));
  EXPECT_TRUE(succeeded(spool_->write(kB, 0, pattern(kMiB, 1))));
}

TEST_F(SpoolTest, TheReserveIsHeldReleasedAndTakenAgain) {
  options_.reserve_bytes = 4 * kMiB;
  start();
  EXPECT_TRUE(spool_->usage().reserve_held);
  auto reserve = system_files().open(options_.folder + "/reserve", Files::Open::kRead);
  ASSERT_TRUE(reserve.ok());
  EXPECT_EQ((*reserve)->size().value(), 0u);
  EXPECT_GE((*reserve)->allocated_bytes().value(), 4 * kMiB);

  files_.set_free_bytes(3 * kMiB);  // somebody filled the disk; what we give back is about to be used
  EXPECT_TRUE(spool_->release_reserve());
  EXPECT_FALSE(spool_->release_reserve());
  EXPECT_FALSE(spool_->usage().reserve_held);
  EXPECT_FALSE(system_files().exists(options_.folder + "/reserve").value());
  EXPECT_FALSE(spool_->has_room(1));
  EXPECT_TRUE(failed_with(spool_->write(kA, 0, pattern(1, 1)), Code::kNoSpace));

  files_.set_free_bytes(std::nullopt);
  EXPECT_TRUE(succeeded(spool_->write(kA, 0, pattern(1, 1))));
  EXPECT_TRUE(spool_->usage().reserve_held);
}

TEST_F(SpoolTest, TheReserveComesBackWhenSomethingIsRemoved) {
  options_.reserve_bytes = kMiB;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(kMiB, 1))));
  ASSERT_TRUE(spool_->release_reserve());
  ASSERT_TRUE(succeeded(spool_->remove(kA)));
  EXPECT_TRUE(spool_->usage().reserve_held);
}

TEST_F(SpoolTest, WithoutPreallocationTheFreeSpaceIsWatched) {
  files_.fail({.ops = kOpReserve, .errno_value = EOPNOTSUPP, .stays = true});
  options_.reserve_bytes = 4 * kMiB;
  start();
  EXPECT_FALSE(spool_->usage().reserve_held);
  files_.set_free_bytes(5 * kMiB);
  EXPECT_FALSE(spool_->has_room(2 * kMiB + 16 * kMiB));
  files_.set_free_bytes(4 * kMiB);
  Status last;
  for (uint64_t i = 0; i < 20 && last.ok(); ++i) last = spool_->write(kA, i * kMiB, pattern(kMiB, i));
  EXPECT_TRUE(failed_with(last, Code::kNoSpace));
}

TEST_F(SpoolTest, ANameThatFindsNoRoomIsSyncedFromTheReserve) {
  options_.reserve_bytes = kMiB;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
  files_.fail({.ops = kOpSyncDirectory, .errno_value = ENOSPC});
  EXPECT_TRUE(succeeded(sync({kA})));
  EXPECT_FALSE(spool_->usage().reserve_held);
  files_.power_cut();
  EXPECT_TRUE(start({{kA, 10}}).messages.empty());
}

// Every operation of a short life fails once: nothing that a sync acknowledged is ever lost.
TEST_F(SpoolTest, AnySingleFailureLosesNothingAcknowledged) {
  uint64_t operations = 0;
  for (uint64_t nth = 1; nth == 1 || nth <= operations; ++nth) {
    SCOPED_TRACE(nth);
    options_.folder = folder_ / ("spool" + std::to_string(nth));
    options_.max_open_files = 2;
    start();
    const uint64_t before = files_.count(kOpAny);
    files_.fail({.nth = nth});
    std::map<StagingId, uint64_t> safe;
    for (uint64_t i = 1; i <= 4; ++i) {
      const StagingId id{i};
      const Bytes data = pattern(6000, i);
      if (!spool_->write(id, 0, data).ok()) continue;
      if (i == 3) (void)spool_->remove(StagingId{2}).ok();
      if (i == 3) safe.erase(StagingId{2});
      if (sync({id}).ok()) safe[id] = 6000;
    }
    operations = std::max(operations, files_.count(kOpAny) - before);
    files_.clear_faults();
    files_.power_cut();
    SpoolReport report = start(safe);
    EXPECT_TRUE(report.missing.empty());
    EXPECT_TRUE(report.too_short.empty());
    for (auto& [id, size] : safe) expect_bytes(id, 0, pattern(size, raw(id)));
  }
  EXPECT_GT(operations, 15u);
}

TEST_F(SpoolTest, ReconcileThatFailsSaysSo) {
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
  spool_.reset();
  auto opened = Spool::open(files_, options_);
  ASSERT_TRUE(opened.ok());
  files_.fail({.ops = kOpSyncFilesystem});
  EXPECT_FALSE((*opened)->reconcile({{kA, 10}}, {}).ok());
}

}  // namespace
}  // namespace walrusfs
