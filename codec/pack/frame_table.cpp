#include "codec/pack/frame_table.h"

#include <fmt/format.h>

#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

constexpr uint32_t kSkippableMagic = 0x184D2A5E;
constexpr uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr uint64_t kSkippableHeaderBytes = 8;
constexpr uint64_t kSeekEntryBytes = 8;
constexpr std::string_view kFramesTitle = "walrusfs-frames ";

Error bad_table(std::string_view why) {
  return Error(Code::kCorrupt, fmt::format("the pack's seek table is damaged: {}", why));
}

Error bad_frames(uint64_t line, std::string_view why) {
  return Error(Code::kCorrupt, fmt::format("{} line {}: {}", kFramesPath, line, why));
}

Status check_title(Lines& lines) {
  auto line = lines.next();
  if (!line || !line->starts_with(kFramesTitle)) return bad_frames(1, "it is not a list of frames");
  if (line->substr(kFramesTitle.size()) != "1") {
    return Error(Code::kNewerVersion, "the pack's list of frames is of a newer version; install a newer walrusfs");
  }
  return ok_status();
}

// `frame` follows `before` (or begins the pack) without a gap.
bool follows(const FrameInfo& frame, uint64_t t_offset, uint64_t z_offset) {
  return frame.t_offset == t_offset && frame.z_offset == z_offset && frame.t_length > 0 && frame.z_length > 0 &&
         frame.t_length <= limits::kFrameBytes && frame.z_length <= 2 * limits::kFrameBytes;
}

Status read_changes_line(Lines& lines, FramesList& list) {
  auto line = lines.next();
  LineFields fields(line.value_or(""));
  if (fields.word() != "changes") return bad_frames(2, "it does not tell where the changes are");
  if (*line == "changes -") return ok_status();
  ByteRange changes;
  changes.offset = fields.number();
  changes.length = fields.number(limits::kChangesBytes);
  if (!fields.done()) return bad_frames(2, "it does not tell where the changes are");
  list.changes = changes;
  return ok_status();
}

FrameInfo read_frame(LineFields& fields) {
  FrameInfo frame;
  frame.t_offset = fields.number();
  frame.t_length = fields.number();
  frame.z_offset = fields.number();
  frame.z_length = fields.number();
  frame.hash = fields.digest();
  return frame;
}

Status check_end(Lines& lines, LineFields& fields, const FramesList& list) {
  fields.word();
  uint64_t count = fields.number();
  if (!fields.done() || count != list.frames.size()) return bad_frames(lines.number(), "its count does not fit");
  if (!lines.at_end()) return bad_frames(lines.number(), "something follows its end");
  if (list.changes &&
      (list.changes->offset > list.t_end() || list.changes->length > list.t_end() - list.changes->offset)) {
    return bad_frames(2, "the changes are not before it");
  }
  return ok_status();
}

}  // namespace

Bytes print_seek_table(const std::vector<FrameInfo>& frames) {
  Bytes out;
  append_le<uint32_t>(out, kSkippableMagic);
  append_le<uint32_t>(out, static_cast<uint32_t>(frames.size() * kSeekEntryBytes + kSeekFooterBytes));
  for (const FrameInfo& frame : frames) {
    append_le<uint32_t>(out, static_cast<uint32_t>(frame.z_length));
    append_le<uint32_t>(out, static_cast<uint32_t>(frame.t_length));
  }
  append_le<uint32_t>(out, static_cast<uint32_t>(frames.size()));
  out.push_back(0);
  append_le<uint32_t>(out, kSeekableMagic);
  return out;
}

Result<uint64_t> seek_table_bytes(ByteView footer) {
  WFS_CHECK(footer.size() == kSeekFooterBytes);
  if (load_le<uint32_t>(&footer[5]) != kSeekableMagic) {
    return bad_table("it does not end as one; the pack is cut off, or is no pack at all");
  }
  if (footer[4] != 0) return bad_table("it has a descriptor that packs do not have");
  uint64_t frames = load_le<uint32_t>(&footer[0]);
  if (frames == 0 || frames > limits::kFramesPerPack + kFramesOfFramesMember) {
    return bad_table(fmt::format("it claims {} frames", frames));
  }
  return kSkippableHeaderBytes + frames * kSeekEntryBytes + kSeekFooterBytes;
}

Result<std::vector<FrameInfo>> parse_seek_table(ByteView table, uint64_t z_bytes) {
  if (table.size() < kSkippableHeaderBytes + kSeekFooterBytes) return bad_table("it is cut off");
  WFS_ASSIGN(uint64_t expected_bytes, seek_table_bytes(table.last(kSeekFooterBytes)));
  if (expected_bytes != table.size() || load_le<uint32_t>(&table[0]) != kSkippableMagic ||
      load_le<uint32_t>(&table[4]) != table.size() - kSkippableHeaderBytes) {
    return bad_table("it does not begin where its size says");
  }
  std::vector<FrameInfo> frames;
  uint64_t t_offset = 0, z_offset = 0;
  for (size_t at = kSkippableHeaderBytes; at + kSeekFooterBytes < table.size(); at += kSeekEntryBytes) {
    FrameInfo frame{t_offset, load_le<uint32_t>(&table[at + 4]), z_offset, load_le<uint32_t>(&table[at]), {}};
    if (!follows(frame, t_offset, z_offset)) return bad_table(fmt::format("frame {} has no size", frames.size()));
    t_offset += frame.t_length;
    z_offset += frame.z_length;
    frames.push_back(frame);
  }
  if (z_offset + table.size() != z_bytes) return bad_table("its frames do not fill the pack");
  return frames;
}

std::string print_frames(const FramesList& list) {
  std::string text = std::string(kFramesTitle) + "1\n";
  text += list.changes ? fmt::format("changes {} {}\n", list.changes->offset, list.changes->length) : "changes -\n";
  for (const FrameInfo& frame : list.frames) {
    text += fmt::format("{} {} {} {} {}\n", frame.t_offset, frame.t_length, frame.z_offset, frame.z_length,
                        to_hex(frame.hash));
  }
  return text + fmt::format("end {}\n", list.frames.size());
}

Result<FramesList> parse_frames(std::string_view text) {
  Lines lines(text);
  WFS_TRY(check_title(lines));
  FramesList list;
  WFS_TRY(read_changes_line(lines, list));
  for (auto line = lines.next(); line; line = lines.next()) {
    LineFields fields(*line);
    if (line->starts_with("end ")) {
      WFS_TRY(check_end(lines, fields, list));
      return list;
    }
    FrameInfo frame = read_frame(fields);
    if (!fields.done()) return bad_frames(lines.number(), "it is not a frame");
    if (!follows(frame, list.t_end(), list.z_end())) {
      return bad_frames(lines.number(), "the frame does not follow the one before");
    }
    if (list.frames.size() == limits::kFramesPerPack) return bad_frames(lines.number(), "there are too many frames");
    list.frames.push_back(frame);
  }
  return bad_frames(lines.number(), "it is cut off");
}

}  // namespace walrusfs::pack
