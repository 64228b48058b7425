#include "fs/io/pack_plan.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "tests/must.h"

namespace walrusfs::test {
namespace {

// A cut that was written down by hand.
class PaperCut final : public IndexSnapshot {
 public:
  Sequence sequence() const override { return Sequence{7}; }
  Result<ChangedRows> changed_since(Sequence) override { return changed_; }
  Result<std::vector<Extent>> extents(InodeId inode) override { return extents_[inode]; }
  Result<Xattrs> xattrs(InodeId) override { return Xattrs{}; }
  Result<std::string> path_of(InodeId inode) override {
    auto found = paths_.find(inode);
    if (found == paths_.end()) return Error(Code::kNotFound, "it has no name");
    return found->second;
  }

  void inode(uint64_t id, uint32_t mode, uint32_t nlink = 1, uint64_t size = 0) {
    InodeRow row;
    row.id = InodeId{id};
    row.mode = mode;
    row.nlink = nlink;
    row.size = size;
    changed_.inodes.push_back(row);
  }
  void name(uint64_t parent, const std::string& name, uint64_t child) {
    changed_.entries.push_back({InodeId{parent}, name, {InodeId{child}, 9}});
  }

  ChangedRows changed_;
  std::map<InodeId, std::vector<Extent>> extents_;
  std::map<InodeId, std::string> paths_;
};

constexpr auto kSpool = Extent::Source::kSpool;
constexpr auto kPack = Extent::Source::kPack;

std::vector<std::string> paths_of(const PackPlan& plan) {
  std::vector<std::string> out;
  for (const PlanItem& item : plan.items) out.push_back(item.path);
  return out;
}

TEST(PackPlan, NothingChangedIsAnEmptyPlan) {
  PaperCut cut;
  EXPECT_TRUE(must(plan_cut(cut, Sequence{6})).empty());
}

TEST(PackPlan, FoldersComeBeforeWhatIsInThemAndTheirFilesTogether) {
  PaperCut cut;
  cut.inode(1, S_IFDIR | 0755, 3);
  cut.inode(2, S_IFDIR | 0755, 2);
  cut.inode(3, S_IFREG | 0644);
  cut.inode(4, S_IFREG | 0644);
  cut.inode(5, S_IFREG | 0644);
  cut.paths_[InodeId{2}] = "a";
  cut.name(1, "a", 2);
  cut.name(2, "z", 3);
  cut.name(2, "b", 4);
  cut.name(1, "a.txt", 5);
  EXPECT_EQ(paths_of(must(plan_cut(cut, {}))), (std::vector<std::string>{"", "a", "a/b", "a/z", "a.txt"}));
}

TEST(PackPlan, ChangedInodesWithUnchangedNamesFindTheirPath) {
  PaperCut cut;
  cut.inode(3, S_IFREG | 0600);
  cut.paths_[InodeId{3}] = "deep/down/file";
  const PackPlan plan = must(plan_cut(cut, {}));
  EXPECT_EQ(paths_of(plan), std::vector<std::string>{"deep/down/file"});
  EXPECT_TRUE(plan.items[0].entries.empty());
}

TEST(PackPlan, HardLinksAreOneItemWithMorePaths) {
  PaperCut cut;
  cut.inode(3, S_IFREG | 0644, 3);
  cut.name(1, "b", 3);
  cut.name(1, "a", 3);
  cut.name(1, "c", 3);
  const PackPlan plan = must(plan_cut(cut, {}));
  ASSERT_EQ(plan.items.size(), 1u);
  EXPECT_EQ(plan.items[0].path, "a");
  EXPECT_EQ(plan.items[0].more_paths, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(plan.items[0].entries.size(), 3u);
}

TEST(PackPlan, WhatIsGoneBecomesLooseRows) {
  PaperCut cut;
  cut.changed_.removed_inodes.push_back(InodeId{8});
  cut.changed_.removed_entries.push_back({InodeId{1}, "old"});
  cut.inode(9, S_IFREG | 0644, 0);  // unlinked, still open
  cut.name(1, "other", 55);         // its inode did not change
  const PackPlan plan = must(plan_cut(cut, {}));
  EXPECT_TRUE(plan.items.empty());
  EXPECT_THAT(plan.loose_rows,
              testing::UnorderedElementsAre(pack::ChangesRow(pack::InodeGone{InodeId{8}}),
                                            pack::ChangesRow(pack::EntryGone{InodeId{1}, "old"}),
                                            pack::ChangesRow(pack::InodeGone{InodeId{9}}),
                                            pack::ChangesRow(pack::EntryRow{InodeId{1}, "other", InodeId{55}, 9})));
}

TEST(PackPlan, CountsHowManyItemsUseAStagingFile) {
  PaperCut cut;
  cut.inode(3, S_IFREG | 0644, 1, 10);
  cut.inode(4, S_IFREG | 0644, 1, 10);
  cut.name(1, "a", 3);
  cut.name(1, "b", 4);
  cut.extents_[InodeId{3}] = {{0, 4, kSpool, 21, 0}, {6, 4, kSpool, 21, 6}};
  cut.extents_[InodeId{4}] = {{0, 4, kSpool, 21, 0}, {4, 6, kSpool, 22, 4}};
  const PackPlan plan = must(plan_cut(cut, {}));
  EXPECT_EQ(plan.staging_uses, (std::map<StagingId, uint32_t>{{StagingId{21}, 2}, {StagingId{22}, 1}}));
  EXPECT_EQ(plan.spool_bytes, 18u);
}

Packing packing(uint32_t mode, const std::vector<Extent>& extents, const std::string& path = "f") {
  InodeRow row;
  row.mode = mode;
  return packing_of(row, path, extents);
}

TEST(PackingOf, FollowsKindAndExtents) {
  const Extent spool{0, 4, kSpool, 1, 0}, packed{4, 4, kPack, 1, 0};
  EXPECT_EQ(packing(S_IFREG, {}), Packing::kWhole);
  EXPECT_EQ(packing(S_IFREG, {spool}), Packing::kWhole);
  EXPECT_EQ(packing(S_IFREG, {spool, packed}), Packing::kPieces);
  EXPECT_EQ(packing(S_IFREG, {packed}), Packing::kAttributes);
  EXPECT_EQ(packing(S_IFSOCK, {}), Packing::kAttributes);
  EXPECT_EQ(packing(S_IFIFO, {}), Packing::kWhole);
  EXPECT_EQ(packing(S_IFLNK, {}), Packing::kWhole);
  EXPECT_EQ(packing(S_IFDIR, {}, ""), Packing::kAttributes);  // the root
}

TEST(PackingOf, PathsThatTarCannotHoldStayInside) {
  const Extent spool{0, 4, kSpool, 1, 0};
  EXPECT_EQ(packing(S_IFREG, {spool}, std::string(limits::kTarPathBytes, 'p')), Packing::kWhole);
  EXPECT_EQ(packing(S_IFREG, {spool}, std::string(limits::kTarPathBytes + 1, 'p')), Packing::kPieces);
  EXPECT_EQ(packing(S_IFREG, {}, std::string(limits::kTarPathBytes + 1, 'p')), Packing::kAttributes);
}

TEST(PackingOf, TooManyRangesForOneSparseMember) {
  std::vector<Extent> extents;
  for (uint64_t i = 0; i + 1 < limits::kSparseRangesPerMember; ++i) extents.push_back({2 * i, 1, kSpool, 1, 2 * i});
  EXPECT_EQ(packing(S_IFREG, extents), Packing::kWhole);
  extents.push_back({2 * extents.size(), 1, kSpool, 1, 0});
  EXPECT_EQ(packing(S_IFREG, extents), Packing::kPieces);
}

TEST(NextSpoolRun, JoinsNeighboursAndStopsAtHolesPacksAndTheLimit) {
  const std::vector<Extent> extents = {{0, 10, kSpool, 1, 0},
                                       {10, 5, kSpool, 2, 10},
                                       {15, 5, kPack, 3, 0},
                                       {20, 5, kSpool, 2, 20},
                                       {30, 1, kSpool, 2, 30}};
  SpoolRun run = next_spool_run(extents, 0, UINT64_MAX);
  EXPECT_EQ(run.file_offset, 0u);
  EXPECT_EQ(run.length, 15u);
  ASSERT_EQ(run.parts.size(), 2u);
  EXPECT_EQ(run.parts[1], (Extent{10, 5, kSpool, 2, 10}));

  run = next_spool_run(extents, 4, 8);
  ASSERT_EQ(run.parts.size(), 2u);
  EXPECT_EQ(run.parts[0], (Extent{4, 6, kSpool, 1, 4}));
  EXPECT_EQ(run.parts[1], (Extent{10, 2, kSpool, 2, 10}));

  run = next_spool_run(extents, 15, UINT64_MAX);
  EXPECT_EQ(run.file_offset, 20u);
  EXPECT_EQ(run.length, 5u);
  EXPECT_EQ(next_spool_run(extents, 31, UINT64_MAX).length, 0u);
}

// Any way of cutting visits every spool byte once.
TEST(NextSpoolRun, EveryCutCoversEverything) {
  const std::vector<Extent> extents = {{3, 7, kSpool, 1, 3}, {10, 4, kSpool, 2, 10}, {20, 9, kSpool, 1, 20}};
  for (uint64_t most = 1; most < 30; ++most) {
    std::string seen(32, '.');
    for (SpoolRun run = next_spool_run(extents, 0, most); run.length > 0;
         run = next_spool_run(extents, run.end(), most)) {
      ASSERT_LE(run.length, most);
      for (uint64_t at = run.file_offset; at < run.end(); ++at) {
        ASSERT_EQ(seen[at], '.');
        seen[at] = '#';
      }
    }
    EXPECT_EQ(seen, "...###########......#########...");
  }
}

}  // namespace
}  // namespace walrusfs::test
