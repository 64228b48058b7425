// Names, links and folders, as docs/semantics.md promises them.
#include <sys/stat.h>

#include <set>

#include "base/limits.h"
#include "base/testing/manual_clock.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

using Names = std::vector<std::string>;

TEST(Names, AreBytesUpTo255) {
  promises("A name has 1 to 255 bytes of any kind but `/` and NUL; one byte more is refused (ENAMETOOLONG).");
  TestVolume volume;
  const std::string longest(limits::kNameBytes, 'n');
  const std::string odd = "\xff\xfe\n\x01 \xc3";
  volume.make_file(longest, "1");
  volume.make_file(odd, "2");
  auto make = [&](const std::string& name) { return code_of(volume.fs().mknod(kRootInode, name, 0644, 0, {})); };
  EXPECT_EQ(make(longest + "n"), Code::kNameTooLong);
  EXPECT_EQ(code_of(volume.fs().lookup(kRootInode, longest + "n")), Code::kNameTooLong);
  EXPECT_EQ(make(""), Code::kInvalidArgument);
  EXPECT_EQ(make("."), Code::kInvalidArgument);
  EXPECT_EQ(make(".."), Code::kInvalidArgument);
  EXPECT_EQ(make("a/b"), Code::kInvalidArgument);
  EXPECT_EQ(make(std::string("a\0b", 3)), Code::kInvalidArgument);
  volume.journal_and_reopen();
  EXPECT_EQ(volume.names(""), (Names{longest, odd}));
  EXPECT_EQ(volume.read(odd), "2");
}

TEST(Names, TheProgramsOwnNameIsReservedAtTheRoot) {
  promises("`.walrusfs` at the root is kept for the program: it is not seen there, and cannot be made, removed or "
           "renamed (EPERM).");
  TestVolume volume;
  volume.make_file("f");
  volume.make_folder("d");
  Vfs& fs = volume.fs();
  EXPECT_EQ(code_of(fs.lookup(kRootInode, ".walrusfs")), Code::kNotFound);
  EXPECT_EQ(code_of(fs.create(kRootInode, ".walrusfs", 0644, {})), Code::kNotPermitted);
  EXPECT_EQ(code_of(fs.mkdir(kRootInode, ".walrusfs", 0755, {})), Code::kNotPermitted);
  EXPECT_EQ(code_of(fs.link(volume.find("f"), kRootInode, ".walrusfs")), Code::kNotPermitted);
  EXPECT_EQ(code_of(volume.rename("f", ".walrusfs")), Code::kNotPermitted);
  EXPECT_EQ(code_of(volume.rename(".walrusfs", "g")), Code::kNotPermitted);
  EXPECT_EQ(code_of(fs.unlink(kRootInode, ".walrusfs")), Code::kNotPermitted);
  EXPECT_EQ(code_of(fs.rmdir(kRootInode, ".walrusfs")), Code::kNotPermitted);
  volume.make_file("d/.walrusfs", "elsewhere it is a name like others");
}

TEST(Names, RemovingLooksAtTheType) {
  promises("unlink refuses folders (EISDIR), rmdir refuses files (ENOTDIR) and folders that hold names (ENOTEMPTY).");
  TestVolume volume;
  volume.make_folder("d");
  volume.make_file("d/f");
  EXPECT_EQ(code_of(volume.unlink("d")), Code::kIsDirectory);
  EXPECT_EQ(code_of(volume.rmdir("d/f")), Code::kNotDirectory);
  EXPECT_EQ(code_of(volume.rmdir("d")), Code::kNotEmpty);
  EXPECT_EQ(code_of(volume.unlink("none")), Code::kNotFound);
  EXPECT_EQ(code_of(volume.fs().lookup(volume.find("d/f"), "x")), Code::kNotDirectory);
  EXPECT_EQ(code_of(volume.fs().mknod(kRootInode, "d", 0644, 0, {})), Code::kExists);
  must(volume.unlink("d/f"));
  must(volume.rmdir("d"));
  EXPECT_EQ(volume.names(""), Names{});
}

