#include "meta/tree_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/limits.h"

namespace walrusfs {
namespace {

// SQLite's integers are signed.
uint64_t within_int64(uint64_t value) { return std::min<uint64_t>(value, std::numeric_limits<int64_t>::max()); }

Result<std::vector<InodeId>> read_inode_ids(sqlite::Query& query) {
  std::vector<InodeId> ids;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return ids;
    ids.push_back(InodeId{query.number(0)});
  }
}

// "folder/name" with the parts told from the last one to the first.
std::string join_backwards(const std::vector<std::string>& parts) {
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!path.empty()) path += '/';
    path += *part;
  }
  return path;
}

}  // namespace

Result<std::optional<InodeRow>> TreeReader::inode(InodeId id) {
  sqlite::Query query = inode_.start(raw(id));
  WFS_ASSIGN(bool found, query.next());
  if (!found) return std::optional<InodeRow>();
  return std::optional(read_inode(query, 0));
}

Result<std::optional<EntryTarget>> TreeReader::lookup(InodeId parent, const std::string& name) {
  sqlite::Query query = lookup_.start(raw(parent), as_bytes(name));
  WFS_ASSIGN(bool found, query.next());
  if (!found) return std::optional<EntryTarget>();
  return std::optional(EntryTarget{InodeId{query.number(0)}, query.number(1)});
}

Result<std::vector<ListedEntry>> TreeReader::list(InodeId parent, uint64_t after, size_t limit) {
  std::vector<ListedEntry> entries;
  sqlite::Query query = list_.start(raw(parent), within_int64(after), within_int64(limit));
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return entries;
    if (query.is_null(3))
      return impossible_row(
          fmt::format("a name in folder {} for inode {}, which does not exist", raw(parent), query.number(1)));
    entries.push_back({query.text(0), {InodeId{query.number(1)}, query.number(2)}, read_inode(query, 3)});
  }
}

Result<std::vector<Extent>> TreeReader::extents(InodeId inode) {
  sqlite::Query query = extents_.start(raw(inode));
  return read_extents(query);
}

Result<Xattrs> TreeReader::xattrs(InodeId inode) {
  sqlite::Query query = xattrs_.start(raw(inode));
  return read_xattrs(query);
}

Result<std::vector<InodeId>> TreeReader::orphans() {
  sqlite::Statement statement(connection_, "SELECT id FROM inodes WHERE nlink = 0 ORDER BY id");
  sqlite::Query query = statement.start();
  return read_inode_ids(query);
}

Result<std::optional<std::pair<InodeId, std::string>>> TreeReader::name_of(InodeId inode) {
  sqlite::Query query = name_.start(raw(inode));
  WFS_ASSIGN(bool found, query.next());
  if (!found) return std::optional<std::pair<InodeId, std::string>>();
  return std::optional(std::pair(InodeId{query.number(0)}, query.text(1)));
}

Result<std::string> TreeReader::path_of(InodeId inode) {
  std::vector<std::string> parts;
  for (InodeId at = inode; at != kRootInode;) {
    WFS_ASSIGN(auto name, name_of(at));
    if (!name) return Error(Code::kNotFound, fmt::format("inode {} has no name any more", raw(inode)));
    if (parts.size() >= limits::kFolderDepth)
      return impossible_row(fmt::format("inode {} is below more than {} folders, or they form a circle", raw(inode),
                                        limits::kFolderDepth));
    parts.push_back(std::move(name->second));
    at = name->first;
  }
  return join_backwards(parts);
}

Result<Counters> TreeReader::counters() {
  sqlite::Statement statement(connection_, "SELECT next_inode, next_cookie, next_staging, last_sequence FROM state");
  sqlite::Query query = statement.start();
  WFS_ASSIGN(bool found, query.next());
  if (!found) return impossible_row("its state is missing");
  return Counters{query.number(0), query.number(1), query.number(2), Sequence{query.number(3)}};
}

Result<IndexTotals> TreeReader::totals() {
  constexpr char kTotals[] =
      "SELECT (SELECT count(*) FROM inodes),"
      " (SELECT coalesce(sum(size), 0) FROM inodes WHERE mode & 61440 = 32768),"
      " (SELECT coalesce(sum(length), 0) FROM extents WHERE staging IS NOT NULL),"
      " (SELECT count(*) FROM packs WHERE state = 1),"
      " (SELECT count(*) FROM packs WHERE state = 2),"
      " (SELECT coalesce(sum(blob_bytes), 0) FROM packs WHERE state = 2)";
  sqlite::Statement statement(connection_, kTotals);
  sqlite::Query query = statement.start();
  WFS_ASSIGN(bool found, query.next());
  if (!found) return impossible_row("it has no totals");
  return IndexTotals{query.number(0), query.number(1), query.number(2),
                     query.number(3), query.number(4), query.number(5)};
}

Status TreeReader::read_changed_inodes(Sequence since, ChangedRows& out) {
  sqlite::Statement changed(connection_,
                            std::string("SELECT ") + kInodeColumns + " FROM inodes AS i WHERE seq > ?1 ORDER BY id");
  sqlite::Query rows = changed.start(raw(since));
  for (;;) {
    WFS_ASSIGN(bool found, rows.next());
    if (!found) break;
    out.inodes.push_back(read_inode(rows, 0));
  }
  sqlite::Statement removed(connection_, "SELECT id FROM removed_inodes WHERE seq > ?1 ORDER BY id");
  sqlite::Query ids = removed.start(raw(since));
  WFS_ASSIGN(out.removed_inodes, read_inode_ids(ids));
  return {};
}

