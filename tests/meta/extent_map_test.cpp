#include "meta/extent_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "base/rng.h"

namespace walrusfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Extent spool(uint64_t offset, uint64_t length, uint64_t staging, uint64_t at) {
  return {offset, length, Extent::Source::kSpool, staging, at};
}
Extent pack(uint64_t offset, uint64_t length, uint64_t id, uint64_t at) {
  return {offset, length, Extent::Source::kPack, id, at};
}

TEST(ExtentMap, NeighboursThatContinueEachOtherBecomeOne) {
  ExtentMap map;
  map.put(spool(0, 10, 1, 0));
  map.put(spool(20, 10, 1, 20));
  map.put(spool(10, 10, 1, 10));
  EXPECT_THAT(map.all(), ElementsAre(spool(0, 30, 1, 0)));
}

TEST(ExtentMap, NeighboursOfOtherSourcesStayApart) {
  ExtentMap map;
  map.put(spool(0, 10, 1, 0));
  map.put(spool(10, 10, 2, 10));
  map.put(pack(20, 10, 2, 20));
  map.put(pack(30, 10, 2, 31));
  EXPECT_EQ(map.size(), 4u);
}

TEST(ExtentMap, TheNewestWinsAndTheRestOfTheOldStays) {
  ExtentMap map;
  map.put(pack(0, 100, 7, 500));
  map.put(spool(40, 20, 1, 40));
  EXPECT_THAT(map.all(), ElementsAre(pack(0, 40, 7, 500), spool(40, 20, 1, 40), pack(60, 40, 7, 560)));
}

TEST(ExtentMap, AnEmptyExtentChangesNothing) {
  ExtentMap map;
  map.put(spool(5, 0, 1, 0));
  EXPECT_TRUE(map.empty());
}

TEST(ExtentMap, TruncateClearsToTheEndOfTime) {
  ExtentMap map;
  map.put(spool(0, 100, 1, 0));
  map.put(spool(200, 100, 1, 200));
  map.clear({50, std::numeric_limits<uint64_t>::max()});
  EXPECT_THAT(map.all(), ElementsAre(spool(0, 50, 1, 0)));
}

TEST(ExtentMap, SliceIsCutToTheRangeAndLeavesHolesOut) {
  ExtentMap map;
  map.put(spool(10, 10, 1, 0));
  map.put(pack(30, 10, 2, 5));
  EXPECT_THAT(map.slice({15, 20}), ElementsAre(spool(15, 5, 1, 5), pack(30, 5, 2, 5)));
  EXPECT_THAT(map.slice({20, 10}), IsEmpty());
  EXPECT_THAT(map.slice({12, 0}), IsEmpty());
}

TEST(ExtentMap, SeekFindsDataAndHoles) {
  ExtentMap map;
  map.put(spool(10, 10, 1, 0));
  map.put(pack(20, 10, 2, 0));
  EXPECT_EQ(map.seek(0, 100, true), 10u);
  EXPECT_EQ(map.seek(15, 100, true), 15u);
  EXPECT_EQ(map.seek(30, 100, true), 100u);
  EXPECT_EQ(map.seek(0, 100, false), 0u);
  EXPECT_EQ(map.seek(10, 100, false), 30u);
  EXPECT_EQ(map.seek(10, 30, false), 30u);
  EXPECT_EQ(map.seek(100, 100, true), 100u);
  EXPECT_EQ(map.seek(5, 8, true), 8u);
}

TEST(ExtentMap, MoveToPackTakesOnlyWhatIsPacked) {
  ExtentMap map;
  map.put(spool(0, 100, 1, 0));
  map.put(spool(100, 50, 2, 100));
  const bool changed = map.move_to_pack(PackId{9}, {{StagingId{1}, 20, 30, 1000}, {StagingId{3}, 0, 500, 0}});
  EXPECT_TRUE(changed);
  EXPECT_THAT(map.all(),
              ElementsAre(spool(0, 20, 1, 0), pack(20, 30, 9, 1000), spool(50, 50, 1, 50), spool(100, 50, 2, 100)));
}

TEST(ExtentMap, MoveToPackLeavesNewerBytesAlone) {
  ExtentMap map;
  map.put(spool(0, 100, 1, 0));
  map.put(spool(30, 10, 2, 30));
  map.move_to_pack(PackId{9}, {{StagingId{1}, 0, 100, 512}});
  EXPECT_THAT(map.all(), ElementsAre(pack(0, 30, 9, 512), spool(30, 10, 2, 30), pack(40, 60, 9, 552)));
  EXPECT_TRUE(map.has_spool());
  EXPECT_FALSE(map.move_to_pack(PackId{10}, {{StagingId{1}, 0, 100, 512}}));
}

// The obvious model: where each byte of a small file comes from.
class ByteModel {
 public:
  using Origin = std::tuple<Extent::Source, uint64_t, uint64_t>;
  static constexpr uint64_t kBytes = 256;

