// Making a Vfs, and what it tells of itself.
#include <algorithm>

#include "base/limits.h"
#include "base/log.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

// The network has no end; a number that no program finds too small.
constexpr uint64_t kFreeBytes = limits::kFileBytes;
constexpr uint32_t kRootMode = S_IFDIR | 0755;
constexpr Millis kSpaceHolds{1'000};
constexpr int kSpaceHoldsPerWalk = 20;  // so that walks take a twentieth of the time at most

std::unordered_set<uint64_t> raw_set(const std::vector<StagingId>& ids) {
  std::unordered_set<uint64_t> out;
  for (StagingId id : ids) out.insert(raw(id));
  return out;
}

Result<Batch> removal_of(Index& index, const std::vector<InodeId>& orphans, std::vector<StagingId>& staging) {
  Batch batch;
  for (InodeId id : orphans) {
    WFS_ASSIGN(const std::vector<Extent> extents, index.extents(id));
    for (const Extent& extent : extents)
      if (extent.source == Extent::Source::kSpool) add_once(staging, StagingId{extent.source_id});
    InodeChange change;
    change.row.id = id;
    change.removed = true;
    batch.inodes.push_back(std::move(change));
  }
  return batch;
}

}  // namespace

Result<std::unique_ptr<Vfs>> Vfs::open(const World& world, const VfsOptions& options) {
  auto tree = std::make_unique<TreeVfs>(world, options);
  WFS_TRY(tree->start());
  return std::unique_ptr<Vfs>(std::move(tree));
}

TreeVfs::TreeVfs(const World& world, const VfsOptions& options)
    : index_(world.index),
      spool_(world.spool),
      content_(world.content),
      clock_(world.clock),
      options_(options),
      damaged_staging_(raw_set(options.damaged_staging)),
      read_only_(options.read_only),
      read_only_reason_(options.read_only ? "it was mounted so" : "") {}

Status TreeVfs::start() {
  WFS_ASSIGN(const Counters counters, index_.counters());
  WFS_ASSIGN(const Sequence published, index_.published());
  WFS_ASSIGN(const std::optional<InodeRow> root, index_.inode(kRootInode));
  WFS_ASSIGN(const std::vector<InodeId> orphans, index_.orphans());
  std::vector<StagingId> staging;
  WFS_ASSIGN(Batch batch, removal_of(index_, orphans, staging));
  if (!root) {
    const Timestamp now = clock_.now();
    InodeRow row{.id = kRootInode, .mode = kRootMode, .uid = options_.root_owner.uid, .gid = options_.root_owner.gid,
                 .nlink = 2, .atime = now, .mtime = now, .ctime = now, .btime = now, .symlink_target = {}};
    batch.inodes.push_back({.row = std::move(row), .extents = {}, .xattrs = {}});
  }
  batch.next_inode = std::max<uint64_t>(counters.next_inode, raw(kRootInode) + 1);
  batch.next_cookie = counters.next_cookie;
  batch.next_staging = std::max(counters.next_staging, spool_.staging_ids_given());
  Sequence sequence = counters.last_sequence;
  if (!options_.read_only && !batch.empty()) {
    WFS_ASSIGN(sequence, index_.commit(batch));
  }

  {
    MutexLock lock(mutex_);
    next_inode_ = batch.next_inode;
    next_cookie_ = batch.next_cookie;
    sequence_ = sequence;
    published_ = published;
    if (published < sequence) uncut_since_ = clock_.monotonic();
    if (!options_.read_only) to_release_ = staging;
  }
  release_staging();
  return {};
}

Sequence TreeVfs::journaled() const {
  MutexLock lock(mutex_);
  return sequence_;
}

Millis TreeVfs::oldest_unpublished_age() const {
  MutexLock lock(mutex_);
  std::optional<TimePoint> since = uncut_since_;
  for (const auto& [cut, at] : cut_since_) since = since ? std::min(*since, at) : at;
  if (!since) return Millis(0);
  return std::chrono::duration_cast<Millis>(clock_.monotonic() - *since);
}

uint64_t TreeVfs::unpublished_bytes() const { return spool_.usage().staging_bytes; }

// Totals take a walk over all rows of the index, and a program may ask in a loop: what was found holds for a while,
// the longer the walk took the longer.
Result<VolumeSpace> TreeVfs::space() {
  const TimePoint asked = clock_.monotonic();
  {
    MutexLock lock(mutex_);
    if (space_ && asked < space_until_) return *space_;
  }
  WFS_ASSIGN(const IndexTotals totals, index_.totals());
  const TimePoint answered = clock_.monotonic();
  MutexLock lock(mutex_);
  space_ = {.total_bytes = totals.file_bytes + kFreeBytes, .free_bytes = kFreeBytes, .inodes = totals.inodes};
  space_until_ = answered + std::max<TimePoint::duration>(kSpaceHolds, kSpaceHoldsPerWalk * (answered - asked));
  return *space_;
}

Result<FileState> TreeVfs::state(InodeId id) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<FileState> {
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    bool in_spool = false;
    if (inode->is_regular()) {
      WFS_ASSIGN(inode, need_file(id, wants));
      for (const Extent& extent : inode->bytes->extents.all()) {
        if (extent.source != Extent::Source::kSpool) continue;
        if (damaged_staging_.contains(extent.source_id)) return FileState::kDamaged;
        in_spool = true;
      }
    }
    if (inode->is_changed()) return FileState::kDirty;
    return in_spool || inode->row.changed > published_ ? FileState::kJournaled : FileState::kCertified;
  });
}

VfsStatus TreeVfs::status() const {
  MutexLock lock(mutex_);
  return {.inodes_in_memory = table_.size(),
          .dirty_inodes = table_.listed_count(),
          .journaled = sequence_,
          .read_only = read_only_,
          .read_only_reason = read_only_reason_};
}

void TreeVfs::refuse_changes(const std::string& reason) {
  if (read_only_) return;
  read_only_ = true;
  read_only_reason_ = reason;
  log_error("the mount is read-only from now on: {}", reason);
}

void TreeVfs::make_read_only(const std::string& reason) {
  MutexLock lock(mutex_);
  refuse_changes(reason);
}

}  // namespace walrusfs
