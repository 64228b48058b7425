// Attributes and extended attributes, as docs/semantics.md promises them.
#include <linux/falloc.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/testing/manual_clock.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

class Attributes : public testing::Test {
 protected:
  Attr tick_and_stat(const std::string& path) {
    clock.advance(Millis(1000));
    return must(volume.stat(path));
  }
  TestVolume::Options options(bool write_back = true) {
    TestVolume::Options out;
    out.clock = &clock;
    out.vfs.write_back = write_back;
    return out;
  }
  ManualClock clock;
  TestVolume volume{options()};
};

TEST_F(Attributes, TimesAreExact) {
  promises("Times are kept to the nanosecond.");
  volume.make_file("f");
  AttrChange change;
  change.atime = Timestamp::from_parts(-5, 999'999'999);
  change.mtime = Timestamp::from_parts(4'102'444'800, 1);
  must(volume.fs().setattr(volume.find("f"), change));
  volume.journal_and_reopen();
  EXPECT_EQ(must(volume.stat("f")).atime, *change.atime);
  EXPECT_EQ(must(volume.stat("f")).mtime, *change.mtime);
  EXPECT_EQ(must(volume.stat("f")).ctime, clock.now());
}

TEST_F(Attributes, ReadingLeavesNoTrace) {
  promises("Access times change only when a program sets them: reading does not change them, as with `noatime`.");
  volume.make_file("f", "x");
  const Attr before = must(volume.stat("f"));
  clock.advance(Millis(1000));
  volume.read("f");
  volume.names("");
  EXPECT_EQ(must(volume.stat("f")).atime, before.atime);
}

TEST_F(Attributes, FoldersTellWhenTheirNamesChanged) {
  promises("Making, removing and renaming names changes the modification and change times of the folders concerned.");
  promises("link, unlink and rename change the change time of the inode concerned.");
  volume.make_folder("d");
  volume.make_folder("e");
  const InodeId id = volume.make_file("d/f");
  const Timestamp made = must(volume.stat("d/f")).ctime;
  auto changed_now = [&](const std::string& path) {
    const Attr attr = must(volume.stat(path));
    return attr.mtime == clock.now() && attr.ctime == clock.now();
  };
  clock.advance(Millis(1000));
  must(volume.rename("d/f", "e/g"));
  EXPECT_TRUE(changed_now("d"));
  EXPECT_TRUE(changed_now("e"));
  EXPECT_EQ(must(volume.stat("e/g")).ctime, clock.now());
  EXPECT_EQ(must(volume.stat("e/g")).mtime, made);
  clock.advance(Millis(1000));
  must(volume.fs().link(id, volume.find("d"), "h"));
  EXPECT_TRUE(changed_now("d"));
  EXPECT_FALSE(changed_now("e"));
  EXPECT_EQ(must(volume.stat("e/g")).ctime, clock.now());
  clock.advance(Millis(1000));
  must(volume.unlink("d/h"));
  EXPECT_TRUE(changed_now("d"));
  EXPECT_EQ(must(volume.stat("e/g")).ctime, clock.now());
}

TEST_F(Attributes, AModificationTimeThatWasSetStays) {
  promises("A modification time that a program sets stays, also when bytes that were written before reach the program "
           "later.");
  const InodeId id = volume.make_file("f");
  AttrChange change;
  change.mtime = Timestamp{1234};
  must(volume.fs().setattr(id, change));
  clock.advance(Millis(1000));
  volume.write("f", 0, "flushed late");
  EXPECT_EQ(must(volume.stat("f")).mtime, *change.mtime);
  EXPECT_EQ(must(volume.stat("f")).size, 12u);
}

TEST_F(Attributes, WithoutWriteBackWritingSetsTimes) {
  TestVolume direct(options(false));
  direct.make_file("f");
  clock.advance(Millis(1000));
  direct.write("f", 0, "x");
  EXPECT_EQ(must(direct.stat("f")).mtime, clock.now());
  EXPECT_EQ(must(direct.stat("f")).ctime, clock.now());
}

TEST_F(Attributes, TruncatingSetsTimesUnlessTheKernelSaysThem) {
  const InodeId id = volume.make_file("f", "bytes");
  clock.advance(Millis(1000));
  AttrChange change;
  change.size = 2;
  EXPECT_EQ(must(volume.fs().setattr(id, change)).mtime, clock.now());
  change.mtime = Timestamp{77};
  change.ctime = Timestamp{78};
  const Attr attr = must(volume.fs().setattr(id, change));
  EXPECT_EQ(attr.mtime, *change.mtime);
  EXPECT_EQ(attr.ctime, *change.ctime);
}

TEST_F(Attributes, ModeAndOwnerChange) {
  const InodeId id = volume.make_file("f");
  AttrChange change;
  change.mode = 04751 | S_IFDIR;  // type bits are not the caller's to change
  change.uid = 12;
  change.gid = 34;
  must(volume.fs().setattr(id, change));
  volume.journal_and_reopen();
  const Attr attr = must(volume.stat("f"));
  EXPECT_EQ(attr.mode, S_IFREG | 04751u);
  EXPECT_EQ(attr.uid, 12u);
  EXPECT_EQ(attr.gid, 34u);
}

TEST_F(Attributes, BlocksCountBytesWithoutHoles) {
  promises("The blocks of a file count its bytes without holes.");
  const InodeId id = volume.make_file("f");
  must(volume.fs().write(id, 1 << 20, as_bytes(std::string(4096, 'x'))));
  EXPECT_EQ(must(volume.stat("f")).allocated_bytes, 4096u);
  EXPECT_EQ(must(volume.stat("f")).size, (1u << 20) + 4096);
  volume.publish();
  volume.crash_and_reopen();
  EXPECT_EQ(must(volume.stat("f")).allocated_bytes, 4096u);
  EXPECT_EQ(must(volume.fs().list(kRootInode, 2, 10, true)).at(0).attr.allocated_bytes, 4096u);
  must(volume.fs().allocate(volume.find("f"), {1 << 20, 1000}, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE));
  EXPECT_EQ(must(volume.stat("f")).allocated_bytes, 3096u);
  volume.journal_and_reopen();
  EXPECT_EQ(must(volume.stat("f")).allocated_bytes, 3096u);
}

TEST_F(Attributes, XattrsHaveLimits) {
  promises("Extended attributes have names of up to 255 bytes (ERANGE) and values of up to 64 KiB (E2BIG), 256 KiB "
           "together (ENOSPC).");
  const InodeId id = volume.make_file("f");
  Vfs& fs = volume.fs();
  auto set = [&](const std::string& name, size_t bytes) {
    return fs.setxattr(id, name, Bytes(bytes, 7), Vfs::XattrMode::kEither);
  };
  const std::string longest = "user." + std::string(limits::kXattrNameBytes - 5, 'n');
  must(set(longest, 0));
  EXPECT_EQ(code_of(set(longest + "n", 0)), Code::kRange);
  must(set("user.a", limits::kXattrValueBytes));
  EXPECT_EQ(code_of(set("user.b", limits::kXattrValueBytes + 1)), Code::kTooLarge);
  must(set("user.b", limits::kXattrValueBytes));
  must(set("user.c", limits::kXattrValueBytes));
  const size_t names = longest.size() + 4 * std::string("user.a").size();
  const size_t rest = limits::kXattrsPerInodeBytes - 3 * limits::kXattrValueBytes - names;
  EXPECT_EQ(code_of(set("user.d", rest + 1)), Code::kNoSpace);
  EXPECT_EQ(code_of(fs.getxattr(id, "user.d")), Code::kNoAttribute);
  must(set("user.d", rest));
  volume.journal_and_reopen();
  EXPECT_EQ(must(volume.fs().listxattr(id)).size(), 5u);
  EXPECT_EQ(must(volume.fs().getxattr(id, "user.d")), Bytes(rest, 7));
}

TEST_F(Attributes, XattrModesAreKept) {
  const InodeId id = volume.make_file("f");
  Vfs& fs = volume.fs();
  EXPECT_EQ(code_of(fs.setxattr(id, "user.a", as_bytes("1"), Vfs::XattrMode::kReplace)), Code::kNoAttribute);
  must(fs.setxattr(id, "user.a", as_bytes("1"), Vfs::XattrMode::kCreate));
  EXPECT_EQ(code_of(fs.setxattr(id, "user.a", as_bytes("2"), Vfs::XattrMode::kCreate)), Code::kExists);
  must(fs.setxattr(id, "user.a", as_bytes("3"), Vfs::XattrMode::kReplace));
  EXPECT_EQ(as_text(must(fs.getxattr(id, "user.a"))), "3");
  must(fs.removexattr(id, "user.a"));
  EXPECT_EQ(code_of(fs.removexattr(id, "user.a")), Code::kNoAttribute);
  volume.journal_and_reopen();
  EXPECT_TRUE(must(volume.fs().listxattr(id)).empty());
}

TEST_F(Attributes, TheProgramTellsOfAFile) {
  promises("`user.walrus.state`, `user.walrus.pack`, `user.walrus.blob_id` and `user.walrus.extents` can be read, are "
           "not listed, and cannot be set (EPERM).");
  const InodeId id = volume.make_file("f", "bytes");
  Vfs& fs = volume.fs();
  auto get = [&](const std::string& name) {
    return std::string(as_text(must(fs.getxattr(id, "user.walrus." + name))));
  };
  EXPECT_EQ(get("state"), "dirty");
  EXPECT_EQ(code_of(fs.getxattr(id, "user.walrus.pack")), Code::kNoAttribute);
  EXPECT_TRUE(get("extents").starts_with("0 5 spool "));
  must(fs.fsync(id));
  EXPECT_EQ(get("state"), "journaled");
  volume.publish();
  EXPECT_EQ(get("state"), "certified");
  EXPECT_EQ(get("pack"), "1");
  EXPECT_EQ(get("blob_id"), BlobId{}.to_string());
  EXPECT_EQ(get("extents"), "0 5 pack 1 0\n");
  EXPECT_EQ(code_of(fs.getxattr(id, "user.walrus.other")), Code::kNoAttribute);
  EXPECT_EQ(as_text(must(fs.getxattr(kRootInode, "user.walrus.state"))), "certified");
  EXPECT_TRUE(must(fs.listxattr(id)).empty());
  EXPECT_EQ(code_of(fs.setxattr(id, "user.walrus.state", as_bytes("x"), Vfs::XattrMode::kEither)), Code::kNotPermitted);
  EXPECT_EQ(code_of(fs.removexattr(id, "user.walrus.state")), Code::kNotPermitted);
}

TEST_F(Attributes, NamesAndAttributesCountForTheState) {
  promises("A state covers bytes, attributes and name; the lowest counts.");
  const InodeId id = volume.make_file("f", "bytes");
  volume.publish();
  AttrChange change;
  change.mode = 0600;
  must(volume.fs().setattr(id, change));
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kDirty);
  must(volume.fs().fsync(id));
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kJournaled);
  volume.publish();
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kCertified);
  must(volume.rename("f", "g"));
  EXPECT_EQ(must(volume.fs().state(id)), FileState::kDirty);
}

}  // namespace
}  // namespace walrusfs
