// Rows of the tables as values: the columns in the order in which they are selected, and back.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "meta/extent_map.h"
#include "meta/rows.h"
#include "meta/sqlite.h"

namespace walrusfs {

inline constexpr char kInodeColumns[] =
    "i.id, i.mode, i.uid, i.gid, i.nlink, i.rdev, i.size, i.atime, i.mtime, i.ctime, i.btime, i.symlink_target, "
    "i.seq";
inline constexpr char kExtentColumns[] = "file_offset, length, staging, pack, source_offset";
inline constexpr char kFrameColumns[] = "t_offset, t_length, z_offset, z_length, hash";
inline constexpr char kPackColumns[] =
    "id, state, blob, blob_bytes, t_bytes, age_header, frames_t_offset, frames_t_length, frames_z_offset, "
    "frames_z_length, frames_hash, cut, previous_cut, built, certified, certified_by, end_epoch, blob_object";
inline constexpr char kPackedRangeColumns[] = "staging, staging_offset, length, t_offset";

// `first` is the column where the row starts.
InodeRow read_inode(const sqlite::Query& query, int first);
Result<FrameRow> read_frame(const sqlite::Query& query, int first);
Result<PackRow> read_pack(const sqlite::Query& query);
PackedRange read_packed_range(const sqlite::Query& query);

// All rows that are left. kCorrupt when they overlap, are empty or are out of order.
Result<std::vector<Extent>> read_extents(sqlite::Query& query);
Result<Xattrs> read_xattrs(sqlite::Query& query);
Result<std::vector<PackedRange>> read_packed_ranges(sqlite::Query& query);

// A row that no program of ours writes.
Error impossible_row(const std::string& what);

}  // namespace walrusfs
