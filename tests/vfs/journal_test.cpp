// The journal: what survives what, and what happens when the disk does not play along.
#include <thread>

#include "base/testing/faulty_files.h"
#include "base/testing/manual_clock.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

using Names = std::vector<std::string>;

// A spool that loses what was not synced when the power goes.
class Journal : public testing::Test {
 protected:
  TestVolume::Options options() {
    TestVolume::Options out;
    out.files = &files;
    out.clock = &clock;
    return out;
  }
  void lose_power() {
    files.power_cut();
    volume.crash_and_reopen();
  }
  void truncate(InodeId id, uint64_t size) {
    AttrChange change;
    change.size = size;
    must(volume.fs().setattr(id, change));
  }
  FaultyFiles files{system_files()};
  ManualClock clock;
  TestVolume volume{options()};
};

TEST_F(Journal, FsyncCoversBytesAttributesAndName) {
  promises("fsync returns when bytes, attributes and name of the file are journaled.");
  volume.make_folder("d");
  const InodeId id = volume.make_file("d/f", "bytes", 0640);
  must(volume.fs().fsync(id));
  lose_power();
  EXPECT_EQ(volume.read("d/f"), "bytes");
  EXPECT_EQ(must(volume.stat("d/f")).mode & 0777, 0640u);
  volume.write("d/f", 0, "BYTES");
  must(volume.fs().fsync(volume.find("d/f")));
  lose_power();
  EXPECT_EQ(volume.read("d/f"), "BYTES");
}

TEST_F(Journal, AnOverwriteInPlaceIsSyncedThoughNoRowChanges) {
  const InodeId id = volume.make_file("f", "old bytes");
  must(volume.fs().fsync(id));
  const uint64_t commits = volume.index().commits();
  volume.write("f", 0, "NEW");
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().commits(), commits);
  lose_power();
  EXPECT_EQ(volume.read("f"), "NEW bytes");
}

TEST_F(Journal, AFileInManyPiecesIsJournaledByWhatChanged) {
  constexpr uint64_t kBlock = 4096, kPieces = 2'000;
  const InodeId id = volume.make_file("f");
  for (uint64_t i = 0; i < kPieces; ++i) volume.write("f", 2 * i * kBlock, "piece");
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().extents_in_last_commit(), kPieces);
  volume.write("f", 501 * kBlock, "more");
  volume.write("f", 901 * kBlock, "more");
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().extents_in_last_commit(), 2u);
  truncate(id, 1'000 * kBlock);
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().extents_in_last_commit(), 0u);

  // What a failed commit had is in the next one.
  volume.write("f", 503 * kBlock, "lost?");
  volume.index().fail_writes(Code::kNoSpace);
  EXPECT_FALSE(volume.fs().fsync(id).ok());
  volume.write("f", 903 * kBlock, "new");
  volume.index().fail_writes(std::nullopt);
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().extents_in_last_commit(), 2u);
  lose_power();
  const std::string bytes = volume.read("f");
  ASSERT_EQ(bytes.size(), 1'000 * kBlock);
  for (uint64_t block = 0; block < 1'000; ++block) {
    const std::string found = bytes.substr(block * kBlock, 5);
    const std::string wanted = block == 501 || block == 901 ? std::string("more\0", 5)
                               : block == 503               ? "lost?"
                               : block == 903               ? std::string("new\0\0", 5)
                               : block % 2 == 0             ? "piece"
                                                            : std::string(5, '\0');
    ASSERT_EQ(found, wanted) << block;
  }
  volume.expect_sound();
}

TEST_F(Journal, FsyncOfAFolderCoversItsNames) {
  promises("fsync of a folder returns when its names are journaled.");
  const InodeId folder = volume.make_folder("d");
  volume.make_file("d/a");
  volume.make_file("d/b");
  must(volume.rename("d/a", "d/c"));
  must(volume.fs().fsync(folder));
  lose_power();
  EXPECT_EQ(volume.names("d"), (Names{"b", "c"}));
}

