#include "fs/io/pack_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace walrusfs {
namespace {

// A pack weighs its frames and a little for itself, so that many tiny packs are bounded too.
size_t weight_of(const OpenPack& pack) { return pack.frames.size() + 8; }

Error broken(PackId id, const char* what) {
  return Error(Code::kCorrupt, fmt::format("pack {}: {}; run `walrusfs check`", raw(id), what));
}

Status check_frames(PackId id, const std::vector<FrameRow>& frames) {
  uint64_t t_offset = 0;
  for (const FrameRow& frame : frames) {
    if (frame.t_offset != t_offset) return broken(id, "its frames in the index leave a gap or overlap");
    t_offset += frame.t_length;
  }
  return ok_status();
}

}  // namespace

pack::FrameInfo to_frame_info(const FrameRow& row) {
  return {row.t_offset, row.t_length, row.z_offset, row.z_length, row.hash};
}

std::span<const FrameRow> OpenPack::frames_of(ByteRange t_range) const {
  auto first = std::upper_bound(frames.begin(), frames.end(), t_range.offset,
                                [](uint64_t at, const FrameRow& frame) { return at < frame.t_offset; });
  if (first != frames.begin()) --first;
  auto last = std::lower_bound(first, frames.end(), t_range.end(),
                               [](const FrameRow& frame, uint64_t end) { return frame.t_offset < end; });
  return {first, last};
}

PackTable::PackTable(Index& index, std::optional<pack::AgeIdentity> identity, size_t max_frames)
    : index_(index), identity_(std::move(identity)), max_frames_(max_frames) {}

SharedPack PackTable::peek(PackId id) {
  MutexLock lock(mutex_);
  auto found = slots_.find(raw(id));
  if (found == slots_.end()) return nullptr;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second.age);
  return found->second.pack;
}

Result<SharedPack> PackTable::get(PackId id) {
  if (SharedPack hit = peek(id)) return hit;
  WFS_ASSIGN(SharedPack pack, load(id));
  keep(pack);
  return pack;
}

Result<SharedPack> PackTable::load(PackId id) {
  WFS_ASSIGN(std::optional<PackRow> row, index_.pack(id));
  if (!row) return Error(Code::kNotFound, fmt::format("pack {} is not in the index; run `walrusfs check`", raw(id)));
  if (row->state != PackState::kCertified) return broken(id, "it is not certified, and yet a file names it");
  uint64_t z_bytes = row->blob_bytes;
  if (!row->age_header.empty()) {
    if (row->blob_bytes < row->age_header.size()) return broken(id, "its blob is smaller than its header");
    WFS_ASSIGN(z_bytes, pack::age_plain_bytes(row->blob_bytes - row->age_header.size()));
  }
  WFS_ASSIGN(pack::FrameCodec codec,
             pack::FrameCodec::open_any(row->age_header, z_bytes, identity_ ? &*identity_ : nullptr));
  WFS_ASSIGN(std::vector<FrameRow> frames, index_.frames(id));
  WFS_TRY(check_frames(id, frames));
  return std::make_shared<const OpenPack>(OpenPack{id, row->blob, std::move(codec), std::move(frames)});
}

void PackTable::keep(const SharedPack& pack) {
  MutexLock lock(mutex_);
  if (slots_.contains(raw(pack->id))) return;  // another thread was faster
  newest_first_.push_front(raw(pack->id));
  slots_.emplace(raw(pack->id), Slot{pack, newest_first_.begin()});
  frames_kept_ += weight_of(*pack);
  while (frames_kept_ > max_frames_ && newest_first_.size() > 1) {
    auto oldest = slots_.find(newest_first_.back());
    frames_kept_ -= weight_of(*oldest->second.pack);
    slots_.erase(oldest);
    newest_first_.pop_back();
  }
}

}  // namespace walrusfs
