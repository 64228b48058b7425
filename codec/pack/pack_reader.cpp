#include "codec/pack/pack_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/limits.h"
#include "codec/pack/changes.h"
#include "codec/pack/frame_table.h"
#include "codec/pack/tar_format.h"
#include "codec/pack/text_fields.h"
#include "codec/pack/zstd_frame.h"

namespace walrusfs::pack {
namespace {

// Room for the head of a pack with one recipient, as ours are.
constexpr uint64_t kFirstReadBytes = 4 * limits::kKiB;

// The age head of a blob, empty when it is not encrypted.
Result<Bytes> read_age_head(ByteSource& source, uint64_t blob_bytes) {
  WFS_ASSIGN(Bytes start, source.read({0, std::min(blob_bytes, kFirstReadBytes)}));
  if (!looks_like_age(start)) return Bytes{};
  auto head_bytes = age_head_bytes(start);
  if (!head_bytes && head_bytes.error().code() == Code::kRange && blob_bytes > start.size()) {
    WFS_ASSIGN(start, source.read({0, std::min<uint64_t>(blob_bytes, limits::kAgeHeaderBytes)}));
    head_bytes = age_head_bytes(start);
  }
  if (!head_bytes && head_bytes.error().code() != Code::kRange) return head_bytes.error();
  if (!head_bytes || *head_bytes > start.size()) return Error(Code::kCorrupt, "the age header is cut off");
  start.resize(*head_bytes);
  return start;
}

bool same_place(const FrameInfo& a, const FrameInfo& b) {
  return a.t_offset == b.t_offset && a.t_length == b.t_length && a.z_offset == b.z_offset && a.z_length == b.z_length;
}

// Whether T bytes from the start of a frame begin with the frames member.
bool begins_frames_member(ByteView t_bytes) {
  auto fetch = [&](ByteRange range) -> Result<Bytes> {
    if (range.end() > t_bytes.size()) return Error(Code::kCorrupt, "not in this frame");
    return to_bytes(t_bytes.subspan(range.offset, range.length));
  };
  auto place = parse_tar_member(fetch, 0, limits::kFramesMemberBytes);
  return place && place->member.path == kFramesPath;
}

}  // namespace

Result<std::unique_ptr<PackReader>> PackReader::open(ByteSource& source, const AgeIdentity* identity,
                                                     const std::optional<FramesPlace>& place) {
  WFS_ASSIGN(uint64_t blob_bytes, source.size());
  WFS_ASSIGN(Bytes age_head, read_age_head(source, blob_bytes));
  uint64_t z_bytes = blob_bytes;
  if (!age_head.empty()) {
    WFS_ASSIGN(z_bytes, age_plain_bytes(blob_bytes - age_head.size()));
  }
  WFS_ASSIGN(FrameCodec codec, FrameCodec::open_any(age_head, z_bytes, identity));
  std::unique_ptr<PackReader> reader(new PackReader(source, codec));
  reader->age_head_ = std::move(age_head);
  reader->z_bytes_ = z_bytes;
  WFS_ASSIGN(std::vector<FrameInfo> table, reader->read_seek_table());
  WFS_TRY(reader->read_frames(table, place));
  return reader;
}

Result<Bytes> PackReader::read_z(ByteRange z_range) {
  WFS_ASSIGN(ByteRange blob_range, codec_.blob_range(z_range));
  WFS_ASSIGN(Bytes bytes, source_.read(blob_range));
  return codec_.open_z(z_range, bytes);
}

Result<std::vector<FrameInfo>> PackReader::read_seek_table() {
  if (z_bytes_ < kSeekFooterBytes) return Error(Code::kCorrupt, "this is no pack: it is too short to hold anything");
  WFS_ASSIGN(Bytes footer, read_z({z_bytes_ - kSeekFooterBytes, kSeekFooterBytes}));
  WFS_ASSIGN(uint64_t table_bytes, seek_table_bytes(footer));
  if (table_bytes > z_bytes_) return Error(Code::kCorrupt, "the pack is cut off: its seek table is larger than itself");
  WFS_ASSIGN(Bytes table, read_z({z_bytes_ - table_bytes, table_bytes}));
  return parse_seek_table(table, z_bytes_);
}

// Goes back from the last frame, but not further than a frames member may be long.
Result<size_t> PackReader::find_frames_member(const std::vector<FrameInfo>& table) {
  uint64_t passed_bytes = 0;
  for (size_t index = table.size(); index-- > 0 && passed_bytes <= limits::kFramesMemberBytes;) {
    const FrameInfo& frame = table[index];
    auto name = fmt::format("frame {}", index);
    auto z_bytes = read_z({frame.z_offset, frame.z_length});
    if (!z_bytes) return z_bytes.error().with_context(name);
    auto t_bytes = decompress_frame(*z_bytes, frame.t_length);
    if (!t_bytes) return t_bytes.error().with_context(name);
    if (begins_frames_member(*t_bytes)) return index;
    passed_bytes += frame.t_length;
  }
  return Error(Code::kCorrupt,
               fmt::format("the pack does not end with {}; it was not made by walrusfs, or is damaged", kFramesPath));
}

Status PackReader::read_frames(const std::vector<FrameInfo>& table, const std::optional<FramesPlace>& place) {
  const uint64_t table_start = table.back().z_offset + table.back().z_length;
  if (place) {
    place_ = *place;
  } else {
    WFS_ASSIGN(size_t first, find_frames_member(table));
    place_ = {table[first].z_offset, table_start - table[first].z_offset, {}};
  }
  if (place_.z_offset > table_start || place_.z_length != table_start - place_.z_offset) {
    return Error(Code::kCorrupt, fmt::format("{} is not where the pack is said to have it", kFramesPath));
  }
  WFS_ASSIGN(Bytes z_bytes, read_z({place_.z_offset, place_.z_length}));
  const Digest hash = blake2b256(z_bytes);
  if (place && hash != place->hash) {
    return Error(Code::kCorrupt, fmt::format("{} does not have the hash it is named with; this is another pack, or "
                                             "somebody changed it",
                                             kFramesPath));
  }
  place_.hash = hash;
  WFS_ASSIGN(FramesMember member, read_frames_member(z_bytes));
  const std::vector<FrameInfo>& listed = member.list.frames;
  if (listed.size() > table.size() || member.list.z_end() != place_.z_offset ||
      !std::equal(listed.begin(), listed.end(), table.begin(), same_place)) {
    return Error(Code::kCorrupt, fmt::format("{} and the seek table contradict each other", kFramesPath));
  }
  t_bytes_ = member.list.t_end() + member.t_bytes;
  if (t_bytes_ != table.back().t_offset + table.back().t_length) {
    return Error(Code::kCorrupt, "the seek table does not tell the right size");
  }
  changes_ = member.list.changes;
  frames_ = std::move(member.list.frames);
  return ok_status();
}

uint64_t PackReader::members_end() const {
  return frames_.empty() ? 0 : frames_.back().t_offset + frames_.back().t_length;
}

size_t PackReader::frame_at(uint64_t t_offset) const {
  auto after = std::upper_bound(frames_.begin(), frames_.end(), t_offset,
                                [](uint64_t offset, const FrameInfo& frame) { return offset < frame.t_offset; });
  return static_cast<size_t>(after - frames_.begin()) - 1;
}

Result<const Bytes*> PackReader::frame_bytes(size_t index) {
  if (cached_index_ != index) {
    cached_index_ = SIZE_MAX;
    WFS_ASSIGN(ByteRange range, codec_.blob_range(frames_[index]));
    WFS_ASSIGN(Bytes bytes, source_.read(range));
    WFS_ASSIGN(cached_, codec_.decode(frames_[index], bytes));
    cached_index_ = index;
  }
  return const_cast<const Bytes*>(&cached_);
}

Result<Bytes> PackReader::read(ByteRange t_range) {
  if (t_range.length > members_end() || t_range.offset > members_end() - t_range.length) {
    return Error(Code::kCorrupt, fmt::format("T bytes {}+{} lie outside of a pack with {}", t_range.offset,
                                             t_range.length, members_end()));
  }
  Bytes out;
  out.reserve(t_range.length);
  for (uint64_t at = t_range.offset; at < t_range.end();) {
    const size_t index = frame_at(at);
    WFS_ASSIGN(const Bytes* t_bytes, frame_bytes(index));
    const uint64_t skip = at - frames_[index].t_offset;
    ByteView part = ByteView(*t_bytes).subspan(skip, std::min(t_bytes->size() - skip, t_range.end() - at));
    append(out, part);
    at += part.size();
  }
  return out;
}

Status PackReader::for_each_member(const std::function<Status(const MemberPlace&)>& visit) {
  auto fetch = [this](ByteRange range) { return read(range); };
  for (uint64_t at = 0; at < members_end();) {
    WFS_ASSIGN(MemberPlace place, parse_tar_member(fetch, at, members_end()));
    WFS_TRY(visit(place));
    at = place.t_end;
  }
  return ok_status();
}

Result<MemberPlace> PackReader::find(std::string_view path) {
  auto fetch = [this](ByteRange range) { return read(range); };
  for (uint64_t at = 0; at < members_end();) {
    WFS_ASSIGN(MemberPlace place, parse_tar_member(fetch, at, members_end()));
    if (place.member.path == path) return place;
    at = place.t_end;
  }
  return Error(Code::kNotFound, fmt::format("the pack has no member '{}'", printable(path)));
}

Result<Bytes> PackReader::read_content(const MemberPlace& place, ByteRange range) {
  const uint64_t content_bytes = place.member.content_bytes();
  if (range.length > content_bytes || range.offset > content_bytes - range.length) {
    return Error(Code::kInvalidArgument,
                 fmt::format("'{}' has only {} bytes", printable(place.member.path), content_bytes));
  }
  return read({place.t_content + range.offset, range.length});
}

Result<std::string> PackReader::changes() {
  if (!changes_) return Error(Code::kNotFound, fmt::format("the pack has no {}", kChangesPath));
  WFS_ASSIGN(Bytes text, read(*changes_));
  return std::string(as_text(text));
}

Status PackReader::verify() {
  size_t next_frame = 0;
  bool changes_found = !changes_;
  Status visited = for_each_member([&](const MemberPlace& place) -> Status {
    for (; next_frame < frames_.size() && frames_[next_frame].t_offset < place.t_end; ++next_frame) {
      WFS_TRY(frame_bytes(next_frame));
    }
    if (place.member.path == kChangesPath && changes_) {
      changes_found = place.t_content == changes_->offset && place.member.size == changes_->length;
    }
    return ok_status();
  });
  if (!visited) return visited;
  if (!changes_found) return Error(Code::kCorrupt, fmt::format("{} is not where it should be", kChangesPath));
  if (!changes_) return ok_status();
  WFS_ASSIGN(std::string text, changes());
  WFS_TRY(parse_changes(text));
  return ok_status();
}

}  // namespace walrusfs::pack