TEST(Names, EmptinessIsKnownThroughIndexAndMemory) {
  promises("unlink refuses folders (EISDIR), rmdir refuses files (ENOTDIR) and folders that hold names (ENOTEMPTY).");
  TestVolume volume;
  volume.make_folder("d");
  constexpr int kNames = 600;  // more than one look at the index brings
  for (int i = 0; i < kNames; ++i) volume.make_file("d/" + std::to_string(i));
  volume.journal_and_reopen();
  EXPECT_EQ(code_of(volume.rmdir("d")), Code::kNotEmpty);
  for (int i = 0; i < kNames - 1; ++i) must(volume.unlink("d/" + std::to_string(i)));
  EXPECT_EQ(code_of(volume.rmdir("d")), Code::kNotEmpty);
  must(volume.unlink("d/599"));
  must(volume.rmdir("d"));
  volume.journal_and_reopen();
  EXPECT_EQ(volume.names(""), Names{});
  volume.expect_sound();
}

TEST(Names, AnOpenFileOutlivesItsName) {
  promises("A file that is unlinked while open keeps its bytes until the last close.");
  TestVolume volume;
  const InodeId id = volume.make_file("f", "still here");
  must(volume.fs().open(id, true, false));
  must(volume.unlink("f"));
  EXPECT_EQ(must(volume.fs().getattr(id)).nlink, 0u);
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.read(id), "still here");
  must(volume.fs().write(id, 0, as_bytes("STILL")));
  EXPECT_EQ(volume.read(id), "STILL here");
  must(volume.fs().fsync(id));
  EXPECT_EQ(volume.staging_files(), 1u);
  volume.fs().release(id);
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.staging_files(), 0u);
  EXPECT_EQ(code_of(volume.fs().open(id, false, false)), Code::kStale);
  EXPECT_EQ(must(volume.fs().getattr(id)).nlink, 0u) << "attributes stay until the kernel forgets";
  volume.fs().forget(id, 1);
  EXPECT_EQ(code_of(volume.fs().getattr(id)), Code::kStale);
}

TEST(Names, OrphansOfACrashAreRemoved) {
  promises("What a crash left unlinked but open is removed by the next mount.");
  TestVolume volume;
  const InodeId id = volume.make_file("f", "bytes");
  must(volume.fs().open(id, false, false));
  must(volume.unlink("f"));
  must(volume.fs().journal_now());
  EXPECT_EQ(must(volume.index().orphans()).size(), 1u);
  volume.crash_and_reopen();
  EXPECT_EQ(must(volume.index().orphans()).size(), 0u);
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.staging_files(), 0u);
  EXPECT_EQ(volume.spool().usage().lost_files, 0u);
}

TEST(Names, ARemovedFolderTakesNothing) {
  promises("Nothing can be made in a folder that was removed (ENOENT).");
  TestVolume volume;
  const InodeId id = volume.make_folder("d");
  must(volume.rmdir("d"));
  EXPECT_EQ(code_of(volume.fs().mkdir(id, "x", 0755, {})), Code::kNotFound);
  must(volume.fs().journal_now());
  EXPECT_EQ(code_of(volume.fs().create(id, "x", 0644, {})), Code::kNotFound);
  EXPECT_EQ(code_of(volume.fs().list(id, 0, 10, true)), Code::kNotFound);
}

TEST(Names, LinksHaveLimits) {
  promises("A folder cannot have a second name (EPERM), and a file has 65,000 names at most (EMLINK).");
  TestVolume volume;
  const InodeId folder = volume.make_folder("d");
  const InodeId file = volume.make_file("f", "shared");
  EXPECT_EQ(code_of(volume.fs().link(folder, kRootInode, "d2")), Code::kNotPermitted);
  for (uint32_t i = 1; i < limits::kLinks; ++i) must(volume.fs().link(file, folder, std::to_string(i)));
  EXPECT_EQ(must(volume.fs().getattr(file)).nlink, limits::kLinks);
  EXPECT_EQ(code_of(volume.fs().link(file, folder, "one more")), Code::kTooManyLinks);
  must(volume.unlink("f"));
  EXPECT_EQ(volume.read("d/7"), "shared");
  EXPECT_EQ(must(volume.fs().getattr(file)).nlink, limits::kLinks - 1);
}

