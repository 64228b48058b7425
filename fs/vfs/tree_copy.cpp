// copy_file_range(2): extents of packs are shared, bytes of the spool are copied, holes stay holes.
#include <algorithm>

#include "base/limits.h"
#include "fs/vfs/tree_vfs.h"

namespace walrusfs {
namespace {

constexpr uint64_t kCopyBytes = limits::kMiB;         // through memory at a time
constexpr uint64_t kMostPerCall = 256 * limits::kMiB;  // so that one call stays short; the caller goes on

}  // namespace

Result<uint64_t> TreeVfs::copy_range(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset,
                                     uint64_t length) {
  length = std::min(length, kMostPerCall);
  WFS_ASSIGN(const Attr source, getattr(from));
  if (from_offset >= source.size) return uint64_t{0};
  length = std::min(length, source.size - from_offset);
  if (to_offset > limits::kFileBytes || length > limits::kFileBytes - to_offset)
    return Error(Code::kTooLarge, "a file has 1 PiB at most");
  const bool overlap = from_offset < to_offset + length && to_offset < from_offset + length;
  if (from == to && overlap) return Error(Code::kInvalidArgument, "the ranges of a copy within a file overlap");
  uint64_t copied = 0;
  while (copied < length) {
    auto step = copy_piece(from, from_offset + copied, to, to_offset + copied, length - copied);
    if (!step.ok() && copied == 0) return step.error();
    if (!step.ok() || *step == 0) break;
    copied += *step;
  }
  return copied;
}

Result<uint64_t> TreeVfs::copy_piece(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset,
                                     uint64_t length) {
  WFS_ASSIGN(const ReadPlan plan, plan_read(from, from_offset, length));
  if (plan.length == 0) return uint64_t{0};
  const bool is_hole = plan.extents.empty() || plan.extents.front().file_offset > from_offset;
  if (is_hole) {
    const uint64_t end = plan.extents.empty() ? from_offset + plan.length : plan.extents.front().file_offset;
    WFS_TRY(make_hole(to, {to_offset, end - from_offset}, to_offset + (end - from_offset)));
    return end - from_offset;
  }
  const Extent& piece = plan.extents.front();
  if (piece.source == Extent::Source::kPack) {
    WFS_TRY(copy_extent(piece, to, to_offset));
    return piece.length;
  }
  const uint64_t some = std::min(piece.length, kCopyBytes);
  WFS_TRY(copy_bytes(from, from_offset, to, to_offset, some));
  return some;
}

Status TreeVfs::copy_extent(const Extent& piece, InodeId to, uint64_t to_offset) {
  const Timestamp now = clock_.now();
  return change([&](Wants& wants) REQUIRES(mutex_) -> Status {
    WFS_TRY(writable());
    WFS_ASSIGN(Inode * inode, need_file(to, wants));
    Extent shared = piece;
    shared.file_offset = to_offset;
    put_extent(*inode, shared);
    grow(*inode, to_offset + piece.length);
    bytes_changed(*inode, now);
    return {};
  });
}

Status TreeVfs::copy_bytes(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset, uint64_t length) {
  Bytes buffer(length);
  WFS_ASSIGN(const size_t got, read(from, from_offset, buffer));
  if (got < length) return Error(Code::kUnavailable, "the source of a copy became shorter meanwhile");
  return write(to, to_offset, buffer);
}

}  // namespace walrusfs
