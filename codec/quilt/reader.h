// Reads a quilt: its index, and single files or parts of them, from the columns that hold them and no
// others. Specification section 17.6 (the official SDK's reader differs and is wrong in places).
//
// Quilts are hostile input: whatever their bytes say, a call asks for memory in proportion to the index
// or the range that was asked for, never more. As safe for threads as its columns.
#pragma once

#include "codec/quilt/columns.h"
#include "codec/quilt/file_header.h"
#include "codec/quilt/index.h"

namespace walrusfs::quilt {

// A file of which the header was read.
struct QuiltFile {
  FileHeader header;
  ColumnRange columns;

  uint64_t bytes() const { return header.data.length; }
};

class Reader {
 public:
  // `quilt_bytes` is the length of the blob; kCorrupt when no quilt has it. Reads nothing yet. `columns`
  // must outlive the reader.
  static Result<Reader> create(const CodeShape& shape, uint64_t quilt_bytes, Columns& columns);

  Result<Index> read_index();

  // The header of a file that the index names; kCorrupt when another file stands there.
  Result<QuiltFile> open(const IndexEntry& entry);
  // The header of the file in these columns, as a patch ID names them: needs no index. kInvalidArgument
  // when the quilt has no such columns.
  Result<QuiltFile> open(ColumnRange columns);

  // kRange when `range` ends past the file.
  Result<Bytes> read(const QuiltFile& file, ByteRange range);

 private:
  Reader(const CodeShape& shape, uint16_t symbol_bytes, Columns& columns)
      : shape_(shape), column_bytes_(shape.sliver_bytes(Axis::kSecondary, symbol_bytes)), columns_(columns) {}

  // Bytes of the columns from `first_column` on, as if they were one after the other.
  Result<Bytes> bytes_at(uint16_t first_column, ByteRange range);

  CodeShape shape_;
  uint64_t column_bytes_;
  Columns& columns_;
};

}  // namespace walrusfs::quilt
