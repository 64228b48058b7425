// No lock-in: stock age, zstd and tar open every kind of pack, and so does libarchive.
#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <zstd.h>

#include <clocale>
#include <map>

#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

// The blob through `age -d` (if encrypted) and `zstd -d`.
Bytes stock_tar_stream(const Bytes& blob, bool encrypted) {
  TempFolder temp;
  Bytes z_bytes = blob;
  if (encrypted) {
    std::string key = temp.write("key", as_bytes(test_identity().print() + "\n"));
    Outcome age = run({"age", "-d", "-i", key}, blob);
    EXPECT_EQ(age.exit_code, 0) << age.err;
    z_bytes = age.out;
  }
  Outcome zstd = run({"zstd", "-d", "-c"}, z_bytes);
  EXPECT_EQ(zstd.exit_code, 0) << zstd.err;
  return zstd.out;
}

void expect_restored(const Item& item, const std::string& path) {
  const Member& member = item.member;
  struct stat info;
  ASSERT_EQ(lstat(path.c_str(), &info), 0) << path;
  if (member.type == MemberType::kHardLink) return;  // looked at by its target
  EXPECT_EQ(info.st_mtim.tv_sec, member.mtime.seconds()) << path;
  EXPECT_EQ(info.st_mtim.tv_nsec, member.mtime.nanoseconds()) << path;
  if (member.type == MemberType::kSymlink) {
    EXPECT_EQ(std::filesystem::read_symlink(path).string(), member.link_target);
    return;
  }
  EXPECT_EQ(info.st_mode & 07777, member.mode) << path;
  if (geteuid() == 0) {
    EXPECT_EQ(info.st_uid, member.uid) << path;
    EXPECT_EQ(info.st_gid, member.gid) << path;
  }
  switch (member.type) {
    case MemberType::kDirectory: EXPECT_TRUE(S_ISDIR(info.st_mode)); break;
    case MemberType::kFifo: EXPECT_TRUE(S_ISFIFO(info.st_mode)); break;
    case MemberType::kCharDevice: EXPECT_TRUE(S_ISCHR(info.st_mode)); break;
    case MemberType::kBlockDevice: EXPECT_TRUE(S_ISBLK(info.st_mode)); break;
    default: EXPECT_TRUE(S_ISREG(info.st_mode)) << path; break;
  }
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {
    EXPECT_EQ(major(info.st_rdev), member.device_major);
    EXPECT_EQ(minor(info.st_rdev), member.device_minor);
  }
}

bool can_be_made_here(const Item& item) {
  bool is_device = item.member.type == MemberType::kCharDevice || item.member.type == MemberType::kBlockDevice;
  return !is_device || geteuid() == 0;
}

class StockTools : public ::testing::TestWithParam<bool> {
 protected:
  PackOptions options() const { return GetParam() ? encrypted_options() : PackOptions{}; }
};
INSTANTIATE_TEST_SUITE_P(, StockTools, ::testing::Bool(),
                         [](const auto& form) { return form.param ? "Encrypted" : "Public"; });

