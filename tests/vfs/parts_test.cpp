// The pure parts: names in memory, and the pattern of reads.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "fs/vfs/changed_ranges.h"
#include "fs/vfs/name_overlay.h"
#include "fs/vfs/read_pattern.h"
#include "fs/vfs/virtual_xattrs.h"

namespace walrusfs {
namespace {

using Known = NameOverlay::Known;
constexpr InodeId kFolder{7};
EntryTarget target(uint64_t child, uint64_t cookie) { return {InodeId{child}, cookie}; }

TEST(NameOverlay, KnowsNothingUntilItLearns) {
  NameOverlay names;
  EXPECT_EQ(names.find(kFolder, "a").known, Known::kUnknown);
  names.learn(kFolder, "a", target(10, 1));
  names.learn(kFolder, "b", std::nullopt);
  EXPECT_EQ(names.find(kFolder, "a").target, target(10, 1));
  EXPECT_EQ(names.find(kFolder, "b").known, Known::kAbsent);
  EXPECT_FALSE(names.governs(kFolder, "a"));
}

TEST(NameOverlay, ChangesGovernUntilTheyAreCommitted) {
  NameOverlay names;
  names.change(kFolder, "a", target(10, 1));
  names.learn(kFolder, "a", std::nullopt);
  EXPECT_EQ(names.find(kFolder, "a").known, Known::kHere) << "memory knows better";
  std::vector<EntryChange> out;
  names.freeze(out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(names.governs(kFolder, "a"));
  names.settle(false);
  out.clear();
  names.freeze(out);
  EXPECT_EQ(out.size(), 1u) << "a batch that failed is carried again";
  names.settle(true);
  EXPECT_FALSE(names.governs(kFolder, "a"));
  EXPECT_EQ(names.changed_count(), 0u);
  EXPECT_EQ(names.find(kFolder, "a").known, Known::kHere);
}

TEST(NameOverlay, AChangeAfterTheFreezeStays) {
  NameOverlay names;
  names.change(kFolder, "a", target(10, 1));
  std::vector<EntryChange> out;
  names.freeze(out);
  names.change(kFolder, "a", std::nullopt);
  names.settle(true);
  EXPECT_TRUE(names.governs(kFolder, "a"));
  out.clear();
  names.freeze(out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_FALSE(out[0].target.has_value());
}

TEST(NameOverlay, WhatTheIndexNeverHeardOfIsNotToldToIt) {
  NameOverlay names;
  names.mark_complete(kFolder);
  names.change(kFolder, "temporary", target(10, 1));
  names.change(kFolder, "temporary", std::nullopt);
  std::vector<EntryChange> out;
  names.freeze(out);
  EXPECT_TRUE(out.empty());
  names.settle(true);
  EXPECT_EQ(names.changed_count(), 0u);
  EXPECT_EQ(names.find(kFolder, "temporary").known, Known::kAbsent);
}

TEST(NameOverlay, CompleteFoldersKnowWhatIsMissingUntilTheyForget) {
  NameOverlay names;
  names.mark_complete(kFolder);
  EXPECT_EQ(names.find(kFolder, "x").known, Known::kAbsent);
  for (uint64_t i = 0; i < 2000; ++i) names.change(kFolder, std::to_string(i), target(i + 10, i + 1));
  names.trim(300);
  EXPECT_EQ(names.known_names(kFolder), 2000u) << "changes are never forgotten";
  std::vector<EntryChange> out;
  names.freeze(out);
  names.settle(true);
  names.trim(300);
  EXPECT_EQ(names.known_names(kFolder), 0u);
  EXPECT_EQ(names.find(kFolder, "x").known, Known::kUnknown);
}

TEST(NameOverlay, ListsChangedNamesInOrderOfCookies) {
  NameOverlay names;
  names.change(kFolder, "c", target(1, 30));
  names.change(kFolder, "a", target(2, 10));
  names.change(kFolder, "b", target(3, 20));
  names.change(kFolder, "b", target(4, 20));
  names.change(kFolder, "gone", std::nullopt);
  const auto all = names.changed_between(kFolder, 0, 100, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(*all[0].name, "a");
  EXPECT_EQ(all[1].target, target(4, 20));
  EXPECT_EQ(*names.changed_between(kFolder, 10, 100, 1).at(0).name, "b");
  EXPECT_EQ(names.changed_between(kFolder, 10, 20, 10).size(), 1u);
  EXPECT_EQ(names.changed_between(kFolder, 10, 19, 10).size(), 0u);
}

TEST(NameOverlay, CompleteFoldersListAllTheirNamesFromMemory) {
  NameOverlay names;
  names.learn(kFolder, "known", target(7, 5));
  names.mark_complete(kFolder);
  names.change(kFolder, "c", target(1, 30));
  names.change(kFolder, "a", target(2, 10));
  std::vector<EntryChange> out;
  names.freeze(out);
  names.settle(true);
  EXPECT_TRUE(names.changed_between(kFolder, 0, 100, 10).empty()) << "all of it is in the index";
  names.change(kFolder, "b", target(3, 20));
  names.change(kFolder, "a", std::nullopt);
  const auto all = names.names_after(kFolder, 0, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(*all[0].name, "known");
  EXPECT_EQ(*all[1].name, "b");
  EXPECT_EQ(all[2].target, target(1, 30));
  EXPECT_EQ(*names.names_after(kFolder, 5, 1).at(0).name, "b");
  EXPECT_EQ(names.changed_between(kFolder, 0, 100, 10).size(), 1u);
}

TEST(ReadPattern, AsksAheadOnceForOrderlyReaders) {
  ReadPattern pattern;
  constexpr uint64_t kWindow = 16 << 20;
  constexpr uint64_t kRead = 128 << 10;
  EXPECT_TRUE(pattern.note(0, kRead, kWindow).empty());
  const ByteRange first = pattern.note(kRead, kRead, kWindow);
  EXPECT_EQ(first, (ByteRange{2 * kRead, kWindow}));
  uint64_t asked = first.end();
  for (uint64_t at = 2 * kRead; at < 100u << 20; at += kRead) {
    const ByteRange more = pattern.note(at, kRead, kWindow);
    if (more.empty()) continue;
    EXPECT_EQ(more.offset, asked);
    EXPECT_LE(more.end(), at + kRead + kWindow);
    asked = more.end();
  }
}

TEST(ReadPattern, JumpingAsksForNothing) {
  ReadPattern pattern;
  for (uint64_t at : {500u << 20, 3u << 20, 900u << 20, 20u << 20})
    EXPECT_TRUE(pattern.note(at, 4096, 1 << 20).empty());
}

TEST(VirtualXattrs, LongListsOfExtentsAreCut) {
  std::vector<Extent> extents;
  for (uint64_t i = 0; i < 10'000; ++i) extents.push_back({i * 10, 5, Extent::Source::kPack, 3, i});
  const std::string text = extents_text(extents);
  EXPECT_LE(text.size(), limits::kXattrValueBytes);
  EXPECT_TRUE(text.ends_with("more\n"));
  EXPECT_EQ(packs_text(packs_of(extents)), "3");
}

TEST(ChangedRangesTest, MergesWhatTouches) {
  using Ranges = std::vector<ByteRange>;
  ChangedRanges changed;
  EXPECT_TRUE(changed.empty());
  changed.add({10, 0});
  EXPECT_TRUE(changed.empty());
  for (const ByteRange range : {ByteRange{10, 5}, {20, 5}, {15, 2}, {30, 1}, {12, 1}}) changed.add(range);
  EXPECT_EQ(changed.take(), (Ranges{{10, 7}, {20, 5}, {30, 1}}));
  EXPECT_TRUE(changed.empty());
  for (const ByteRange range : {ByteRange{10, 5}, {20, 5}, {30, 5}, {14, 17}}) changed.add(range);
  EXPECT_EQ(changed.take(), (Ranges{{10, 25}}));
  changed.add({100, UINT64_MAX});
  changed.add({0, 1});
  changed.add({50, UINT64_MAX});
  EXPECT_EQ(changed.take(), (Ranges{{0, 1}, {50, UINT64_MAX - 50}}));
}

TEST(ChangedRangesTest, BeyondTheLimitTheyAreOne) {
  ChangedRanges changed;
  for (uint64_t i = 0; i < ChangedRanges::kMost; ++i) changed.add({100 + 2 * i, 1});
  changed.add({100, 1});
  EXPECT_EQ(changed.take().size(), ChangedRanges::kMost);
  for (uint64_t i = 0; i <= ChangedRanges::kMost; ++i) changed.add({100 + 2 * i, 1});
  EXPECT_EQ(changed.take(), (std::vector<ByteRange>{{100, 2 * ChangedRanges::kMost + 1}}));
}

}  // namespace
}  // namespace walrusfs
