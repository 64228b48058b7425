// Batches from the tree in memory, and the swap of extents when a pack is certified, as changes of
// rows on one connection. The caller owns the transaction. For one thread at a time.
#pragma once

#include <map>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"
#include "meta/sqlite.h"

namespace walrusfs {

class TreeWriter {
 public:
  // `connection` must outlive the writer.
  explicit TreeWriter(sqlite::Connection& connection) : connection_(connection) {}

  // Writes the rows with `sequence` and raises the counters.
  Status apply(const Batch& batch, Sequence sequence);
  // Counters only.
  Status raise_counters(const Batch& batch);

  // Extents that still name `packed` ranges (sorted) name the pack; sequences stay.
  Status move_to_pack(PackId pack, const std::vector<PackedRange>& packed);

 private:
  Status put_inode(const InodeChange& change, Sequence sequence);
  Status remove_inode(InodeId id, Sequence sequence);
  Status put_entry(const EntryChange& change, Sequence sequence);
  Status remove_entry(const EntryChange& change, Sequence sequence);
  Status replace_xattrs(InodeId inode, const Xattrs& wanted);
  Status replace_extents(InodeId inode, const std::vector<Extent>& wanted);
  Status patch_extents(InodeId inode, const ExtentPatch& patch);
  // Writes only what differs, since a big file may change in one place. Both sorted.
  Status write_difference(InodeId inode, const std::vector<Extent>& old, const std::vector<Extent>& wanted);
  Status put_extent(InodeId inode, const Extent& extent);
  // `extents`, with spool ranges replaced that certified packs are known to contain.
  Result<std::vector<Extent>> settled(const std::vector<Extent>& extents);
  // By offset.
  Result<std::map<PackId, std::vector<PackedRange>>> certified_ranges_of(StagingId staging);
  Result<std::vector<InodeId>> inodes_with_packed_extents(PackId pack);

  sqlite::Connection& connection_;
  sqlite::Statement put_inode_{
      connection_,
      "INSERT INTO inodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (id) DO UPDATE "
      "SET mode = ?2, uid = ?3, gid = ?4, nlink = ?5, rdev = ?6, size = ?7, atime = ?8, mtime = ?9, ctime = ?10, "
      "btime = ?11, symlink_target = ?12, seq = ?13"};
  sqlite::Statement delete_inode_{connection_, "DELETE FROM inodes WHERE id = ?1"};
  sqlite::Statement note_removed_inode_{
      connection_, "INSERT INTO removed_inodes VALUES (?1, ?2) ON CONFLICT DO UPDATE SET seq = ?2"};
  sqlite::Statement put_entry_{connection_,
                               "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (parent, name) DO UPDATE "
                               "SET child = ?3, cookie = ?4, seq = ?5"};
  sqlite::Statement delete_entry_{connection_, "DELETE FROM entries WHERE parent = ?1 AND name = ?2"};
  sqlite::Statement note_removed_entry_{
      connection_, "INSERT INTO removed_entries VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET seq = ?3"};
  sqlite::Statement forget_removed_entry_{connection_, "DELETE FROM removed_entries WHERE parent = ?1 AND name = ?2"};
  sqlite::Statement read_xattrs_{connection_, "SELECT name, value FROM xattrs WHERE inode = ?1"};
  sqlite::Statement put_xattr_{
      connection_, "INSERT INTO xattrs VALUES (?1, ?2, ?3) ON CONFLICT (inode, name) DO UPDATE SET value = ?3"};
  sqlite::Statement delete_xattr_{connection_, "DELETE FROM xattrs WHERE inode = ?1 AND name = ?2"};
  sqlite::Statement read_extents_{connection_,
                                  "SELECT file_offset, length, staging, pack, source_offset FROM extents "
                                  "WHERE inode = ?1 ORDER BY file_offset"};
  // Those that lie in [?2, ?3] or touch it, and one before.
  sqlite::Statement read_extents_around_{
      connection_,
      "SELECT file_offset, length, staging, pack, source_offset FROM extents WHERE inode = ?1 AND file_offset <= ?3 "
      "AND "
      "file_offset >= coalesce((SELECT max(file_offset) FROM extents WHERE inode = ?1 AND file_offset < ?2), 0) "
      "ORDER BY file_offset"};
  sqlite::Statement put_extent_{connection_,
                                "INSERT INTO extents VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (inode, file_offset) "
                                "DO UPDATE SET length = ?3, staging = ?4, pack = ?5, source_offset = ?6"};
  sqlite::Statement delete_extent_{connection_, "DELETE FROM extents WHERE inode = ?1 AND file_offset = ?2"};
  sqlite::Statement certified_ranges_{
      connection_,
      "SELECT r.staging, r.staging_offset, r.length, r.t_offset, r.pack FROM packed_ranges AS r JOIN packs AS p "
      "ON p.id = r.pack WHERE r.staging = ?1 AND p.state = 2 ORDER BY r.staging_offset"};
};

}  // namespace walrusfs
