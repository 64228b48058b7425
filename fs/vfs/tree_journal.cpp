// From memory to the index: batches, turns, cuts and the adoption of packs. tree_vfs.h tells how.
#include <algorithm>

#include "base/log.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

// Failures after which trying again can help; after any other nobody knows what is on disk.
bool may_help_to_retry(Code code) {
  return code == Code::kNoSpace || code == Code::kBusy || code == Code::kCancelled || is_retryable(code);
}

Error no_trust() {
  return Error(Code::kIo, "the local disk failed earlier, so nothing is written any more; look at the log, mend the "
                          "disk and mount again");
}

}  // namespace

void TreeVfs::mark(Inode& inode, uint8_t dirt) {
  table_.mark(inode, dirt, open_batch_);
  if (oldest_change_) return;
  oldest_change_ = clock_.monotonic();
  if (!uncut_since_) uncut_since_ = oldest_change_;
}

Status TreeVfs::writable() const {
  if (!read_only_) return {};
  return Error(Code::kReadOnly, "the mount is read-only: " + read_only_reason_);
}

Status TreeVfs::admit() {
  {
    MutexLock lock(mutex_);
    const bool full = table_.listed_count() > options_.max_dirty_inodes ||
                      names_.changed_count() > 2 * options_.max_dirty_inodes;
    if (!full) return {};
  }
  return journal_now();
}

Status TreeVfs::fsync(InodeId id) {
  uint64_t batch = 0;
  {
    MutexLock lock(mutex_);
    Inode* inode = table_.find(id);
    if (inode == nullptr || !inode->is_changed()) return {};
    batch = inode->changed_batch;
  }
  return journal_up_to(batch);
}

Status TreeVfs::journal_now() {
  uint64_t batch = 0;
  {
    MutexLock lock(mutex_);
    const bool nothing_new = table_.listed_count() == 0 && names_.changed_count() == 0;
    batch = nothing_new ? open_batch_ - 1 : open_batch_;
  }
  return journal_up_to(batch);
}

Millis TreeVfs::journal_step() {
  {
    MutexLock lock(mutex_);
    if (trust_lost_ || !oldest_change_) return options_.journal_interval;
    const auto due = *oldest_change_ + options_.journal_interval;
    const auto now = clock_.monotonic();
    if (now < due) return std::chrono::ceil<Millis>(due - now);
  }
  if (Status done = journal_now(); !done.ok())
    log_error("changes could not be journaled and stay in memory for now: {}", done.error().to_string());
  return options_.journal_interval;
}

Status TreeVfs::journal_up_to(uint64_t batch) {
  for (;;) {
    {
      MutexLock lock(mutex_);
      while (turn_taken_ && committed_batch_ < batch) turn_ended_.wait(mutex_);
      if (committed_batch_ >= batch) return {};
      if (trust_lost_) return no_trust();
      turn_taken_ = true;
    }
    Status done = journal_turn();
    end_turn();
    WFS_TRY(done);
  }
}

Status TreeVfs::take_turn() {
  MutexLock lock(mutex_);
  while (turn_taken_) turn_ended_.wait(mutex_);
  if (trust_lost_) return no_trust();
  turn_taken_ = true;
  return {};
}

void TreeVfs::end_turn() {
  {
    MutexLock lock(mutex_);
    turn_taken_ = false;
  }
  turn_ended_.notify_all();
  release_staging();
}

Status TreeVfs::journal_turn() {
  FrozenBatch frozen;
  {
    MutexLock lock(mutex_);
    frozen = freeze();
  }
  const Result<Sequence> outcome = carry_out(frozen);
  return settle(frozen, outcome);
}

TreeVfs::FrozenBatch TreeVfs::freeze() {
  FrozenBatch frozen;
  frozen.number = open_batch_++;
  frozen.oldest_change = std::exchange(oldest_change_, std::nullopt);
  frozen.batch.inodes.reserve(table_.listed_count());
  for (Inode* inode : table_.listed()) freeze_inode(*inode, frozen);
  names_.freeze(frozen.batch.entries);
  frozen.batch.next_inode = next_inode_;
  frozen.batch.next_cookie = next_cookie_;
  frozen.batch.next_staging = spool_.staging_ids_given();
  return frozen;
}