TEST_F(Journal, EverythingBeforeIsJournaledWithIt) {
  promises("Everything that was changed before is journaled with it, so after a crash the tree is one that existed.");
  volume.make_file("first", "1");
  const InodeId second = volume.make_file("second", "2");
  must(volume.fs().fsync(second));
  volume.make_file("third", "3");
  lose_power();
  EXPECT_EQ(volume.names(""), (Names{"first", "second"}));
  EXPECT_EQ(volume.read("first"), "1");
}

TEST_F(Journal, WhatDfShowsIsCountedOnceASecondAtMost) {
  volume.make_file("f", "1234");
  must(volume.fs().journal_now());
  const VolumeSpace before = must(volume.fs().space());
  const uint64_t walks = volume.index().totals_reads();
  volume.make_file("g", "56");
  must(volume.fs().journal_now());
  clock.advance(Millis(999));
  EXPECT_EQ(must(volume.fs().space()).inodes, before.inodes);
  EXPECT_EQ(volume.index().totals_reads(), walks);
  clock.advance(Millis(1));
  EXPECT_EQ(must(volume.fs().space()).inodes, before.inodes + 1);
  EXPECT_EQ(must(volume.fs().space()).total_bytes, before.total_bytes + 2);
  EXPECT_EQ(volume.index().totals_reads(), walks + 1);
}

TEST_F(Journal, CleanFilesAreNotJournaledAgain) {
  promises("fsync of what has not changed since it was journaled costs nothing.");
  const InodeId id = volume.make_file("f", "x");
  must(volume.fs().fsync(id));
  const uint64_t commits = volume.index().commits();
  volume.make_file("other", "y");
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.index().commits(), commits);
}

TEST_F(Journal, TheTimerJournalsWhatNobodySynced) {
  promises("What nobody synced is journaled at most 5 seconds later, by a timer");
  EXPECT_EQ(volume.fs().journal_step(), Millis(5000));
  volume.make_file("f", "x");
  clock.advance(Millis(4000));
  EXPECT_EQ(volume.fs().journal_step(), Millis(1000));
  EXPECT_EQ(must(volume.fs().state(volume.find("f"))), FileState::kDirty);
  clock.advance(Millis(1000));
  volume.fs().journal_step();
  EXPECT_EQ(must(volume.fs().state(volume.find("f"))), FileState::kJournaled);
  lose_power();
  EXPECT_EQ(volume.read("f"), "x");
}

TEST_F(Journal, SaveAndRenameIsWhole) {
  promises("After save-and-rename a crash leaves the old file or the new one, whole.");
  volume.make_file("f", "old");
  must(volume.fs().journal_now());
  volume.make_file("f.tmp", "new and longer");
  must(volume.rename("f.tmp", "f"));
  lose_power();
  EXPECT_EQ(volume.read("f"), "old");
  volume.make_file("f.tmp", "new and longer");
  must(volume.rename("f.tmp", "f"));
  volume.make_file("unrelated");
  must(volume.fs().fsync(volume.find("unrelated")));
  lose_power();
  EXPECT_EQ(volume.read("f"), "new and longer");
  EXPECT_EQ(volume.names(""), (Names{"f", "unrelated"}));
}

TEST_F(Journal, NothingIsTakenAwayEarly) {
  promises("Shortening a file, or punching a hole in it, takes no bytes away before the change itself is journaled.");
  const InodeId id = volume.make_file("f", "0123456789");
  must(volume.fs().fsync(id));
  truncate(id, 0);
  must(volume.fs().write(id, 0, as_bytes("new")));
  must(volume.spool().sync(std::vector<StagingId>{StagingId{1}, StagingId{2}}));
  lose_power();
  EXPECT_EQ(volume.read("f"), "0123456789");
  truncate(volume.find("f"), 3);
  must(volume.fs().journal_now());
  lose_power();
  EXPECT_EQ(volume.read("f"), "012");
}

