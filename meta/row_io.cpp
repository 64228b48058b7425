#include "meta/row_io.h"

#include <algorithm>

#include <fmt/format.h>

namespace walrusfs {
namespace {

Result<Digest> digest_of(ByteView bytes, const char* what) {
  Digest digest;
  if (bytes.size() != digest.size()) return impossible_row(fmt::format("{} of {} bytes", what, bytes.size()));
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

Extent read_extent(const sqlite::Query& query) {
  const bool in_pack = query.is_null(2);
  return {.file_offset = query.number(0),
          .length = query.number(1),
          .source = in_pack ? Extent::Source::kPack : Extent::Source::kSpool,
          .source_id = query.number(in_pack ? 3 : 2),
          .source_offset = query.number(4)};
}

}  // namespace

Error impossible_row(const std::string& what) {
  return Error(Code::kCorrupt, fmt::format("the index holds an impossible row ({}); it was left as it is", what));
}

InodeRow read_inode(const sqlite::Query& query, int first) {
  return {.id = InodeId{query.number(first)},
          .mode = query.number32(first + 1),
          .uid = query.number32(first + 2),
          .gid = query.number32(first + 3),
          .nlink = query.number32(first + 4),
          .rdev = query.number(first + 5),
          .size = query.number(first + 6),
          .atime = {query.integer(first + 7)},
          .mtime = {query.integer(first + 8)},
          .ctime = {query.integer(first + 9)},
          .btime = {query.integer(first + 10)},
          .symlink_target = query.text(first + 11),
          .changed = Sequence{query.number(first + 12)}};
}

Result<FrameRow> read_frame(const sqlite::Query& query, int first) {
  FrameRow frame{.t_offset = query.number(first),
                 .t_length = query.number32(first + 1),
                 .z_offset = query.number(first + 2),
                 .z_length = query.number32(first + 3)};
  WFS_ASSIGN(frame.hash, digest_of(query.blob(first + 4), "a frame's hash"));
  return frame;
}

Result<PackRow> read_pack(const sqlite::Query& query) {
  PackRow pack;
  pack.id = PackId{query.number(0)};
  const int64_t state = query.integer(1);
  if (state != static_cast<int64_t>(PackState::kBuilt) && state != static_cast<int64_t>(PackState::kCertified))
    return impossible_row(fmt::format("pack {} in state {}", raw(pack.id), state));
  pack.state = static_cast<PackState>(state);
  WFS_ASSIGN(pack.blob.bytes, digest_of(query.blob(2), "a blob ID"));
  pack.blob_bytes = query.number(3);
  pack.t_bytes = query.number(4);
  pack.age_header = to_bytes(query.blob(5));
  WFS_ASSIGN(pack.frames_member, read_frame(query, 6));
  pack.cut = Sequence{query.number(11)};
  pack.previous_cut = Sequence{query.number(12)};
  pack.built = {query.integer(13)};
  pack.certified = {query.integer(14)};
  pack.certified_by = query.text(15);
  pack.end_epoch = query.number(16);
  pack.blob_object = query.text(17);
  return pack;
}

PackedRange read_packed_range(const sqlite::Query& query) {
  return {.staging = StagingId{query.number(0)},
          .staging_offset = query.number(1),
          .length = query.number(2),
          .t_offset = query.number(3)};
}

Result<std::vector<Extent>> read_extents(sqlite::Query& query) {
  std::vector<Extent> extents;
  uint64_t end = 0;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return extents;
    const Extent extent = read_extent(query);
    if (extent.file_offset < end || extent.length == 0 || extent.end() < extent.file_offset)
      return impossible_row(fmt::format("an extent of {} bytes at {}, after one that ends at {}", extent.length,
                                        extent.file_offset, end));
    end = extent.end();
    extents.push_back(extent);
  }
}

Result<Xattrs> read_xattrs(sqlite::Query& query) {
  Xattrs xattrs;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return xattrs;
    xattrs.emplace(query.text(0), to_bytes(query.blob(1)));
  }
}

Result<std::vector<PackedRange>> read_packed_ranges(sqlite::Query& query) {
  std::vector<PackedRange> ranges;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return ranges;
    ranges.push_back(read_packed_range(query));
  }
}

}  // namespace walrusfs
