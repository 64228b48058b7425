#include "codec/pack/frame_writer.h"

#include <algorithm>

#include "codec/pack/frame_table.h"

namespace walrusfs::pack {

FrameWriter::FrameWriter(ByteSink& z_out, int level, uint64_t frame_bytes)
    : z_out_(z_out), frame_bytes_(frame_bytes), compressor_(level) {}

Status FrameWriter::write(ByteView t_bytes) {
  while (!t_bytes.empty()) {
    ByteView part = t_bytes.first(std::min<size_t>(t_bytes.size(), frame_bytes_ - open_.size()));
    t_bytes = t_bytes.subspan(part.size());
    if (part.size() == frame_bytes_) {  // a whole frame: no need to copy it
      WFS_TRY(emit(part));
      continue;
    }
    append(open_, part);
    if (open_.size() == frame_bytes_) WFS_TRY(cut());
  }
  return ok_status();
}

Status FrameWriter::cut() {
  if (open_.empty()) return ok_status();
  WFS_TRY(emit(open_));
  open_.clear();
  return ok_status();
}

Status FrameWriter::make_room(uint64_t t_bytes) {
  bool fits_alone = t_bytes <= frame_bytes_;
  return fits_alone && t_bytes > frame_bytes_ - open_.size() ? cut() : ok_status();
}

Digest FrameWriter::end_hash() {
  WFS_CHECK(hash_.has_value());
  Digest digest = hash_->finish();
  hash_.reset();
  return digest;
}

Status FrameWriter::emit(ByteView t_bytes) {
  if (frames_.size() >= limits::kFramesPerPack + kFramesOfFramesMember) {
    return Error(Code::kTooLarge, "the pack has as many frames as a pack may have; begin another one");
  }
  ByteView z_bytes = compressor_.compress(t_bytes);
  WFS_TRY(z_out_.write(z_bytes));
  if (hash_) hash_->update(z_bytes);
  frames_.push_back({t_done_, t_bytes.size(), z_done_, z_bytes.size(), blake2b256(z_bytes)});
  t_done_ += t_bytes.size();
  z_done_ += z_bytes.size();
  return ok_status();
}

}  // namespace walrusfs::pack