TEST(Names, FoldersCountFolders) {
  promises("A folder has two links, and one more for each folder in it.");
  TestVolume volume;
  volume.make_folder("d");
  EXPECT_EQ(must(volume.stat("d")).nlink, 2u);
  volume.make_folder("d/a");
  volume.make_folder("d/b");
  volume.make_file("d/f");
  EXPECT_EQ(must(volume.stat("d")).nlink, 4u);
  must(volume.rmdir("d/a"));
  EXPECT_EQ(must(volume.stat("d")).nlink, 3u);
  volume.make_folder("e");
  must(volume.rename("d/b", "e/b"));
  EXPECT_EQ(must(volume.stat("d")).nlink, 2u);
  EXPECT_EQ(must(volume.stat("e")).nlink, 3u);
  EXPECT_EQ(must(volume.stat("")).nlink, 4u);
  volume.journal_and_reopen();
  volume.expect_sound();
}

TEST(Names, GroupsOfSharedFoldersAreInherited) {
  promises("What is made in a folder with the set-group-ID bit belongs to the folder's group, and a folder made there "
           "has the bit too.");
  TestVolume volume;
  const InodeId shared = must(volume.fs().mkdir(kRootInode, "s", 0775, {.uid = 1, .gid = 50})).id;
  AttrChange change;
  change.mode = 02775;
  must(volume.fs().setattr(shared, change));
  const Attr file = must(volume.fs().mknod(shared, "f", S_IFREG | 0644, 0, {.uid = 7, .gid = 8}));
  EXPECT_EQ(file.gid, 50u);
  EXPECT_EQ(file.uid, 7u);
  EXPECT_EQ(file.mode & S_ISGID, 0u);
  const Attr folder = must(volume.fs().mkdir(shared, "d", 0755, {.uid = 7, .gid = 8}));
  EXPECT_EQ(folder.gid, 50u);
  EXPECT_NE(folder.mode & S_ISGID, 0u);
}

TEST(Names, NodesOfAllKindsAreKept) {
  TestVolume volume;
  must(volume.fs().mknod(kRootInode, "fifo", S_IFIFO | 0600, 0, {}));
  must(volume.fs().mknod(kRootInode, "device", S_IFCHR | 0600, 0x103, {}));
  must(volume.fs().mknod(kRootInode, "socket", S_IFSOCK | 0600, 0, {}));
  EXPECT_EQ(code_of(volume.fs().mknod(kRootInode, "d", S_IFDIR | 0700, 0, {})), Code::kInvalidArgument);
  EXPECT_EQ(code_of(volume.fs().symlink(kRootInode, "l", "", {})), Code::kNotFound);
  const std::string longest(limits::kSymlinkBytes, 't');
  EXPECT_EQ(code_of(volume.fs().symlink(kRootInode, "l", longest + "t", {})), Code::kNameTooLong);
  must(volume.fs().symlink(kRootInode, "l", longest, {}));
  volume.journal_and_reopen();
  EXPECT_EQ(must(volume.stat("fifo")).mode, S_IFIFO | 0600u);
  EXPECT_EQ(must(volume.stat("device")).rdev, 0x103u);
  EXPECT_EQ(must(volume.stat("l")).size, longest.size());
  EXPECT_EQ(must(volume.fs().readlink(volume.find("l"))), longest);
  EXPECT_EQ(code_of(volume.fs().readlink(volume.find("fifo"))), Code::kInvalidArgument);
}

