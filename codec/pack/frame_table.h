// The two lists of frames in a pack: the zstd seek table and `.walrusfs/frames`. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

// Its last bytes: number of frames, descriptor, magic.
constexpr uint64_t kSeekFooterBytes = 9;
// `.walrusfs/frames` itself takes some frames that it does not list.
constexpr uint64_t kFramesOfFramesMember = limits::kFramesMemberBytes / limits::kSmallestFrameBytes + 1;

// Only the sizes of `frames` are written.
Bytes print_seek_table(const std::vector<FrameInfo>& frames);
// The whole table's size, from its last kSeekFooterBytes.
Result<uint64_t> seek_table_bytes(ByteView footer);
// Frames without hashes; they fill Z exactly up to the table.
Result<std::vector<FrameInfo>> parse_seek_table(ByteView table, uint64_t z_bytes);

// What `.walrusfs/frames` says: all frames before it, and where the content of `.walrusfs/changes` lies in T.
struct FramesList {
  std::vector<FrameInfo> frames;
  std::optional<ByteRange> changes;

  uint64_t t_end() const { return frames.empty() ? 0 : frames.back().t_offset + frames.back().t_length; }
  uint64_t z_end() const { return frames.empty() ? 0 : frames.back().z_offset + frames.back().z_length; }
};
std::string print_frames(const FramesList& list);
Result<FramesList> parse_frames(std::string_view text);

// What the Z bytes of a frames member hold, with the end of the archive behind it.
struct FramesMember {
  FramesList list;
  uint64_t t_bytes = 0;
};
Result<FramesMember> read_frames_member(ByteView z_bytes);

}  // namespace walrusfs::pack