  void put(const Extent& extent) {
    for (uint64_t i = 0; i < extent.length; ++i)
      bytes_[extent.file_offset + i] = Origin{extent.source, extent.source_id, extent.source_offset + i};
  }
  void clear(ByteRange range) {
    for (uint64_t i = range.offset; i < kBytes && i - range.offset < range.length; ++i) bytes_[i].reset();
  }
  void move_to_pack(PackId id, const std::vector<PackedRange>& ranges) {
    for (auto& byte : bytes_)
      if (byte) byte = moved(*byte, id, ranges);
  }
  uint64_t seek(uint64_t offset, uint64_t size, bool want_data) const {
    while (offset < size && bytes_[offset].has_value() != want_data) ++offset;
    return std::min(offset, size);
  }
  // The only list of extents that says the same and merges all it can.
  std::vector<Extent> extents(ByteRange range) const {
    std::vector<Extent> out;
    for (uint64_t i = range.offset; i < range.end(); ++i) {
      if (!bytes_[i]) continue;
      const auto& [source, id, at] = *bytes_[i];
      const bool continues = !out.empty() && out.back().end() == i && out.back().source == source &&
                             out.back().source_id == id && out.back().source_offset + out.back().length == at;
      if (continues)
        ++out.back().length;
      else
        out.push_back({i, 1, source, id, at});
    }
    return out;
  }

 private:
  static Origin moved(const Origin& origin, PackId id, const std::vector<PackedRange>& ranges) {
    const auto& [source, staging, at] = origin;
    for (const PackedRange& range : ranges)
      if (source == Extent::Source::kSpool && staging == raw(range.staging) && at >= range.staging_offset &&
          at < range.staging_offset + range.length)
        return {Extent::Source::kPack, raw(id), range.t_offset + (at - range.staging_offset)};
    return origin;
  }

  std::vector<std::optional<Origin>> bytes_ = std::vector<std::optional<Origin>>(kBytes);
};

class RandomOperations {
 public:
  explicit RandomOperations(uint64_t seed) : rng_(seed) {}

  ByteRange range() {
    const uint64_t offset = rng_.below(ByteModel::kBytes);
    return {offset, rng_.below(ByteModel::kBytes - offset + 1)};
  }
  // Few sources and offsets like those of staging files, so that neighbours often continue each other.
  Extent extent() {
    const ByteRange where = range();
    const auto source = rng_.below(3) == 0 ? Extent::Source::kPack : Extent::Source::kSpool;
    const uint64_t shift = rng_.below(4) == 0 ? rng_.below(64) : 0;
    return {where.offset, where.length, source, 1 + rng_.below(3), where.offset + shift};
  }
  std::vector<PackedRange> packed() {
    std::vector<PackedRange> ranges;
    for (uint64_t staging = 1; staging <= 3; ++staging)
      for (uint64_t at = rng_.below(60); at < 300; at += rng_.below(80)) {
        const uint64_t length = 1 + rng_.below(60);
        ranges.push_back({StagingId{staging}, at, length, t_next_});
        t_next_ += length + (rng_.below(2) == 0 ? 0 : 512);
        at += length;
      }
    return ranges;
  }
  uint64_t below(uint64_t bound) { return rng_.below(bound); }

 private:
  SeededRng rng_;
  uint64_t t_next_ = 0;
};

TEST(ExtentMap, ThousandsOfRandomOperationsAgreeWithTheModel) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomOperations random(seed);
    ExtentMap map;
    ByteModel model;
    for (int step = 0; step < 250; ++step) {
      switch (random.below(8)) {
        case 0:
        case 1: {
          ByteRange range = random.range();
          if (random.below(4) == 0) range.length = std::numeric_limits<uint64_t>::max();
          map.clear(range);
          model.clear(range);
          break;
        }
        case 2: {
          const auto ranges = random.packed();
          const PackId id{100 + static_cast<uint64_t>(step)};
          const auto before = map.all();
          const bool changed = map.move_to_pack(id, ranges);
          EXPECT_EQ(changed, map.all() != before);
          model.move_to_pack(id, ranges);
          break;
        }
        default: {
          const Extent extent = random.extent();
          map.put(extent);
          model.put(extent);
        }
      }
      ASSERT_EQ(map.all(), model.extents({0, ByteModel::kBytes})) << "step " << step;
      const ByteRange part = random.range();
      ASSERT_EQ(map.slice(part), model.extents(part)) << "step " << step;
      const uint64_t at = random.below(ByteModel::kBytes);
      const uint64_t size = random.below(ByteModel::kBytes + 1);
      for (bool want_data : {true, false})
        ASSERT_EQ(map.seek(at, size, want_data), at >= size ? size : model.seek(at, size, want_data));
      ASSERT_EQ(ExtentMap(map.all()).all(), map.all());
      uint64_t mapped = 0;
      for (const Extent& extent : map.all()) mapped += extent.length;
      ASSERT_EQ(map.mapped_bytes(), mapped);
    }
  }
}

}  // namespace
}  // namespace walrusfs
