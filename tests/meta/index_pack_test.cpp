// Packs: built, certified in one step with the extents, published, dropped.
#include "tests/meta/fixture.h"

namespace walrusfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Both files of small_tree().
const std::vector<PackedRange> kBothFiles = {{StagingId{1}, 0, 100, 20}, {StagingId{2}, 0, 50, 130}};

TEST_F(IndexTest, PackIdsAreNeverGivenTwice) {
  EXPECT_EQ(raw(must(index_->next_pack_id())), 1u);
  EXPECT_EQ(raw(must(index_->next_pack_id())), 2u);
  reopen();
  EXPECT_EQ(raw(must(index_->next_pack_id())), 3u);
}

TEST_F(IndexTest, ABuiltPackIsReadBack) {
  must(index_->commit(small_tree()));
  const PackId id = build(1, kBothFiles);
  reopen();
  EXPECT_EQ(must(index_->pack(id)), pack_row(id, 1));
  EXPECT_EQ(must(index_->pack(PackId{99})), std::nullopt);
  EXPECT_EQ(must(index_->frames(id)), two_frames());
  EXPECT_EQ(must(index_->packed_ranges(id)), kBothFiles);
  EXPECT_THAT(must(index_->packs(PackState::kBuilt)), SizeIs(1));
  EXPECT_THAT(must(index_->packs(PackState::kCertified)), IsEmpty());
  EXPECT_THAT(must(index_->packs(std::nullopt)), SizeIs(1));
  EXPECT_EQ(must(index_->totals()).packs_built, 1u);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, FramesOfARangeAreThoseThatHoldItsBytes) {
  must(index_->commit(small_tree()));
  const PackId id = build(0, {});
  const auto frames = two_frames();
  EXPECT_THAT(must(index_->frames(id, {0, 1})), ElementsAre(frames[0]));
  EXPECT_THAT(must(index_->frames(id, {119, 1})), ElementsAre(frames[0]));
  EXPECT_THAT(must(index_->frames(id, {119, 2})), ElementsAre(frames[0], frames[1]));
  EXPECT_THAT(must(index_->frames(id, {120, 1})), ElementsAre(frames[1]));
  EXPECT_THAT(must(index_->frames(id, {199, 500})), ElementsAre(frames[1]));
  EXPECT_THAT(must(index_->frames(id, {200, 1})), IsEmpty());
  EXPECT_THAT(must(index_->frames(id, {5, 0})), IsEmpty());
}

TEST_F(IndexTest, CertifyingSwapsExtentsAndPublishesWithoutChangingSequences) {
  must(index_->commit(small_tree()));
  const PackId id = build(1, kBothFiles);
  const PackRow row = certified(id, 1);
  must(index_->certify_pack(row));
  must(index_->certify_pack(row));

  EXPECT_EQ(must(index_->pack(id)), row);
  EXPECT_THAT(must(index_->extents(InodeId{3})), ElementsAre(packed(0, 100, raw(id), 20)));
  EXPECT_THAT(must(index_->extents(InodeId{4})), ElementsAre(packed(0, 50, raw(id), 130)));
  EXPECT_EQ(raw(must(index_->published())), 1u);
  EXPECT_EQ(must(index_->last_published_pack())->id, id);
  EXPECT_THAT(must(must(index_->snapshot())->changed_since(Sequence{1})).inodes, IsEmpty());
  EXPECT_THAT(must(index_->staging_in_use()), IsEmpty());
  const IndexTotals totals = must(index_->totals());
  EXPECT_EQ(totals.packs_certified, 1u);
  EXPECT_EQ(totals.pack_bytes, 5000u);
  EXPECT_EQ(totals.spool_bytes, 0u);
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, WhatWasWrittenSinceTheCutStaysInTheSpool) {
  must(index_->commit(small_tree()));
  const PackId id = build(1, kBothFiles);
  Batch newer;
  newer.inodes = {file(3, 100)};
  newer.inodes[0].extents = {spooled(0, 30, 1, 0), spooled(30, 10, 3, 30), spooled(40, 60, 1, 40)};
  newer.next_staging = 4;
  must(index_->commit(newer));
  must(index_->certify_pack(certified(id, 1)));
  EXPECT_THAT(must(index_->extents(InodeId{3})),
              ElementsAre(packed(0, 30, raw(id), 20), spooled(30, 10, 3, 30), packed(40, 60, raw(id), 60)));
  EXPECT_THAT(must(must(index_->snapshot())->changed_since(Sequence{1})).inodes, SizeIs(1));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, ABatchFrozenBeforeThePackWasCertifiedStillNamesThePack) {
  must(index_->commit(small_tree()));
  const PackId id = build(1, kBothFiles);
  must(index_->certify_pack(certified(id, 1)));
  Batch late;
  late.inodes = {file(3, 110)};
  late.inodes[0].extents = {spooled(0, 100, 1, 0), spooled(100, 10, 3, 100)};
  late.next_staging = 4;
  must(index_->commit(late));
  EXPECT_THAT(must(index_->extents(InodeId{3})), ElementsAre(packed(0, 100, raw(id), 20), spooled(100, 10, 3, 100)));
}