void TreeVfs::freeze_inode(Inode& inode, FrozenBatch& out) {
  if (inode.dirt == 0) return;
  inode.frozen_dirt = std::exchange(inode.dirt, uint8_t{0});
  FileBytes* bytes = inode.bytes.get();
  if (bytes != nullptr && !inode.gone) {
    bytes->syncing = std::exchange(bytes->unsynced, {});
    out.to_sync.insert(out.to_sync.end(), bytes->syncing.begin(), bytes->syncing.end());
  }
  if ((inode.frozen_dirt & ~kBytesDirt) == 0) return;
  inode.in_index = true;
  InodeChange change;
  change.row = inode.row;
  change.removed = inode.gone;
  if (inode.gone) {
    if (bytes == nullptr && inode.is_regular()) out.removed_unloaded.push_back(inode.row.id);
  } else {
    if (inode.frozen_dirt & kExtentsDirt) {
      bytes->committing = bytes->changed.take();
      for (const ByteRange& range : bytes->committing) change.patches.push_back({range, bytes->extents.slice(range)});
      bytes->active_frozen = true;
    }
    if (inode.frozen_dirt & kXattrsDirt) change.xattrs = *inode.xattrs;
  }
  out.batch.inodes.push_back(std::move(change));
}

Result<Sequence> TreeVfs::carry_out(FrozenBatch& frozen) {
  for (InodeId id : frozen.removed_unloaded) {
    WFS_ASSIGN(const std::vector<Extent> extents, index_.extents(id));
    for (const Extent& extent : extents)
      if (extent.source == Extent::Source::kSpool) add_once(frozen.to_release, StagingId{extent.source_id});
  }
  if (!frozen.to_sync.empty()) WFS_TRY(spool_.sync(frozen.to_sync));
  if (frozen.batch.empty()) return journaled();
  auto committed = index_.commit(frozen.batch);
  const bool disk_full = !committed.ok() && committed.error().code() == Code::kNoSpace;
  if (disk_full && spool_.release_reserve()) committed = index_.commit(frozen.batch);
  return committed;
}

Status TreeVfs::settle(FrozenBatch& frozen, const Result<Sequence>& outcome) {
  MutexLock lock(mutex_);
  const bool committed = outcome.ok();
  for (Inode* inode : table_.listed()) settle_inode(*inode, committed, committed ? *outcome : Sequence{});
  names_.settle(committed);
  table_.tidy_listed();
  if (committed) {
    committed_batch_ = frozen.number;
    sequence_ = *outcome;
    ++generation_;
    to_release_.insert(to_release_.end(), frozen.to_release.begin(), frozen.to_release.end());
    return {};
  }
  if (frozen.oldest_change) oldest_change_ = frozen.oldest_change;
  if (!may_help_to_retry(outcome.error().code())) {
    trust_lost_ = true;
    refuse_changes("journaling failed: " + outcome.error().message());
  }
  return outcome.error();
}

void TreeVfs::settle_inode(Inode& inode, bool committed, Sequence sequence) {
  const uint8_t frozen = std::exchange(inode.frozen_dirt, uint8_t{0});
  if (frozen == 0) return;
  FileBytes* bytes = inode.bytes.get();
  if (!committed) {
    inode.dirt |= frozen;
    if (bytes == nullptr) return;
    for (StagingId id : bytes->syncing) add_once(bytes->unsynced, id);
    for (const ByteRange& range : bytes->committing) bytes->changed.add(range);
    bytes->syncing.clear();
    bytes->committing.clear();
    return;
  }
  if (bytes != nullptr) {
    bytes->syncing.clear();
    bytes->committing.clear();
  }
  if ((frozen & ~kBytesDirt) != 0) inode.row.changed = sequence;
  if (inode.gone && inode.dirt == 0) {
    inode.in_index = false;
    if (bytes != nullptr) to_release_.insert(to_release_.end(), bytes->named.begin(), bytes->named.end());
    inode.bytes.reset();
  } else if ((frozen & kExtentsDirt) != 0) {
    release_unnamed(inode);
  }
}

