#include "tests/io/small_tree.h"

#include <sys/stat.h>

#include <algorithm>

#include "tests/must.h"

namespace walrusfs::test {

SmallTree::SmallTree(Index& index, Spool& spool) : index_(index), spool_(spool) {
  const Counters counters = must(index_.counters());
  next_inode_ = counters.next_inode;
  next_cookie_ = counters.next_cookie;
  journaled_ = counters.last_sequence;
  auto root = must(index_.inode(kRootInode));
  if (root) {
    nodes_[kRootInode].row = *root;
    load(kRootInode);
    known_stagings_ = stagings_in_use();
    return;
  }
  Node& made = change(kRootInode);
  made.row.mode = S_IFDIR | 0755;
  made.row.nlink = 2;
  journal();
}

void SmallTree::load(InodeId folder) {
  for (const ListedEntry& entry : must(index_.list(folder, 0, 1'000'000))) {
    names_[{folder, entry.name}] = entry.target;
    if (nodes_.contains(entry.target.child)) continue;
    Node& loaded = nodes_[entry.target.child];
    loaded.row = entry.inode;
    loaded.extents = ExtentMap(must(index_.extents(entry.target.child)));
    loaded.xattrs = must(index_.xattrs(entry.target.child));
    if (S_ISDIR(entry.inode.mode)) load(entry.target.child);
  }
}

SmallTree::Name SmallTree::split(const std::string& path) const {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {kRootInode, path};
  return {find(path.substr(0, slash)), path.substr(slash + 1)};
}

InodeId SmallTree::find(const std::string& path) const {
  auto found = names_.find(split(path));
  if (found == names_.end()) {
    ADD_FAILURE() << "no such path: " << path;
    std::abort();
  }
  return found->second.child;
}

SmallTree::Node& SmallTree::change(InodeId id) {
  Node& node = nodes_[id];
  node.row.id = id;
  node.row.ctime = {tick_++};
  dirty_.insert(id);
  return node;
}

// The ".." of a folder is a link to its parent.
void SmallTree::count_folder(const Name& name, InodeId child, bool comes) {
  if (!S_ISDIR(nodes_.at(child).row.mode)) return;
  uint32_t& links = change(name.parent).row.nlink;
  links = comes ? links + 1 : links - 1;
}

void SmallTree::put_name(const Name& name, InodeId child) {
  count_folder(name, child, true);
  names_[name] = {child, next_cookie_++};
  dirty_names_.insert(name);
}

void SmallTree::drop_name(const Name& name) {
  const InodeId child = names_.at(name).child;
  count_folder(name, child, false);
  names_.erase(name);
  dirty_names_.insert(name);
  Node& node = change(child);
  if (!S_ISDIR(node.row.mode) && --node.row.nlink > 0) return;
  nodes_.erase(child);
  dirty_.erase(child);
  removed_.insert(child);
}

InodeId SmallTree::make(const std::string& path, uint32_t mode, const std::string& symlink_target, uint64_t rdev) {
  const InodeId id{next_inode_++};
  Node& node = change(id);
  node.row.mode = mode;
  node.row.uid = 1000;
  node.row.gid = 1001;
  node.row.nlink = S_ISDIR(mode) ? 2 : 1;
  node.row.symlink_target = symlink_target;
  node.row.rdev = rdev;
  node.row.atime = node.row.mtime = node.row.btime = {tick_++};
  put_name(split(path), id);
  return id;
}

void SmallTree::write(const std::string& path, uint64_t offset, ByteView data) {
  if (!names_.contains(split(path))) make(path, S_IFREG | 0644);
  Node& node = change(find(path));
  if (!node.staging) {
    node.staging = spool_.next_staging_id();
    known_stagings_.insert(*node.staging);
  }
  must(spool_.write(*node.staging, offset, data));
  if (!data.empty()) node.extents.put({offset, data.size(), Extent::Source::kSpool, raw(*node.staging), offset});
  node.row.size = std::max(node.row.size, offset + data.size());
  node.row.mtime = {tick_++};
}

void SmallTree::truncate(const std::string& path, uint64_t size) {
  if (!names_.contains(split(path))) make(path, S_IFREG | 0644);
  Node& node = change(find(path));
  node.extents.clear({size, UINT64_MAX - size});
  node.row.size = size;
}

void SmallTree::set_mode(const std::string& path, uint32_t permissions) {
  Node& node = change(find(path));
  node.row.mode = (node.row.mode & S_IFMT) | permissions;
}

void SmallTree::set_xattr(const std::string& path, const std::string& name, std::string_view value) {
  change(find(path)).xattrs[name] = to_bytes(as_bytes(value));
}

void SmallTree::link(const std::string& path, const std::string& new_path) {
  const InodeId id = find(path);
  ++change(id).row.nlink;
  put_name(split(new_path), id);
}

void SmallTree::rename(const std::string& path, const std::string& new_path) {
  const Name from = split(path), to = split(new_path);
  if (names_.contains(to)) drop_name(to);
  const InodeId id = names_.at(from).child;
  count_folder(from, id, false);
  names_.erase(from);
  dirty_names_.insert(from);
  change(id);
  put_name(to, id);
}

void SmallTree::remove(const std::string& path) { drop_name(split(path)); }

Sequence SmallTree::journal() {
  Batch batch;
  std::vector<StagingId> stagings;
  for (InodeId id : dirty_) {
    Node& node = nodes_.at(id);
    InodeChange inode;
    inode.row = node.row;
    inode.extents = node.extents.all();
    inode.xattrs = node.xattrs;
    if (node.staging) stagings.push_back(*node.staging);
    batch.inodes.push_back(std::move(inode));
  }
  for (InodeId id : removed_) {
    InodeChange inode;
    inode.row.id = id;
    inode.removed = true;
    batch.inodes.push_back(std::move(inode));
  }
  for (const Name& name : dirty_names_) {
    auto found = names_.find(name);
    std::optional<EntryTarget> target;
    if (found != names_.end()) target = found->second;
    batch.entries.push_back({name.parent, name.name, target});
  }
  batch.next_inode = next_inode_;
  batch.next_cookie = next_cookie_;
  batch.next_staging = spool_.staging_ids_given();
  must(spool_.sync(stagings));
  journaled_ = must(index_.commit(batch));
  dirty_.clear();
  removed_.clear();
  dirty_names_.clear();
  release_unused();
  return journaled_;
}

std::set<StagingId> SmallTree::stagings_in_use() const {
  std::set<StagingId> used;
  for (const auto& [id, node] : nodes_) {
    for (const Extent& extent : node.extents.all()) {
      if (extent.source == Extent::Source::kSpool) used.insert(StagingId{extent.source_id});
    }
    if (node.staging) used.insert(*node.staging);
  }
  return used;
}

void SmallTree::release_unused() {
  const std::set<StagingId> used = stagings_in_use();
  for (auto it = known_stagings_.begin(); it != known_stagings_.end();) {
    if (!used.contains(*it)) {
      must(spool_.remove(*it));
      it = known_stagings_.erase(it);
    } else {
      ++it;
    }
  }
}

Result<std::unique_ptr<IndexSnapshot>> SmallTree::cut() {
  journal();
  for (auto& [id, node] : nodes_) node.staging.reset();
  return index_.snapshot();
}

Status SmallTree::adopt_pack(const PackRow& pack, const std::vector<PackedRange>& packed) {
  if (fail_adoption_) {
    const Error error = *fail_adoption_;
    fail_adoption_.reset();
    return error;
  }
  on_event_();
  WFS_TRY(index_.certify_pack(pack));
  on_event_();
  for (auto& [id, node] : nodes_) node.extents.move_to_pack(pack.id, packed);
  release_unused();
  return ok_status();
}

uint64_t SmallTree::unpublished_bytes() const { return spool_.usage().staging_bytes; }

bool SmallTree::has_spool_bytes() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node.second.extents.has_spool(); });
}

void SmallTree::list(InodeId folder, const std::string& prefix, std::vector<std::string>& out) const {
  for (auto it = names_.lower_bound({folder, ""}); it != names_.end() && it->first.parent == folder; ++it) {
    out.push_back(prefix + it->first.name);
    if (S_ISDIR(nodes_.at(it->second.child).row.mode)) list(it->second.child, out.back() + "/", out);
  }
}

std::vector<std::string> SmallTree::paths() const {
  std::vector<std::string> out;
  list(kRootInode, "", out);
  return out;
}

}  // namespace walrusfs::test
