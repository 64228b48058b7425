// Every invariant, broken with raw SQL, is told in a sentence; a sound volume is told nothing.
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Damage {
  const char* name;
  const char* sql;
  const char* sentence;  // a part of it
};

std::ostream& operator<<(std::ostream& out, const Damage& damage) { return out << damage.name; }

class CheckTest : public IndexTest, public ::testing::WithParamInterface<Damage> {
 protected:
  // / (1), /docs (2), /docs/a (3, in pack 1), /b (4, spool), /link (5); pack 2 is built; inode 6 was removed
  // with its name /old.
  void SetUp() override {
    IndexTest::SetUp();
    Batch first = small_tree();
    first.inodes.push_back(file(6));
    first.entries.push_back(name_of(1, "old", 6, 7));
    first.next_inode = 7;
    first.next_cookie = 8;
    must(index_->commit(first));
    const PackId pack = build(1, {{StagingId{1}, 0, 100, 20}});
    must(index_->certify_pack(certified(pack, 1)));
    Batch second;
    second.inodes = {gone(6)};
    second.entries = {no_name(1, "old")};
    must(index_->commit(second));
    build(2, {{StagingId{2}, 0, 50, 20}});
  }

  void damage(const std::string& sql) {
    auto connection = must(sqlite::Connection::open(path(), sqlite::Connection::Mode::kReadWrite));
    must(connection->execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON"));
    must(connection->execute(sql));
  }
};

TEST_F(CheckTest, ASoundVolumeIsToldNothing) { EXPECT_THAT(check(), IsEmpty()); }

TEST_F(CheckTest, NamesInSentencesArePrintable) {
  damage("UPDATE entries SET name = x'1b5bff2f' WHERE name = x'62'");
  EXPECT_THAT(check(), Contains("the name \\x1b[\\xff/ in folder 1 is no legal name"));
}

TEST_F(CheckTest, SentencesAreBounded) {
  damage(
      "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
      "INSERT INTO xattrs SELECT i, x'61', x'' FROM n");
  const auto sentences = check();
  EXPECT_GT(sentences.size(), 50u);
  EXPECT_LT(sentences.size(), 250u);
}

TEST_P(CheckTest, ViolationIsTold) {
  damage(GetParam().sql);
  EXPECT_THAT(check(), Contains(HasSubstr(GetParam().sentence)));
}

constexpr Damage kState[] = {
    {"NoState", "DELETE FROM state", "the row of counters is missing"},
    {"InodeCounter", "UPDATE state SET next_inode = 5", "the counter of inodes is 5, but inode 5 exists"},
    {"InodeCounterOfRemoved", "UPDATE state SET next_inode = 6", "the counter of inodes is 6, but inode 6 existed"},
    {"CookieCounter", "UPDATE state SET next_cookie = 6", "the counter of cookies is 6, but the name link"},
    {"StagingCounter", "UPDATE state SET next_staging = 2", "but inode 4 uses staging file 2"},
    {"PackCounter", "UPDATE state SET next_pack = 2", "the counter of packs is 2, but pack 2 exists"},
    {"InodeSequence", "UPDATE inodes SET seq = 9 WHERE id = 3", "inode 3 changed in 9"},
    {"EntrySequence", "UPDATE entries SET seq = 9 WHERE child = 3", "the name a in folder 2 changed in 9"},
    {"RemovedInodeSequence", "UPDATE removed_inodes SET seq = 9", "inode 6 was removed in 9"},
    {"RemovedEntrySequence", "UPDATE removed_entries SET seq = 9", "the name old in folder 1 was removed in 9"},
    {"PublishedTooFar", "UPDATE state SET published = 3", "transaction 3 is published, but the last one is 2"},
    {"PublishedWithoutPack", "UPDATE state SET published_pack = NULL", "no certified pack (none) has that cut"},
    {"PublishedByABuiltPack", "UPDATE state SET published_pack = 2", "no certified pack 2 has that cut"},
    {"RemovedInodeExists", "INSERT INTO removed_inodes VALUES (4, 2)", "inode 4 exists and is listed as removed"},
    {"RemovedEntryExists", "INSERT INTO removed_entries VALUES (1, x'62', 2)",
     "the name b in folder 1 exists and is listed as removed"},
};

constexpr Damage kTree[] = {
    {"NoRoot", "DELETE FROM inodes WHERE id = 1", "the volume has no root folder"},
    {"RootIsAFile", "UPDATE inodes SET mode = 33188 WHERE id = 1", "the volume has no root folder"},
    {"InodeZero", "UPDATE inodes SET id = 0 WHERE id = 5", "inode 0 is not a positive number"},
    {"NoType", "UPDATE inodes SET mode = 420 WHERE id = 4", "inode 4 has mode 420, which names no type of file"},
    {"ModeTooLarge", "UPDATE inodes SET mode = mode + 65536 WHERE id = 4", "which names no type of file"},
    {"NegativeSize", "UPDATE inodes SET size = -1 WHERE id = 4", "inode 4 has a size of -1 bytes"},
    {"SizeTooLarge", "UPDATE inodes SET size = 1125899906842625 WHERE id = 4", "inode 4 has a size of"},
    {"NameInNoInode", "UPDATE entries SET parent = 44 WHERE child = 3",
     "the name a is in inode 44, which does not exist"},
    {"NameInAFile", "UPDATE entries SET parent = 4 WHERE child = 3", "the name a is in inode 4, which is no folder"},
    {"NameOfNoInode", "UPDATE entries SET child = 44 WHERE child = 3",
     "the name a in folder 2 is for inode 44, which does not exist"},
    {"EmptyName", "UPDATE entries SET name = x'' WHERE child = 3", "in folder 2 is no legal name"},
    {"LongName", "UPDATE entries SET name = randomblob(256) WHERE child = 3", "in folder 2 is no legal name"},
    {"NameWithSlash", "UPDATE entries SET name = x'612f62' WHERE child = 3",
     "the name a/b in folder 2 is no legal name"},
    {"NameWithNul", "UPDATE entries SET name = x'610062' WHERE child = 3", "in folder 2 is no legal name"},
    {"Dot", "UPDATE entries SET name = x'2e' WHERE child = 3", "the name . in folder 2 is no legal name"},
    {"DotDot", "UPDATE entries SET name = x'2e2e' WHERE child = 3", "the name .. in folder 2 is no legal name"},
    {"SharedCookie", "UPDATE entries SET cookie = 5 WHERE child = 5", "shares cookie 5 with another name"},
    {"FileLinks", "UPDATE inodes SET nlink = 2 WHERE id = 4", "inode 4 counts 2 names, but has 1"},
    {"OrphanWithName", "UPDATE inodes SET nlink = 0 WHERE id = 4", "inode 4 counts 0 names, but has 1"},
    {"FolderLinks", "UPDATE inodes SET nlink = 2 WHERE id = 1", "folder 1 counts 2 links, but should count 3"},
    {"RemovedFolderWithNames", "UPDATE inodes SET nlink = 0 WHERE id = 2",
     "folder 2 counts as removed, but has a name"},
    {"FolderWithTwoNames", "INSERT INTO entries VALUES (1, x'7a', 2, 7, 1)", "folder 2 has 2 names"},
    {"RootWithAName", "INSERT INTO entries VALUES (2, x'7a', 1, 7, 1)", "folder 1 has 1 names"},
    {"Unreachable", "DELETE FROM entries WHERE child = 4", "inode 4 cannot be reached from the root"},
    {"Circle", "UPDATE entries SET parent = 2 WHERE child = 2", "folder 2 lies within itself"},
    {"TargetOfAFile", "UPDATE inodes SET symlink_target = x'61' WHERE id = 4", "inode 4 has a symlink target"},
    {"SymlinkWithoutTarget", "UPDATE inodes SET symlink_target = NULL WHERE id = 5", "symlink 5 has no legal target"},
    {"SymlinkTooLong", "UPDATE inodes SET symlink_target = zeroblob(5000) WHERE id = 5",
     "symlink 5 has no legal target"},
    {"XattrOfNoInode", "UPDATE xattrs SET inode = 44", "an xattr belongs to inode 44, which does not exist"},
    {"XattrWithoutName", "UPDATE xattrs SET name = x''", "inode 4 has an xattr with an illegal name"},
    {"XattrTooLarge", "UPDATE xattrs SET value = zeroblob(65537)", "inode 4 has an xattr of 65537 bytes"},
};

constexpr Damage kExtents[] = {
    {"ExtentOfNoInode", "UPDATE extents SET inode = 44 WHERE inode = 4", "an extent belongs to inode 44"},
    {"ExtentOfAFolder", "UPDATE extents SET inode = 2 WHERE inode = 4",
     "inode 2 has an extent, but is no regular file"},
    {"EmptyExtent", "UPDATE extents SET length = 0 WHERE inode = 4", "inode 4 has an extent of 0 bytes at 0"},
    {"NegativeExtent", "UPDATE extents SET source_offset = -1 WHERE inode = 4", "inode 4 has an extent of 50 bytes"},
    {"Overlap", "INSERT INTO extents VALUES (4, 49, 1, 2, NULL, 49)", "inode 4 has an extent at 49 that overlaps"},
    {"BeyondTheEnd", "UPDATE extents SET length = 51 WHERE inode = 4",
     "inode 4 has 50 bytes, but an extent that ends at 51"},
    {"TwoSources", "UPDATE extents SET pack = 1 WHERE inode = 4", "names not exactly one source"},
    {"NoSource", "UPDATE extents SET staging = NULL WHERE inode = 4", "names not exactly one source"},
    {"StagingZero", "UPDATE extents SET staging = 0 WHERE inode = 4", "inode 4 names staging file 0, which cannot be"},
    {"NoSuchPack", "UPDATE extents SET pack = 44 WHERE inode = 3", "inode 3 names pack 44, which does not exist"},
    {"BuiltPack", "UPDATE extents SET pack = 2 WHERE inode = 3", "inode 3 names pack 2, which is not certified"},
    {"BeyondThePack", "UPDATE extents SET source_offset = 101 WHERE inode = 3",
     "inode 3 names bytes up to 201 of pack 1, whose frames do not hold them"},
};

constexpr Damage kPacks[] = {
    {"State", "UPDATE packs SET state = 3 WHERE id = 2", "pack 2 is in state 3, which does not exist"},
    {"BlobId", "UPDATE packs SET blob = x'00' WHERE id = 2", "pack 2 has a blob ID of 1 bytes"},
    {"Sizes", "UPDATE packs SET blob_bytes = 0 WHERE id = 2", "pack 2 has impossible sizes"},
    {"CutInTheFuture", "UPDATE packs SET cut = 3 WHERE id = 2",
     "pack 2 publishes up to 3, but the last transaction is 2"},
    {"CutBackwards", "UPDATE packs SET previous_cut = 2 WHERE id = 2", "pack 2 publishes 2 after 2"},
    {"FrameOfNoPack", "UPDATE frames SET pack = 44 WHERE pack = 2", "a frame belongs to pack 44, which does not exist"},
    {"FrameGap", "UPDATE frames SET t_offset = 121 WHERE pack = 1 AND t_offset = 120",
     "pack 1 has a frame at 121, but the one before ends at 120"},
    {"FirstFrameMissing", "DELETE FROM frames WHERE pack = 1 AND t_offset = 0",
     "pack 1 has a frame at 120, but the one before ends at 0"},
    {"LastFrameMissing", "DELETE FROM frames WHERE pack = 1 AND t_offset = 120",
     "pack 1 has 300 bytes, but its frames and their list end at 120 and 300"},
    {"FrameHash", "UPDATE frames SET hash = x'00' WHERE pack = 1", "impossible lengths or hash"},
    {"FrameOverlapInZ", "UPDATE frames SET z_offset = 80 WHERE pack = 1 AND t_offset = 120",
     "whose compressed bytes overlap those before"},
    {"FramesBeyondTheEnd", "UPDATE packs SET t_bytes = 199 WHERE id = 1",
     "pack 1 has 199 bytes, but its frames and their list end at 200 and 300"},
    {"NoFrames", "DELETE FROM frames WHERE pack = 2",
     "pack 2 has 300 bytes, but its frames and their list end at 0 and 300"},
    {"RangeOfNoPack", "UPDATE packed_ranges SET pack = 44 WHERE pack = 2", "a packed range belongs to pack 44"},
    {"ImpossibleRange", "UPDATE packed_ranges SET t_offset = 290 WHERE pack = 2", "staging file 2 that is impossible"},
    {"OverlappingRanges", "INSERT INTO packed_ranges VALUES (2, 2, 49, 5, 100)",
     "pack 2 has packed ranges of staging file 2 that overlap"},
};

std::string name_of_case(const ::testing::TestParamInfo<Damage>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(State, CheckTest, ::testing::ValuesIn(kState), name_of_case);
INSTANTIATE_TEST_SUITE_P(Tree, CheckTest, ::testing::ValuesIn(kTree), name_of_case);
INSTANTIATE_TEST_SUITE_P(Extents, CheckTest, ::testing::ValuesIn(kExtents), name_of_case);
INSTANTIATE_TEST_SUITE_P(Packs, CheckTest, ::testing::ValuesIn(kPacks), name_of_case);

}  // namespace
}  // namespace walrusfs::test
