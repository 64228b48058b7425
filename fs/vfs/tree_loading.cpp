// What operations ask memory for, and how it gets there from the index.
#include <fmt/format.h>

#include "base/limits.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

using What = Wants::What;

constexpr size_t kNamesPerLook = 256;
constexpr int kDeepestFolder = 100'000;  // a chain of parents longer than this is a cycle

Error not_yet() { return Error(Code::kInternal, ""); }

Error no_such_inode(InodeId id) {
  return Error(Code::kStale, fmt::format("inode {} does not exist any more", raw(id)));
}

}  // namespace

Result<Inode*> TreeVfs::need_inode(InodeId id, Wants& wants) {
  if (Inode* inode = table_.find(id)) return inode;
  wants = {What::kInode, id, {}};
  return not_yet();
}

Result<Inode*> TreeVfs::need_directory(InodeId id, Wants& wants) {
  WFS_ASSIGN(Inode * inode, need_inode(id, wants));
  if (!inode->is_directory()) return Error(Code::kNotDirectory, "this is no folder");
  if (inode->gone) return Error(Code::kNotFound, "the folder was removed");
  return inode;
}

Result<Inode*> TreeVfs::need_file(InodeId id, Wants& wants) {
  WFS_ASSIGN(Inode * inode, need_inode(id, wants));
  if (inode->is_directory()) return Error(Code::kIsDirectory, "a folder has no bytes");
  if (!inode->is_regular()) return Error(Code::kInvalidArgument, "only regular files have bytes");
  if (inode->gone) return no_such_inode(id);
  if (inode->bytes != nullptr) return inode;
  wants = {What::kBytes, id, {}};
  return not_yet();
}

Status TreeVfs::need_xattrs(Inode& inode, Wants& wants) {
  if (inode.xattrs != nullptr) return {};
  wants = {What::kXattrs, inode.row.id, {}};
  return not_yet();
}

Result<std::optional<EntryTarget>> TreeVfs::need_name(InodeId parent, const std::string& name, Wants& wants) {
  const NameOverlay::Answer answer = names_.find(parent, name);
  if (answer.known == NameOverlay::Known::kHere) return std::optional(answer.target);
  if (answer.known == NameOverlay::Known::kAbsent) return std::optional<EntryTarget>();
  wants = {What::kName, parent, name};
  return not_yet();
}

Result<bool> TreeVfs::need_emptiness(InodeId directory, Wants& wants) {
  if (names_.known_names(directory) > 0) return false;
  if (names_.complete(directory)) return true;
  wants = {What::kAnyName, directory, {}};
  return not_yet();
}

Result<InodeId> TreeVfs::need_parent(Inode& directory, Wants& wants) {
  if (directory.row.id == kRootInode) return kRootInode;
  if (raw(directory.parent) != 0) return directory.parent;
  wants = {What::kParent, directory.row.id, {}};
  return not_yet();
}

Result<bool> TreeVfs::need_is_inside(InodeId id, InodeId ancestor, Wants& wants) {
  for (int depth = 0; depth < kDeepestFolder; ++depth) {
    if (id == ancestor) return true;
    if (id == kRootInode) return false;
    WFS_ASSIGN(Inode * directory, need_inode(id, wants));
    WFS_ASSIGN(id, need_parent(*directory, wants));
  }
  return Error(Code::kCorrupt, "the folders of this volume form a cycle; run 'walrusfs check'");
}

Status TreeVfs::load(const Wants& wants) {
  uint64_t generation = 0;
  {
    MutexLock lock(mutex_);
    generation = generation_;
  }
  switch (wants.what) {
    case What::kNothing: return {};
    case What::kInode: return load_inode(wants.id, generation);
    case What::kName: return load_name(wants.id, wants.name, generation);
    case What::kBytes: return load_bytes(wants.id, generation);
    case What::kXattrs: return load_xattrs(wants.id, generation);
    case What::kParent: return load_parent(wants.id, generation);
    case What::kAnyName: return load_any_name(wants.id, generation);
  }
  return {};
}

