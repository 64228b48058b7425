#include "codec/pack/changes.h"

#include <sys/stat.h>

#include "base/limits.h"
#include "tests/pack/pack_support.h"

namespace walrusfs::pack::testing {
namespace {

BlobId blob(uint8_t fill) {
  BlobId id;
  id.bytes.fill(fill);
  return id;
}

Digest digest(uint8_t fill) {
  Digest out;
  out.fill(fill);
  return out;
}

ChangesHeader header() {
  ChangesHeader out;
  out.volume = "vol_1-A";
  out.pack = PackId{8};
  out.sequence = Sequence{77};
  out.time = {1'700'000'000'000'000'005};
  out.predecessor = ChangesPredecessor{PackId{7}, blob(7), Sequence{70}, {1000, 200, digest(9)}};
  return out;
}

std::vector<ChangesRow> every_row() {
  InodeRow inode{
      InodeId{2}, S_IFREG | 0644, 1000, 4'000'000'000, limits::kFileBytes, 3, 0, 0, 0x10, {-1}, {1}, {2}, {3}, ""};
  InodeRow symlink{InodeId{3}, S_IFLNK | 0777, 0, 0, 5, 1, 0, 0, 0, {}, {}, {}, {}, "../\xff \n%"};
  InodeRow device{InodeId{4}, S_IFCHR | 0600, 0, 0, 0, 1, 4095, 255, 0, {}, {}, {}, {}, ""};
  return {inode,
          symlink,
          device,
          InodeGone{InodeId{5}},
          EntryRow{InodeId{1}, std::string("a b\n\xff") + std::string(200, '%'), InodeId{2}, UINT64_MAX},
          EntryGone{InodeId{1}, "old"},
          XattrRows{InodeId{2}, {{"user.a", {0, 1, 255}}, {"user.b", {}}}},
          XattrRows{InodeId{3}, {}},
          ExtentRows{InodeId{2}, {{0, 4096, PackId{0}, 512}, {8192, 10, PackId{7}, 99}}},
          ExtentRows{InodeId{4}, {}},
          PackRow{PackId{7}, blob(7), 5000, 9000, 4000, {3000, 500, digest(1)}, random_bytes(184, 1)},
          PackRow{PackId{6}, blob(6), 4000, 9000, 4000, {3000, 500, digest(1)}, {}},
          PackGone{PackId{3}}};
}

std::string text_of(const ChangesHeader& head, const std::vector<ChangesRow>& rows) {
  ChangesWriter writer(head);
  for (const ChangesRow& row : rows) writer.add(row);
  return writer.finish();
}

// The rows' text alone, between a header and an end that fit.
Result<Changes> parse_rows(const std::string& rows) {
  std::string empty = text_of(header(), {});
  std::string head = empty.substr(0, empty.rfind("end "));
  auto count = std::count(rows.begin(), rows.end(), '\n');
  return parse_changes(head + rows + "end " + std::to_string(count) + "\n");
}

TEST(Changes, EveryRowGoesBothWays) {
  Changes changes{header(), every_row()};
  EXPECT_EQ(must(parse_changes(text_of(changes.header, changes.rows))), changes);
  changes.header.predecessor.reset();
  changes.header.complete = false;
  EXPECT_EQ(must(parse_changes(text_of(changes.header, changes.rows))), changes);
}

TEST(Changes, EveryCutOffTextIsRefused) {
  std::string text = text_of(header(), every_row());
  for (size_t length = 0; length < text.size(); ++length) {
    ASSERT_FALSE(parse_changes(text.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(parse_changes(text + "\n").ok());
}

TEST(Changes, WhatIsAcceptedHasOneSpelling) {
  std::string text = text_of(header(), every_row());
  SeededRng rng(11);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string wrong = text;
    wrong[rng.below(wrong.size())] = " \n%0129aAzZ-/\xff"[rng.below(14)];
    auto parsed = parse_changes(wrong);
    if (!parsed) continue;
    ++accepted;
    ASSERT_EQ(text_of(parsed->header, parsed->rows), wrong);
  }
  EXPECT_GT(accepted, 100);
}

TEST(Changes, RowsThatCannotBeAreRefused) {
  EXPECT_TRUE(parse_rows("noinode 5\n").ok());
  for (const char* row : {"noinode 0\n",
                          "noinode 05\n",
                          "noinode -1\n",
                          "noinode +1\n",
                          "noinode 5 \n",
                          "noinode  5\n",
                          " noinode 5\n",
                          "noinode\n",
                          "noinode 18446744073709551616\n",
                          "forget 5\n",
                          "\n",
                          "end 5\n",
                          "entry 1 . 2 3\n",
                          "entry 1 .. 2 3\n",
                          "entry 1 a/b 2 3\n",
                          "entry 1 % 2 3\n",
                          "entry 1 %00 2 3\n",
                          "entry 1 a%2 2 3\n",
                          "entry 1 %61 2 3\n",
                          "entry 1 %e4 2 3\n",
                          "entry 0 a 2 3\n",
                          "entry 1 a 0 3\n",
                          "noentry 1 ..\n",
                          "nopack 0\n",
                          "xattrs 2 1\n",
                          "xattrs 2 1\nnoinode 5\n",
                          "xattr user.a %\n",
                          "xattrs 2 1\nxattr % x\n",
                          "extents 2 99999999999\n",
                          "extents 2 1\nextent 0 0 1 0\n",
                          "extents 2 2\nextent 0 10 1 0\nextent 9 10 1 0\n",
                          "extents 2 1\nextent 1125899906842624 1 1 0\n",
                          "extent 0 1 1 0\n",
                          "inode 2 100644 0 0 0 1 0 0 0 0 0 0 0 target\n",
                          "inode 2 644 0 0 0 1 0 0 0 0 0 0 0 %\n",
                          "inode 2 120777 0 0 0 1 0 0 0 0 0 0 0 %\n",
                          "inode 2 100644 0 0 0 1 0 0 0 0 0 0 %\n",
                          "inode 2 100644 4294967296 0 0 1 0 0 0 0 0 0 0 %\n",
                          "inode 2 1100644 0 0 0 1 0 0 0 0 0 0 0 %\n"}) {
    auto parsed = parse_rows(row);
    ASSERT_FALSE(parsed.ok()) << row;
    EXPECT_EQ(parsed.error().code(), Code::kCorrupt);
    EXPECT_NE(parsed.error().message().find("line"), std::string::npos);
  }
  EXPECT_FALSE(parse_rows("entry 1 " + std::string(256, 'n') + " 2 3\n").ok());
  EXPECT_TRUE(parse_rows("entry 1 " + std::string(255, 'n') + " 2 3\n").ok());
}

TEST(Changes, HeadersThatCannotBeAreRefused) {
  ChangesHeader wrong = header();
  wrong.volume = "no spaces";
  EXPECT_FALSE(parse_changes(text_of(wrong, {})).ok());
  wrong = header();
  wrong.predecessor->pack = wrong.pack;
  EXPECT_FALSE(parse_changes(text_of(wrong, {})).ok()) << "a pack before itself";
  wrong = header();
  wrong.predecessor->sequence = Sequence{78};
  EXPECT_FALSE(parse_changes(text_of(wrong, {})).ok()) << "a predecessor from the future";
}

TEST(Changes, ANewerFormatIsRefusedInWords) {
  std::string text = text_of(header(), {});
  text.replace(0, text.find('\n'), "walrusfs-changes 2");
  EXPECT_EQ(parse_changes(text).error().code(), Code::kNewerVersion);
}

}  // namespace
}  // namespace walrusfs::pack::testing
