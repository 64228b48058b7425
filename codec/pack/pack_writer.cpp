#include "codec/pack/pack_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "codec/pack/frame_table.h"
#include "codec/pack/frame_writer.h"
#include "codec/pack/tar_format.h"
#include "codec/pack/text_fields.h"

namespace walrusfs::pack {
namespace {

constexpr int kWeakestLevel = 1;
constexpr int kStrongestLevel = 19;  // beyond it decoders need unusual amounts of memory
// The last tenth is kept for the changes that finish() adds.
constexpr uint64_t kFramesOfMembers = limits::kFramesPerPack / 10 * 9;

Status check_not_ours(const Member& member) {
  if (member.path != kChangesPath && member.path != kFramesPath) return ok_status();
  return Error(Code::kInvalidArgument, fmt::format("'{}' is written by finish()", member.path));
}

Status check_options(const PackOptions& options) {
  if (options.compression_level < kWeakestLevel || options.compression_level > kStrongestLevel) {
    return Error(Code::kInvalidArgument, fmt::format("compression level {} is not between {} and {}",
                                                     options.compression_level, kWeakestLevel, kStrongestLevel));
  }
  if (options.frame_bytes < limits::kSmallestFrameBytes || options.frame_bytes > limits::kFrameBytes) {
    return Error(Code::kInvalidArgument,
                 fmt::format("frames of {} bytes are not between 4 KiB and 1 MiB", options.frame_bytes));
  }
  return ok_status();
}

}  // namespace

PackWriter::PackWriter(ByteSink& out, const PackOptions& options) : options_(options), out_(out) {}
PackWriter::~PackWriter() = default;

Result<std::unique_ptr<PackWriter>> PackWriter::create(ByteSink& out, const PackOptions& options, Rng& rng) {
  WFS_TRY(check_options(options));
  std::unique_ptr<PackWriter> writer(new PackWriter(out, options));
  ByteSink* z_out = &out;
  if (options.recipient) {
    WFS_ASSIGN(writer->encryptor_, AgeEncryptor::create(*options.recipient, rng, out));
    z_out = writer->encryptor_.get();
  }
  writer->frames_ = std::make_unique<FrameWriter>(*z_out, options.compression_level, options.frame_bytes);
  return writer;
}

Result<uint64_t> PackWriter::begin_member(const Member& member) {
  WFS_TRY(check_not_ours(member));
  return start_member(member, false);
}

Result<uint64_t> PackWriter::begin_member_in_own_frames(const Member& member) {
  WFS_TRY(check_not_ours(member));
  return start_member(member, true);
}

Result<uint64_t> PackWriter::start_member(const Member& member, bool own_frames) {
  WFS_CHECK(!member_open_);
  WFS_TRY(check_member(member));
  StoredContent content = stored_content(member);
  WFS_ASSIGN(Bytes headers, tar_headers(member, content));
  const uint64_t whole_bytes = headers.size() + content.bytes + tar_padding(content.bytes);
  const uint64_t frames_now = frames_->frames().size();
  if (frames_now > kFramesOfMembers || whole_bytes / options_.frame_bytes > kFramesOfMembers - frames_now) {
    return Error(Code::kTooLarge,
                 fmt::format("'{}' does not fit in this pack any more; begin another one", printable(member.path)));
  }
  WFS_TRY(frames_->make_room(whole_bytes));
  WFS_TRY(frames_->write(headers));
  if (own_frames) WFS_TRY(frames_->cut());
  member_open_ = true;
  piece_bytes_.clear();
  for (const ByteRange& range : content.data) piece_bytes_.push_back(range.length);
  zeros_before_ = std::move(content.zeros_before);
  padding_ = tar_padding(content.bytes);
  piece_ = 0;
  WFS_TRY(next_piece());
  return frames_->t_offset();
}

Status PackWriter::write_zeros(uint64_t count) {
  const Bytes zeros(count);
  return frames_->write(zeros);
}

// Stores the zeros before piece_, so that the next byte is its first one.
Status PackWriter::next_piece() {
  piece_left_ = piece_ < piece_bytes_.size() ? piece_bytes_[piece_] : 0;
  return write_zeros(zeros_before_[piece_]);
}

Status PackWriter::write(ByteView content) {
  WFS_CHECK(member_open_);
  while (!content.empty()) {
    WFS_CHECK(piece_left_ > 0);  // else the member is given more than it has
    ByteView part = content.first(std::min<size_t>(content.size(), piece_left_));
    WFS_TRY(frames_->write(part));
    content = content.subspan(part.size());
    piece_left_ -= part.size();
    if (piece_left_ > 0) break;
    ++piece_;
    WFS_TRY(next_piece());
  }
  return ok_status();
}

Status PackWriter::end_member() {
  WFS_CHECK(member_open_ && piece_ == piece_bytes_.size());
  member_open_ = false;
  return write_zeros(padding_);
}

uint64_t PackWriter::blob_bytes_so_far() const {
  uint64_t z_bytes = frames_->z_offset() + frames_->open_bytes();
  return encryptor_ ? encryptor_->head().size() + age_sealed_bytes(z_bytes) : z_bytes;
}

uint64_t PackWriter::t_bytes_so_far() const { return frames_->t_offset(); }

Result<ByteRange> PackWriter::add_text_member(const char* path, std::string_view text, Timestamp time) {
  Member member;
  member.path = path;
  member.mode = 0600;
  member.mtime = time;
  member.size = text.size();
  WFS_ASSIGN(uint64_t t_offset, start_member(member, false));
  WFS_TRY(write(as_bytes(text)));
  WFS_TRY(end_member());
  return ByteRange{t_offset, text.size()};
}

Result<FramesPlace> PackWriter::add_frames_member(const std::optional<ByteRange>& changes, Timestamp time) {
  FramesPlace place;
  place.z_offset = frames_->z_offset();
  frames_->begin_hash();
  WFS_TRY(add_text_member(kFramesPath, print_frames({frames_->frames(), changes}), time));
  const Bytes end(kTarEndBytes);
  WFS_TRY(frames_->write(end));
  WFS_TRY(frames_->cut());
  place.z_length = frames_->z_offset() - place.z_offset;
  place.hash = frames_->end_hash();
  return place;
}

Result<PackSummary> PackWriter::finish(std::string_view changes, Timestamp time) {
  WFS_CHECK(!member_open_);
  if (changes.size() > limits::kChangesBytes) {
    return Error(Code::kTooLarge, "the changes of one cut are larger than a pack may carry; commit more often");
  }
  std::optional<ByteRange> changes_place;
  if (!changes.empty()) {
    WFS_ASSIGN(changes_place, add_text_member(kChangesPath, changes, time));
  }
  WFS_TRY(frames_->cut());
  PackSummary summary;
  summary.frames = frames_->frames();
  WFS_ASSIGN(summary.frames_place, add_frames_member(changes_place, time));
  summary.t_bytes = frames_->t_offset();
  const Bytes table = print_seek_table(frames_->frames());
  summary.z_bytes = frames_->z_offset() + table.size();
  summary.blob_bytes = summary.z_bytes;
  if (!encryptor_) {
    WFS_TRY(out_.write(table));
    return summary;
  }
  WFS_TRY(encryptor_->write(table));
  WFS_TRY(encryptor_->finish());
  summary.age_head = encryptor_->head();
  summary.blob_bytes = summary.age_head.size() + age_sealed_bytes(summary.z_bytes);
  return summary;
}

}  // namespace walrusfs::pack
