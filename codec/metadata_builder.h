// Computes all sliver hashes of a blob. How it works:
//
// Every one of the n x n leaf hashes serves a row tree and a column tree. Columns are expanded, hashed
// and reduced to their roots one by one; for the row trees, the leaves of 8 neighbouring columns are
// reduced by three levels at once, which leaves one node per row and group of columns.
//
// Groups whose columns are all systematic ("early") take their symbols straight from the blob. The
// others ("late") need the recovery symbols of the rows, half a blob in all; those are computed for a
// window of each symbol's bytes at a time, and the late columns' hashes are carried from window to
// window, so that memory stays bounded.
//
// Rows that are padding have constant hashes wherever they cross a column. Small blobs have symbols so
// small that the columns of a group are expanded as one (codec/narrow_words.h).
#pragma once

#include <optional>
#include <vector>

#include "base/scratch_memory.h"
#include "codec/blob_matrix.h"
#include "codec/encoder.h"
#include "codec/lane_tree.h"
#include "codec/narrow_words.h"
#include "codec/parallel.h"
#include "codec/word_hasher.h"

namespace walrusfs::codec {

class MetadataBuilder {
 public:
  // The blob fits the shape; it and the options must outlive the builder.
  MetadataBuilder(const CodeShape& shape, ByteView blob, uint16_t symbol_bytes, const EncodeOptions& options);

  // kCancelled when the progress callback asked to stop.
  Result<BlobMetadata> build();

 private:
  struct Window {
    size_t begin = 0;
    size_t bytes = 0;
  };
  struct Scratch;

  size_t first_column(size_t group) const { return group * kGroupColumns; }
  size_t columns_in(size_t group) const { return std::min<size_t>(kGroupColumns, shape_.n() - first_column(group)); }
  size_t late_columns() const { return shape_.n() - first_column(early_groups_); }
  unsigned workers() const { return std::max(1u, options_.threads); }
  bool narrow() const { return matrix_.symbol_bytes() <= NarrowWords::kMaxSymbolBytes; }
  size_t affordable_window() const;

  void hash_window(Window window);
  void expand_rows(Window window);
  void expand_row(size_t row, Window window, Strips& strips);
  void expand_narrow_rows(size_t first_row, NarrowWords& words);
  size_t parity_row_stride() const { return shape_.k1() * parity_stride_; }
  uint8_t* parity(size_t r, size_t row) { return row_parity_.data() + r * parity_row_stride() + row * parity_stride_; }
  DigestLanes* row_nodes(size_t group) const { return row_nodes_.as<DigestLanes>() + group * groups_; }
  const uint8_t* window_symbol(size_t row, size_t column, Window window);

  void hash_group(Scratch& scratch, size_t group, Window window);
  bool hash_column(Scratch& scratch, size_t group, size_t column, Window window);
  void expand_narrow_group(Scratch& scratch, size_t group, Window window);
  GroupRange full_groups() const { return {0, size_t{shape_.n()} / kLanes}; }
  GroupRange zeros_in(size_t column) const;
  void finish_column(Scratch& scratch, size_t column);
  void finish_rows(size_t row_group, std::vector<PairHashes>& pairs) const;

  static constexpr size_t kGroupColumns = RowForest::kColumns;

  const CodeShape shape_;
  const uint64_t blob_bytes_;
  const EncodeOptions& options_;
  const CodecEngine& engine_;
  const BlobMatrix matrix_;
  const RsCode row_code_;
  const RsCode column_code_;
  const size_t groups_;  // of columns, and of rows
  const size_t early_groups_;
  const GroupRange zero_rows_;  // groups of rows that are padding only
  const ZeroTrees zero_trees_;
  const size_t window_bytes_;
  const size_t parity_stride_;
  Progress progress_;

  std::optional<TwoByteLeaves> table_;
  ScratchMemory row_nodes_;                               // DigestLanes: [group of columns][group of rows]
  std::vector<Digest> column_roots_;                      // by secondary sliver index
  ScratchMemory row_parity_;                              // [late parity column][row][window, in whole strips]
  std::vector<std::optional<WordHasher::Word>> carried_;  // late columns, when there are several windows
};

}  // namespace walrusfs::codec