TEST_P(StockTools, TarRestoresEveryKind) {
  TempFolder temp;
  std::vector<Item> items = every_kind();
  std::erase_if(items, [](const Item& item) { return !can_be_made_here(item); });
  Bytes t_bytes = stock_tar_stream(build(items, options()).blob, GetParam());
  Outcome tar =
      run({"tar", "-x", "-p", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", temp.path()}, t_bytes);
  ASSERT_EQ(tar.exit_code, 0) << tar.err;
  for (const Item& item : items) {
    const std::string path = temp / item.member.path;
    expect_restored(item, path);
    if (item.member.type == MemberType::kFile) {
      EXPECT_EQ(read_whole(path), with_holes(item)) << path;
    }
    for (const Xattr& xattr : item.member.xattrs) {
      Bytes value(70'000);
      ssize_t length = lgetxattr(path.c_str(), xattr.name.c_str(), value.data(), value.size());
      ASSERT_GE(length, 0) << path << " " << xattr.name << ": " << strerror(errno);
      value.resize(static_cast<size_t>(length));
      EXPECT_EQ(value, xattr.value) << xattr.name;
    }
  }
}

TEST_P(StockTools, TarKeepsHolesAndLinks) {
  TempFolder temp;
  Bytes t_bytes = stock_tar_stream(build(every_kind(), options()).blob, GetParam());
  run({"tar", "-x", "-C", temp.path()}, t_bytes);
  struct stat info, link;
  ASSERT_EQ(lstat((temp / "sparse").c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, info.st_size / 10);
  ASSERT_EQ(lstat((temp / "folder/plain.txt").c_str(), &info), 0);
  ASSERT_EQ(lstat((temp / "hard link").c_str(), &link), 0);
  EXPECT_EQ(info.st_ino, link.st_ino);
  EXPECT_EQ(info.st_nlink, 2u);
}

TEST_P(StockTools, TarListsEveryNameInOrder) {
  std::vector<Item> items = every_kind();
  Bytes t_bytes = stock_tar_stream(build(items, options(), "text\n").blob, GetParam());
  Outcome tar = run({"tar", "-t", "--quoting-style=literal", "--null"}, t_bytes);
  Outcome strict = run({"tar", "-t", "--quoting-style=escape"}, t_bytes);
  EXPECT_EQ(strict.exit_code, 0) << strict.err;
  std::string expected;
  for (const Item& item : items) {
    expected += item.member.path + (item.member.type == MemberType::kDirectory ? "/\n" : "\n");
  }
  EXPECT_EQ(as_text(tar.out), expected + ".walrusfs/changes\n.walrusfs/frames\n");
}

TEST_P(StockTools, ZstdFindsNothingWrong) {
  Built built = build(every_kind(), options());
  Bytes t_bytes = stock_tar_stream(built.blob, GetParam());
  EXPECT_EQ(t_bytes.size(), built.summary.t_bytes);
}

TEST(StockToolsPublic, ZstdTestsAndListsAPack) {
  TempFolder temp;
  Built built = build(every_kind());
  std::string path = temp.write("pack.zst", built.blob);
  Outcome test = run({"zstd", "-t", path});
  EXPECT_EQ(test.exit_code, 0) << test.err;
  Outcome list = run({"zstd", "-l", "-v", path});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_NE(as_text(list.out).find("# Skippable Frames: 1"), std::string::npos) << as_text(list.out);
}

TEST(StockToolsPublic, ExtractingLaterPacksNeverEmptiesAFile) {
  TempFolder temp;
  Bytes first = stock_tar_stream(build({file("kept", prose(500))}).blob, false);
  Item chmod = file(inode_path(InodeId{12}), {});
  chmod.member.mode = 0600;
  chmod.member.comment = "path=kept";
  Bytes second = stock_tar_stream(build({chmod}).blob, false);
  for (const Bytes& t_bytes : {first, second}) ASSERT_EQ(run({"tar", "-x", "-C", temp.path()}, t_bytes).exit_code, 0);
  EXPECT_EQ(read_whole(temp / "kept"), prose(500));
}

TEST(StockToolsPublic, ABigFileIsPutTogetherByHand) {
  TempFolder temp;
  Bytes content = random_bytes(3'000'000, 1);
  for (size_t part = 0; part < 3; ++part) {
    Item extent = file(extent_path(InodeId{9}, part * 1'000'000),
                       to_bytes(ByteView(content).subspan(part * 1'000'000, 1'000'000)));
    Bytes t_bytes = stock_tar_stream(build({extent}).blob, false);
    ASSERT_EQ(run({"tar", "-x", "-C", temp.path()}, t_bytes).exit_code, 0);
  }
  // As docs/formats.md tells.
  Outcome bash = run({"bash", "-ec",
                      "cd \"$0\"; for f in .walrusfs/extents/9/*; do dd if=$f of=FILE conv=notrunc "
                      "oflag=seek_bytes seek=$((10#${f##*/})); done",
                      temp.path()});
  ASSERT_EQ(bash.exit_code, 0) << bash.err;
  EXPECT_EQ(read_whole(temp / "FILE"), content);
}

TEST(Libarchive, ReadsEveryMember) {
  ASSERT_NE(setlocale(LC_CTYPE, "C.UTF-8"), nullptr);  // names in pax are UTF-8
  Bytes t_bytes = stock_tar_stream(build(every_kind()).blob, false);
  std::map<std::string, const Item*> expected;
  std::vector<Item> items = every_kind();
  for (const Item& item : items) expected[item.member.path] = &item;
  std::unique_ptr<archive, void (*)(archive*)> reader(archive_read_new(), [](archive* a) { archive_read_free(a); });
  archive_read_support_format_tar(reader.get());
  ASSERT_EQ(archive_read_open_memory(reader.get(), t_bytes.data(), t_bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  size_t found = 0;
  for (int code; (code = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;) {
    ASSERT_EQ(code, ARCHIVE_OK) << archive_error_string(reader.get());
    std::string path = archive_entry_pathname(entry) != nullptr ? archive_entry_pathname(entry) : "";
    if (path.ends_with('/')) path.pop_back();
    if (path.starts_with(".walrusfs/")) continue;
    ASSERT_TRUE(expected.contains(path)) << path;
    const Item& item = *expected[path];
    ++found;
    if (item.member.mtime.ns >= 0) {  // libarchive adds the digits after the point also to negative seconds
      EXPECT_EQ(archive_entry_mtime(entry), item.member.mtime.seconds()) << path;
      EXPECT_EQ(archive_entry_mtime_nsec(entry), item.member.mtime.nanoseconds()) << path;
    }
    EXPECT_EQ(archive_entry_uid(entry), item.member.uid);
    EXPECT_EQ(archive_entry_xattr_count(entry), static_cast<int>(item.member.xattrs.size())) << path;
    if (item.member.type != MemberType::kFile) continue;
    EXPECT_EQ(archive_entry_size(entry), static_cast<int64_t>(item.member.size)) << path;
    Bytes content(item.member.size);
    // Less when a hole ends the file.
    EXPECT_LE(archive_read_data(reader.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    EXPECT_EQ(content, with_holes(item)) << path;
  }
  EXPECT_EQ(found, items.size());
  setlocale(LC_CTYPE, "C");
}

}  // namespace
}  // namespace walrusfs::pack::testing
