// Cuts T into frames and compresses them, and keeps their list. Internal to this folder.
//
// For one thread; holds one frame of T and its compressed form.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/result.h"
#include "base/byte_stream.h"
#include "codec/pack/pack_types.h"
#include "codec/pack/zstd_frame.h"

namespace walrusfs::pack {

class FrameWriter {
 public:
  // `z_out` must outlive it.
  FrameWriter(ByteSink& z_out, int level, uint64_t frame_bytes);

  Status write(ByteView t_bytes);
  // Ends the open frame, so that the next byte begins one. Nothing when none is open.
  Status cut();
  // What docs/formats.md 1.2 asks for before a member of `t_bytes`: a frame of its own when it fits in one but
  // not in what is left of this one.
  Status make_room(uint64_t t_bytes);

  // Hashes what goes to Z between the two, as one.
  void begin_hash() { hash_.emplace(); }
  Digest end_hash();

  uint64_t t_offset() const { return t_done_ + open_.size(); }
  uint64_t z_offset() const { return z_done_; }  // of the frames that are finished
  uint64_t open_bytes() const { return open_.size(); }
  const std::vector<FrameInfo>& frames() const { return frames_; }

 private:
  Status emit(ByteView t_bytes);

  ByteSink& z_out_;
  const uint64_t frame_bytes_;
  FrameCompressor compressor_;
  Bytes open_;
  uint64_t t_done_ = 0;
  uint64_t z_done_ = 0;
  std::vector<FrameInfo> frames_;
  std::optional<Blake2b256> hash_;
};

}  // namespace walrusfs::pack
