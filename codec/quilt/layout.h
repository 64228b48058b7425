// Which columns of the message matrix the index and the files of a quilt get. Pure arithmetic; exactly
// the official layout, because the bytes and so the blob ID depend on it. Specification section 17.3.
#pragma once

#include <span>
#include <vector>

#include "codec/quilt/patch_id.h"
#include "codec/shape.h"

namespace walrusfs::quilt {

constexpr uint8_t kQuiltVersion = 1;
constexpr uint16_t kMaxIndexColumns = 10;
// Version and length in front of the index.
constexpr uint64_t kIndexPrefixBytes = 5;

// The most files that a quilt of this shape holds.
inline uint16_t max_files(const CodeShape& shape) { return static_cast<uint16_t>(shape.k2() - 1); }
// Bytes that a column holds.
inline uint64_t column_bytes(const CodeShape& shape, uint16_t symbol_bytes) {
  return shape.sliver_bytes(Axis::kSecondary, symbol_bytes);
}
// Columns that so many bytes take.
inline uint64_t columns_for(uint64_t bytes, uint64_t column_bytes) { return (bytes + column_bytes - 1) / column_bytes; }

struct Layout {
  uint16_t symbol_bytes = 0;
  std::vector<ColumnRange> columns;  // of the index, then of the files in their order
};

// `index_bytes` counts the prefix, `file_bytes` (at most max_files()) the files' headers. kTooLarge
// when they do not fit into the largest blob.
Result<Layout> lay_out(const CodeShape& shape, uint64_t index_bytes, std::span<const uint64_t> file_bytes);

}  // namespace walrusfs::quilt
