// Writes one pack, front to back, into a sink: tar members → zstd frames → age chunks.
//
// For one thread. Memory: one frame and its compressed form, whatever the size of the pack. The same
// members, options and random bytes give the same pack, byte for byte. After an error the writer and
// what it wrote are of no use any more.
//
// A path may come twice: whoever extracts keeps the later one. That is how a file that changed while
// it was copied is packed again.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/rng.h"
#include "codec/pack/age.h"
#include "base/byte_stream.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

struct PackOptions {
  std::optional<AgeRecipient> recipient;       // absent: public
  int compression_level = 3;                   // zstd, 1 to 19
  uint64_t frame_bytes = limits::kFrameBytes;  // of T; 64 KiB for catalogs; at least limits::kSmallestFrameBytes
};

class FrameWriter;

class PackWriter {
 public:
  // `out` must outlive the writer. With a recipient, `rng` gives 64 bytes now, and is not kept.
  static Result<std::unique_ptr<PackWriter>> create(ByteSink& out, const PackOptions& options, Rng& rng);
  ~PackWriter();

  // Starts a member. Returns the T offset of its first content byte; further content bytes follow it
  // without gaps, but only within one data range of a sparse file: up to 1022 zeros may stand between
  // two of them, so ask t_bytes_so_far() before the first byte of each. kInvalidArgument for a member
  // that contradicts itself, kTooLarge when the pack's limits are reached.
  Result<uint64_t> begin_member(const Member& member);
  // The same, but a frame starts at the first content byte: the byte at `x` of a catalog is then in
  // the frame x / frame_bytes after it, and no page lies in two frames.
  Result<uint64_t> begin_member_in_own_frames(const Member& member);
  // Exactly member.content_bytes() in all, in pieces of any size.
  Status write(ByteView content);
  Status end_member();

  // How large the blob would be if it were finished now, without changes, frames member and seek
  // table; bytes that wait in the open frame count uncompressed.
  uint64_t blob_bytes_so_far() const;
  uint64_t t_bytes_so_far() const;

  // Adds `.walrusfs/changes` (empty text: none, for packs that are not part of a volume), `.walrusfs/frames`
  // and the seek table. Once, with no member open. `time` becomes the mtime of both.
  Result<PackSummary> finish(std::string_view changes, Timestamp time);

 private:
  PackWriter(ByteSink& out, const PackOptions& options);
  Result<uint64_t> start_member(const Member& member, bool own_frames);
  Status write_zeros(uint64_t count);
  Status next_piece();
  Result<ByteRange> add_text_member(const char* path, std::string_view text, Timestamp time);
  Result<FramesPlace> add_frames_member(const std::optional<ByteRange>& changes, Timestamp time);

  const PackOptions options_;
  ByteSink& out_;
  std::unique_ptr<AgeEncryptor> encryptor_;  // null in a public volume
  std::unique_ptr<FrameWriter> frames_;

  // The open member.
  bool member_open_ = false;
  std::vector<uint64_t> piece_bytes_;   // of the content: the data ranges
  std::vector<uint64_t> zeros_before_;  // each piece, and after the last
  size_t piece_ = 0;
  uint64_t piece_left_ = 0;
  uint64_t padding_ = 0;  // after the content
};

}  // namespace walrusfs::pack
