#include "fs/io/pack_budget.h"

#include <algorithm>
#include <bit>

#include "base/acl.h"
#include "base/limits.h"
#include "fs/io/change_rows.h"

namespace walrusfs {
namespace {

constexpr uint64_t kBlock = 512;
constexpr uint64_t kFrameListLine = 160;  // in .walrusfs/frames
constexpr uint64_t kSeekTableEntry = 8;
constexpr uint64_t kZstdFrameBytes = 32;  // header, checksum, and the headers of raw blocks of a short frame
constexpr uint64_t kPerFrame = kFrameListLine + kSeekTableEntry + kZstdFrameBytes;
constexpr uint64_t kPackFixed = 4096;  // age head, headers of changes and frames, end of the archive, seek table
constexpr uint64_t kRecord = 64;       // a pax record's length, keyword and newline

// T bytes as the blob holds them at worst. Per MiB: two frames (each may be cut early, but two neighbours
// fill more than one), 16 age tags of 16 bytes, 8 raw block headers: 720 bytes, well below 1/1024.
uint64_t blob_bound(uint64_t t_bytes) { return t_bytes + t_bytes / 1024 + kPerFrame; }
static_assert(2 * kPerFrame + 16 * 16 + 8 * 3 < limits::kFrameBytes / 1024);

uint64_t round_up(uint64_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

uint64_t unit_for(uint64_t limit_bytes) {
  return std::clamp(std::bit_floor(limit_bytes / 8), limits::kSmallestFrameBytes, limits::kFrameBytes);
}

}  // namespace

PackBudget::PackBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes), piece_unit_(unit_for(limit_bytes)) {}

void PackBudget::add_member(bool own_frames) {
  ++members_;
  if (own_frames) ++own_frames_;
}

// The list of frames names those that were cut so far as well; they are at most twice as many as T has MiB.
uint64_t PackBudget::tail_bytes(uint64_t t_bytes, uint64_t rows_text_bytes) const {
  const uint64_t frames = 2 * (t_bytes / limits::kFrameBytes) + own_frames_ + 2;
  return kPackFixed + frames * kPerFrame + blob_bound(kChangesFrameTextBound + rows_text_bytes);
}

std::optional<uint64_t> PackBudget::room(const Filled& filled, const Wanted& wanted) const {
  const uint64_t rows = rows_text_bytes_ + wanted.rows_text_bytes;
  const uint64_t taken = filled.blob_bytes + filled.blob_bytes / 4096 + tail_bytes(filled.t_bytes, rows) +
                         blob_bound(wanted.header_bytes) + 2 * kPerFrame;
  if (taken >= limit_bytes_ || rows > limits::kChangesBytes / 2) return std::nullopt;
  return (limit_bytes_ - taken) / 1025 * 1024;
}

bool PackBudget::rows_fit(const Filled& filled, uint64_t text_bytes) const {
  return room(filled, {0, text_bytes}).has_value();
}

uint64_t member_header_bound(const pack::Member& member) {
  uint64_t records = 8 * kRecord + 2 * (kRecord + member.path.size());
  records += kRecord + member.link_target.size() + kRecord + member.comment.size();
  for (const pack::Xattr& xattr : member.xattrs) {
    records += kRecord + 3 * xattr.name.size() + xattr.value.size();
    if (is_acl_xattr(xattr.name)) records += kRecord + 3 * xattr.value.size();
  }
  uint64_t bytes = kBlock + round_up(records) + kBlock + kBlock;  // the last: padding behind the content
  if (member.data_ranges) {
    bytes += round_up((member.data_ranges->size() + 1) * 42 + 21);
    bytes += member.data_ranges->size() * 2 * kBlock;  // ranges are widened to whole blocks
  }
  return bytes;
}

}  // namespace walrusfs
