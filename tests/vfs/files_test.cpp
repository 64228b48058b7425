// Bytes of files, as docs/semantics.md promises them.
#include <linux/falloc.h>

#include "base/limits.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

Status truncate(TestVolume& volume, InodeId id, uint64_t size) {
  AttrChange change;
  change.size = size;
  auto done = volume.fs().setattr(id, change);
  return done.ok() ? Status() : Status(done.error());
}

TEST(Files, EndAtOnePebibyte) {
  promises("A file has 1 PiB at most; beyond it writes and truncations are refused (EFBIG).");
  TestVolume volume;
  const InodeId id = volume.make_file("f");
  must(truncate(volume, id, limits::kFileBytes));
  EXPECT_EQ(code_of(truncate(volume, id, limits::kFileBytes + 1)), Code::kTooLarge);
  EXPECT_EQ(code_of(volume.fs().write(id, limits::kFileBytes, as_bytes("x"))), Code::kTooLarge);
  EXPECT_EQ(code_of(volume.fs().write(id, limits::kFileBytes - 1, as_bytes("xy"))), Code::kTooLarge);
  EXPECT_EQ(code_of(volume.fs().write(id, UINT64_MAX, as_bytes("x"))), Code::kTooLarge);
  EXPECT_EQ(code_of(volume.fs().allocate(id, {limits::kFileBytes, 1}, 0)), Code::kTooLarge);
  EXPECT_EQ(must(volume.fs().getattr(id)).size, limits::kFileBytes);
  uint8_t last = 9;
  EXPECT_EQ(must(volume.fs().read(id, limits::kFileBytes - 1, {&last, 1})), 1u);
  EXPECT_EQ(last, 0);
}

TEST(Files, HolesAreZeros) {
  promises("What was never written reads as zeros, and so does what a shortened file gets back when it is made "
           "longer.");
  for (const bool through_pack : {false, true}) {
    TestVolume volume;
    const InodeId id = volume.make_file("f", "0123456789");
    if (through_pack) volume.publish();
    must(truncate(volume, id, 4));
    must(truncate(volume, id, 8));
    EXPECT_EQ(volume.read(id), std::string("0123\0\0\0\0", 8));
    must(volume.fs().write(id, 10, as_bytes("X")));
    EXPECT_EQ(volume.read(id), std::string("0123\0\0\0\0\0\0X", 11));
    volume.journal_and_reopen();
    EXPECT_EQ(volume.read("f"), std::string("0123\0\0\0\0\0\0X", 11));
    volume.expect_sound();
  }
}

TEST(Files, SeekTellsDataFromHoles) {
  promises("SEEK_DATA and SEEK_HOLE tell data from holes; beyond the end, and where no data follows, they fail "
           "(ENXIO).");
  TestVolume volume;
  const InodeId id = volume.make_file("f");
  must(volume.fs().write(id, 100, as_bytes(std::string(50, 'x'))));
  must(truncate(volume, id, 1000));
  Vfs& fs = volume.fs();
  EXPECT_EQ(must(fs.seek(id, 0, true)), 100u);
  EXPECT_EQ(must(fs.seek(id, 120, true)), 120u);
  EXPECT_EQ(must(fs.seek(id, 0, false)), 0u);
  EXPECT_EQ(must(fs.seek(id, 100, false)), 150u);
  EXPECT_EQ(code_of(fs.seek(id, 150, true)), Code::kRange);
  EXPECT_EQ(code_of(fs.seek(id, 1000, false)), Code::kRange);
  EXPECT_EQ(code_of(fs.seek(id, 1000, true)), Code::kRange);
}

TEST(Files, AllocateServesItsModes) {
  promises("fallocate makes files longer, punches holes and zeroes ranges; other modes are refused (EOPNOTSUPP).");
  TestVolume volume;
  const InodeId id = volume.make_file("f", "0123456789");
  Vfs& fs = volume.fs();
  must(fs.allocate(id, {8, 4}, FALLOC_FL_KEEP_SIZE));
  EXPECT_EQ(must(fs.getattr(id)).size, 10u);
  must(fs.allocate(id, {8, 4}, 0));
  EXPECT_EQ(volume.read(id), std::string("0123456789\0\0", 12));
  must(fs.allocate(id, {2, 3}, kPunch));
  EXPECT_EQ(volume.read(id), std::string("01\0\0\0" "56789\0\0", 12));
  must(fs.allocate(id, {11, 3}, FALLOC_FL_ZERO_RANGE));
  EXPECT_EQ(must(fs.getattr(id)).size, 14u);
  must(fs.allocate(id, {6, 100}, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE));
  EXPECT_EQ(volume.read(id), std::string("01\0\0\0" "5\0\0\0\0\0\0\0\0", 14));
  EXPECT_EQ(code_of(fs.allocate(id, {0, 4096}, FALLOC_FL_COLLAPSE_RANGE)), Code::kNotSupported);
  EXPECT_EQ(code_of(fs.allocate(id, {0, 4096}, FALLOC_FL_INSERT_RANGE)), Code::kNotSupported);
  EXPECT_EQ(code_of(fs.allocate(id, {0, 4096}, FALLOC_FL_PUNCH_HOLE)), Code::kNotSupported);
  EXPECT_EQ(code_of(fs.allocate(id, {0, 0}, 0)), Code::kInvalidArgument);
}

