#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cache/spool_fixture.h"

namespace walrusfs {
namespace {

namespace fs = std::filesystem;

constexpr StagingId kA{1};
constexpr StagingId kB{2};

TEST_F(SpoolTest, ReadsWhatWasWritten) {
  start();
  const Bytes data = pattern(10'000, 1);
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, data)));
  ASSERT_TRUE(succeeded(spool_->write(kA, 1'000'000, data)));
  expect_bytes(kA, 0, data);
  expect_bytes(kA, 1'000'000, data);
  expect_bytes(kA, 500'000, Bytes(100));  // a hole
}

TEST_F(SpoolTest, ReadingWhatIsNotThereIsCorrupt) {
  start();
  Bytes out(10);
  EXPECT_TRUE(failed_with(spool_->read(kA, 0, out), Code::kCorrupt));
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(9, 1))));
  EXPECT_TRUE(failed_with(spool_->read(kA, 0, out), Code::kCorrupt));
  EXPECT_TRUE(succeeded(spool_->read(kA, 0, MutableByteView(out).first(9))));
}

TEST_F(SpoolTest, AFileThatSomebodyRemovedIsCorruptNotEmpty) {
  options_.max_open_files = 1;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(10, 1))));
  ASSERT_TRUE(succeeded(spool_->write(kB, 0, pattern(10, 2))));  // closes A
  fs::remove(staging_path(kA));
  Bytes out(10);
  EXPECT_TRUE(failed_with(spool_->read(kA, 0, out), Code::kCorrupt));
  EXPECT_TRUE(failed_with(spool_->write(kA, 10, out), Code::kCorrupt));
}

TEST_F(SpoolTest, KeepsOnlySoManyFilesOpen) {
  options_.max_open_files = 3;
  start();
  for (uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(succeeded(spool_->write(StagingId{i}, 0, pattern(100, i))));
  EXPECT_EQ(spool_->usage().open_files, 3u);
  EXPECT_EQ(spool_->usage().staging_files, 20u);
  for (uint64_t i = 1; i <= 20; ++i) expect_bytes(StagingId{i}, 0, pattern(100, i));
  EXPECT_EQ(spool_->usage().open_files, 3u);
}

TEST_F(SpoolTest, GivesOutIdsOnce) {
  options_.first_staging_id = 40;
  start();
  EXPECT_EQ(spool_->next_staging_id(), StagingId{40});
  EXPECT_EQ(spool_->next_staging_id(), StagingId{41});
  EXPECT_EQ(spool_->staging_ids_given(), 42u);
}

TEST_F(SpoolTest, TakesBytesUpToTheBoundAndNotOneBlockMore) {
  options_.bound_bytes = 2 * kMiB;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(2 * kMiB, 1))));
  EXPECT_EQ(spool_->usage().staging_bytes, 2 * kMiB);
  EXPECT_FALSE(spool_->has_room(1));
  EXPECT_TRUE(failed_with(spool_->write(kA, 2 * kMiB, pattern(1, 2)), Code::kNoSpace));
  EXPECT_TRUE(failed_with(spool_->write(kB, 0, pattern(1, 2)), Code::kNoSpace));
  // Bytes over bytes need no room.
  EXPECT_TRUE(succeeded(spool_->write(kA, 5, pattern(kMiB, 3))));
  expect_bytes(kA, 5, pattern(kMiB, 3));
  ASSERT_TRUE(succeeded(spool_->remove(kA)));
  EXPECT_TRUE(spool_->has_room(2 * kMiB));
  EXPECT_EQ(spool_->usage().staging_bytes, 0u);
  EXPECT_TRUE(succeeded(spool_->write(kB, 0, pattern(1, 2))));
}

TEST_F(SpoolTest, PackFilesCountAgainstTheSameBound) {
  options_.bound_bytes = 2 * kMiB;
  start();
  spool_->pack_added(PackId{7}, kMiB);
  EXPECT_EQ(spool_->usage().pack_bytes, kMiB);
  EXPECT_TRUE(failed_with(spool_->write(kA, 0, pattern(kMiB + 1, 1)), Code::kNoSpace));
  EXPECT_TRUE(succeeded(spool_->write(kA, 0, pattern(kMiB, 1))));
  ASSERT_TRUE(succeeded(spool_->remove_pack(PackId{7})));
  EXPECT_EQ(spool_->usage().pack_bytes, 0u);
  EXPECT_EQ(spool_->usage().staging_bytes, kMiB);
}

