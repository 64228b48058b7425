// The tree in the index: what one batch writes, the next question finds.
#include "base/rng.h"
#include "meta/extent_map.h"
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names(const std::vector<ListedEntry>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries) out.push_back(entry.name);
  return out;
}

TEST_F(IndexTest, ANewVolumeIsEmptyAndSound) {
  EXPECT_EQ(must(index_->inode(kRootInode)), std::nullopt);
  EXPECT_EQ(raw(must(index_->counters()).last_sequence), 0u);
  EXPECT_EQ(must(index_->counters()).next_inode, 2u);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, ABatchIsReadBackAndSurvivesReopening) {
  const Batch batch = small_tree();
  EXPECT_EQ(raw(must(index_->commit(batch))), 1u);
  for (int round = 0; round < 2; ++round) {
    for (const InodeChange& change : batch.inodes) EXPECT_EQ(must(index_->inode(change.row.id)), change.row);
    EXPECT_EQ(must(index_->lookup(InodeId{2}, "a")), (EntryTarget{InodeId{3}, 4}));
    EXPECT_EQ(must(index_->lookup(InodeId{2}, "b")), std::nullopt);
    EXPECT_EQ(must(index_->extents(InodeId{3})), *batch.inodes[2].extents);
    EXPECT_EQ(must(index_->xattrs(InodeId{4})), *batch.inodes[3].xattrs);
    EXPECT_EQ(must(index_->path_of(InodeId{3})), "docs/a");
    EXPECT_EQ(must(index_->path_of(kRootInode)), "");
    EXPECT_EQ(must(index_->counters()).next_inode, 6u);
    EXPECT_THAT(check(), IsEmpty());
    reopen();
  }
}

TEST_F(IndexTest, EveryFieldOfAnInodeIsKept) {
  InodeChange root = folder(1, 2), odd = file(2, uint64_t{1} << 50);
  odd.row = {InodeId{2},
             S_IFCHR | 06777,
             4294967294u,
             4294967295u,
             1,
             UINT64_MAX,
             0,
             {-1},
             {INT64_MIN},
             {INT64_MAX},
             {1'700'000'000'123'456'789},
             ""};
  Batch batch{{root, odd}, {name_of(1, "dev", 2, 3)}, 3, 4, 0};
  must(index_->commit(batch));
  EXPECT_EQ(must(index_->inode(InodeId{2})), odd.row);
}

TEST_F(IndexTest, NamesAreAnyBytes) {
  std::string odd;
  for (int c = 1; c < 256; ++c)
    if (c != '/') odd += static_cast<char>(c);
  Batch batch{{folder(1), file(2), file(3)}, {name_of(1, odd, 2, 3), name_of(1, "\xff", 3, 4)}, 4, 5, 0};
  must(index_->commit(batch));
  EXPECT_EQ(must(index_->lookup(kRootInode, odd))->child, InodeId{2});
  EXPECT_THAT(names(must(index_->list(kRootInode, 0, 10))), ElementsAre(odd, "\xff"));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, ListingGoesOnBehindACookie) {
  Batch batch{{folder(1)}, {}, 300, 1000, 0};
  for (uint64_t i = 0; i < 250; ++i) {
    batch.inodes.push_back(file(2 + i));
    batch.entries.push_back(name_of(1, "f" + std::to_string(i), 2 + i, 900 - i));
  }
  must(index_->commit(batch));
  std::vector<std::string> seen;
  for (uint64_t after = 0;;) {
    const auto some = must(index_->list(kRootInode, after, 40));
    if (some.empty()) break;
    EXPECT_LE(some.size(), 40u);
    for (const auto& entry : some) {
      EXPECT_GT(entry.target.cookie, after);
      EXPECT_EQ(entry.inode.id, entry.target.child);
      after = entry.target.cookie;
      seen.push_back(entry.name);
    }
  }
  ASSERT_THAT(seen, SizeIs(250));
  EXPECT_EQ(seen.front(), "f249");
  EXPECT_EQ(seen.back(), "f0");
}