TEST_F(Journal, UnneededStagingFilesGoWithTheCommitThatDropsThem) {
  const InodeId id = volume.make_file("f", "0123456789");
  must(volume.fs().fsync(id));
  truncate(id, 0);
  EXPECT_EQ(volume.staging_files(), 1u);
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.staging_files(), 0u);
  volume.make_file("temporary", "never journaled");
  EXPECT_EQ(volume.staging_files(), 1u);
  must(volume.unlink("temporary"));
  EXPECT_EQ(volume.staging_files(), 0u) << "the index never heard of it, so nothing has to wait";
}

TEST_F(Journal, AFailedSyncEndsAllTrust) {
  promises("When the local disk fails a sync, the mount becomes read-only and keeps showing what it has in memory.");
  const InodeId id = volume.make_file("f", "bytes");
  files.fail({.ops = kOpAnySync});
  EXPECT_EQ(code_of(volume.fs().fsync(id)), Code::kIo);
  EXPECT_TRUE(volume.fs().status().read_only);
  EXPECT_FALSE(volume.fs().status().read_only_reason.empty());
  EXPECT_EQ(code_of(volume.fs().fsync(id)), Code::kIo) << "what failed once is not forgotten";
  EXPECT_EQ(code_of(volume.fs().write(id, 0, as_bytes("x"))), Code::kReadOnly);
  EXPECT_EQ(code_of(volume.fs().mkdir(kRootInode, "d", 0755, {})), Code::kReadOnly);
  EXPECT_EQ(code_of(volume.fs().cut()), Code::kIo);
  EXPECT_EQ(volume.read("f"), "bytes");
  EXPECT_EQ(volume.names(""), Names{"f"});
}

TEST_F(Journal, AFullIndexIsTriedAgain) {
  promises("When the index has no room, fsync says so (ENOSPC), nothing is lost, and a later fsync succeeds once there "
           "is room.");
  const InodeId id = volume.make_file("f", "bytes");
  must(volume.fs().setxattr(id, "user.x", as_bytes("v"), Vfs::XattrMode::kEither));
  volume.make_file("gone", "g");
  must(volume.unlink("gone"));
  volume.index().fail_writes(Code::kNoSpace);
  EXPECT_EQ(code_of(volume.fs().fsync(id)), Code::kNoSpace);
  EXPECT_EQ(code_of(volume.fs().cut()), Code::kNoSpace);
  EXPECT_FALSE(volume.fs().status().read_only);
  volume.write("f", 5, " and more");
  volume.index().fail_writes(std::nullopt);
  must(volume.fs().fsync(id));
  lose_power();
  EXPECT_EQ(volume.read("f"), "bytes and more");
  EXPECT_EQ(volume.names(""), Names{"f"});
  EXPECT_EQ(must(volume.fs().listxattr(volume.find("f"))), Names{"user.x"});
}

TEST_F(Journal, AnIndexThatFailsEndsAllTrust) {
  const InodeId id = volume.make_file("f", "bytes");
  volume.index().fail_writes(Code::kIo);
  EXPECT_EQ(code_of(volume.fs().fsync(id)), Code::kIo);
  EXPECT_TRUE(volume.fs().status().read_only);
  volume.index().fail_writes(std::nullopt);
  EXPECT_EQ(code_of(volume.fs().fsync(id)), Code::kIo);
}

TEST_F(Journal, APackThatCannotBeRecordedChangesNothing) {
  volume.make_file("f", "bytes");
  const auto packed = volume.build_pack();
  volume.index().fail_writes(Code::kNoSpace);
  EXPECT_EQ(code_of(volume.fs().adopt_pack(packed.pack, packed.ranges)), Code::kNoSpace);
  EXPECT_EQ(volume.staging_files(), 1u);
  volume.index().fail_writes(std::nullopt);
  volume.adopt(packed);
  volume.adopt(packed);  // once more, as after a crash that came between
  EXPECT_EQ(volume.staging_files(), 0u);
  EXPECT_EQ(volume.read("f"), "bytes");
}

TEST_F(Journal, TooManyUnjournaledChangesAreJournaledOnTheWay) {
  TestVolume::Options small = options();
  small.vfs.max_dirty_inodes = 50;
  TestVolume bounded(small);
  for (int i = 0; i < 500; ++i) bounded.make_file("f" + std::to_string(i), "x");
  EXPECT_LE(bounded.fs().status().dirty_inodes, 60u);
  EXPECT_GT(raw(bounded.fs().journaled()), 1u);
}

