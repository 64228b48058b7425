#include "codec/lane_tree.h"

#include <algorithm>

#include "base/check.h"

namespace walrusfs::codec {

ZeroTrees::ZeroTrees(const CodecEngine& engine, size_t symbol_bytes) {
  // The leaf prefix is a zero byte, too.
  const size_t padded = (1 + symbol_bytes + kBlake2bBlockBytes - 1) / kBlake2bBlockBytes * kBlake2bBlockBytes;
  const std::vector<uint8_t> zeros(padded, 0);
  LeafHasher hasher(1);
  hasher.finish(engine, zeros.data(), 0, 1 + symbol_bytes, &roots_[0]);
  for (unsigned height = 1; height < kHeights; ++height) {
    const DigestLanes below[2] = {roots_[height - 1], roots_[height - 1]};
    engine.join_groups(below, &roots_[height], 1);
  }
}

void ZeroTrees::fill_leaves(DigestLanes* leaves, GroupRange range) const {
  for (size_t group = range.begin; group < range.end; ++group) leaves[group] = roots_[0];
}

Digest neighbours_root(const CodecEngine& engine, DigestLanes* nodes, size_t count) {
  while (count > 1) {
    if (count % 2 != 0) set_digest(nodes, count, Digest{});
    count = (count + 1) / 2;
    engine.join_neighbours(nodes, nodes, groups_for(count));
  }
  return get_digest(nodes, 0);
}

Digest neighbours_root(const CodecEngine& engine, DigestLanes* nodes, size_t count, GroupRange zeros,
                       const ZeroTrees& zero_trees) {
  for (unsigned height = 1; count > 1; ++height) {
    zeros = {(zeros.begin + 1) / 2, zeros.end / 2};
    if (zeros.empty()) break;
    if (count % 2 != 0) set_digest(nodes, count, Digest{});
    count = (count + 1) / 2;
    engine.join_neighbours(nodes, nodes, zeros.begin);
    std::fill(nodes + zeros.begin, nodes + zeros.end, zero_trees.root(height));
    engine.join_neighbours(nodes + 2 * zeros.end, nodes + zeros.end, groups_for(count) - zeros.end);
  }
  return neighbours_root(engine, nodes, count);
}

size_t join_level(const CodecEngine& engine, DigestLanes* nodes, size_t count) {
  if (count % 2 != 0) nodes[count] = DigestLanes{};
  const size_t above = (count + 1) / 2;
  engine.join_groups(nodes, nodes, above);
  return above;
}

void RowForest::put_column(size_t column, const DigestLanes* leaves) {
  for (size_t group = 0; group < groups(); ++group) nodes_[group * kColumns + column] = leaves[group];
}

void RowForest::reduce(size_t columns, bool all_columns, GroupRange zeros, const ZeroTrees& zero_trees,
                       DigestLanes* out) {
  WFS_CHECK(columns <= kColumns);
  if (columns < kColumns) return reduce_narrow(columns, all_columns, out);
  if (zeros.empty()) return reduce_full({0, groups()}, out);
  reduce_full({0, zeros.begin}, out);
  std::fill(out + zeros.begin, out + zeros.end, zero_trees.root(kLevels));
  reduce_full({zeros.end, groups()}, out);
}

void RowForest::reduce_full(GroupRange range, DigestLanes* out) {
  if (range.empty()) return;
  const size_t rows = range.end - range.begin;
  DigestLanes* nodes = nodes_.data() + range.begin * kColumns;
  engine_.join_groups(nodes, nodes, rows * 4);
  engine_.join_groups(nodes, nodes, rows * 2);
  engine_.join_groups(nodes, out + range.begin, rows);
}

// The last group of columns of a committee that is no multiple of kColumns.
void RowForest::reduce_narrow(size_t columns, bool all_columns, DigestLanes* out) {
  for (size_t group = 0; group < groups(); ++group) {
    DigestLanes* nodes = nodes_.data() + group * kColumns;
    size_t count = columns;
    for (unsigned level = 0; all_columns ? count > 1 : level < kLevels; ++level) {
      count = join_level(engine_, nodes, count);
    }
    out[group] = nodes[0];
  }
}

}  // namespace walrusfs::codec