Result<uint64_t> TreeVfs::mapped_bytes_in_index(const InodeRow& row) {
  if (!S_ISREG(row.mode) || row.size == 0) return uint64_t{0};
  WFS_ASSIGN(std::vector<Extent> extents, index_.extents(row.id));
  uint64_t sum = 0;
  for (const Extent& extent : extents) sum += extent.length;
  return sum;
}

Inode& TreeVfs::install(InodeRow row, uint64_t mapped_bytes) {
  Inode& inode = table_.insert(std::move(row), true);
  inode.mapped_bytes = mapped_bytes;
  return inode;
}

Status TreeVfs::load_inode(InodeId id, uint64_t generation) {
  WFS_ASSIGN(std::optional<InodeRow> row, index_.inode(id));
  uint64_t mapped = 0;
  if (row) {
    WFS_ASSIGN(mapped, mapped_bytes_in_index(*row));
  }
  MutexLock lock(mutex_);
  if (generation != generation_ || table_.find(id) != nullptr) return {};
  if (!row) return no_such_inode(id);
  install(std::move(*row), mapped);
  return {};
}

Status TreeVfs::load_name(InodeId parent, const std::string& name, uint64_t generation) {
  WFS_ASSIGN(std::optional<EntryTarget> target, index_.lookup(parent, name));
  MutexLock lock(mutex_);
  if (generation == generation_) names_.learn(parent, name, target);
  return {};
}

Status TreeVfs::load_bytes(InodeId id, uint64_t generation) {
  WFS_ASSIGN(std::vector<Extent> extents, index_.extents(id));
  MutexLock lock(mutex_);
  Inode* inode = table_.find(id);
  if (generation != generation_ || inode == nullptr || inode->bytes != nullptr) return {};
  inode->bytes = std::make_unique<FileBytes>();
  inode->bytes->extents = ExtentMap(extents);
  for (const Extent& extent : extents)
    if (extent.source == Extent::Source::kSpool) add_once(inode->bytes->named, StagingId{extent.source_id});
  return {};
}

Status TreeVfs::load_xattrs(InodeId id, uint64_t generation) {
  WFS_ASSIGN(Xattrs xattrs, index_.xattrs(id));
  MutexLock lock(mutex_);
  Inode* inode = table_.find(id);
  if (generation != generation_ || inode == nullptr || inode->xattrs != nullptr) return {};
  inode->xattrs = std::make_unique<Xattrs>(std::move(xattrs));
  return {};
}

// Only for a directory that came from the index by number. Since it is clean its name is clean too (a
// rename marks both), so that the index knows the truth.
Status TreeVfs::load_parent(InodeId id, uint64_t generation) {
  WFS_ASSIGN(std::string path, index_.path_of(id));
  InodeId parent = kRootInode;
  bool found = true;
  for (size_t at = 0, slash = path.find('/'); found && slash != std::string::npos; slash = path.find('/', at)) {
    WFS_ASSIGN(std::optional<EntryTarget> target, index_.lookup(parent, path.substr(at, slash - at)));
    found = target.has_value();
    if (found) parent = target->child;
    at = slash + 1;
  }
  MutexLock lock(mutex_);
  Inode* inode = table_.find(id);
  if (found && generation == generation_ && inode != nullptr && raw(inode->parent) == 0) inode->parent = parent;
  return {};
}

// Finds one name of a directory that exists, or that there is none.
Status TreeVfs::load_any_name(InodeId directory, uint64_t generation) {
  for (uint64_t after = 0;;) {
    WFS_ASSIGN(std::vector<ListedEntry> rows, index_.list(directory, after, kNamesPerLook));
    MutexLock lock(mutex_);
    if (generation != generation_) return {};
    for (const ListedEntry& row : rows) {
      if (names_.governs(directory, row.name)) continue;
      names_.learn(directory, row.name, row.target);
      return {};
    }
    if (rows.size() < kNamesPerLook) {
      names_.mark_complete(directory);
      return {};
    }
    after = rows.back().target.cookie;
  }
}

void TreeVfs::trim() {
  table_.trim(options_.max_clean_inodes);
  names_.trim(2 * options_.max_clean_inodes);
}

}  // namespace walrusfs