TEST(Listing, IsCompleteWhileNamesComeAndGo) {
  promises("A listing shows every name that exists from its start to its end exactly once, while others come and go.");
  constexpr int kNames = 100'000;
  TestVolume volume;
  const InodeId folder = volume.make_folder("d");
  for (int i = 0; i < kNames; ++i) {
    must(volume.fs().mknod(folder, "stays" + std::to_string(i), S_IFREG | 0644, 0, {}));
    if (i == kNames / 2) must(volume.fs().journal_now());
  }
  std::set<std::string> seen;
  uint64_t after = 0;
  for (int round = 0;; ++round) {
    const auto entries = must(volume.fs().list(folder, after, 997, true));
    if (entries.empty()) break;
    for (const DirectoryEntry& entry : entries) {
      after = entry.cookie;
      if (entry.name.starts_with("stays")) {
        EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
      }
    }
    const std::string passing = "passing" + std::to_string(round);
    must(volume.fs().mknod(folder, passing, S_IFREG | 0644, 0, {}));
    if (round % 2 == 0) must(volume.fs().unlink(folder, passing));
    // A name that stays while what it names is replaced, behind and before the listing's place.
    const std::string replaced = "stays" + std::to_string(round % 2 == 0 ? 5 : kNames - 5);
    must(volume.fs().mknod(folder, "new", S_IFREG | 0644, 0, {}));
    must(volume.fs().rename(folder, "new", folder, replaced, RenameMode::kReplace));
    if (round % 10 == 3) must(volume.fs().journal_now());
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kNames));
}

TEST(Listing, OfAFolderMadeInThisMountAsksNoDatabase) {
  TestVolume volume;
  volume.make_folder("d");
  Names expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back("f" + std::to_string(i));
    volume.make_file("d/" + expected.back());
    if (i == 50) must(volume.fs().journal_now());
  }
  must(volume.unlink("d/f7"));
  expected.erase(expected.begin() + 7);
  must(volume.fs().journal_now());
  EXPECT_EQ(volume.names("d", 7), expected);
  EXPECT_EQ(volume.index().list_reads(), 0u);
  volume.journal_and_reopen();
  EXPECT_EQ(volume.names("d", 7), expected);
  EXPECT_GT(volume.index().list_reads(), 0u);
}

TEST(Listing, OfAFolderWhoseInodesDidNotStayInMemoryIsWholeToo) {
  TestVolume::Options options;
  options.vfs.max_clean_inodes = 256;
  TestVolume volume(options);
  volume.make_folder("d");
  Names expected;
  for (int i = 0; i < 400; ++i) {
    expected.push_back("f" + std::to_string(i));
    volume.make_file("d/" + expected.back());
  }
  must(volume.fs().journal_now());
  expected.push_back("late");
  volume.make_file("d/late");
  EXPECT_EQ(volume.names("d", 50), expected);
}

TEST(Listing, DotsComeFirstAndNameTheFolders) {
  TestVolume volume;
  volume.make_folder("d");
  volume.make_folder("d/e");
  volume.journal_and_reopen();
  // By number alone, as the kernel asks after a restart: the parent is found through the index.
  const InodeId inner = must(volume.index().lookup(must(volume.index().lookup(kRootInode, "d"))->child, "e"))->child;
  const auto entries = must(volume.fs().list(inner, 0, 10, true));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, ".");
  EXPECT_EQ(entries[0].cookie, 1u);
  EXPECT_EQ(entries[1].name, "..");
  EXPECT_EQ(entries[1].cookie, 2u);
  EXPECT_EQ(entries[1].attr.id, volume.find("d"));
  EXPECT_EQ(must(volume.fs().list(inner, 1, 10, true)).size(), 1u);
  EXPECT_EQ(must(volume.fs().list(inner, 2, 10, true)).size(), 0u);
  EXPECT_EQ(volume.names("d", 1), Names{"e"});
}

}  // namespace
}  // namespace walrusfs
