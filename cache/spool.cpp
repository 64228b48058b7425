#include "cache/spool.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "cache/spool_on_disk.h"

namespace walrusfs {
namespace {

// Everything stored says what it is; staging files are raw, so their folder says it for them.
constexpr std::string_view kVersionText = "walrusfs spool 1\n";
constexpr uint64_t kVersionBytes = 64;

Status check_or_write_version(Files& files, const std::string& path) {
  WFS_ASSIGN(const bool present, files.exists(path));
  if (!present) return write_file_durably(files, path, as_bytes(kVersionText));
  WFS_ASSIGN(const Bytes text, read_file(files, path, kVersionBytes));
  if (as_text(text) == kVersionText) return {};
  if (!as_text(text).starts_with("walrusfs spool ")) {
    return Error(Code::kCorrupt,
                 path + " does not say that this folder is a spool; move it aside, or restore the file");
  }
  return Error(Code::kNewerVersion, path + " was written by a newer walrusfs; use that one");
}

Status make_folders(Files& files, const SpoolFolders& folders) {
  WFS_TRY(files.make_directories(folders.root));
  WFS_TRY(files.make_directories(folders.packs()));
  WFS_TRY(files.make_directories(folders.lost()));
  WFS_TRY(files.make_directories(folders.staging()));
  WFS_ASSIGN(const auto present, files.list(folders.staging()));
  if (present.size() < SpoolFolders::kStagingFolders) {
    for (size_t i = 0; i < SpoolFolders::kStagingFolders; ++i) WFS_TRY(files.make_directories(folders.staging(i)));
  }
  WFS_TRY(files.sync_directory(folders.staging()));
  WFS_TRY(files.sync_directory(folders.root));
  return files.sync_directory(folders.root + "/..");
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(Files& files, const SpoolOptions& options) {
  if (options.bound_bytes == 0) return Error(Code::kInvalidArgument, "the spool needs a bound above 0 bytes");
  const SpoolFolders folders(options.folder);
  WFS_TRY(make_folders(files, folders));
  WFS_TRY(check_or_write_version(files, folders.version()));
  WFS_ASSIGN(auto anchor, files.open(folders.version(), Files::Open::kRead));
  // Made anew below when there is room for it: how large the old one is does not matter then.
  if (Status removed = files.remove(folders.reserve()); !removed.ok() && removed.error().code() != Code::kNotFound) {
    return removed.error();
  }
  return std::unique_ptr<Spool>(std::make_unique<SpoolOnDisk>(files, options, std::move(anchor)));
}

SpoolOnDisk::SpoolOnDisk(Files& files, const SpoolOptions& options, std::unique_ptr<File> anchor)
    : files_(files),
      folders_(options.folder),
      anchor_(std::move(anchor)),
      room_(files, {options.folder, options.bound_bytes, options.reserve_bytes}),
      open_files_(options.max_open_files),
      next_id_(std::max<uint64_t>(options.first_staging_id, 1)) {
  for (size_t i = 0; i < SpoolFolders::kStagingFolders; ++i) staging_folders_.emplace_back(folders_.staging(i));
  room_.take_reserve_if_possible();
}

SpoolOnDisk::FilePtr SpoolOnDisk::find(StagingId id) const {
  Shard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  auto found = shard.files.find(raw(id));
  return found == shard.files.end() ? nullptr : found->second;
}

SpoolOnDisk::FilePtr SpoolOnDisk::find_or_make(StagingId id) {
  Shard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  FilePtr& file = shard.files[raw(id)];
  if (!file) file = std::make_shared<StagingFile>(context(), staging_folders_[SpoolFolders::folder_of(id)], id);
  return file;
}

void SpoolOnDisk::insert_found(StagingId id, StagingFile::Found found) {
  Shard& shard = shard_of(id);
  MutexLock lock(shard.mutex);
  StagingFolder& folder = staging_folders_[SpoolFolders::folder_of(id)];
  shard.files[raw(id)] = std::make_shared<StagingFile>(context(), folder, id, found);
}

Status SpoolOnDisk::write(StagingId id, uint64_t offset, ByteView data) {
  if (data.empty()) return {};
  if (data.size() > limits::kFileBytes || offset > limits::kFileBytes - data.size()) {
    return Error(Code::kTooLarge, fmt::format("byte {} is beyond the largest file of {} bytes", offset + data.size(),
                                              limits::kFileBytes));
  }
  return find_or_make(id)->write(offset, data);
}

Status SpoolOnDisk::read(StagingId id, uint64_t offset, MutableByteView out) {
  if (out.empty()) return {};
  FilePtr file = find(id);
  if (file) return file->read(offset, out);
  return Error(Code::kCorrupt, fmt::format("staging file {:x} is not in the spool {}", raw(id), folders_.root));
}

Status SpoolOnDisk::punch(StagingId id, ByteRange range) {
  FilePtr file = find(id);
  return file && !range.empty() ? file->punch(range) : ok_status();
}

Status SpoolOnDisk::remove(StagingId id) {
  FilePtr file;
  {
    Shard& shard = shard_of(id);
    MutexLock lock(shard.mutex);
    auto found = shard.files.find(raw(id));
    if (found == shard.files.end()) return {};
    file = std::move(found->second);
    shard.files.erase(found);
  }
  return file->remove();
}

Status SpoolOnDisk::sync(std::span<const StagingId> ids) {
  if (distrusted_.load()) {
    MutexLock lock(failure_mutex_);
    return *failure_;
  }
  Status done = sync_all(unsynced(ids));
  return done.ok() ? done : Status(remember_failure(done.error()));
}

std::vector<SpoolOnDisk::Unsynced> SpoolOnDisk::unsynced(std::span<const StagingId> ids) const {
  std::vector<Unsynced> wanted;
  for (StagingId id : ids) {
    FilePtr file = find(id);
    if (!file) continue;
    const uint64_t written = file->written();
    const uint64_t name = file->name();
    if (file->synced() >= written && file->folder().names_synced() >= name) continue;
    wanted.push_back({std::move(file), written, name});
  }
  return wanted;
}

Status SpoolOnDisk::sync_all(const std::vector<Unsynced>& wanted) {
  const bool told_by_syncfs_alone =
      std::any_of(wanted.begin(), wanted.end(), [](const Unsynced& each) { return each.file->closed_unsynced(); });
  if (!told_by_syncfs_alone && wanted.size() < kSyncfsFiles) {
    Status done = sync_each(wanted);
    const bool closed_meanwhile = !done.ok() && done.error().code() == Code::kBusy;
    return closed_meanwhile ? sync_filesystem(wanted) : done;
  }
  Status done = sync_filesystem(wanted);
  // It also tells of failures of other programs' files on that disk; ours can be asked one by one.
  return done.ok() || told_by_syncfs_alone ? done : sync_each(wanted);
}

Status SpoolOnDisk::sync_each(const std::vector<Unsynced>& wanted) {
  for (const Unsynced& each : wanted) WFS_TRY(each.file->sync_data(each.written));
  for (const Unsynced& each : wanted) {
    StagingFolder& folder = each.file->folder();
    if (folder.names_synced() < each.name) WFS_TRY(folder.sync(files_, each.name, room_));
  }
  return {};
}

Status SpoolOnDisk::sync_filesystem(const std::vector<Unsynced>& wanted) {
  WFS_TRY(anchor_->sync_filesystem());
  for (const Unsynced& each : wanted) {
    each.file->mark_synced(each.written);
    each.file->folder().mark_synced(each.name);
    each.file->measure_if_open();
  }
  return {};
}

Error SpoolOnDisk::remember_failure(const Error& failure) {
  MutexLock lock(failure_mutex_);
  if (!failure_) {
    failure_ = Error(Code::kIo, failure.message() +
                                    "; nobody knows which of the last writes are on disk, so nothing more is "
                                    "accepted as safe until walrusfs is started again");
  }
  distrusted_.store(true);
  return *failure_;
}

void SpoolOnDisk::pack_added(PackId id, uint64_t bytes) {
  uint64_t before = 0;
  {
    MutexLock lock(packs_mutex_);
    before = std::exchange(pack_bytes_[id], bytes);
  }
  room_.correct(static_cast<int64_t>(bytes) - static_cast<int64_t>(before));
}

Status SpoolOnDisk::remove_pack(PackId id) {
  Status removed = files_.remove(folders_.pack(id));
  if (!removed.ok() && removed.error().code() != Code::kNotFound) return removed;
  uint64_t freed = 0;
  {
    MutexLock lock(packs_mutex_);
    if (auto found = pack_bytes_.find(id); found != pack_bytes_.end()) {
      freed = found->second;
      pack_bytes_.erase(found);
    }
  }
  room_.give_back(freed);
  return {};
}

SpoolUsage SpoolOnDisk::usage() const {
  SpoolUsage usage;
  {
    MutexLock lock(packs_mutex_);
    for (const auto& [id, bytes] : pack_bytes_) usage.pack_bytes += bytes;
  }
  const uint64_t used = room_.used_bytes();
  usage.staging_bytes = used > usage.pack_bytes ? used - usage.pack_bytes : 0;
  usage.bound_bytes = room_.bound_bytes();
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    usage.staging_files += shard.files.size();
  }
  usage.lost_files = lost_files_.load();
  usage.open_files = open_files_.count();
  usage.reserve_held = room_.reserve_held();
  return usage;
}

}  // namespace walrusfs
