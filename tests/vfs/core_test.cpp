// The life of a tree: made, read, listed, renamed, journaled, crashed, packed.
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

using Names = std::vector<std::string>;

TEST(Core, AFileThatWasWrittenReadsBack) {
  TestVolume volume;
  volume.make_folder("a");
  volume.make_file("a/f", "hello");
  EXPECT_EQ(volume.read("a/f"), "hello");
  volume.write("a/f", 3, "LOWER");
  EXPECT_EQ(volume.read("a/f"), "helLOWER");
  EXPECT_EQ(must(volume.stat("a/f")).size, 8u);
}

TEST(Core, JournaledTreesSurviveACrash) {
  TestVolume volume;
  volume.make_folder("a");
  volume.make_file("a/f", "hello");
  must(volume.fs().symlink(volume.find("a"), "l", "../where", {}));
  must(volume.fs().setxattr(volume.find("a/f"), "user.x", as_bytes("value"), Vfs::XattrMode::kEither));
  volume.journal_and_reopen();
  EXPECT_EQ(volume.read("a/f"), "hello");
  EXPECT_EQ(must(volume.fs().readlink(volume.find("a/l"))), "../where");
  EXPECT_EQ(as_text(must(volume.fs().getxattr(volume.find("a/f"), "user.x"))), "value");
  EXPECT_EQ(volume.names("a"), (Names{"f", "l"}));
  volume.expect_sound();
}

TEST(Core, WhatWasNotJournaledIsGoneAfterACrashAndNothingElse) {
  TestVolume volume;
  volume.make_file("kept", "old");
  must(volume.fs().journal_now());
  volume.make_file("lost", "x");
  must(volume.rename("kept", "moved"));
  volume.crash_and_reopen();
  EXPECT_EQ(volume.names(""), (Names{"kept"}));
  EXPECT_EQ(volume.read("kept"), "old");
}

TEST(Core, FsyncJournalsBytesAttributesAndName) {
  TestVolume volume;
  volume.make_folder("d");
  const InodeId id = volume.make_file("d/f", "bytes");
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kDirty);
  must(volume.fs().fsync(id));
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kJournaled);
  volume.crash_and_reopen();
  EXPECT_EQ(volume.read("d/f"), "bytes");
}

TEST(Core, APackTakesOverAndTheStagingFilesGo) {
  TestVolume volume;
  const InodeId id = volume.make_file("f", "packed bytes");
  volume.publish();
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kCertified);
  EXPECT_EQ(volume.staging_files(), 0u);
  EXPECT_EQ(volume.read("f"), "packed bytes");
  volume.write("f", 7, "BYTES!");
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kDirty);
  EXPECT_EQ(volume.read("f"), "packed BYTES!");
  volume.journal_and_reopen();
  EXPECT_EQ(volume.read("f"), "packed BYTES!");
  EXPECT_EQ(must(volume.fs().state(volume.find("f"))), FileState::kJournaled);
  volume.publish();
  volume.crash_and_reopen();
  EXPECT_EQ(volume.read("f"), "packed BYTES!");
  EXPECT_EQ(must(volume.fs().state(volume.find("f"))), FileState::kCertified);
  EXPECT_EQ(volume.staging_files(), 0u);
  volume.expect_sound();
}

TEST(Core, WritesAfterACutStayInTheSpoolWhenItsPackIsAdopted) {
  TestVolume volume;
  volume.make_file("f", "0123456789");
  const auto packed = volume.build_pack();
  volume.write("f", 2, "ab");
  volume.adopt(packed);
  EXPECT_EQ(volume.read("f"), "01ab456789");
  volume.journal_and_reopen();
  EXPECT_EQ(volume.read("f"), "01ab456789");
  EXPECT_EQ(volume.staging_files(), 1u);
  volume.publish();
  EXPECT_EQ(volume.read("f"), "01ab456789");
  EXPECT_EQ(volume.staging_files(), 0u);
}

}  // namespace
}  // namespace walrusfs