TEST(Files, AllocateAsksForRoom) {
  promises("fallocate sets no room aside, but fails (ENOSPC) when there is none at that moment.");
  TestVolume volume({.spool_bytes = 1 << 20});
  const InodeId id = volume.make_file("f");
  EXPECT_EQ(code_of(volume.fs().allocate(id, {0, 2 << 20}, 0)), Code::kNoSpace);
  must(volume.fs().allocate(id, {0, 1 << 19}, 0));
}

TEST(Files, CopiesShareCopyAndKeepHoles) {
  promises("copy_file_range shares what packs hold, copies what the spool holds, and keeps holes.");
  TestVolume volume;
  const InodeId from = volume.make_file("from", "packed....");
  volume.publish();
  must(volume.fs().write(from, 20, as_bytes("spool")));
  must(truncate(volume, from, 30));
  const InodeId to = volume.make_file("to", std::string(40, '-'));
  EXPECT_EQ(must(volume.fs().copy_range(from, 0, to, 2, 1000)), 30u);
  const std::string expected = "--packed...." + std::string(10, '\0') + "spool" + std::string(5, '\0') + "--------";
  EXPECT_EQ(volume.read(to), expected);
  const std::string extents(as_text(must(volume.fs().getxattr(to, "user.walrus.extents"))));
  EXPECT_NE(extents.find("2 10 pack 1 0\n"), std::string::npos) << extents;
  EXPECT_EQ(must(volume.fs().seek(to, 12, false)), 12u);
  EXPECT_EQ(must(volume.fs().copy_range(from, 30, to, 0, 5)), 0u);
  EXPECT_EQ(code_of(volume.fs().copy_range(to, 0, to, 5, 10)), Code::kInvalidArgument);
  EXPECT_EQ(must(volume.fs().copy_range(to, 2, to, 50, 6)), 6u);
  EXPECT_EQ(volume.read(to).substr(50), "packed");
  volume.publish();
  must(volume.unlink("from"));
  volume.journal_and_reopen();
  EXPECT_EQ(volume.read("to").substr(0, 40), expected.substr(0, 40));
  volume.expect_sound();
}

TEST(Files, OnlyRegularFilesHaveBytes) {
  TestVolume volume;
  const InodeId folder = volume.make_folder("d");
  const InodeId link = must(volume.fs().symlink(kRootInode, "l", "t", {})).id;
  uint8_t byte = 0;
  EXPECT_EQ(code_of(volume.fs().read(folder, 0, {&byte, 1})), Code::kIsDirectory);
  EXPECT_EQ(code_of(volume.fs().write(folder, 0, {&byte, 1})), Code::kIsDirectory);
  EXPECT_EQ(code_of(truncate(volume, folder, 0)), Code::kIsDirectory);
  EXPECT_EQ(code_of(volume.fs().write(link, 0, {&byte, 1})), Code::kInvalidArgument);
}

TEST(Files, OpeningCanShortenThem) {
  TestVolume volume;
  const InodeId id = volume.make_file("f", "bytes");
  must(volume.fs().open(id, true, true));
  EXPECT_EQ(volume.read(id), "");
  volume.fs().release(id);
}

TEST(Files, SequentialReadersAreReadAhead) {
  TestVolume volume;
  const std::string content(1 << 20, 'c');
  const InodeId id = volume.make_file("f", content);
  Bytes buffer(64 << 10);
  must(volume.fs().read(id, 500'000, buffer));
  EXPECT_EQ(volume.content().prefetched_bytes(), 0u) << "one read is no habit";
  for (uint64_t at = 0; at < content.size() / 2; at += buffer.size()) must(volume.fs().read(id, at, buffer));
  EXPECT_GT(volume.content().prefetched_bytes(), content.size() / 4);
  EXPECT_LE(volume.content().prefetched_bytes(), content.size()) << "nothing is asked for twice";
}

TEST(Files, AFullSpoolWaitsAndSaysSo) {
  promises("When the spool is full, writes wait for uploads to make room, 30 seconds at most, and then fail (ENOSPC).");
  TestVolume::Options options{.spool_bytes = 1 << 20};
  options.vfs.room_wait = Millis(200);
  TestVolume volume(options);
  const std::string block(256 << 10, 'b');
  const InodeId id = volume.make_file("f");
  uint64_t written = 0;
  Status outcome;
  while (outcome.ok() && written < (4u << 20)) {
    outcome = volume.fs().write(id, written, as_bytes(block));
    if (outcome.ok()) written += block.size();
  }
  EXPECT_EQ(code_of(outcome), Code::kNoSpace);
  must(volume.fs().fsync(id));
  volume.publish();
  must(volume.fs().write(id, written, as_bytes(block)));
  volume.journal_and_reopen();
  const std::string all = volume.read("f");
  EXPECT_EQ(all, std::string(written + block.size(), 'b'));
}

TEST(Files, RemovedFilesMakeRoomForWriters) {
  TestVolume::Options options{.spool_bytes = 1 << 20};
  options.vfs.room_wait = Millis(10'000);
  TestVolume volume(options);
  volume.make_file("old", std::string(700 << 10, 'o'));
  must(volume.fs().journal_now());
  must(volume.unlink("old"));
  volume.make_file("new", std::string(700 << 10, 'n'));
  EXPECT_EQ(volume.read("new").size(), 700u << 10);
}

}  // namespace
}  // namespace walrusfs
