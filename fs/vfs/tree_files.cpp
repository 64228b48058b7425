// Opening, reading, writing, and the gate that orders what moves bytes.
#include <linux/falloc.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

constexpr int kReadTries = 8;
constexpr Millis kFullDiskPause{20};  // between tries when there should be room but the disk says no

Error too_large() { return Error(Code::kTooLarge, "a file has 1 PiB at most"); }
bool fits_a_file(uint64_t offset, uint64_t length) {
  return offset <= limits::kFileBytes && length <= limits::kFileBytes - offset;
}

}  // namespace

Status TreeVfs::open(InodeId id, bool for_writing, bool truncate) {
  Status opened = run([&](Wants& wants) REQUIRES(mutex_) -> Status {
    if (for_writing || truncate) WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_inode(id, wants));
    if (inode->gone) return Error(Code::kStale, "the file was removed");
    ++inode->opens;
    return {};
  });
  if (!opened.ok() || !truncate) return opened;
  AttrChange change;
  change.size = 0;
  auto cut = setattr(id, change);
  if (cut.ok()) return {};
  release(id);
  return cut.error();
}

void TreeVfs::release(InodeId id) {
  {
    MutexLock lock(mutex_);
    Inode* inode = table_.find(id);
    WFS_CHECK(inode != nullptr && inode->opens > 0);
    --inode->opens;
    dispose_if_unused(*inode);
  }
  release_staging();
}

Result<TreeVfs::ReadPlan> TreeVfs::plan_read(InodeId id, uint64_t offset, size_t length) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<ReadPlan> {
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    ReadPlan plan;
    const uint64_t size = inode->row.size;
    if (offset >= size) return plan;
    plan.length = std::min<uint64_t>(length, size - offset);
    plan.extents = inode->bytes->extents.slice({offset, plan.length});
    const ByteRange ahead = inode->pattern.note(offset, plan.length, options_.read_ahead_bytes);
    if (!ahead.empty() && ahead.offset < size) plan.ahead = inode->bytes->extents.slice(ahead);
    return plan;
  });
}

Result<size_t> TreeVfs::read(InodeId id, uint64_t offset, MutableByteView out) {
  const Deadline deadline = clock_.in(options_.read_timeout);
  std::vector<Extent> tried;
  for (int round = 1;; ++round) {
    WFS_ASSIGN(const ReadPlan plan, plan_read(id, offset, out.size()));
    if (plan.length == 0) return size_t{0};
    Status filled = content_.read(plan.extents, offset, out.first(plan.length), deadline);
    if (filled.ok()) {
      if (!plan.ahead.empty()) content_.prefetch(plan.ahead);
      return plan.length;
    }
    const Code code = filled.error().code();
    // The bytes moved from the spool to a pack while we read: look again where they are. When they are
    // still said to be where they are not, they are lost.
    if (code != Code::kStale && code != Code::kCorrupt) return filled.error();
    if (round == kReadTries || (round > 1 && plan.extents == tried))
      return Error(Code::kCorrupt, fmt::format("inode {}: {}", raw(id), filled.error().message()));
    tried = plan.extents;
  }
}

void TreeVfs::put_extent(Inode& inode, const Extent& extent) {
  ExtentMap& extents = inode.bytes->extents;
  const std::vector<Extent> before = extents.slice({extent.file_offset, extent.length});
  if (before.size() == 1 && before.front() == extent) return;  // bytes over bytes: the map stays
  for (const Extent& piece : before) inode.mapped_bytes -= piece.length;
  inode.mapped_bytes += extent.length;
  extents.put(extent);
  inode.bytes->changed.add({extent.file_offset, extent.length});
  mark(inode, kRowDirt | kExtentsDirt);
}

void TreeVfs::grow(Inode& inode, uint64_t end) {
  if (end <= inode.row.size) return;
  inode.row.size = end;
  mark(inode, kRowDirt);
}

// With write-back the kernel keeps the times of files and sends them itself; a WRITE that it sends late
// must not undo a utimes(2) that came between.
void TreeVfs::bytes_changed(Inode& inode, Timestamp now) {
  if (options_.write_back) return;
  inode.row.mtime = inode.row.ctime = now;
  mark(inode, kRowDirt);
}

Result<StagingId> TreeVfs::begin_write(InodeId id) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<StagingId> {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    ++inode->pins;
    while (sealing_ || inode->exclusive) gate_.wait(mutex_);
    ++inode->writers;
    ++inside_;
    FileBytes& bytes = *inode->bytes;
    if (raw(bytes.active) == 0) {
      bytes.active = spool_.next_staging_id();
      bytes.active_frozen = false;
      bytes.named.push_back(bytes.active);
    }
    return bytes.active;
  });
}

Status TreeVfs::end_write(InodeId id, uint64_t offset, uint64_t length, StagingId staging, const Status& written) {
  const Timestamp now = clock_.now();
  {
    MutexLock lock(mutex_);
    Inode& inode = *table_.find(id);
    --inode.writers;
    // Even what failed may have changed bytes that extents name.
    add_once(inode.bytes->unsynced, staging);
    mark(inode, kBytesDirt);
    if (written.ok()) {
      put_extent(inode, {offset, length, Extent::Source::kSpool, raw(staging), offset});
      grow(inode, offset + length);
      bytes_changed(inode, now);
    }
    leave_gate(inode);
  }
  release_staging();
  return written;
}

