// Opens a pack that somebody else may have made, with nothing but its bytes at any place and the key:
// age head → seek table → `.walrusfs/frames` → members. For `walrusfs pack list|extract|verify` and for recovery.
//
// All input is hostile: every length is checked before it is used, names that would leave the target
// are refused, memory stays within the limits of base/limits.h. For one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/pack/age.h"
#include "base/byte_stream.h"
#include "codec/pack/frame_codec.h"
#include "codec/pack/pack_types.h"

namespace walrusfs::pack {

// A member and where its content starts in T.
struct MemberPlace {
  Member member;
  uint64_t t_header = 0;   // its first header block
  uint64_t t_content = 0;  // its first content byte
  uint64_t t_end = 0;      // one past its padding
};

class PackReader {
 public:
  // `source` must outlive the reader; `identity` may be null for a public pack and is not kept.
  // `place`, where the caller knows it (chain, head), is the root of trust: the frames member must
  // have that hash. Without it the pack vouches for itself only.
  static Result<std::unique_ptr<PackReader>> open(ByteSource& source, const AgeIdentity* identity,
                                                  const std::optional<FramesPlace>& place = std::nullopt);

  bool encrypted() const { return !age_head_.empty(); }
  const Bytes& age_head() const { return age_head_; }
  const std::vector<FrameInfo>& frames() const { return frames_; }
  const FramesPlace& frames_place() const { return place_; }
  uint64_t t_bytes() const { return t_bytes_; }  // with the frames member and the end of the archive
  uint64_t z_bytes() const { return z_bytes_; }
  uint64_t members_end() const;  // the T offset of the frames member
  const FrameCodec& codec() const { return codec_; }

  // Bytes of T, verified; the range lies before the frames member.
  Result<Bytes> read(ByteRange t_range);

  // Visits the members in order, until `visit` fails. Content is passed over, not fetched.
  Status for_each_member(const std::function<Status(const MemberPlace&)>& visit);
  // The first member of that path, kNotFound.
  Result<MemberPlace> find(std::string_view path);
  // Content [offset, +length) of a member (a sparse file's data without its holes).
  Result<Bytes> read_content(const MemberPlace& place, ByteRange range);
  // `.walrusfs/changes`, kNotFound when the pack has none.
  Result<std::string> changes();

  // Decodes and checks every frame, the seek table against the frames, and every member's header.
  Status verify();

 private:
  PackReader(ByteSource& source, FrameCodec codec) : source_(source), codec_(std::move(codec)) {}
  Result<std::vector<FrameInfo>> read_seek_table();
  Result<Bytes> read_z(ByteRange z_range);
  Result<size_t> find_frames_member(const std::vector<FrameInfo>& table);
  Status read_frames(const std::vector<FrameInfo>& table, const std::optional<FramesPlace>& place);
  Result<const Bytes*> frame_bytes(size_t index);
  size_t frame_at(uint64_t t_offset) const;

  ByteSource& source_;
  FrameCodec codec_;
  Bytes age_head_;
  std::vector<FrameInfo> frames_;
  FramesPlace place_;
  std::optional<ByteRange> changes_;
  uint64_t t_bytes_ = 0;
  uint64_t z_bytes_ = 0;
  size_t cached_index_ = SIZE_MAX;  // the frame decoded last
  Bytes cached_;
};

struct ExtractOptions {
  std::string folder;               // must exist
  bool owners_and_devices = false;  // chown, mknod and all xattrs: for root; else "user." ones and ACLs
  bool internal = false;            // `.walrusfs/` as well
};

struct ExtractReport {
  uint64_t members = 0;
  uint64_t bytes = 0;    // of content
  uint64_t skipped = 0;  // devices, for want of owners_and_devices
};

// Restores the members under options.folder; nothing is ever written outside of it, and symlinks that the
// pack or somebody else put there are not followed. `progress` (may be null) hears of every member before it
// is written. Names that try to leave the folder are kCorrupt.
Result<ExtractReport> extract_pack(PackReader& reader, const ExtractOptions& options,
                                   const std::function<void(const Member&)>& progress = nullptr);

}  // namespace walrusfs::pack
