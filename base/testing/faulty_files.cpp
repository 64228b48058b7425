#include "base/testing/faulty_files.h"

#include <algorithm>

namespace walrusfs {
namespace {

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void must(const Status& status) { WFS_CHECK(status.ok()); }

}  // namespace

// One step of a file's bytes, with what is needed to take it back and to do it again.
struct FaultyFiles::Change {
  enum class Kind { kWrite, kTruncate, kPunch } kind = Kind::kWrite;
  ByteRange range;  // of a truncate: from the new size on
  uint64_t size_before = 0;
  Bytes before;  // what stood in the range, as far as the file went
  Bytes after;   // of a write
};

struct FaultyFiles::Node {
  std::string path;
  std::vector<Change> changes;  // not covered by a sync
  bool doomed = false;          // a sync failed: nothing more becomes durable
};

struct FaultyFiles::NameChange {
  enum class Kind { kCreate, kRemove, kRename, kMakeFolder, kRemoveFolder } kind = Kind::kCreate;
  std::string path;    // of a rename: the new name
  std::string from;    // of a rename
  std::string hidden;  // where the removed or replaced file waits; empty when there was none
};

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFiles& owner, std::shared_ptr<FaultyFiles::Node> node, std::unique_ptr<File> inner, uint64_t boot)
      : owner_(owner), node_(std::move(node)), inner_(std::move(inner)), boot_(boot) {}

  Result<size_t> read_at(uint64_t offset, MutableByteView out) override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpRead));
    return inner_->read_at(offset, out);
  }

  Status write_at(uint64_t offset, ByteView data) override {
    MutexLock lock(owner_.mutex_);
    const bool torn = owner_.next_write_is_torn(node_->path);
    Status allowed = allow(kOpWrite);
    if (!allowed.ok() && !torn) return allowed;
    if (!allowed.ok()) data = data.first(data.size() / 2);
    WFS_TRY(note({FaultyFiles::Change::Kind::kWrite, {offset, data.size()}, 0, {}, to_bytes(data)}));
    WFS_TRY(inner_->write_at(offset, data));
    return allowed;
  }

  Result<uint64_t> size() override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpStat));
    return inner_->size();
  }

  Result<uint64_t> allocated_bytes() override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpStat));
    return inner_->allocated_bytes();
  }

  Status truncate(uint64_t size) override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpTruncate));
    WFS_TRY(note({FaultyFiles::Change::Kind::kTruncate, {size, UINT64_MAX - size}, 0, {}, {}}));
    return inner_->truncate(size);
  }

  Status punch_hole(ByteRange range) override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpPunch));
    WFS_TRY(note({FaultyFiles::Change::Kind::kPunch, range, 0, {}, {}}));
    return inner_->punch_hole(range);
  }

  Status reserve(ByteRange range) override {
    MutexLock lock(owner_.mutex_);
    WFS_TRY(allow(kOpReserve));
    return inner_->reserve(range);
  }

  Status sync_data() override {
    MutexLock lock(owner_.mutex_);
    Status allowed = allow(kOpSyncData);
    if (!allowed.ok()) node_->doomed = true;
    if (allowed.ok() && !node_->doomed) node_->changes.clear();
    return allowed;  // the inner disk keeps its power, so there is no need to sync it
  }

  Status sync_filesystem() override {
    {
      MutexLock lock(owner_.mutex_);
      WFS_TRY(alive());
    }
    return owner_.sync_filesystem(node_->path);
  }

 private:
  Status alive() REQUIRES(owner_.mutex_) {
    if (boot_ != owner_.boot_) return Error(Code::kIo, node_->path + ": the power was cut after it was opened");
    return {};
  }
  Status allow(FileOp op) REQUIRES(owner_.mutex_) {
    WFS_TRY(alive());
    return owner_.allow(op, node_->path);
  }
  // Remembers what `change` is about to replace.
  Status note(FaultyFiles::Change change) REQUIRES(owner_.mutex_) {
    WFS_ASSIGN(change.size_before, inner_->size());
    if (change.range.offset < change.size_before) {
      change.before.resize(std::min(change.range.length, change.size_before - change.range.offset));
      WFS_TRY(inner_->read_at(change.range.offset, change.before));
    }
    node_->changes.push_back(std::move(change));
    return {};
  }

  FaultyFiles& owner_;
  const std::shared_ptr<FaultyFiles::Node> node_;  // shared: files may be open several times, or unlinked
  const std::unique_ptr<File> inner_;
  const uint64_t boot_;
};

