#include "codec/quilt/reader.h"

#include <algorithm>

#include "codec/quilt/layout.h"

namespace walrusfs::quilt {

Result<Reader> Reader::create(const CodeShape& shape, uint64_t quilt_bytes, Columns& columns) {
  const auto symbol_bytes = shape.symbol_bytes(quilt_bytes);
  if (!symbol_bytes || shape.source_symbols() * *symbol_bytes != quilt_bytes) {
    return Error(Code::kCorrupt, "a blob of " + std::to_string(quilt_bytes) + " bytes is not a quilt for " +
                                     std::to_string(shape.n()) + " shards");
  }
  return Reader(shape, *symbol_bytes, columns);
}

Result<Bytes> Reader::bytes_at(uint16_t first_column, ByteRange range) {
  Bytes out;
  out.reserve(range.length);
  for (uint64_t at = range.offset; at < range.end();) {
    const uint64_t column = first_column + at / column_bytes_;
    const uint64_t in_column = at % column_bytes_;
    const uint64_t take = std::min(range.end() - at, column_bytes_ - in_column);
    WFS_ASSIGN(const Bytes piece, columns_.read(static_cast<uint16_t>(column), ByteRange{in_column, take}));
    append(out, piece);
    at += take;
  }
  return out;
}

Result<Index> Reader::read_index() {
  WFS_ASSIGN(const Bytes prefix, bytes_at(0, ByteRange{0, kIndexPrefixBytes}));
  BcsReader in(prefix, "a quilt");
  WFS_ASSIGN(const uint8_t version, in.u8());
  WFS_ASSIGN(const uint32_t length, in.u32());
  if (version != kQuiltVersion) return in.fail("its version is unknown; is this blob a quilt at all?");
  const uint64_t columns = std::min<uint64_t>(kMaxIndexColumns, shape_.k2());
  const uint64_t longest = std::min(columns * column_bytes_ - kIndexPrefixBytes, max_index_bytes(shape_));
  if (length > longest) {
    return in.fail("its index should have " + std::to_string(length) + " bytes, " + std::to_string(longest) +
                   " are the most");
  }
  WFS_ASSIGN(const Bytes bcs, bytes_at(0, ByteRange{kIndexPrefixBytes, length}));
  const uint64_t first_column = columns_for(kIndexPrefixBytes + length, column_bytes_);
  return Index::parse(shape_, static_cast<uint16_t>(first_column), bcs);
}

Result<QuiltFile> Reader::open(const IndexEntry& entry) {
  WFS_ASSIGN(QuiltFile file, open(entry.columns));
  if (file.header.identifier == entry.identifier) return file;
  return Error(Code::kCorrupt, "the index of a quilt names a file at column " + std::to_string(entry.columns.begin) +
                                   " that is another one there");
}

Result<QuiltFile> Reader::open(ColumnRange columns) {
  if (columns.begin >= columns.end || columns.end > shape_.k2()) {
    return Error(Code::kInvalidArgument, "this quilt has no columns " + std::to_string(columns.begin) + " to " +
                                             std::to_string(columns.end) + "; it has " + std::to_string(shape_.k2()));
  }
  WFS_ASSIGN(FileHeader header, read_file_header(columns.count() * column_bytes_,
                                                 [&](ByteRange range) { return bytes_at(columns.begin, range); }));
  return QuiltFile{std::move(header), columns};
}

Result<Bytes> Reader::read(const QuiltFile& file, ByteRange range) {
  if (range.length > file.bytes() || range.offset > file.bytes() - range.length) {
    return Error(Code::kRange, "the bytes " + std::to_string(range.offset) + " to " + std::to_string(range.end()) +
                                   " do not lie in a file of " + std::to_string(file.bytes()) + " bytes");
  }
  return bytes_at(file.columns.begin, ByteRange{file.header.data.offset + range.offset, range.length});
}

}  // namespace walrusfs::quilt