TEST_F(SpoolTest, AFileLargerThanAnyFileIsRefused) {
  start();
  EXPECT_TRUE(failed_with(spool_->write(kA, uint64_t{1} << 50, pattern(1, 1)), Code::kTooLarge));
  EXPECT_TRUE(failed_with(spool_->write(kA, UINT64_MAX, pattern(1, 1)), Code::kTooLarge));
}

TEST_F(SpoolTest, PunchGivesRoomBack) {
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(4 * kMiB, 1))));
  ASSERT_TRUE(succeeded(spool_->punch(kA, {kMiB, 2 * kMiB})));
  EXPECT_EQ(spool_->usage().staging_bytes, 2 * kMiB);
  expect_bytes(kA, kMiB, Bytes(2 * kMiB));
  ASSERT_TRUE(succeeded(spool_->punch(kA, {kMiB, UINT64_MAX - kMiB})));
  EXPECT_EQ(spool_->usage().staging_bytes, kMiB);
  // The punched range can be written again, and is counted again.
  ASSERT_TRUE(succeeded(spool_->write(kA, kMiB, pattern(kMiB, 2))));
  EXPECT_EQ(spool_->usage().staging_bytes, 2 * kMiB);
}

TEST_F(SpoolTest, PunchingOrRemovingWhatIsNotThereIsNoError) {
  start();
  EXPECT_TRUE(succeeded(spool_->punch(kA, {0, 100})));
  EXPECT_TRUE(succeeded(spool_->remove(kA)));
  EXPECT_TRUE(succeeded(spool_->remove_pack(PackId{3})));
}

TEST_F(SpoolTest, SparseFilesCountWhatTheyOccupy) {
  start();
  for (uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(succeeded(spool_->write(kA, i * 100 * kMiB, pattern(10, i))));
  ASSERT_TRUE(succeeded(sync({kA})));
  EXPECT_LE(spool_->usage().staging_bytes, 8 * 4096u + 2 * 4096u);  // and what the filesystem needs to note them
  EXPECT_GE(spool_->usage().staging_bytes, 8 * 4096u);
}

TEST_F(SpoolTest, WaitsForRoomUntilSomebodyRemoves) {
  options_.bound_bytes = kMiB;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(kMiB, 1))));
  std::thread remover([&] { EXPECT_TRUE(succeeded(spool_->remove(kA))); });
  EXPECT_TRUE(succeeded(spool_->wait_for_room(kMiB, Deadline::never(), system_clock())));
  remover.join();
}

TEST_F(SpoolTest, WaitingEndsAtTheDeadline) {
  options_.bound_bytes = kMiB;
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(kMiB, 1))));
  EXPECT_TRUE(failed_with(spool_->wait_for_room(1, Deadline(clock_.monotonic()), clock_), Code::kNoSpace));
  EXPECT_TRUE(succeeded(spool_->wait_for_room(0, Deadline(clock_.monotonic()), clock_)));
}

TEST_F(SpoolTest, AFolderOfANewerProgramIsLeftAlone) {
  start();
  spool_.reset();
  ASSERT_TRUE(
      succeeded(write_file_durably(files_, options_.folder + "/spool.version", as_bytes("walrusfs spool 2\n"))));
  auto opened = Spool::open(files_, options_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::kNewerVersion);
  ASSERT_TRUE(succeeded(write_file_durably(files_, options_.folder + "/spool.version", as_bytes("garbage"))));
  opened = Spool::open(files_, options_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::kCorrupt);
}

TEST_F(SpoolTest, ABoundOfZeroIsRefused) {
  options_.bound_bytes = 0;
  EXPECT_EQ(Spool::open(files_, options_).error().code(), Code::kInvalidArgument);
}

// --- reconcile ---

