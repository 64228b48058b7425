#include "localnet/byte_spool.h"

#include "base/log.h"

namespace walrusfs::localnet {

bool SpoolRoom::take(uint64_t bytes) {
  if (taken_bytes_.fetch_add(bytes) + bytes <= most_bytes_) return true;
  taken_bytes_ -= bytes;
  return false;
}

ByteSpool::ByteSpool(Files& files, std::string path, uint64_t memory_bytes, SpoolRoom& room)
    : files_(files), path_(std::move(path)), memory_bytes_(memory_bytes), room_(room) {}

ByteSpool::~ByteSpool() {
  room_.give_back(size_);
  if (!file_) return;
  file_.reset();
  if (Status removed = files_.remove(path_); !removed) log_warn("temporary file: {}", removed.error().message());
}

Status ByteSpool::append(ByteView piece) {
  WFS_CHECK(!mapped_);
  if (!room_.take(piece.size())) return Error(Code::kBusy, "too many uploads are on their way; try again later");
  walrusfs::append(pending_, piece);
  size_ += piece.size();
  return pending_.size() > memory_bytes_ ? flush() : ok_status();
}

Status ByteSpool::take(HttpCall& call, uint64_t max_bytes) {
  bool too_large = false;
  Status spooled;
  const bool complete = call.read_body([&](ByteView piece) {
    too_large = size() + piece.size() > max_bytes;
    if (!too_large) spooled = append(piece);
    return !too_large && spooled.ok();
  });
  if (too_large) return Error(Code::kTooLarge, "the body is larger than " + std::to_string(max_bytes) + " bytes");
  WFS_TRY(spooled);
  if (!complete) return Error(Code::kInvalidArgument, "the body ended early");
  return {};
}

Status ByteSpool::flush() {
  if (!file_) {
    WFS_ASSIGN(file_, files_.open(path_, Files::Open::kCreateNew));
  }
  WFS_TRY(file_->write_at(size_ - pending_.size(), pending_));
  pending_.clear();
  return {};
}

Result<ByteView> ByteSpool::view() {
  if (!file_) return ByteView(pending_);
  if (!mapped_) {
    WFS_TRY(flush());
    WFS_ASSIGN(mapped_, MappedFile::open(path_));
  }
  return mapped_->bytes();
}

}  // namespace walrusfs::localnet
