#include "meta/tree_writer.h"

#include <algorithm>
#include <limits>
#include <set>

#include "meta/extent_map.h"
#include "meta/row_io.h"

namespace walrusfs {
namespace {

// What is in `old` at an offset that `wanted` does not have. Both sorted.
std::vector<uint64_t> offsets_gone(const std::vector<Extent>& old, const std::vector<Extent>& wanted) {
  std::vector<uint64_t> gone;
  auto next = wanted.begin();
  for (const Extent& extent : old) {
    while (next != wanted.end() && next->file_offset < extent.file_offset) ++next;
    if (next == wanted.end() || next->file_offset != extent.file_offset) gone.push_back(extent.file_offset);
  }
  return gone;
}

// The largest offset of an extent that `range` cuts or touches, as SQLite's numbers go.
uint64_t last_touching(const ByteRange& range) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  return std::min(range.offset, kMost) + std::min(range.length, kMost - std::min(range.offset, kMost));
}

bool holds(const std::vector<Extent>& sorted, const Extent& wanted) {
  auto at = std::lower_bound(sorted.begin(), sorted.end(), wanted.file_offset,
                             [](const Extent& extent, uint64_t offset) { return extent.file_offset < offset; });
  return at != sorted.end() && *at == wanted;
}

std::optional<ByteView> target_of(const InodeRow& row) {
  if (row.symlink_target.empty()) return std::nullopt;
  return as_bytes(row.symlink_target);
}

}  // namespace

Status TreeWriter::apply(const Batch& batch, Sequence sequence) {
  // Inodes come before the names that need them and go after those names: SQLite's count of unmet
  // foreign keys then stays at zero, which saves it searching for them.
  for (const InodeChange& change : batch.inodes)
    if (!change.removed) WFS_TRY(put_inode(change, sequence));
  for (const EntryChange& change : batch.entries)
    WFS_TRY(change.target ? put_entry(change, sequence) : remove_entry(change, sequence));
  for (const InodeChange& change : batch.inodes)
    if (change.removed) WFS_TRY(remove_inode(change.row.id, sequence));
  return raise_counters(batch);
}

Status TreeWriter::raise_counters(const Batch& batch) {
  sqlite::Statement raise(connection_,
                          "UPDATE state SET next_inode = max(next_inode, ?1), next_cookie = max(next_cookie, ?2), "
                          "next_staging = max(next_staging, ?3)");
  return raise.run(batch.next_inode, batch.next_cookie, batch.next_staging);
}

Status TreeWriter::put_inode(const InodeChange& change, Sequence sequence) {
  const InodeRow& row = change.row;
  WFS_TRY(put_inode_.run(raw(row.id), row.mode, row.uid, row.gid, row.nlink, row.rdev, row.size, row.atime.ns,
                         row.mtime.ns, row.ctime.ns, row.btime.ns, target_of(row), raw(sequence)));
  if (change.extents) WFS_TRY(replace_extents(row.id, *change.extents));
  for (const ExtentPatch& patch : change.patches) WFS_TRY(patch_extents(row.id, patch));
  if (change.xattrs) WFS_TRY(replace_xattrs(row.id, *change.xattrs));
  return {};
}

Status TreeWriter::remove_inode(InodeId id, Sequence sequence) {
  WFS_TRY(delete_inode_.run(raw(id)));
  if (connection_.changed_rows() == 0) return {};  // made and removed between two batches
  return note_removed_inode_.run(raw(id), raw(sequence));
}

Status TreeWriter::put_entry(const EntryChange& change, Sequence sequence) {
  WFS_TRY(put_entry_.run(raw(change.parent), as_bytes(change.name), raw(change.target->child), change.target->cookie,
                         raw(sequence)));
  return forget_removed_entry_.run(raw(change.parent), as_bytes(change.name));
}

Status TreeWriter::remove_entry(const EntryChange& change, Sequence sequence) {
  WFS_TRY(delete_entry_.run(raw(change.parent), as_bytes(change.name)));
  if (connection_.changed_rows() == 0) return {};
  return note_removed_entry_.run(raw(change.parent), as_bytes(change.name), raw(sequence));
}