FaultyFiles::FaultyFiles(Files& inner) : inner_(inner) {}
FaultyFiles::~FaultyFiles() = default;

void FaultyFiles::fail(const Fault& fault) {
  MutexLock lock(mutex_);
  faults_.push_back(fault);
}

void FaultyFiles::clear_faults() {
  MutexLock lock(mutex_);
  faults_.clear();
}

void FaultyFiles::set_free_bytes(std::optional<uint64_t> free_bytes) {
  MutexLock lock(mutex_);
  free_bytes_ = free_bytes;
}

uint64_t FaultyFiles::count(uint32_t ops) const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [op, times] : counts_) sum += (op & ops) != 0 ? times : 0;
  return sum;
}

Status FaultyFiles::allow(FileOp op, const std::string& path) {
  ++counts_[op];
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if ((fault->ops & op) == 0 || path.find(fault->path_part) == std::string::npos) continue;
    if (fault->nth > 1) {
      --fault->nth;
      continue;
    }
    const int errno_value = fault->errno_value;
    if (!fault->stays) faults_.erase(fault);
    return error_from_errno(errno_value, "injected fault at " + path);
  }
  return {};
}

bool FaultyFiles::next_write_is_torn(const std::string& path) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.torn && fault.nth == 1 && (fault.ops & kOpWrite) != 0 &&
           path.find(fault.path_part) != std::string::npos;
  });
}

std::shared_ptr<FaultyFiles::Node> FaultyFiles::node_at(const std::string& path) {
  auto& node = nodes_[path];
  if (!node) node = std::make_shared<Node>(Node{path, {}, false});
  return node;
}

Result<std::unique_ptr<File>> FaultyFiles::open(const std::string& path, Open how) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpOpen, path));
  WFS_ASSIGN(const bool existed, inner_.exists(path));
  WFS_ASSIGN(auto file, inner_.open(path, how));
  if (!existed) name_changes_.push_back({NameChange::Kind::kCreate, path, {}, {}});
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, node_at(path), std::move(file), boot_));
}

Result<std::string> FaultyFiles::hide(const std::string& path) {
  std::string hidden = hidden_ / std::to_string(hidden_count_++);
  WFS_TRY(inner_.rename(path, hidden));
  move_nodes(path, hidden);
  return hidden;
}

void FaultyFiles::move_nodes(const std::string& from, const std::string& to) {
  std::map<std::string, std::shared_ptr<Node>> moved;
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    const bool below = it->first == from || it->first.starts_with(from + "/");
    if (!below) {
      ++it;
      continue;
    }
    it->second->path = to + it->first.substr(from.size());
    moved[it->second->path] = it->second;
    it = nodes_.erase(it);
  }
  for (auto& [path, node] : moved) nodes_[path] = node;
}

Status FaultyFiles::rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpRename, to));
  WFS_ASSIGN(const bool source_exists, inner_.exists(from));
  WFS_ASSIGN(const bool target_exists, inner_.exists(to));
  NameChange change{NameChange::Kind::kRename, to, from, {}};
  if (source_exists && target_exists && from != to) {
    WFS_ASSIGN(change.hidden, hide(to));
  }
  WFS_TRY(inner_.rename(from, to));
  move_nodes(from, to);
  name_changes_.push_back(std::move(change));
  return {};
}

Status FaultyFiles::remove(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpRemove, path));
  NameChange change{NameChange::Kind::kRemove, path, {}, {}};
  WFS_ASSIGN(const bool present, inner_.exists(path));
  if (!present) return inner_.remove(path);  // in the inner disk's words
  WFS_ASSIGN(change.hidden, hide(path));
  name_changes_.push_back(std::move(change));
  return {};
}

Status FaultyFiles::make_directories(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpMakeDirectory, path));
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    WFS_ASSIGN(const bool present, inner_.exists(part));
    WFS_TRY(inner_.make_directories(part));
    if (!present) name_changes_.push_back({NameChange::Kind::kMakeFolder, part, {}, {}});
    if (slash == std::string::npos) return {};
  }
}