TEST_F(SpoolTest, ARestartKeepsWhatTheIndexNeedsAndMovesStrangersToLost) {
  start();
  const Bytes kept = pattern(5000, 1);
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, kept)));
  ASSERT_TRUE(succeeded(spool_->write(kB, 0, pattern(6000, 2))));
  std::ofstream(options_.folder + "/staging/00/readme") << "not ours";
  SpoolReport report = start({{kA, 5000}});
  EXPECT_TRUE(report.missing.empty());
  EXPECT_TRUE(report.too_short.empty());
  EXPECT_EQ(report.moved_to_lost, 2u);
  ASSERT_EQ(report.messages.size(), 1u);
  EXPECT_EQ(spool_->usage().lost_files, 2u);
  EXPECT_EQ(spool_->usage().staging_files, 1u);
  EXPECT_EQ(spool_->usage().staging_bytes, 8192u);
  expect_bytes(kA, 0, kept);
  EXPECT_EQ(fs::file_size(options_.folder + "/lost/2"), 6000u);
  EXPECT_EQ(fs::file_size(options_.folder + "/lost/readme"), 8u);
  // The id of the stranger is not given out again, in this life or the next.
  EXPECT_EQ(spool_->next_staging_id(), StagingId{3});
  start({{kA, 5000}});
  EXPECT_EQ(spool_->next_staging_id(), StagingId{3});
}

TEST_F(SpoolTest, LostFilesOfOneNameDoNotReplaceEachOther) {
  for (int life = 0; life < 3; ++life) {
    start();
    ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(100 + life, 1))));
  }
  start();
  EXPECT_EQ(fs::file_size(options_.folder + "/lost/1"), 100u);
  EXPECT_EQ(fs::file_size(options_.folder + "/lost/1.1"), 101u);
  EXPECT_EQ(fs::file_size(options_.folder + "/lost/1.2"), 102u);
  EXPECT_EQ(spool_->usage().lost_files, 3u);
}

TEST_F(SpoolTest, MissingAndTruncatedFilesAreReported) {
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(5000, 1))));
  spool_.reset();
  fs::resize_file(staging_path(kA), 4999);
  SpoolReport report = start({{kA, 5000}, {kB, 1}});
  EXPECT_EQ(report.too_short, std::vector{kA});
  EXPECT_EQ(report.missing, std::vector{kB});
  EXPECT_EQ(report.messages.size(), 2u);
  EXPECT_EQ(report.moved_to_lost, 0u);
  // What is left can still be read.
  expect_bytes(kA, 0, ByteView(pattern(5000, 1)).first(4999));
  Bytes out(1);
  EXPECT_TRUE(failed_with(spool_->read(kA, 4999, out), Code::kCorrupt));
  EXPECT_TRUE(failed_with(spool_->read(kB, 0, out), Code::kCorrupt));
  // Exactly long enough is long enough.
  EXPECT_TRUE(start({{kA, 4999}}).too_short.empty());
}

TEST_F(SpoolTest, FinishedPacksStayAndUnfinishedOnesGo) {
  start();
  std::ofstream(spool_->pack_path(PackId{1})) << std::string(1000, 'x');
  std::ofstream(spool_->pack_path(PackId{2})) << std::string(1000, 'y');
  std::ofstream(spool_->pack_path(PackId{3}) + ".new") << std::string(1000, 'z');
  SpoolReport report = start({}, {PackId{1}, PackId{9}});
  EXPECT_EQ(spool_->usage().pack_bytes, 1000u);
  EXPECT_EQ(report.moved_to_lost, 0u);
  ASSERT_EQ(report.messages.size(), 1u);  // pack 9 is missing
  EXPECT_TRUE(fs::exists(spool_->pack_path(PackId{1})));
  EXPECT_FALSE(fs::exists(spool_->pack_path(PackId{2})));
  EXPECT_FALSE(fs::exists(spool_->pack_path(PackId{3}) + ".new"));
}

TEST_F(SpoolTest, WritingGoesOnInAFileFoundAtTheStart) {
  start();
  ASSERT_TRUE(succeeded(spool_->write(kA, 0, pattern(8192, 1))));
  start({{kA, 8192}});
  ASSERT_TRUE(succeeded(spool_->write(kA, 4096, pattern(8192, 2))));
  EXPECT_EQ(spool_->usage().staging_bytes, 3 * 4096u);
  expect_bytes(kA, 4096, pattern(8192, 2));
}

