#include "fs/io/pack_plan.h"

#include <sys/stat.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/limits.h"
#include "fs/io/change_rows.h"

namespace walrusfs {
namespace {

// '/' sorts before every other byte, so that a folder comes before what is in it, and that before its neighbours.
bool path_before(const std::string& a, const std::string& b) {
  auto rank = [](char c) { return c == '/' ? 0u : 1u + static_cast<unsigned char>(c); };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

// Paths of folders, each asked from the index once.
class FolderPaths {
 public:
  explicit FolderPaths(IndexSnapshot& cut) : cut_(cut) {}

  // kNotFound when the folder itself has no name any more.
  Result<std::string> path_in(InodeId parent, const std::string& name) {
    WFS_ASSIGN(std::string folder, path_of(parent));
    return folder.empty() ? name : folder + "/" + name;
  }

 private:
  Result<std::string> path_of(InodeId folder) {
    if (folder == kRootInode) return std::string();
    if (auto known = paths_.find(folder); known != paths_.end()) return known->second;
    WFS_ASSIGN(std::string path, cut_.path_of(folder));
    paths_.emplace(folder, path);
    return path;
  }

  IndexSnapshot& cut_;
  std::unordered_map<InodeId, std::string> paths_;
};

class Planner {
 public:
  explicit Planner(IndexSnapshot& cut) : cut_(cut), folders_(cut) {}

  Result<PackPlan> plan(ChangedRows changed) {
    for (InodeRow& row : changed.inodes) WFS_TRY(add_inode(std::move(row)));
    for (EntryRow& entry : changed.entries) WFS_TRY(add_entry(std::move(entry)));
    for (PlanItem& item : plan_.items) WFS_TRY(complete(item));
    std::sort(plan_.items.begin(), plan_.items.end(),
              [](const PlanItem& a, const PlanItem& b) { return path_before(a.path, b.path); });
    for (auto& [parent, name] : changed.removed_entries) {
      plan_.loose_rows.push_back(pack::EntryGone{parent, std::move(name)});
    }
    for (InodeId id : changed.removed_inodes) plan_.loose_rows.push_back(pack::InodeGone{id});
    return std::move(plan_);
  }

 private:
  // An inode without a name (unlinked while open) dies with its last user: for the network it is gone.
  Status add_inode(InodeRow row) {
    if (row.nlink == 0) {
      plan_.loose_rows.push_back(pack::InodeGone{row.id});
      return ok_status();
    }
    item_of_[row.id] = plan_.items.size();
    plan_.items.push_back({});
    plan_.items.back().row = std::move(row);
    return ok_status();
  }

  Status add_entry(EntryRow entry) {
    auto item = item_of_.find(entry.target.child);
    if (item == item_of_.end()) {
      plan_.loose_rows.push_back(to_changes_row(entry));
    } else {
      plan_.items[item->second].entries.push_back(std::move(entry));
    }
    return ok_status();
  }

  Status complete(PlanItem& item) {
    WFS_TRY(find_paths(item));
    if (!S_ISREG(item.row.mode)) {
      item.packing = packing_of(item.row, item.path, {});
      return ok_status();
    }
    WFS_ASSIGN(item.extents, cut_.extents(item.row.id));
    item.packing = packing_of(item.row, item.path, item.extents);
    count_staging(item);
    return ok_status();
  }

  Status find_paths(PlanItem& item) {
    if (item.row.id == kRootInode) return ok_status();
    std::vector<std::string> paths;
    for (const EntryRow& entry : item.entries) {
      WFS_ASSIGN(std::string path, folders_.path_in(entry.parent, entry.name));
      paths.push_back(std::move(path));
    }
    if (paths.empty()) {
      WFS_ASSIGN(std::string path, cut_.path_of(item.row.id));
      paths.push_back(std::move(path));
    }
    std::sort(paths.begin(), paths.end(), path_before);
    item.path = std::move(paths.front());
    item.more_paths.assign(std::make_move_iterator(paths.begin() + 1), std::make_move_iterator(paths.end()));
    return ok_status();
  }

  void count_staging(const PlanItem& item) {
    std::map<StagingId, bool> seen;
    for (const Extent& extent : item.extents) {
      if (extent.source != Extent::Source::kSpool) continue;
      plan_.spool_bytes += extent.length;
      if (seen.emplace(StagingId{extent.source_id}, true).second) ++plan_.staging_uses[StagingId{extent.source_id}];
    }
  }

  IndexSnapshot& cut_;
  FolderPaths folders_;
  PackPlan plan_;
  std::unordered_map<InodeId, size_t> item_of_;
};

}  // namespace

Result<PackPlan> plan_cut(IndexSnapshot& cut, Sequence since) {
  WFS_ASSIGN(ChangedRows changed, cut.changed_since(since));
  return Planner(cut).plan(std::move(changed));
}

bool path_fits_tar(const std::string& path) { return !path.empty() && path.size() <= limits::kTarPathBytes; }

Packing packing_of(const InodeRow& row, const std::string& path, const std::vector<Extent>& extents) {
  auto from = [](Extent::Source source) { return [source](const Extent& e) { return e.source == source; }; };
  const bool in_spool = std::any_of(extents.begin(), extents.end(), from(Extent::Source::kSpool));
  const bool in_packs = std::any_of(extents.begin(), extents.end(), from(Extent::Source::kPack));
  if (in_spool && (in_packs || !path_fits_tar(path))) return Packing::kPieces;
  if (in_spool && extents.size() >= limits::kSparseRangesPerMember) return Packing::kPieces;
  if (in_packs || S_ISSOCK(row.mode) || !path_fits_tar(path)) return Packing::kAttributes;
  return Packing::kWhole;
}

SpoolRun next_spool_run(const std::vector<Extent>& extents, uint64_t from, uint64_t max_length) {
  SpoolRun run;
  auto next = std::partition_point(extents.begin(), extents.end(),
                                   [from](const Extent& extent) { return extent.end() <= from; });
  for (; next != extents.end(); ++next) {
    const Extent& extent = *next;
    if (extent.source != Extent::Source::kSpool || extent.length == 0) continue;
    const uint64_t skip = from > extent.file_offset ? from - extent.file_offset : 0;
    const uint64_t start = extent.file_offset + skip;
    if (run.parts.empty()) {
      run.file_offset = start;
    } else if (start != run.end()) {
      break;
    }
    Extent part = extent;
    part.file_offset = start;
    part.source_offset += skip;
    part.length = std::min(extent.length - skip, max_length - run.length);
    if (part.length == 0) break;
    run.length += part.length;
    run.parts.push_back(part);
  }
  return run;
}

}  // namespace walrusfs