Status FaultyFiles::remove_directory(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpRemoveDirectory, path));
  WFS_TRY(inner_.remove_directory(path));
  name_changes_.push_back({NameChange::Kind::kRemoveFolder, path, {}, {}});
  return {};
}

Result<std::vector<DirectoryItem>> FaultyFiles::list(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpList, path));
  return inner_.list(path);
}

void FaultyFiles::names_are_synced(const std::string* folder) {
  std::erase_if(name_changes_, [&](const NameChange& change) NO_THREAD_SAFETY_ANALYSIS {
    if (folder != nullptr && parent_of(change.path) != *folder) return false;
    if (!change.hidden.empty()) {
      must(inner_.remove(change.hidden));
      nodes_.erase(change.hidden);
    }
    return true;
  });
}

Status FaultyFiles::sync_directory(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpSyncDirectory, path));
  WFS_ASSIGN(const bool present, inner_.exists(path));
  if (!present) return inner_.sync_directory(path);
  names_are_synced(&path);
  return {};
}

Status FaultyFiles::sync_filesystem(const std::string& path) {
  MutexLock lock(mutex_);
  Status allowed = allow(kOpSyncFilesystem, path);
  for (auto& [name, node] : nodes_) {
    if (!allowed.ok() && !node->changes.empty()) node->doomed = true;
    if (allowed.ok() && !node->doomed) node->changes.clear();
  }
  if (allowed.ok()) names_are_synced(nullptr);
  return allowed;
}

Result<bool> FaultyFiles::exists(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpStat, path));
  return inner_.exists(path);
}

Result<DiskSpace> FaultyFiles::space(const std::string& path) {
  MutexLock lock(mutex_);
  WFS_TRY(allow(kOpSpace, path));
  WFS_ASSIGN(DiskSpace space, inner_.space(path));
  if (free_bytes_) space.free_bytes = *free_bytes_;
  return space;
}

void FaultyFiles::power_cut() { cut(nullptr); }
void FaultyFiles::power_cut(Rng& rng) { cut(&rng); }

void FaultyFiles::cut(Rng* rng) {
  MutexLock lock(mutex_);
  ++boot_;
  for (auto& [path, node] : nodes_) undo_bytes(*node, rng);
  const size_t surviving = rng == nullptr ? 0 : rng->below(name_changes_.size() + 1);
  while (name_changes_.size() > surviving) {
    undo_name(name_changes_.back());
    name_changes_.pop_back();
  }
  names_are_synced(nullptr);
  nodes_.clear();
}

void FaultyFiles::undo_bytes(Node& node, Rng* rng) {
  if (node.changes.empty()) return;
  auto file = inner_.open(node.path, Open::kReadWrite);
  WFS_CHECK(file.ok());
  for (auto change = node.changes.rbegin(); change != node.changes.rend(); ++change) {
    must((*file)->write_at(change->range.offset, change->before));
    must((*file)->truncate(change->size_before));
  }
  for (const Change& change : node.changes) {
    if (rng == nullptr || rng->below(2) == 0) continue;
    switch (change.kind) {
      case Change::Kind::kWrite: must((*file)->write_at(change.range.offset, change.after)); break;
      case Change::Kind::kTruncate: must((*file)->truncate(change.range.offset)); break;
      case Change::Kind::kPunch: must((*file)->punch_hole(change.range)); break;
    }
  }
}

void FaultyFiles::undo_name(const NameChange& change) {
  switch (change.kind) {
    case NameChange::Kind::kCreate: must(inner_.remove(change.path)); break;
    case NameChange::Kind::kRename: must(inner_.rename(change.path, change.from)); break;
    case NameChange::Kind::kRemove: break;
    // Not empty: a file in it was synced, and took its folder along.
    case NameChange::Kind::kMakeFolder: (void)inner_.remove_directory(change.path).ok(); break;
    case NameChange::Kind::kRemoveFolder: must(inner_.make_directories(change.path)); break;
  }
  if (!change.hidden.empty()) must(inner_.rename(change.hidden, change.path));
}

}  // namespace walrusfs