TEST_F(Journal, MemoryIsBoundedAndComesBackFromTheIndex) {
  TestVolume::Options small = options();
  small.vfs.max_clean_inodes = 300;
  TestVolume bounded(small);
  constexpr int kFiles = 2000;
  for (int i = 0; i < kFiles; ++i) bounded.make_file("f" + std::to_string(i), std::to_string(i));
  must(bounded.fs().journal_now());
  for (int i = 0; i < kFiles; ++i) EXPECT_EQ(bounded.read("f" + std::to_string(i)), std::to_string(i));
  EXPECT_LE(bounded.fs().status().inodes_in_memory, 400u);
  for (int i = 0; i < kFiles; i += 2) must(bounded.unlink("f" + std::to_string(i)));
  EXPECT_EQ(bounded.names("").size(), static_cast<size_t>(kFiles) / 2);
  must(bounded.fs().journal_now());
  EXPECT_EQ(bounded.staging_files(), static_cast<uint64_t>(kFiles) / 2);
  bounded.expect_sound();
}

TEST_F(Journal, AgesTellWhenToCut) {
  volume.publish();
  EXPECT_EQ(volume.fs().oldest_unpublished_age(), Millis(0));
  volume.make_file("f", "x");
  clock.advance(Millis(700));
  EXPECT_EQ(volume.fs().oldest_unpublished_age(), Millis(700));
  EXPECT_GT(volume.fs().unpublished_bytes(), 0u);
  const auto packed = volume.build_pack();
  volume.make_file("g", "y");
  clock.advance(Millis(300));
  EXPECT_EQ(volume.fs().oldest_unpublished_age(), Millis(1000)) << "a cut is not published yet";
  volume.adopt(packed);
  EXPECT_EQ(volume.fs().oldest_unpublished_age(), Millis(300));
  volume.publish();
  EXPECT_EQ(volume.fs().oldest_unpublished_age(), Millis(0));
  EXPECT_EQ(volume.fs().unpublished_bytes(), 0u);
}

TEST_F(Journal, LostStagingFilesAreDamageNotZeros) {
  promises("bytes that only the spool had are missing there; reading them is an error (EIO), never zeros");
  const InodeId id = volume.make_file("f", "bytes");
  must(volume.fs().fsync(id));
  must(volume.spool().remove(StagingId{1}));
  volume.crash_and_reopen();
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kDamaged);
  uint8_t byte = 0;
  EXPECT_EQ(code_of(volume.fs().read(id, 0, {&byte, 1})), Code::kCorrupt);
}

TEST_F(Journal, AReadOnlyMountChangesNothing) {
  volume.make_file("f", "bytes");
  must(volume.fs().journal_now());
  volume.fs().make_read_only("another machine writes to this volume");
  EXPECT_EQ(code_of(volume.unlink("f")), Code::kReadOnly);
  EXPECT_EQ(code_of(volume.fs().open(volume.find("f"), true, false)), Code::kReadOnly);
  EXPECT_EQ(volume.read("f"), "bytes");
  EXPECT_EQ(volume.fs().status().read_only_reason, "another machine writes to this volume");
}

TEST_F(Journal, ConcurrentFsyncsShareTransactions) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  std::vector<InodeId> ids;
  for (int i = 0; i < kThreads; ++i) ids.push_back(volume.make_file("f" + std::to_string(i)));
  must(volume.fs().journal_now());
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        must(volume.fs().write(ids[static_cast<size_t>(i)], static_cast<uint64_t>(round), as_bytes("x")));
        must(volume.fs().fsync(ids[static_cast<size_t>(i)]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  lose_power();
  for (int i = 0; i < kThreads; ++i)
    EXPECT_EQ(volume.read("f" + std::to_string(i)), std::string(kRounds, 'x'));
}

}  // namespace
}  // namespace walrusfs
