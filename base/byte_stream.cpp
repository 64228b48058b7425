#include "base/byte_stream.h"

#include <fmt/format.h>

namespace walrusfs {
namespace {

Error outside(ByteRange range, uint64_t size) {
  return Error(Code::kCorrupt, fmt::format("bytes {}+{} were asked for, but there are only {}; the rest is missing",
                                           range.offset, range.length, size));
}

bool inside(ByteRange range, uint64_t size) { return range.length <= size && range.offset <= size - range.length; }

}  // namespace

Status FileSink::write(ByteView bytes) {
  WFS_TRY(file_.write_at(offset_, bytes));
  offset_ += bytes.size();
  return ok_status();
}

Status MemorySink::write(ByteView bytes) {
  append(bytes_, bytes);
  return ok_status();
}

Result<Bytes> FileSource::read(ByteRange range) {
  WFS_ASSIGN(uint64_t file_bytes, file_.size());
  if (!inside(range, file_bytes)) return outside(range, file_bytes);
  Bytes bytes(range.length);
  WFS_ASSIGN(size_t got, file_.read_at(range.offset, bytes));
  if (got != range.length) return outside(range, range.offset + got);
  return bytes;
}

Result<Bytes> MemorySource::read(ByteRange range) {
  if (!inside(range, bytes_.size())) return outside(range, bytes_.size());
  return to_bytes(ByteView(bytes_).subspan(range.offset, range.length));
}

}  // namespace walrusfs
