#include "cache/staging_file.h"

#include <fcntl.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace walrusfs {
namespace {

void raise_to(std::atomic<uint64_t>& value, uint64_t at_least) {
  uint64_t seen = value.load();
  while (seen < at_least && !value.compare_exchange_weak(seen, at_least)) {
  }
}

// A long file is handed to the disk piece by piece while it is written, so that a sync at its end finds little left to
// do and the kernel's dirty pages stay few. Smaller files may be gone again before they are worth a write.
constexpr uint64_t kHandOverBytes = 8 * limits::kMiB;

void hand_over_to_disk(File& file, uint64_t offset, uint64_t length) {
  const uint64_t whole_pieces = (offset + length) / kHandOverBytes;
  const uint64_t from = offset / kHandOverBytes;
  if (file.descriptor() < 0 || whole_pieces == from) return;
  // Only begins; whether it worked is found out by the sync.
  sync_file_range(file.descriptor(), static_cast<off_t>(from * kHandOverBytes),
                  static_cast<off_t>((whole_pieces - from) * kHandOverBytes), SYNC_FILE_RANGE_WRITE);
}

Error gone(const std::string& path) {
  return Error(Code::kCorrupt, "the staging file " + path + " is missing: somebody removed it from the spool");
}

}  // namespace

void StagingFolder::mark_synced(uint64_t names) { raise_to(synced_, names); }

Status StagingFolder::sync(Files& files, uint64_t names, SpoolRoom& room) {
  MutexLock lock(sync_mutex_);
  if (synced_.load() >= names) return {};
  const uint64_t covered = names_.load();
  Status done = files.sync_directory(path_);
  // Names wait in the kernel until they fit, unlike bytes: the reserve gives them room.
  if (!done.ok() && done.error().code() == Code::kNoSpace && room.release_reserve()) {
    done = files.sync_directory(path_);
  }
  if (done.ok()) mark_synced(covered);
  return done;
}

StagingFile::StagingFile(StagingContext context, StagingFolder& folder, StagingId id)
    : context_(context), folder_(folder), id_(id) {}

StagingFile::StagingFile(StagingContext context, StagingFolder& folder, StagingId id, Found found)
    : StagingFile(context, folder, id) {
  exists_ = true;
  accounted_bytes_ = found.bytes_on_disk;
  blocks_.add({0, found.dense_bytes});
}

std::string StagingFile::path() const { return fmt::format("{}/{:x}", folder_.path(), raw(id_)); }

// The common case holds the lock shared; opening, which comes first for a tiny file, is done together with
// its first write under the exclusive one.
template <typename Act>
auto StagingFile::with_file(bool may_create, Act act) -> decltype(act(std::declval<File&>())) {
  {
    SharedLock lock(handle_mutex_);
    if (handle_) {
      if (!used_.load(std::memory_order_relaxed)) used_.store(true, std::memory_order_relaxed);
      return act(*handle_);
    }
  }
  ExclusiveLock lock(handle_mutex_);
  if (!handle_) WFS_TRY(open_handle(may_create));
  return act(*handle_);
}

Status StagingFile::open_handle(bool may_create) {
  if (removed_) return Error(Code::kStale, fmt::format("the staging file {:x} was removed", raw(id_)));
  if (!exists_ && !may_create) return gone(path());
  auto opened = context_.files.open(path(), exists_ ? Files::Open::kReadWrite : Files::Open::kCreateNew);
  if (!opened.ok() && exists_ && opened.error().code() == Code::kNotFound) return gone(path());
  if (!opened.ok()) return opened.error();
  if (!exists_) name_.store(folder_.name_made());
  exists_ = true;
  handle_ = std::move(*opened);
  context_.open_files.admit(*this);
  return {};
}

std::unique_ptr<File> StagingFile::close_if_idle() {
  if (used_.exchange(false, std::memory_order_relaxed)) return nullptr;
  if (!handle_mutex_.try_lock()) return nullptr;
  std::unique_ptr<File> handle = std::move(handle_);
  if (handle) raise_to(closed_at_, written_.load());
  handle_mutex_.unlock();
  return handle;
}

Status StagingFile::write(uint64_t offset, ByteView data) {
  const ByteRange range{offset, data.size()};
  const uint64_t claimed = missing_bytes(range);
  WFS_TRY(context_.room.take(claimed));
  Status written = with_file(true, [&](File& file) {
    Status done = file.write_at(offset, data);
    written_.fetch_add(1);  // also after a failure: some bytes may have changed
    if (!done.ok()) measure(file);
    if (done.ok()) hand_over_to_disk(file, offset, data.size());
    return done;
  });
  if (written.ok()) {
    settle(range, claimed);
    return {};
  }
  context_.room.give_back(claimed);
  if (written.error().code() == Code::kNoSpace) context_.room.disk_was_full();
  return written;
}

