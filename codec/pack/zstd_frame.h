// One piece of T as one zstd frame, and back. The door to libzstd. Internal to this folder.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

struct ZSTD_CCtx_s;

namespace walrusfs::pack {

// Keeps zstd's working memory from frame to frame. For one thread.
class FrameCompressor {
 public:
  explicit FrameCompressor(int level);
  ~FrameCompressor();
  // Valid until the next call. With content size and checksum in the frame.
  ByteView compress(ByteView t_bytes);

 private:
  ZSTD_CCtx_s* const context_;
  Bytes out_;
};

// `z_bytes` must be exactly one frame of exactly `t_length` bytes; kCorrupt says what is wrong.
// Allocates t_length bytes and nothing that the frame could choose.
Result<Bytes> decompress_frame(ByteView z_bytes, uint64_t t_length);

// How many bytes of T the frame that `z_bytes` starts with says it holds.
Result<uint64_t> frame_content_bytes(ByteView z_bytes);
// And how many bytes of Z it takes.
Result<uint64_t> frame_stored_bytes(ByteView z_bytes);

}  // namespace walrusfs::pack