Status TreeWriter::replace_xattrs(InodeId inode, const Xattrs& wanted) {
  Xattrs old;
  {
    sqlite::Query query = read_xattrs_.start(raw(inode));
    WFS_ASSIGN(old, read_xattrs(query));
  }
  for (const auto& [name, value] : old)
    if (!wanted.contains(name)) WFS_TRY(delete_xattr_.run(raw(inode), as_bytes(name)));
  for (const auto& [name, value] : wanted) {
    auto known = old.find(name);
    if (known != old.end() && known->second == value) continue;
    WFS_TRY(put_xattr_.run(raw(inode), as_bytes(name), ByteView(value)));
  }
  return {};
}

Status TreeWriter::replace_extents(InodeId inode, const std::vector<Extent>& wanted) {
  WFS_ASSIGN(const std::vector<Extent> extents, settled(wanted));
  std::vector<Extent> old;
  {
    sqlite::Query query = read_extents_.start(raw(inode));
    WFS_ASSIGN(old, read_extents(query));
  }
  return write_difference(inode, old, extents);
}

Status TreeWriter::patch_extents(InodeId inode, const ExtentPatch& patch) {
  WFS_ASSIGN(const std::vector<Extent> extents, settled(patch.extents));
  std::vector<Extent> old;
  {
    sqlite::Query query = read_extents_around_.start(raw(inode), patch.range.offset, last_touching(patch.range));
    WFS_ASSIGN(old, read_extents(query));
  }
  ExtentMap map(old);
  map.clear(patch.range);
  for (const Extent& extent : extents) map.put(extent);
  return write_difference(inode, old, map.all());
}

Status TreeWriter::write_difference(InodeId inode, const std::vector<Extent>& old, const std::vector<Extent>& wanted) {
  for (uint64_t offset : offsets_gone(old, wanted)) WFS_TRY(delete_extent_.run(raw(inode), offset));
  for (const Extent& extent : wanted)
    if (!holds(old, extent)) WFS_TRY(put_extent(inode, extent));
  return {};
}

Status TreeWriter::put_extent(InodeId inode, const Extent& extent) {
  std::optional<uint64_t> staging, pack;
  (extent.source == Extent::Source::kSpool ? staging : pack) = extent.source_id;
  return put_extent_.run(raw(inode), extent.file_offset, extent.length, staging, pack, extent.source_offset);
}

Result<std::map<PackId, std::vector<PackedRange>>> TreeWriter::certified_ranges_of(StagingId staging) {
  std::map<PackId, std::vector<PackedRange>> ranges;
  sqlite::Query query = certified_ranges_.start(raw(staging));
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return ranges;
    ranges[PackId{query.number(4)}].push_back(read_packed_range(query));
  }
}

Result<std::vector<Extent>> TreeWriter::settled(const std::vector<Extent>& extents) {
  std::set<StagingId> stagings;
  for (const Extent& extent : extents)
    if (extent.source == Extent::Source::kSpool) stagings.insert(StagingId{extent.source_id});
  std::optional<ExtentMap> map;
  for (StagingId staging : stagings) {
    WFS_ASSIGN(const auto packs, certified_ranges_of(staging));
    if (!packs.empty() && !map) map.emplace(extents);
    for (const auto& [pack, ranges] : packs) map->move_to_pack(pack, ranges);
  }
  return map ? map->all() : extents;
}

Result<std::vector<InodeId>> TreeWriter::inodes_with_packed_extents(PackId pack) {
  sqlite::Statement statement(connection_,
                              "SELECT DISTINCT inode FROM extents WHERE staging IN "
                              "(SELECT DISTINCT staging FROM packed_ranges WHERE pack = ?1) ORDER BY inode");
  sqlite::Query query = statement.start(raw(pack));
  std::vector<InodeId> inodes;
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return inodes;
    inodes.push_back(InodeId{query.number(0)});
  }
}

Status TreeWriter::move_to_pack(PackId pack, const std::vector<PackedRange>& packed) {
  WFS_ASSIGN(const std::vector<InodeId> inodes, inodes_with_packed_extents(pack));
  for (InodeId inode : inodes) {
    std::vector<Extent> extents;
    {
      sqlite::Query query = read_extents_.start(raw(inode));
      WFS_ASSIGN(extents, read_extents(query));
    }
    ExtentMap map(extents);
    if (map.move_to_pack(pack, packed)) WFS_TRY(replace_extents(inode, map.all()));
  }
  return {};
}

}  // namespace walrusfs