Status TreeReader::read_changed_entries(Sequence since, ChangedRows& out) {
  sqlite::Statement changed(connection_,
                            "SELECT parent, name, child, cookie FROM entries WHERE seq > ?1 ORDER BY parent, name");
  sqlite::Query rows = changed.start(raw(since));
  for (;;) {
    WFS_ASSIGN(bool found, rows.next());
    if (!found) break;
    out.entries.push_back(
        {InodeId{rows.number(0)}, rows.text(1), EntryTarget{InodeId{rows.number(2)}, rows.number(3)}});
  }
  sqlite::Statement removed(connection_,
                            "SELECT parent, name FROM removed_entries WHERE seq > ?1 ORDER BY parent, name");
  sqlite::Query names = removed.start(raw(since));
  for (;;) {
    WFS_ASSIGN(bool found, names.next());
    if (!found) return {};
    out.removed_entries.emplace_back(InodeId{names.number(0)}, names.text(1));
  }
}

Result<ChangedRows> TreeReader::changed_since(Sequence since) {
  ChangedRows changed;
  WFS_TRY(read_changed_inodes(since, changed));
  WFS_TRY(read_changed_entries(since, changed));
  return changed;
}

Result<std::map<StagingId, uint64_t>> TreeReader::staging_in_use() {
  sqlite::Statement statement(connection_,
                              "SELECT staging, max(source_offset + length) FROM extents WHERE staging IS NOT NULL "
                              "GROUP BY staging");
  sqlite::Query query = statement.start();
  std::map<StagingId, uint64_t> used;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return used;
    used.emplace(StagingId{query.number(0)}, query.number(1));
  }
}

Result<std::vector<InodeId>> TreeReader::inodes_using(StagingId staging) {
  sqlite::Statement statement(connection_, "SELECT DISTINCT inode FROM extents WHERE staging = ?1 ORDER BY inode");
  sqlite::Query query = statement.start(raw(staging));
  return read_inode_ids(query);
}

Result<std::optional<PackRow>> TreeReader::pack(PackId id) {
  sqlite::Query query = pack_.start(raw(id));
  WFS_ASSIGN(bool found, query.next());
  if (!found) return std::optional<PackRow>();
  WFS_ASSIGN(PackRow row, read_pack(query));
  return std::optional(std::move(row));
}

Result<std::vector<PackRow>> TreeReader::packs(std::optional<PackState> state) {
  sqlite::Statement statement(
      connection_, std::string("SELECT ") + kPackColumns + " FROM packs WHERE state BETWEEN ?1 AND ?2 ORDER BY id");
  const auto lowest = static_cast<int64_t>(state.value_or(PackState::kBuilt));
  const auto highest = static_cast<int64_t>(state.value_or(PackState::kCertified));
  sqlite::Query query = statement.start(lowest, highest);
  std::vector<PackRow> packs;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return packs;
    WFS_ASSIGN(PackRow row, read_pack(query));
    packs.push_back(std::move(row));
  }
}

Result<std::vector<FrameRow>> TreeReader::frames(PackId id, ByteRange t_range) {
  std::vector<FrameRow> frames;
  if (t_range.empty()) return frames;
  const uint64_t end = within_int64(t_range.offset) + std::min<uint64_t>(t_range.length, uint64_t{1} << 62);
  sqlite::Query query = frames_.start(raw(id), within_int64(t_range.offset), within_int64(end));
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return frames;
    WFS_ASSIGN(FrameRow frame, read_frame(query, 0));
    if (frame.t_offset + frame.t_length > t_range.offset) frames.push_back(frame);
  }
}

Result<std::vector<PackedRange>> TreeReader::packed_ranges(PackId id) {
  sqlite::Statement statement(connection_, std::string("SELECT ") + kPackedRangeColumns +
                                               " FROM packed_ranges WHERE pack = ?1 ORDER BY staging, staging_offset");
  sqlite::Query query = statement.start(raw(id));
  return read_packed_ranges(query);
}

Result<Sequence> TreeReader::published() {
  WFS_ASSIGN(int64_t sequence, connection_.integer("SELECT published FROM state"));
  return Sequence{static_cast<uint64_t>(sequence)};
}

Result<std::optional<PackRow>> TreeReader::last_published_pack() {
  WFS_ASSIGN(int64_t id, connection_.integer("SELECT coalesce(published_pack, 0) FROM state"));
  return pack(PackId{static_cast<uint64_t>(id)});
}

Result<std::optional<std::string>> TreeReader::setting(const std::string& key) {
  sqlite::Statement statement(connection_, "SELECT value FROM settings WHERE key = ?1");
  sqlite::Query query = statement.start(key);
  WFS_ASSIGN(bool found, query.next());
  if (!found) return std::optional<std::string>();
  return std::optional(query.text(0));
}

Result<std::vector<JobRow>> TreeReader::jobs(const std::string& kind) {
  sqlite::Statement statement(connection_,
                              "SELECT kind, subject, step, detail FROM jobs WHERE kind = ?1 ORDER BY subject");
  sqlite::Query query = statement.start(kind);
  std::vector<JobRow> jobs;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return jobs;
    jobs.push_back({query.text(0), query.number(1), query.text(2), to_bytes(query.blob(3))});
  }
}

}  // namespace walrusfs