TEST_F(IndexTest, PackedRangesOfCertifiedPacksGoAfterSomeCommits) {
  must(index_->commit(small_tree()));
  const PackId id = build(1, kBothFiles);
  must(index_->certify_pack(certified(id, 1)));
  EXPECT_THAT(must(index_->packed_ranges(id)), SizeIs(2));
  Batch touch;
  touch.inodes = {folder(1, 3)};
  for (int i = 0; i < 20; ++i) must(index_->commit(touch));
  EXPECT_THAT(must(index_->packed_ranges(id)), IsEmpty());
}

TEST_F(IndexTest, PackedRangesOfCertifiedPacksGoWhenTheVolumeIsOpened) {
  must(index_->commit(small_tree()));
  const PackId done = build(1, kBothFiles);
  must(index_->certify_pack(certified(done, 1)));
  const PackId waiting = build(0, {{StagingId{5}, 0, 10, 0}});
  reopen();
  EXPECT_THAT(must(index_->packed_ranges(done)), IsEmpty());
  EXPECT_THAT(must(index_->packed_ranges(waiting)), SizeIs(1));
}

TEST_F(IndexTest, PublishingForgetsTombstonesUpToTheCut) {
  must(index_->commit(small_tree()));
  Batch removal;
  removal.inodes = {gone(4)};
  removal.entries = {no_name(1, "b")};
  must(index_->commit(removal));
  Batch another;
  another.inodes = {gone(5)};
  another.entries = {no_name(1, "link")};
  must(index_->commit(another));
  const PackId id = build(2, {});
  must(index_->certify_pack(certified(id, 2)));
  const ChangedRows all = must(must(index_->snapshot())->changed_since(Sequence{0}));
  EXPECT_THAT(all.removed_inodes, ElementsAre(InodeId{5}));
  EXPECT_THAT(all.removed_entries, SizeIs(1));
}

TEST_F(IndexTest, APackThatIsNotTheLastOfItsCutPublishesNothing) {
  must(index_->commit(small_tree()));
  const PackId first = build(0, kBothFiles);
  const PackId last = build(1, {});
  const Status early = index_->certify_pack(certified(last, 1));
  EXPECT_EQ(early.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(must(index_->pack(last))->state, PackState::kBuilt);
  must(index_->certify_pack(certified(first)));
  EXPECT_EQ(raw(must(index_->published())), 0u);
  EXPECT_EQ(must(index_->last_published_pack()), std::nullopt);
  must(index_->certify_pack(certified(last, 1)));
  EXPECT_EQ(raw(must(index_->published())), 1u);
}

TEST_F(IndexTest, ABuiltPackCanBeDroppedACertifiedOneCannot) {
  must(index_->commit(small_tree()));
  const PackId dropped = build(0, kBothFiles);
  must(index_->drop_built_pack(dropped));
  EXPECT_EQ(must(index_->pack(dropped)), std::nullopt);
  EXPECT_THAT(must(index_->frames(dropped)), IsEmpty());
  EXPECT_THAT(must(index_->packed_ranges(dropped)), IsEmpty());
  const PackId kept = build(0, kBothFiles);
  EXPECT_GT(kept, dropped);
  must(index_->certify_pack(certified(kept)));
  EXPECT_EQ(index_->drop_built_pack(kept).error().code(), Code::kNotFound);
  EXPECT_THAT(must(index_->frames(kept)), SizeIs(2));
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IndexTest, AnUnknownPackCannotBeCertified) {
  const Status outcome = index_->certify_pack(certified(PackId{12}));
  EXPECT_EQ(outcome.error().code(), Code::kNotFound);
  EXPECT_THAT(outcome.error().message(), HasSubstr("pack 12"));
}

TEST_F(IndexTest, AnExtentOfAnUnknownPackIsRefused) {
  must(index_->commit(small_tree()));
  Batch bad;
  bad.inodes = {file(3, 10)};
  bad.inodes[0].extents = {packed(0, 10, 44, 0)};
  EXPECT_EQ(index_->commit(bad).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace walrusfs::test
