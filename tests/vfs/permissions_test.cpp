// Access control lists on a volume: what is stored, what the mode says, what new files begin with.
#include <sys/stat.h>

#include "base/limits.h"
#include "base/testing/manual_clock.h"
#include "fs/vfs/acl.h"
#include "tests/vfs/semantics.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

using enum AclTag;

const std::string kAccess(kAccessAclXattr);
const std::string kDefault(kDefaultAclXattr);

class Permissions : public testing::Test {
 protected:
  static TestVolume::Options options(Clock& clock) {
    TestVolume::Options out;
    out.clock = &clock;
    return out;
  }
  static Bytes minimal(uint16_t owner, uint16_t group, uint16_t other) {
    return must(Acl::make({{kUserObj, owner}, {kGroupObj, group}, {kOther, other}})).to_xattr();
  }
  static Bytes named(uint16_t owner, uint16_t user, uint16_t group, uint16_t mask, uint16_t other) {
    return must(Acl::make({{kUserObj, owner}, {kUser, user, 1000}, {kGroupObj, group}, {kMask, mask}, {kOther, other}}))
        .to_xattr();
  }
  Status set(InodeId id, const std::string& name, ByteView value) {
    return volume.fs().setxattr(id, name, value, Vfs::XattrMode::kEither);
  }
  Result<Bytes> get(const std::string& path, const std::string& name) {
    return volume.fs().getxattr(volume.find(path), name);
  }
  uint32_t mode(const std::string& path) { return must(volume.stat(path)).mode & 07777; }
  void chmod(const std::string& path, uint32_t mode, std::optional<uint64_t> size = {}) {
    AttrChange change;
    change.mode = mode;
    change.size = size;
    must(volume.fs().setattr(volume.find(path), change));
  }
  Result<Attr> make_file(InodeId folder, const std::string& name, uint32_t mode, uint32_t umask) {
    auto made = volume.fs().create(folder, name, mode, {.umask = umask});
    if (made.ok()) volume.fs().release(made->id);
    return made;
  }

  ManualClock clock;
  TestVolume volume{options(clock)};
};

