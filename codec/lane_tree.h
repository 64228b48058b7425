// Merkle trees over leaves in the engines' layout, many at once. Padding makes whole subtrees of zero
// symbols; their hashes are constants and are not computed again.
#pragma once

#include <vector>

#include "codec/lane_hash.h"

namespace walrusfs::codec {

// The roots of trees over 2^height leaves which are all the same symbol of zeros.
class ZeroTrees {
 public:
  ZeroTrees(const CodecEngine& engine, size_t symbol_bytes);

  // In every lane. height < kHeights.
  const DigestLanes& root(unsigned height) const { return roots_[height]; }
  // `leaves` in this range become leaves of zeros.
  void fill_leaves(DigestLanes* leaves, GroupRange range) const;

  static constexpr unsigned kHeights = 17;  // more than any tree over u16-numbered leaves has

 private:
  DigestLanes roots_[kHeights];
};

// Room, in groups, that a tree over `count` leaves needs while it is reduced.
constexpr size_t tree_groups(size_t count) { return (groups_for(count) + 1) / 2 * 2; }

// The root of the tree over the first `count` (> 0) digests of `nodes`, which is used up and has
// tree_groups(count) groups.
Digest neighbours_root(const CodecEngine& engine, DigestLanes* nodes, size_t count);
// The same where all leaves in the groups `zeros` (full ones) are leaves of zeros.
Digest neighbours_root(const CodecEngine& engine, DigestLanes* nodes, size_t count, GroupRange zeros,
                       const ZeroTrees& zero_trees);

// kLanes trees side by side, one per lane: the next level over `count` groups, in place. Answers how many
// groups that has. An odd count takes a group more of room.
size_t join_level(const CodecEngine& engine, DigestLanes* nodes, size_t count);

// The first levels of the row trees, over the leaves of a few neighbouring columns.
class RowForest {
 public:
  static constexpr size_t kColumns = 8;
  static constexpr unsigned kLevels = 3;

  RowForest(const CodecEngine& engine, size_t rows) : engine_(engine), nodes_(groups_for(rows) * kColumns) {}

  // Column `column` < kColumns; one leaf per row.
  void put_column(size_t column, const DigestLanes* leaves);
  // From the columns 0..columns-1 to one node per row: kLevels levels up, or just to the root when these
  // columns are all that there are. The rows in the groups `zeros` have leaves of zeros only. Uses up
  // the columns.
  void reduce(size_t columns, bool all_columns, GroupRange zeros, const ZeroTrees& zero_trees, DigestLanes* out);

 private:
  size_t groups() const { return nodes_.size() / kColumns; }
  void reduce_full(GroupRange range, DigestLanes* out);
  void reduce_narrow(size_t columns, bool all_columns, DigestLanes* out);

  const CodecEngine& engine_;
  std::vector<DigestLanes> nodes_;  // [group of rows][column]
};

}  // namespace walrusfs::codec