// Memory and index agree on the extents when nothing changed since the freeze: a staging file that they
// do not name is over.
void TreeVfs::release_unnamed(Inode& inode) {
  if ((inode.dirt & kExtentsDirt) != 0 || inode.writers > 0 || inode.bytes == nullptr) return;
  FileBytes& bytes = *inode.bytes;
  const bool only_active = bytes.named.size() == 1 && bytes.named.front() == bytes.active;
  if (bytes.named.empty() || only_active) return;
  std::vector<StagingId> still;
  if (raw(bytes.active) != 0) still.push_back(bytes.active);
  for (const Extent& extent : bytes.extents.all())
    if (extent.source == Extent::Source::kSpool) add_once(still, StagingId{extent.source_id});
  for (StagingId id : bytes.named)
    if (std::find(still.begin(), still.end(), id) == still.end()) to_release_.push_back(id);
  bytes.named = std::move(still);
}

void TreeVfs::release_staging() {
  std::vector<StagingId> ids;
  {
    MutexLock lock(mutex_);
    ids.swap(to_release_);
  }
  for (StagingId id : ids) {
    if (Status removed = spool_.remove(id); !removed.ok())
      log_warn("a staging file that is not needed any more stays: {}", removed.error().to_string());
  }
}

void TreeVfs::seal_all() {
  table_.for_each([](Inode& inode) {
    if (inode.bytes != nullptr) inode.bytes->active = StagingId{};
  });
}

Result<std::unique_ptr<IndexSnapshot>> TreeVfs::cut() {
  WFS_TRY(take_turn());
  FrozenBatch frozen;
  std::optional<TimePoint> since;
  {
    MutexLock lock(mutex_);
    sealing_ = true;
    while (inside_ > 0) gate_.wait(mutex_);
    frozen = freeze();
    seal_all();
    since = std::exchange(uncut_since_, std::nullopt);
    sealing_ = false;
  }
  gate_.notify_all();
  Result<std::unique_ptr<IndexSnapshot>> snapshot = Error(Code::kInternal, "no snapshot was taken");
  const Result<Sequence> outcome = carry_out(frozen);
  if (outcome.ok()) snapshot = index_.snapshot();
  const Status settled = settle(frozen, outcome);
  {
    MutexLock lock(mutex_);
    const bool made = settled.ok() && snapshot.ok();
    const bool holds_something = sequence_ > published_;
    if (since && made && holds_something) cut_since_.emplace(sequence_, *since);
    if (since && !made) uncut_since_ = since;
  }
  end_turn();
  WFS_TRY(settled);
  return snapshot;
}

Status TreeVfs::adopt_pack(const PackRow& pack, const std::vector<PackedRange>& packed) {
  WFS_TRY(take_turn());
  Status certified = index_.certify_pack(pack);
  if (!certified.ok()) {
    end_turn();
    return certified;
  }
  const std::set<StagingId> unnamed = move_memory_to_pack(pack, packed);
  auto in_use = index_.staging_in_use();
  if (in_use.ok()) {
    MutexLock lock(mutex_);
    for (StagingId id : unnamed)
      if (!in_use->contains(id)) to_release_.push_back(id);
  } else {
    log_warn("staging files of pack {} stay for now: {}", raw(pack.id), in_use.error().to_string());
  }
  end_turn();
  return {};
}

// Returns the packed staging files that memory does not name any more.
std::set<StagingId> TreeVfs::move_memory_to_pack(const PackRow& pack, const std::vector<PackedRange>& packed) {
  std::vector<PackedRange> sorted = packed;
  std::sort(sorted.begin(), sorted.end(), [](const PackedRange& a, const PackedRange& b) {
    return std::pair(a.staging, a.staging_offset) < std::pair(b.staging, b.staging_offset);
  });
  std::set<StagingId> unnamed;
  for (const PackedRange& range : sorted) unnamed.insert(range.staging);
  MutexLock lock(mutex_);
  table_.for_each([&](Inode& inode) {
    if (inode.bytes == nullptr) return;
    FileBytes& bytes = *inode.bytes;
    unnamed.erase(bytes.active);
    if (!bytes.extents.has_spool()) return;
    bytes.extents.move_to_pack(pack.id, sorted);
    for (const Extent& extent : bytes.extents.all())
      if (extent.source == Extent::Source::kSpool) unnamed.erase(StagingId{extent.source_id});
  });
  ++generation_;
  if (raw(pack.cut) != 0) note_published(pack.cut);
  return unnamed;
}

void TreeVfs::note_published(Sequence cut) {
  published_ = std::max(published_, cut);
  cut_since_.erase(cut_since_.begin(), cut_since_.upper_bound(cut));
}

}  // namespace walrusfs
