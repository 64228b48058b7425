// What a cut has to pack, and in which order. Decided once per cut, from its snapshot alone; nothing is
// read from the spool here.
//
// Order: by path, parents first, so that the files of one folder share frames and packs. Everything that
// changed since `since` appears once: inodes with a name as items, the rest as loose rows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/pack/changes.h"
#include "meta/index.h"

namespace walrusfs {

// How an inode stands in a pack (docs/formats.md 1.1).
enum class Packing {
  kWhole,       // under its own path, hard links behind it
  kPieces,      // bytes under .walrusfs/extents/, attributes under .walrusfs/inodes/
  kAttributes,  // .walrusfs/inodes/ alone: its bytes stay where they are, or tar has no such kind
};

struct PlanItem {
  InodeRow row;
  std::string path;                     // of one of its names, without leading '/'; empty for the root
  std::vector<std::string> more_paths;  // other names that changed: hard link members where it is whole
  std::vector<EntryRow> entries;        // its names that changed
  std::vector<Extent> extents;          // regular files only
  Packing packing = Packing::kAttributes;
};

struct PackPlan {
  std::vector<PlanItem> items;
  std::vector<pack::ChangesRow> loose_rows;    // what is gone, and names of inodes that did not change
  std::map<StagingId, uint32_t> staging_uses;  // by how many items
  uint64_t spool_bytes = 0;

  bool empty() const { return items.empty() && loose_rows.empty(); }
};

Result<PackPlan> plan_cut(IndexSnapshot& cut, Sequence since);

// The first choice; a file that does not fit into what a pack has left becomes pieces.
Packing packing_of(const InodeRow& row, const std::string& path, const std::vector<Extent>& extents);

// A run of spool bytes that lie together in the file.
struct SpoolRun {
  uint64_t file_offset = 0;
  uint64_t length = 0;
  std::vector<Extent> parts;  // in order, cut to the run

  uint64_t end() const { return file_offset + length; }
};
// The next run at or after `from`, at most `max_length` bytes of it; length 0 when there is none.
SpoolRun next_spool_run(const std::vector<Extent>& extents, uint64_t from, uint64_t max_length);

// Whether a path may be a member's: not empty, not too long for tar.
bool path_fits_tar(const std::string& path);

}  // namespace walrusfs
