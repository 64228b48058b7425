// Every question about tree, packs and settings, on one connection with its prepared statements.
// For one thread at a time; the index keeps a few of these.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "meta/index.h"
#include "meta/row_io.h"
#include "meta/sqlite.h"

namespace walrusfs {

class TreeReader {
 public:
  // `connection` must outlive the reader.
  explicit TreeReader(sqlite::Connection& connection) : connection_(connection) {}

  Result<std::optional<InodeRow>> inode(InodeId id);
  Result<std::optional<EntryTarget>> lookup(InodeId parent, const std::string& name);
  Result<std::vector<ListedEntry>> list(InodeId parent, uint64_t after, size_t limit);
  Result<std::vector<Extent>> extents(InodeId inode);
  Result<Xattrs> xattrs(InodeId inode);
  Result<std::vector<InodeId>> orphans();
  Result<std::string> path_of(InodeId inode);
  Result<Counters> counters();
  Result<IndexTotals> totals();
  Result<ChangedRows> changed_since(Sequence since);

  Result<std::map<StagingId, uint64_t>> staging_in_use();
  Result<std::vector<InodeId>> inodes_using(StagingId staging);

  Result<std::optional<PackRow>> pack(PackId id);
  Result<std::vector<PackRow>> packs(std::optional<PackState> state);
  Result<std::vector<FrameRow>> frames(PackId id, ByteRange t_range);
  Result<std::vector<PackedRange>> packed_ranges(PackId id);
  Result<Sequence> published();
  Result<std::optional<PackRow>> last_published_pack();

  Result<std::optional<std::string>> setting(const std::string& key);
  Result<std::vector<JobRow>> jobs(const std::string& kind);

 private:
  // One name of the inode; nothing when it has none.
  Result<std::optional<std::pair<InodeId, std::string>>> name_of(InodeId inode);
  Status read_changed_entries(Sequence since, ChangedRows& out);
  Status read_changed_inodes(Sequence since, ChangedRows& out);

  sqlite::Connection& connection_;
  sqlite::Statement inode_{connection_, std::string("SELECT ") + kInodeColumns + " FROM inodes AS i WHERE id = ?1"};
  sqlite::Statement lookup_{connection_, "SELECT child, cookie FROM entries WHERE parent = ?1 AND name = ?2"};
  sqlite::Statement list_{connection_, std::string("SELECT e.name, e.child, e.cookie, ") + kInodeColumns +
                                           " FROM entries AS e LEFT JOIN inodes AS i ON i.id = e.child"
                                           " WHERE e.parent = ?1 AND e.cookie > ?2 ORDER BY e.cookie LIMIT ?3"};
  sqlite::Statement extents_{
      connection_, std::string("SELECT ") + kExtentColumns + " FROM extents WHERE inode = ?1 ORDER BY file_offset"};
  sqlite::Statement xattrs_{connection_, "SELECT name, value FROM xattrs WHERE inode = ?1"};
  sqlite::Statement name_{connection_, "SELECT parent, name FROM entries WHERE child = ?1 LIMIT 1"};
  sqlite::Statement frames_{connection_, std::string("SELECT ") + kFrameColumns +
                                             " FROM frames WHERE pack = ?1 AND t_offset < ?3 AND t_offset >= coalesce("
                                             "(SELECT max(t_offset) FROM frames WHERE pack = ?1 AND t_offset <= ?2), 0)"
                                             " ORDER BY t_offset"};
  sqlite::Statement pack_{connection_, std::string("SELECT ") + kPackColumns + " FROM packs WHERE id = ?1"};
};

}  // namespace walrusfs
