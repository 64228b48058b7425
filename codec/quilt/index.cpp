#include "codec/quilt/index.h"

#include <algorithm>

#include "codec/quilt/identifier.h"
#include "codec/quilt/layout.h"

namespace walrusfs::quilt {
namespace {

Result<IndexEntry> read_entry(const CodeShape& shape, uint16_t first_column, BcsReader& in) {
  IndexEntry entry;
  entry.columns.begin = first_column;
  WFS_ASSIGN(entry.columns.end, in.u16());
  if (entry.columns.end <= first_column) {
    return in.fail("a file has no columns between " + std::to_string(first_column) + " and " +
                   std::to_string(entry.columns.end));
  }
  if (entry.columns.end > shape.k2()) {
    return in.fail("a file ends at column " + std::to_string(entry.columns.end) + ", there are only " +
                   std::to_string(shape.k2()));
  }
  WFS_ASSIGN(entry.identifier, read_string(in, kMaxIdentifierBcsBytes));
  WFS_ASSIGN(entry.tags, Tags::read(in));
  return entry;
}

}  // namespace

const IndexEntry* Index::find(std::string_view identifier) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const IndexEntry& entry) { return entry.identifier == identifier; });
  return found == entries.end() ? nullptr : &*found;
}

Bytes Index::to_bytes() const {
  BcsWriter out;
  out.uleb(static_cast<uint32_t>(entries.size()));
  for (const IndexEntry& entry : entries) {
    out.u16(entry.columns.end);
    write_string(out, entry.identifier);
    out.raw(entry.tags.bcs());
  }
  return out.take();
}

Result<Index> Index::parse(const CodeShape& shape, uint16_t first_column, ByteView bcs) {
  BcsReader in(bcs, "the index of a quilt");
  WFS_ASSIGN(const uint32_t count, in.uleb(UINT32_MAX));
  if (count > max_files(shape)) {
    return in.fail("it tells of " + std::to_string(count) + " files, " + std::to_string(max_files(shape)) +
                   " are the most");
  }
  Index index;
  for (uint32_t i = 0; i < count; ++i) {
    WFS_ASSIGN(IndexEntry entry, read_entry(shape, first_column, in));
    first_column = entry.columns.end;
    index.entries.push_back(std::move(entry));
  }
  WFS_TRY(in.finish());
  return index;
}

uint64_t max_index_bytes(const CodeShape& shape) {
  constexpr uint64_t kEntryBytes = 2 + kMaxIdentifierBcsBytes + kMaxTagsBcsBytes;
  return 3 + uint64_t{max_files(shape)} * kEntryBytes;
}

}  // namespace walrusfs::quilt