uint64_t StagingFile::missing_bytes(ByteRange range) const {
  MutexLock lock(account_mutex_);
  return blocks_.missing_bytes(range);
}

// The write is done: what it claimed beforehand becomes what it really added.
void StagingFile::settle(ByteRange range, uint64_t claimed) {
  int64_t too_little = -static_cast<int64_t>(claimed);
  {
    MutexLock lock(account_mutex_);
    if (!account_closed_) {
      const uint64_t added = blocks_.add(range);
      accounted_bytes_ += added;
      too_little += static_cast<int64_t>(added);
    }
  }
  if (too_little != 0) context_.room.correct(too_little);
}

void StagingFile::measure(File& file) {
  int64_t difference = 0;
  {
    MutexLock lock(account_mutex_);
    auto on_disk = file.allocated_bytes();
    if (!on_disk.ok() || account_closed_) return;
    difference = static_cast<int64_t>(*on_disk - accounted_bytes_);
    accounted_bytes_ = *on_disk;
  }
  if (difference < 0) context_.room.give_back(static_cast<uint64_t>(-difference));
  if (difference > 0) context_.room.correct(difference);
}

void StagingFile::measure_if_open() {
  SharedLock lock(handle_mutex_);
  if (handle_) measure(*handle_);
}

Status StagingFile::read(uint64_t offset, MutableByteView out) {
  return with_file(false, [&](File& file) -> Status {
    WFS_ASSIGN(size_t got, file.read_at(offset, out));
    if (got == out.size()) return {};
    return Error(Code::kCorrupt, fmt::format("the staging file {} ends at byte {}, before byte {} that a file needs",
                                             path(), offset + got, offset + out.size()));
  });
}

Status StagingFile::punch(ByteRange range) {
  Status done = with_file(false, [&](File& file) -> Status {
    WFS_ASSIGN(const uint64_t size, file.size());
    if (range.offset >= size) return {};
    const uint64_t blocks_end = (size + BlockRuns::kBlockBytes - 1) / BlockRuns::kBlockBytes * BlockRuns::kBlockBytes;
    const ByteRange inside{range.offset, std::min(range.length, blocks_end - range.offset)};
    Status punched = file.punch_hole(inside);
    // A filesystem without holes keeps the blocks until the file goes.
    if (!punched.ok()) return punched.error().code() == Code::kNotSupported ? ok_status() : punched;
    {
      MutexLock lock(account_mutex_);
      blocks_.remove(range);
    }
    measure(file);
    return {};
  });
  const bool nothing_there =
      !done.ok() && (done.error().code() == Code::kStale || done.error().code() == Code::kCorrupt);
  return nothing_there ? ok_status() : done;
}

Status StagingFile::remove() {
  std::unique_ptr<File> closing;
  bool existed = false;
  {
    ExclusiveLock lock(handle_mutex_);
    removed_ = true;
    existed = std::exchange(exists_, false);
    if (handle_) context_.open_files.forget(*this);
    closing = std::move(handle_);
  }
  if (!existed) return {};
  // The bytes go with the last descriptor, so that the room given back is really there.
  Status unlinked = context_.files.remove(path());
  closing.reset();
  uint64_t freed = 0;
  {
    MutexLock lock(account_mutex_);
    account_closed_ = true;
    freed = std::exchange(accounted_bytes_, 0);
  }
  context_.room.give_back(freed);
  if (!unlinked.ok() && unlinked.error().code() != Code::kNotFound) return unlinked;
  return {};
}

void StagingFile::mark_synced(uint64_t written) { raise_to(synced_, written); }

Status StagingFile::sync_data(uint64_t written) {
  MutexLock lock(sync_mutex_);
  if (synced_.load() >= written) return {};
  const uint64_t covered = written_.load();
  Status done = with_file(false, [&](File& file) -> Status {
    if (closed_unsynced()) return Error(Code::kBusy, path() + " was closed before its bytes were on disk");
    WFS_TRY(file.sync_data());
    measure(file);
    return {};
  });
  if (!done.ok() && done.error().code() == Code::kStale) return {};  // removed: nobody needs it on disk
  if (done.ok()) mark_synced(covered);
  return done;
}

}  // namespace walrusfs
