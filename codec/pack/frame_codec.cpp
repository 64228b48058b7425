#include "codec/pack/frame_codec.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/limits.h"
#include "codec/pack/frame_table.h"
#include "codec/pack/tar_format.h"
#include "codec/pack/zstd_frame.h"

namespace walrusfs::pack {
namespace {

std::string frame_name(const FrameInfo& frame) {
  return fmt::format("frame at T offset {} (Z bytes {}+{})", frame.t_offset, frame.z_offset, frame.z_length);
}

// T bytes of several frames one after the other, `most` at most.
Result<Bytes> decompress_run(ByteView z_bytes, uint64_t most) {
  Bytes out;
  while (!z_bytes.empty()) {
    WFS_ASSIGN(uint64_t t_length, frame_content_bytes(z_bytes));
    if (t_length > limits::kFrameBytes || t_length > most - out.size()) {
      return Error(Code::kCorrupt, "it is larger than packs have it");
    }
    WFS_ASSIGN(uint64_t z_length, frame_stored_bytes(z_bytes));
    WFS_ASSIGN(Bytes piece, decompress_frame(z_bytes.first(z_length), t_length));
    append(out, piece);
    z_bytes = z_bytes.subspan(z_length);
  }
  return out;
}

}  // namespace

Result<FrameCodec> FrameCodec::open(ByteView age_head, uint64_t z_bytes, const AgeIdentity& identity) {
  WFS_ASSIGN(AgePayloadKey key, AgePayloadKey::open(age_head, identity));
  WFS_ASSIGN(size_t head_bytes, age_head_bytes(age_head));
  if (head_bytes != age_head.size()) return Error(Code::kCorrupt, "something follows the age header's nonce");
  FrameCodec codec(z_bytes);
  codec.head_bytes_ = head_bytes;
  codec.key_ = key;
  return codec;
}

Result<FrameCodec> FrameCodec::open_any(ByteView age_head, uint64_t z_bytes, const AgeIdentity* identity) {
  if (age_head.empty()) return FrameCodec(z_bytes);
  if (identity == nullptr)
    return Error(Code::kWrongKey, "the pack is encrypted; its volume's key is needed to read it");
  return open(age_head, z_bytes, *identity);
}

uint64_t FrameCodec::blob_bytes() const { return key_ ? head_bytes_ + age_sealed_bytes(z_bytes_) : z_bytes_; }

Result<ByteRange> FrameCodec::blob_range(ByteRange z_range) const {
  if (z_range.length > z_bytes_ || z_range.offset > z_bytes_ - z_range.length) {
    return Error(Code::kCorrupt,
                 fmt::format("Z bytes {}+{} lie outside of a pack with {}", z_range.offset, z_range.length, z_bytes_));
  }
  if (!key_) return z_range;
  ByteRange sealed = AgePayloadKey::sealed_range(z_range, z_bytes_);
  sealed.offset += head_bytes_;
  return sealed;
}

Result<Bytes> FrameCodec::open_z(ByteRange z_range, ByteView blob_bytes) const {
  WFS_ASSIGN(ByteRange expected, blob_range(z_range));
  if (blob_bytes.size() != expected.length) {
    return Error(Code::kCorrupt, fmt::format("{} bytes came for blob bytes {}+{}", blob_bytes.size(), expected.offset,
                                             expected.length));
  }
  return key_ ? key_->open_range(z_range, z_bytes_, blob_bytes) : Result<Bytes>(to_bytes(blob_bytes));
}

Result<Bytes> FrameCodec::open_hashed(ByteRange z_range, const Digest& hash, ByteView blob_bytes) const {
  WFS_ASSIGN(Bytes z_bytes, open_z(z_range, blob_bytes));
  if (blake2b256(z_bytes) != hash) {
    return Error(Code::kCorrupt, "its bytes do not have the hash that was noted when the pack was made");
  }
  return z_bytes;
}

Result<Bytes> FrameCodec::decode(const FrameInfo& frame, ByteView blob_bytes) const {
  if (frame.t_length > limits::kFrameBytes) {
    return Error(Code::kCorrupt, frame_name(frame) + " is larger than frames are");
  }
  auto z_bytes = open_hashed({frame.z_offset, frame.z_length}, frame.hash, blob_bytes);
  if (!z_bytes) return z_bytes.error().with_context(frame_name(frame));
  auto t_bytes = decompress_frame(*z_bytes, frame.t_length);
  if (!t_bytes) return t_bytes.error().with_context(frame_name(frame));
  return t_bytes;
}

Status FrameCodec::verify(const FrameInfo& frame, ByteView blob_bytes) const {
  auto z_bytes = open_hashed({frame.z_offset, frame.z_length}, frame.hash, blob_bytes);
  if (!z_bytes) return z_bytes.error().with_context(frame_name(frame));
  return ok_status();
}

Result<std::vector<FrameInfo>> FrameCodec::decode_frames(const FramesPlace& place, ByteView blob_bytes) const {
  auto z_bytes = open_hashed({place.z_offset, place.z_length}, place.hash, blob_bytes);
  if (!z_bytes) return z_bytes.error().with_context(kFramesPath);
  WFS_ASSIGN(FramesMember member, read_frames_member(*z_bytes));
  if (member.list.z_end() != place.z_offset) {
    return Error(Code::kCorrupt, fmt::format("{}: it does not list all frames before it", kFramesPath));
  }
  return std::move(member.list.frames);
}

Result<FramesMember> read_frames_member(ByteView z_bytes) {
  auto text = decompress_run(z_bytes, limits::kFramesMemberBytes);
  if (!text) return text.error().with_context(kFramesPath);
  const Bytes& t_bytes = *text;
  auto fetch = [&](ByteRange range) {
    return Result<Bytes>(to_bytes(ByteView(t_bytes).subspan(range.offset, range.length)));
  };
  WFS_ASSIGN(MemberPlace place, parse_tar_member(fetch, 0, t_bytes.size()));
  if (place.member.path != kFramesPath || place.member.type != MemberType::kFile || place.member.data_ranges) {
    return Error(Code::kCorrupt, fmt::format("{} is not where it should be", kFramesPath));
  }
  ByteView end = ByteView(t_bytes).subspan(place.t_end);
  if (!equal(end, Bytes(kTarEndBytes))) return Error(Code::kCorrupt, "the pack's archive does not end as it should");
  FramesMember member;
  member.t_bytes = t_bytes.size();
  WFS_ASSIGN(member.list, parse_frames(as_text(t_bytes).substr(place.t_content, place.member.size)));
  return member;
}

}  // namespace walrusfs::pack
