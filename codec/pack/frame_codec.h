// From a pack's blob bytes to verified T bytes, one frame at a time: which blob range to fetch, then
// age → hash → zstd. A frame is checked against its hash before it is decompressed.
//
// Immutable; may be used by several threads at once. Opening costs one X25519; keep it with the pack.
#pragma once

#include <optional>

#include "base/result.h"
#include "codec/pack/age.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

class FrameCodec {
 public:
  // A public pack.
  explicit FrameCodec(uint64_t z_bytes) : z_bytes_(z_bytes) {}
  // An encrypted one: `age_head` is PackSummary::age_head. kWrongKey when it is not for `identity`.
  static Result<FrameCodec> open(ByteView age_head, uint64_t z_bytes, const AgeIdentity& identity);
  // Either, from what the index keeps; `identity` may be null when `age_head` is empty.
  static Result<FrameCodec> open_any(ByteView age_head, uint64_t z_bytes, const AgeIdentity* identity);

  uint64_t blob_bytes() const;
  // What to fetch for Z bytes (of a frame, or of the frames member). kCorrupt when outside the pack.
  Result<ByteRange> blob_range(ByteRange z_range) const;
  Result<ByteRange> blob_range(const FrameInfo& frame) const {
    return blob_range(ByteRange{frame.z_offset, frame.z_length});
  }

  // `blob_bytes` is exactly blob_range(frame). kCorrupt names the frame and what is wrong with it.
  Result<Bytes> decode(const FrameInfo& frame, ByteView blob_bytes) const;
  // Only the check (what BlobStore's verifier asks).
  Status verify(const FrameInfo& frame, ByteView blob_bytes) const;

  // The list of frames, from the bytes of blob_range(place).
  Result<std::vector<FrameInfo>> decode_frames(const FramesPlace& place, ByteView blob_bytes) const;

  // Z bytes without a hash check (age still checks its chunks); for readers that have no hashes yet.
  Result<Bytes> open_z(ByteRange z_range, ByteView blob_bytes) const;

 private:
  Result<Bytes> open_hashed(ByteRange z_range, const Digest& hash, ByteView blob_bytes) const;

  uint64_t z_bytes_ = 0;
  uint64_t head_bytes_ = 0;
  std::optional<AgePayloadKey> key_;
};

}  // namespace walrusfs::pack
