// A blob seen as the k1 x k2 matrix of its source symbols, with the zero padding that the code adds.
// Nothing is copied but the one symbol that is partly padding. Constant after construction; the blob
// must outlive it. Specification section 3.
#pragma once

#include <algorithm>
#include <cstring>

#include "codec/shape.h"

namespace walrusfs::codec {

class BlobMatrix {
 public:
  // The blob fits the shape, and `symbol_bytes` is the size that the shape gives it.
  BlobMatrix(const CodeShape& shape, ByteView blob, uint16_t symbol_bytes)
      : columns_(shape.k2()), blob_(blob), symbol_bytes_(symbol_bytes), zeros_(symbol_bytes), edge_(symbol_bytes) {
    edge_symbol_ = blob.size() / symbol_bytes;
    const size_t rest = blob.size() % symbol_bytes;
    if (rest > 0) std::memcpy(edge_.data(), blob.data() + blob.size() - rest, rest);
  }

  uint16_t symbol_bytes() const { return symbol_bytes_; }

  // All bytes of a symbol are readable behind this.
  const uint8_t* symbol(size_t row, size_t column) const {
    const uint64_t number = uint64_t{row} * columns_ + column;
    if (number < edge_symbol_) return blob_.data() + number * symbol_bytes_;
    return number == edge_symbol_ ? edge_.data() : zeros_.data();
  }

  // Rows from here on are padding only.
  size_t rows_with_data() const {
    const uint64_t row_bytes = uint64_t{columns_} * symbol_bytes_;
    return (blob_.size() + row_bytes - 1) / row_bytes;
  }

  // Symbols of this column, if it is a systematic one, are padding only.
  bool is_padding(size_t column) const { return column < columns_ && column * symbol_bytes_ >= blob_.size(); }

 private:
  uint16_t columns_;
  ByteView blob_;
  uint16_t symbol_bytes_;
  uint64_t edge_symbol_;
  Bytes zeros_;
  Bytes edge_;  // the symbol that the blob's end falls into
};

}  // namespace walrusfs::codec