void TreeVfs::leave_gate(Inode& inode) {
  --inside_;
  --inode.pins;
  gate_.notify_all();
  dispose_if_unused(inode);
}

Status TreeVfs::write_once(InodeId id, uint64_t offset, ByteView data) {
  WFS_TRY(admit());
  WFS_ASSIGN(const StagingId staging, begin_write(id));
  return end_write(id, offset, data.size(), staging, spool_.write(staging, offset, data));
}

Status TreeVfs::write(InodeId id, uint64_t offset, ByteView data) {
  if (!fits_a_file(offset, data.size())) return too_large();
  if (data.empty()) return {};
  const Deadline deadline = clock_.in(options_.room_wait);
  for (;;) {
    Status written = write_once(id, offset, data);
    if (written.ok() || written.error().code() != Code::kNoSpace) return written;
    WFS_TRY(make_room(data.size(), deadline));
  }
}

// Removed files give their room back with the batch that removes them; packs give it back when they are
// certified.
Status TreeVfs::make_room(uint64_t bytes, Deadline deadline) {
  WFS_TRY(journal_now());
  WFS_TRY(spool_.wait_for_room(bytes, deadline, clock_));
  if (clock_.passed(deadline))
    return Error(Code::kNoSpace, "the spool is full and uploads did not make room in time; write again later, or "
                                 "give the spool a larger bound");
  clock_.sleep_for(kFullDiskPause);
  return {};
}

void TreeVfs::enter_alone(Inode& inode) {
  ++inode.pins;
  while (sealing_ || inode.exclusive || inode.writers > 0) gate_.wait(mutex_);
  inode.exclusive = true;
  ++inside_;
}

void TreeVfs::leave_alone(InodeId id, const DropPlan& plan) {
  if (!plan.range.empty()) {
    Status punched = spool_.punch(plan.staging, plan.range);
    if (!punched.ok()) log_warn("disk space of a shortened file stays in use: {}", punched.error().to_string());
  }
  {
    MutexLock lock(mutex_);
    Inode& inode = *table_.find(id);
    inode.exclusive = false;
    leave_gate(inode);
  }
  release_staging();
}

TreeVfs::DropPlan TreeVfs::drop_bytes(Inode& inode, ByteRange range) {
  FileBytes& bytes = *inode.bytes;
  const std::vector<Extent> pieces = bytes.extents.slice(range);
  if (pieces.empty()) return {};
  DropPlan plan;
  for (const Extent& piece : pieces) {
    inode.mapped_bytes -= piece.length;
    if (piece.source != Extent::Source::kSpool || StagingId{piece.source_id} != bytes.active) continue;
    if (plan.range.empty()) plan = {bytes.active, {piece.file_offset, 0}};
    plan.range.length = piece.end() - plan.range.offset;
  }
  bytes.extents.clear(range);
  bytes.changed.add(range);
  mark(inode, kRowDirt | kExtentsDirt);
  // A batch has named these bytes: after a crash it must still find them. So neither a punch nor a later
  // write may touch them; the file goes when the commit is through that no longer names it.
  if (!plan.range.empty() && bytes.active_frozen) {
    bytes.active = StagingId{};
    return {};
  }
  return plan;
}

Status TreeVfs::make_hole(InodeId id, ByteRange range, uint64_t grow_to) {
  const Timestamp now = clock_.now();
  DropPlan plan;
  bool inside = false;
  Status done = change([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    enter_alone(*inode);
    inside = true;
    plan = drop_bytes(*inode, range);
    grow(*inode, grow_to);
    bytes_changed(*inode, now);
    return {};
  });
  if (inside) leave_alone(id, plan);
  return done;
}

Status TreeVfs::allocate(InodeId id, ByteRange range, int flags) {
  if (range.empty()) return Error(Code::kInvalidArgument, "nothing to allocate");
  if (!fits_a_file(range.offset, range.length)) return too_large();
  const bool keep_size = (flags & FALLOC_FL_KEEP_SIZE) != 0;
  switch (flags & ~FALLOC_FL_KEEP_SIZE) {
    case FALLOC_FL_PUNCH_HOLE:
      if (!keep_size) return Error(Code::kNotSupported, "a hole is punched with KEEP_SIZE only");
      return make_hole(id, range, 0);
    case FALLOC_FL_ZERO_RANGE: return make_hole(id, range, keep_size ? 0 : range.end());
    case 0: break;
    default: return Error(Code::kNotSupported, "this kind of fallocate is not served");
  }
  // Room is not set aside, but that there is none is told at once.
  if (!spool_.has_room(range.length)) return Error(Code::kNoSpace, "the spool has no room for that much");
  return change([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    if (!keep_size) grow(*inode, range.end());
    return {};
  });
}

Result<uint64_t> TreeVfs::seek(InodeId id, uint64_t offset, bool want_data) {
  return run([&](Wants& wants) REQUIRES(mutex_) -> Result<uint64_t> {
    WFS_ASSIGN(Inode * inode, need_file(id, wants));
    const uint64_t size = inode->row.size;
    if (offset >= size) return Error(Code::kRange, "beyond the end of the file");
    const uint64_t found = inode->bytes->extents.seek(offset, size, want_data);
    if (want_data && found >= size) return Error(Code::kRange, "no data behind this place");
    return found;
  });
}

}  // namespace walrusfs