TEST_F(Permissions, AnAccessListThatIsAModeBecomesTheMode) {
  promises("an access ACL that says no more than the mode becomes the mode");
  const InodeId id = volume.make_file("f", "x", 04600);
  must(set(id, kAccess, named(7, 7, 7, 7, 7)));
  clock.advance(Millis(1000));
  must(set(id, kAccess, minimal(7, 5, 1)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(mode("f"), 04751u) << "the upper bits stay";
    EXPECT_EQ(must(volume.stat("f")).ctime, clock.now());
    EXPECT_EQ(code_of(get("f", kAccess)), Code::kNoAttribute);
    EXPECT_TRUE(must(volume.fs().listxattr(id)).empty());
    volume.journal_and_reopen();
  }
}

TEST_F(Permissions, AnAccessListThatSaysMoreIsKept) {
  const InodeId id = volume.make_file("f", "x", 0600);
  clock.advance(Millis(1000));
  must(set(id, kAccess, named(6, 7, 4, 5, 1)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(mode("f"), 0651u) << "the mask shows as the group's bits";
    EXPECT_EQ(must(get("f", kAccess)), named(6, 7, 4, 5, 1));
    EXPECT_EQ(must(volume.fs().listxattr(id)), std::vector<std::string>{kAccess});
    EXPECT_EQ(must(volume.stat("f")).ctime, clock.now());
    volume.journal_and_reopen();
  }
}

TEST_F(Permissions, RemovingAListLeavesTheMode) {
  promises("removing it leaves the mode as it is.");
  const InodeId id = volume.make_file("f", "x", 0600);
  must(set(id, kAccess, named(6, 7, 4, 5, 1)));
  must(volume.fs().removexattr(id, kAccess));
  EXPECT_EQ(mode("f"), 0651u);
  EXPECT_EQ(code_of(volume.fs().removexattr(id, kAccess)), Code::kNoAttribute);
  chmod("f", 0640);
  EXPECT_TRUE(must(volume.fs().listxattr(id)).empty());
}

TEST_F(Permissions, WhatIsNoListIsRefused) {
  promises("What is no ACL is not taken for one (EINVAL), and only a folder has a default ACL (EACCES).");
  const InodeId id = volume.make_file("f", "x", 0640);
  must(set(id, kAccess, named(6, 7, 4, 5, 1)));
  Bytes broken = named(6, 7, 4, 5, 1);
  broken.pop_back();
  EXPECT_EQ(code_of(set(id, kAccess, broken)), Code::kInvalidArgument);
  EXPECT_EQ(code_of(set(id, kAccess, {})), Code::kInvalidArgument);
  EXPECT_EQ(code_of(set(kRootInode, kDefault, as_bytes("text"))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(set(id, kDefault, named(7, 7, 7, 7, 7))), Code::kPermission);
  const InodeId link = must(volume.fs().symlink(kRootInode, "l", "f", {})).id;
  EXPECT_EQ(code_of(set(link, kAccess, minimal(7, 0, 0))), Code::kNotSupported);
  EXPECT_EQ(mode("f"), 0651u);
  EXPECT_EQ(must(get("f", kAccess)), named(6, 7, 4, 5, 1));
  EXPECT_EQ(code_of(get("", kDefault)), Code::kNoAttribute);
}

TEST_F(Permissions, AListThatDoesNotFitChangesNothing) {
  const InodeId id = volume.make_file("f", "x", 0640);
  for (const char* name : {"user.a", "user.b", "user.c"}) must(set(id, name, Bytes(limits::kXattrValueBytes, 1)));
  const size_t used = 3 * (limits::kXattrValueBytes + 6);
  must(set(id, "user.d", Bytes(limits::kXattrsPerInodeBytes - used - 6, 1)));
  EXPECT_EQ(code_of(set(id, kAccess, named(7, 7, 7, 7, 7))), Code::kNoSpace);
  EXPECT_EQ(mode("f"), 0640u);
  EXPECT_EQ(code_of(get("f", kAccess)), Code::kNoAttribute);
  must(set(id, kAccess, minimal(7, 7, 7)));
  EXPECT_EQ(mode("f"), 0777u) << "a mode needs no room";
}

TEST_F(Permissions, ChmodChangesTheMask) {
  promises("chmod changes the mask of one that says more");
  const InodeId id = volume.make_file("f", "bytes", 0600);
  must(set(id, kAccess, named(6, 7, 5, 7, 0)));
  volume.journal_and_reopen();  // the list has to be asked of the index
  chmod("f", 02741);
  EXPECT_EQ(must(get("f", kAccess)), named(7, 7, 5, 4, 1));
  volume.journal_and_reopen();
  EXPECT_EQ(mode("f"), 02741u);
  EXPECT_EQ(must(get("f", kAccess)), named(7, 7, 5, 4, 1));
  chmod("f", 0600, 2);
  EXPECT_EQ(must(get("f", kAccess)), named(6, 7, 5, 0, 0)) << "also when the size changes with it";
  EXPECT_EQ(volume.read("f"), "by");
}

TEST_F(Permissions, NewFilesTakeTheFoldersDefaultList) {
  promises("What is made in a folder with a default ACL gets its permissions from that and not from the umask, and "
           "folders hand it on; elsewhere the umask counts.");
  const InodeId folder = volume.make_folder("d", 02755);
  must(set(folder, kDefault, named(7, 7, 5, 7, 0)));
  EXPECT_EQ(mode("d"), 02755u) << "a default list says nothing of the folder itself";
  volume.journal_and_reopen();
  must(make_file(folder, "f", 0666, 077));
  must(volume.fs().mkdir(folder, "e", 0755, {.umask = 077}));
  must(volume.fs().mknod(folder, "p", S_IFIFO | 0600, 0, {.umask = 077}));
  must(volume.fs().symlink(folder, "l", "f", {.umask = 077}));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(mode("d/f"), 0660u);
    EXPECT_EQ(must(get("d/f", kAccess)), named(6, 7, 5, 6, 0));
    EXPECT_EQ(code_of(get("d/f", kDefault)), Code::kNoAttribute);
    EXPECT_EQ(mode("d/e"), 02750u);
    EXPECT_EQ(must(get("d/e", kAccess)), named(7, 7, 5, 5, 0));
    EXPECT_EQ(must(get("d/e", kDefault)), named(7, 7, 5, 7, 0));
    EXPECT_EQ(mode("d/p"), 0600u);
    EXPECT_EQ(must(get("d/p", kAccess)), named(6, 7, 5, 0, 0));
    EXPECT_EQ(mode("d/l"), 0777u);
    volume.journal_and_reopen();
  }
  must(volume.fs().removexattr(folder, kDefault));
  EXPECT_EQ(must(make_file(folder, "g", 0666, 077)).mode & 07777, 0600u);
  volume.expect_sound();
}

TEST_F(Permissions, WithoutDefaultListTheUmaskCounts) {
  EXPECT_EQ(must(make_file(kRootInode, "f", 0666, 027)).mode, S_IFREG | 0640u);
  EXPECT_EQ(must(volume.fs().mkdir(kRootInode, "d", 0777, {.umask = 077})).mode, S_IFDIR | 0700u);
  EXPECT_EQ(must(volume.fs().mknod(kRootInode, "p", S_IFIFO | 0666, 0, {.umask = 022})).mode, S_IFIFO | 0644u);
  EXPECT_EQ(must(volume.fs().symlink(kRootInode, "l", "f", {.umask = 077})).mode, S_IFLNK | 0777u);
}

TEST_F(Permissions, FilesWithoutListsCostNoReadsOfXattrs) {
  volume.make_folder("d");
  volume.journal_and_reopen();
  const InodeId folder = volume.find("d");
  const uint64_t before = volume.index().xattr_reads();
  constexpr int kFiles = 50;
  for (int i = 0; i < kFiles; ++i) {
    const std::string name = std::to_string(i);
    const InodeId id = must(make_file(folder, name, 0666, 022)).id;
    must(volume.fs().write(id, 0, as_bytes("x")));
    chmod("d/" + name, 0600);
    if (i % 10 == 0) must(volume.fs().journal_now());
  }
  EXPECT_EQ(volume.index().xattr_reads(), before + 1) << "the folder's, once";
}

}  // namespace
}  // namespace walrusfs
