// A blob seen as the k1 x k2 matrix of its source symbols, with the zero padding that the code adds.
// Nothing is copied but the last few symbols. Constant after construction; the blob must outlive it.
// Specification section 3.
#pragma once

#include <algorithm>
#include <cstring>

#include "codec/shape.h"
#include "codec/strip.h"

namespace walrusfs::codec {

class BlobMatrix {
 public:
  // The blob fits the shape, and `symbol_bytes` is the size that the shape gives it.
  BlobMatrix(const CodeShape& shape, ByteView blob, uint16_t symbol_bytes)
      : columns_(shape.k2()),
        blob_(blob),
        symbol_bytes_(symbol_bytes),
        data_symbols_((blob.size() + symbol_bytes - 1) / symbol_bytes),
        zeros_(whole_strips(symbol_bytes)) {
    const size_t readable = whole_strips(symbol_bytes);
    edge_symbol_ = blob.size() < readable ? 0 : (blob.size() - readable) / symbol_bytes + 1;
    edge_.resize((data_symbols_ - edge_symbol_) * symbol_bytes + readable);
    const size_t edge_begin = edge_symbol_ * symbol_bytes;
    if (blob.size() > edge_begin) std::memcpy(edge_.data(), blob.data() + edge_begin, blob.size() - edge_begin);
  }

  uint16_t symbol_bytes() const { return symbol_bytes_; }

  // All bytes of a symbol are readable behind this, and more of any value up to a multiple of kStripBytes.
  const uint8_t* symbol(size_t row, size_t column) const {
    const uint64_t number = uint64_t{row} * columns_ + column;
    if (number < edge_symbol_) return blob_.data() + number * symbol_bytes_;
    return number < data_symbols_ ? edge_.data() + (number - edge_symbol_) * symbol_bytes_ : zeros_.data();
  }

  // Rows from here on are padding only.
  size_t rows_with_data() const {
    const uint64_t row_bytes = uint64_t{columns_} * symbol_bytes_;
    return (blob_.size() + row_bytes - 1) / row_bytes;
  }

  // Symbols of this column, if it is a systematic one, are padding only.
  bool is_padding(size_t column) const { return column < columns_ && column * symbol_bytes_ >= blob_.size(); }

 private:
  static constexpr size_t whole_strips(size_t bytes) { return (bytes + kStripBytes - 1) / kStripBytes * kStripBytes; }

  uint16_t columns_;
  ByteView blob_;
  uint16_t symbol_bytes_;
  uint64_t data_symbols_;  // symbols from here on are padding only
  uint64_t edge_symbol_;   // symbols from here on are so near to the blob's end that they were copied
  Bytes zeros_;
  Bytes edge_;
};

}  // namespace walrusfs::codec
