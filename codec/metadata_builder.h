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
#pragma once

#include <vector>

#include "codec/blob_matrix.h"
#include "codec/encoder.h"
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
  class GroupLeaves;

  size_t first_column(size_t group) const { return group * kGroupColumns; }
  size_t columns_in(size_t group) const { return std::min<size_t>(kGroupColumns, shape_.n() - first_column(group)); }
  size_t late_columns() const { return shape_.n() - first_column(early_groups_); }
  unsigned workers() const { return std::max(1u, options_.threads); }

  void hash_early_groups();
  void hash_late_groups();
  void expand_rows(Window window);
  void absorb_late_columns(Window window, std::vector<WordHasher::Word>& words);
  const uint8_t* window_symbol(size_t row, size_t column, Window window) const;
  void finish_column(size_t column, std::vector<Digest>& leaves);
  Digest row_root(size_t row) const;
  size_t window_bytes() const;

  static constexpr size_t kGroupColumns = 8;
  static constexpr unsigned kGroupLevels = 3;

  const CodeShape shape_;
  const uint64_t blob_bytes_;
  const EncodeOptions& options_;
  const CodecEngine& engine_;
  const BlobMatrix matrix_;
  const RsCode row_code_;
  const RsCode column_code_;
  const size_t groups_;
  const size_t early_groups_;
  Progress progress_;

  std::vector<Digest> row_nodes_;     // [group][row]
  std::vector<Digest> column_roots_;  // by secondary sliver index
  std::vector<uint8_t> row_parity_;   // [late parity column][row][window]
  size_t parity_stride_ = 0;
};

}  // namespace walrusfs::codec