TEST_F(IndexTest, TheOrderWithinABatchIsFree) {
  Batch batch = small_tree();
  std::reverse(batch.inodes.begin(), batch.inodes.end());
  std::reverse(batch.entries.begin(), batch.entries.end());
  must(index_->commit(batch));
  // One batch swaps two names, moves a third over the place of a removed one, and removes its inode.
  Batch next;
  next.inodes = {gone(4), folder(1, 3)};
  next.entries = {name_of(1, "docs", 5, 7), name_of(1, "link", 2, 8), no_name(1, "b")};
  next.next_cookie = 9;
  must(index_->commit(next));
  EXPECT_EQ(must(index_->path_of(InodeId{3})), "link/a");
  EXPECT_EQ(must(index_->inode(InodeId{4})), std::nullopt);
  EXPECT_THAT(must(index_->xattrs(InodeId{4})), IsEmpty());
  EXPECT_THAT(must(index_->extents(InodeId{4})), IsEmpty());
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, ANameWithoutItsInodeIsRefusedAndLeavesNoTrace) {
  must(index_->commit(small_tree()));
  Batch bad;
  bad.inodes = {file(7, 1)};
  bad.entries = {name_of(1, "ghost", 99, 50)};
  EXPECT_EQ(index_->commit(bad).error().code(), Code::kInvalidArgument);
  Batch headless;
  headless.inodes = {gone(3)};
  EXPECT_EQ(index_->commit(headless).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(must(index_->inode(InodeId{7})), std::nullopt);
  EXPECT_EQ(raw(must(index_->counters()).last_sequence), 1u);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, ExtentsAndXattrsThatAreAbsentStayAsTheyAre) {
  must(index_->commit(small_tree()));
  Batch chmod;
  chmod.inodes = {file(4, 50)};
  chmod.inodes[0].row.mode = S_IFREG | 0600;
  must(index_->commit(chmod));
  EXPECT_THAT(must(index_->extents(InodeId{4})), ElementsAre(spooled(0, 50, 2, 0)));
  EXPECT_THAT(must(index_->xattrs(InodeId{4})), SizeIs(1));

  chmod.inodes[0].extents.emplace();
  chmod.inodes[0].xattrs = Xattrs{{"user.colour", {}}, {"user.size", {1, 2}}};
  must(index_->commit(chmod));
  EXPECT_THAT(must(index_->extents(InodeId{4})), IsEmpty());
  EXPECT_EQ(must(index_->xattrs(InodeId{4})), *chmod.inodes[0].xattrs);
}

TEST_F(IndexTest, StoredExtentsFollowTheMapThroughRandomEdits) {
  SeededRng rng(11);
  must(index_->commit(small_tree()));
  ExtentMap map;
  for (int step = 0; step < 200; ++step) {
    const uint64_t offset = rng.below(1000), length = 1 + rng.below(200);
    if (rng.below(3) == 0)
      map.clear({offset, length});
    else
      map.put(spooled(offset, length, 1 + rng.below(2), offset));
    Batch batch;
    batch.inodes = {file(3, 1200)};
    batch.inodes[0].extents = map.all();
    must(index_->commit(batch));
    ASSERT_EQ(must(index_->extents(InodeId{3})), map.all()) << "seed 11, step " << step;
  }
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, PatchesOfExtentsComeToTheSameAsReplacingThem) {
  must(index_->commit(small_tree()));
  SeededRng rng(23);
  ExtentMap map({spooled(0, 100, 1, 0)});
  for (int step = 0; step < 300; ++step) {
    Batch batch;
    batch.inodes = {file(3, 10'000)};
    batch.next_staging = 4;
    for (uint64_t patches = 1 + rng.below(4); patches > 0; --patches) {
      const ByteRange range{rng.below(400), 1 + rng.below(60)};
      if (rng.below(4) == 0)
        map.clear({range.offset, rng.below(8) == 0 ? UINT64_MAX : range.length});
      else
        map.put(spooled(range.offset, range.length, 1 + rng.below(3), range.offset));
    }
    // Ranges of whatever size, as long as all that changed is in one of them.
    const uint64_t middle = 1 + rng.below(450);
    batch.inodes[0].patches = {{{0, middle}, map.slice({0, middle})},
                               {{middle, UINT64_MAX}, map.slice({middle, UINT64_MAX})}};
    must(index_->commit(batch));
    ASSERT_EQ(must(index_->extents(InodeId{3})), map.all()) << "seed 23, step " << step;
  }
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, APatchLeavesTheRestAloneAndJoinsItsNeighbours) {
  must(index_->commit(small_tree()));
  const auto patch = [&](ByteRange range, std::vector<Extent> extents) {
    Batch batch;
    batch.inodes = {file(3, 1'000)};
    batch.inodes[0].patches = {{range, std::move(extents)}};
    must(index_->commit(batch));
    return must(index_->extents(InodeId{3}));
  };
  EXPECT_THAT(patch({100, 50}, {spooled(100, 50, 1, 100)}), ElementsAre(spooled(0, 150, 1, 0)));
  EXPECT_THAT(patch({40, 10}, {spooled(40, 10, 2, 40)}),
              ElementsAre(spooled(0, 40, 1, 0), spooled(40, 10, 2, 40), spooled(50, 100, 1, 50)));
  EXPECT_THAT(patch({45, 20}, {}), ElementsAre(spooled(0, 40, 1, 0), spooled(40, 5, 2, 40), spooled(65, 85, 1, 65)));
  EXPECT_THAT(patch({40, 25}, {spooled(40, 25, 1, 40)}), ElementsAre(spooled(0, 150, 1, 0)));
  EXPECT_THAT(patch({120, UINT64_MAX}, {}), ElementsAre(spooled(0, 120, 1, 0)));
  EXPECT_THAT(patch({500, UINT64_MAX - 500}, {}), ElementsAre(spooled(0, 120, 1, 0)));
  EXPECT_THAT(patch({0, UINT64_MAX}, {}), IsEmpty());
}

TEST_F(IndexTest, OrphansAreFoundAndRemoved) {
  must(index_->commit(small_tree()));
  Batch unlink;
  unlink.inodes = {file(3, 100, 0)};
  unlink.entries = {no_name(2, "a")};
  must(index_->commit(unlink));
  EXPECT_THAT(must(index_->orphans()), ElementsAre(InodeId{3}));
  EXPECT_EQ(index_->path_of(InodeId{3}).error().code(), Code::kNotFound);
  EXPECT_THAT(check(), IsEmpty());
  Batch removal;
  removal.inodes = {gone(3)};
  must(index_->commit(removal));
  EXPECT_THAT(must(index_->orphans()), IsEmpty());
  EXPECT_EQ(must(index_->inode(InodeId{3})), std::nullopt);
}

TEST_F(IndexTest, CountersOnlyGrow) {
  must(index_->commit(small_tree()));
  Batch lower;
  lower.inodes = {folder(1, 3)};
  lower.next_inode = 2;
  lower.next_cookie = 90;
  must(index_->commit(lower));
  EXPECT_EQ(must(index_->counters()).next_inode, 6u);
  EXPECT_EQ(must(index_->counters()).next_cookie, 90u);
}

TEST_F(IndexTest, AnEmptyBatchTakesNoSequenceButKeepsCounters) {
  must(index_->commit(small_tree()));
  Batch empty;
  empty.next_inode = 40;
  EXPECT_EQ(raw(must(index_->commit(empty))), 1u);
  EXPECT_EQ(must(index_->counters()).next_inode, 40u);
}

TEST_F(IndexTest, TotalsAddUp) {
  must(index_->commit(small_tree()));
  const IndexTotals totals = must(index_->totals());
  EXPECT_EQ(totals.inodes, 5u);
  EXPECT_EQ(totals.file_bytes, 150u);
  EXPECT_EQ(totals.spool_bytes, 150u);
  Batch batch;
  batch.inodes = {file(3, 10)};
  batch.inodes[0].extents = {spooled(0, 10, 1, 0)};
  must(index_->commit(batch));
  EXPECT_EQ(must(index_->totals()).file_bytes, 60u);
  EXPECT_EQ(must(index_->totals()).spool_bytes, 60u);
}

TEST_F(IndexTest, StagingFilesInUseAreKnownWithTheirLastByte) {
  must(index_->commit(small_tree()));
  EXPECT_THAT(must(index_->staging_in_use()), UnorderedElementsAre(Pair(StagingId{1}, 100), Pair(StagingId{2}, 50)));
  EXPECT_THAT(must(index_->inodes_using(StagingId{2})), ElementsAre(InodeId{4}));
  EXPECT_THAT(must(index_->inodes_using(StagingId{9})), IsEmpty());
}

TEST_F(IndexTest, SettingsAndJobsAreKept) {
  EXPECT_EQ(must(index_->setting("volume")), std::nullopt);
  must(index_->set_setting("volume", "one"));
  must(index_->set_setting("volume", "two"));
  must(index_->put_job({"renew", 7, "asked", {1}}));
  must(index_->put_job({"renew", 7, "paid", {2, 0, 3}}));
  must(index_->put_job({"renew", 9, "asked", {}}));
  must(index_->remove_job("renew", 9));
  must(index_->remove_job("renew", 10));
  reopen();
  EXPECT_EQ(must(index_->setting("volume")), "two");
  EXPECT_THAT(must(index_->jobs("renew")), ElementsAre(JobRow{"renew", 7, "paid", {2, 0, 3}}));
  EXPECT_THAT(must(index_->jobs("anchor")), IsEmpty());
}

TEST_F(IndexTest, ASnapshotSeesOneTransactionHoweverTheIndexGoesOn) {
  must(index_->commit(small_tree()));
  auto snapshot = must(index_->snapshot());
  Batch later;
  later.inodes = {gone(3), file(4, 10)};
  later.inodes[1].extents = {spooled(0, 10, 2, 0)};
  later.entries = {no_name(2, "a"), name_of(1, "c", 4, 9)};
  later.inodes[1].row.nlink = 2;
  later.next_cookie = 10;
  must(index_->commit(later));

  EXPECT_EQ(raw(snapshot->sequence()), 1u);
  EXPECT_THAT(must(snapshot->changed_since(Sequence{0})).inodes, SizeIs(5));
  EXPECT_THAT(must(snapshot->extents(InodeId{3})), SizeIs(1));
  EXPECT_EQ(must(snapshot->path_of(InodeId{3})), "docs/a");
  EXPECT_THAT(must(snapshot->xattrs(InodeId{4})), SizeIs(1));
  snapshot = must(index_->snapshot());
  EXPECT_EQ(raw(snapshot->sequence()), 2u);
}

TEST_F(IndexTest, ChangesSinceASequenceAreRowsAndTombstones) {
  must(index_->commit(small_tree()));
  Batch later;
  later.inodes = {gone(3), file(4, 10)};
  later.inodes[1].extents = {spooled(0, 10, 2, 0)};
  later.entries = {no_name(2, "a"), name_of(1, "b", 4, 9)};
  must(index_->commit(later));
  const ChangedRows changed = must(must(index_->snapshot())->changed_since(Sequence{1}));
  EXPECT_THAT(changed.inodes, ElementsAre(later.inodes[1].row));
  EXPECT_THAT(changed.removed_inodes, ElementsAre(InodeId{3}));
  EXPECT_THAT(changed.entries, ElementsAre(EntryRow{InodeId{1}, "b", {InodeId{4}, 9}}));
  EXPECT_THAT(changed.removed_entries, ElementsAre(Pair(InodeId{2}, "a")));
  const ChangedRows none = must(must(index_->snapshot())->changed_since(Sequence{2}));
  EXPECT_THAT(none.inodes, IsEmpty());
  EXPECT_THAT(none.removed_entries, IsEmpty());
}

TEST_F(IndexTest, ANameThatComesBackIsNoTombstoneAnyMore) {
  must(index_->commit(small_tree()));
  Batch removal;
  removal.entries = {no_name(1, "b"), no_name(1, "never was")};
  removal.inodes = {gone(4), gone(77)};
  must(index_->commit(removal));
  Batch again;
  again.inodes = {file(6)};
  again.entries = {name_of(1, "b", 6, 10)};
  again.next_inode = 7;
  again.next_cookie = 11;
  must(index_->commit(again));
  const ChangedRows changed = must(must(index_->snapshot())->changed_since(Sequence{1}));
  EXPECT_THAT(changed.removed_entries, IsEmpty());
  EXPECT_THAT(changed.removed_inodes, ElementsAre(InodeId{4}));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, SnapshotsAreBounded) {
  must(index_->commit(small_tree()));
  std::vector<std::unique_ptr<IndexSnapshot>> held;
  for (int i = 0; i < 8; ++i) held.push_back(must(index_->snapshot()));
  EXPECT_EQ(index_->snapshot().error().code(), Code::kBusy);
  held.pop_back();
  EXPECT_TRUE(index_->snapshot().ok());
}

}  // namespace
}  // namespace walrusfs::test