// A killed program leaves what it synced, whatever it was doing.
TEST_F(SpoolTest, AKilledWriterLeavesWhatItSynced) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto spool = Spool::open(system_files(), options_);
    if (!spool.ok()) _exit(1);
    for (uint64_t i = 1;; ++i) {
      const StagingId id{i};
      if (!(*spool)->write(id, 0, pattern(3000 + i, i)).ok()) _exit(2);
      if (!(*spool)->sync(std::vector{id}).ok()) _exit(3);
      if (::write(pipe_ends[1], &i, sizeof i) != sizeof i) _exit(4);
    }
  }
  uint64_t last = 0;
  while (last < 25) ASSERT_EQ(::read(pipe_ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  close(pipe_ends[0]);
  close(pipe_ends[1]);

  std::map<StagingId, uint64_t> needed;
  for (uint64_t i = 1; i <= last; ++i) needed[StagingId{i}] = 3000 + i;
  SpoolReport report = start(needed);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_TRUE(report.too_short.empty());
  for (uint64_t i = 1; i <= last; ++i) expect_bytes(StagingId{i}, 0, pattern(3000 + i, i));
}

// --- many operations against a model ---

struct ModelFile {
  Bytes bytes;
};

TEST_F(SpoolTest, AgreesWithAModelOfBytes) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    SeededRng rng(seed);
    options_.folder = folder_ / ("spool" + std::to_string(seed));
    options_.max_open_files = 1 + rng.below(6);
    start();
    std::map<StagingId, Bytes> model;
    for (int step = 0; step < 600; ++step) {
      const StagingId id{1 + rng.below(12)};
      const ByteRange range{rng.below(40'000), 1 + rng.below(9'000)};
      Bytes& bytes = model[id];
      switch (rng.below(8)) {
        case 0: ASSERT_TRUE(succeeded(sync({id, StagingId{1 + rng.below(12)}}))); break;
        case 1:
          ASSERT_TRUE(succeeded(spool_->punch(id, range)));
          for (uint64_t i = range.offset; i < range.end() && i < bytes.size(); ++i) bytes[i] = 0;
          break;
        case 2: {
          std::map<StagingId, uint64_t> needed;
          for (auto& [known, content] : model) {
            if (!content.empty()) needed[known] = content.size();
          }
          if (rng.below(10) == 0) {
            ASSERT_TRUE(start(needed).messages.empty());
          }
          break;
        }
        default: {
          const Bytes data = pattern(range.length, rng.next());
          ASSERT_TRUE(succeeded(spool_->write(id, range.offset, data)));
          if (bytes.size() < range.end()) bytes.resize(range.end());
          std::copy(data.begin(), data.end(), bytes.begin() + static_cast<ptrdiff_t>(range.offset));
        }
      }
      if (!bytes.empty()) expect_bytes(id, 0, bytes);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(SpoolTest, ManyThreadsWriteSyncPunchAndRemove) {
  options_.max_open_files = 5;
  start();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      SeededRng rng(t);
      for (uint64_t round = 0; round < 60; ++round) {
        const StagingId own{1 + t + 4 * round};
        const Bytes data = pattern(1 + rng.below(20'000), round);
        EXPECT_TRUE(succeeded(spool_->write(own, 0, data)));
        EXPECT_TRUE(succeeded(spool_->write(StagingId{100'000}, t * 50'000, data)));  // one that all share
        if (rng.below(4) == 0) {
          EXPECT_TRUE(succeeded(sync({own, StagingId{100'000}})));
        }
        if (rng.below(4) == 0) {
          EXPECT_TRUE(succeeded(spool_->punch(own, {4096, 4096})));
        } else {
          expect_bytes(own, 0, data);
        }
        expect_bytes(StagingId{100'000}, t * 50'000, data);
        if (rng.below(2) == 0) {
          EXPECT_TRUE(succeeded(spool_->remove(own)));
        }
        spool_->usage();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (uint64_t i = 1; i <= 4 * 60; ++i) EXPECT_TRUE(succeeded(spool_->remove(StagingId{i})));
  EXPECT_TRUE(succeeded(spool_->remove(StagingId{100'000})));
  EXPECT_EQ(spool_->usage().staging_bytes, 0u);
  EXPECT_EQ(spool_->usage().open_files, 0u);
}

}  // namespace
}  // namespace walrusfs
