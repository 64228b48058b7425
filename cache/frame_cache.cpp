#include "cache/frame_cache.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>

#include "base/limits.h"
#include "base/log.h"
#include "base/mutex.h"
#include "cache/eviction.h"
#include "cache/frame_file.h"

namespace walrusfs {
namespace {

struct FrameKeyHash {
  size_t operator()(const FrameKey& key) const noexcept {
    return load_le<size_t>(key.hash.data()) ^ key.t_offset * 0x9E3779B97F4A7C15u;
  }
};

using Policy = S3Fifo<FrameKey, FrameKeyHash>;

// Reading ahead fetches frames up to this much before they are used for the first time.
constexpr uint64_t kReadAheadBytes = 32 * limits::kMiB;

Policy::Shape disk_shape(uint64_t bound_bytes) {
  return {bound_bytes, bound_bytes / 10, std::min(bound_bytes / 16, kReadAheadBytes)};
}

// In memory half is for what is new: what was read ahead must still be there when it is wanted.
Policy::Shape memory_shape(uint64_t bound_bytes) { return {bound_bytes, bound_bytes / 2, bound_bytes / 16}; }

// The frames used last, in memory. Not thread-safe.
class MemoryTier {
 public:
  explicit MemoryTier(uint64_t bound_bytes) : policy_(memory_shape(bound_bytes)) {}

  SharedFrame get(const FrameKey& key) {
    auto found = frames_.find(key);
    if (found == frames_.end()) return nullptr;
    policy_.touch(key);
    return found->second;
  }

  // `dropped` takes what had to go, so that freeing it can wait until no lock is held.
  void put(const FrameKey& key, const SharedFrame& frame, std::vector<SharedFrame>& dropped) {
    if (policy_.contains(key)) return;
    std::vector<FrameKey> evicted;
    const bool kept = policy_.insert(key, frame->size(), evicted);
    for (const FrameKey& gone : evicted) {
      auto found = frames_.find(gone);
      dropped.push_back(std::move(found->second));
      frames_.erase(found);
    }
    if (kept) frames_[key] = frame;
  }

 private:
  Policy policy_;
  std::unordered_map<FrameKey, SharedFrame, FrameKeyHash> frames_;
};

// The policy says what is on disk. While a key is in `busy_`, one thread writes or removes its file and
// no other touches that file's name.
class FrameCacheOnDisk final : public FrameCache {
 public:
  FrameCacheOnDisk(Files& files, const FrameCacheOptions& options)
      : files_(files), options_(options), memory_(options.memory_bytes), on_disk_(disk_shape(options.bound_bytes)) {}

  SharedFrame get(const FrameKey& key) override;
  void put(const FrameKey& key, SharedFrame frame) override;
  FrameCacheUsage usage() const override;
  Status scan();

 private:
  using Keys = std::vector<FrameKey>;

  Status scan_folder(const std::string& folder);
  Result<Bytes> load(const FrameKey& key);
  void remember_in_memory(const FrameKey& key, const SharedFrame& frame);
  bool claim_space(const FrameKey& key, uint64_t size);
  Status write_file(const FrameKey& key, ByteView frame);
  void forget(const FrameKey& key);
  void forget_folder(const std::string& folder);
  void remove_claimed(const Keys& keys);
  std::string path(const FrameKey& key) const {
    return options_.folder + "/" + frame_file_folder(key) + "/" + frame_file_name(key);
  }

  // Constant after construction.
  Files& files_;
  const FrameCacheOptions options_;

  mutable Mutex mutex_;  // held over no I/O
  MemoryTier memory_ GUARDED_BY(mutex_);
  Policy on_disk_ GUARDED_BY(mutex_);
  std::unordered_set<FrameKey, FrameKeyHash> busy_ GUARDED_BY(mutex_);

  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> damaged_{0};
};

SharedFrame FrameCacheOnDisk::get(const FrameKey& key) {
  bool may_be_on_disk = false;
  {
    MutexLock lock(mutex_);
    on_disk_.touch(key);
    if (SharedFrame frame = memory_.get(key)) {
      ++hits_;
      return frame;
    }
    may_be_on_disk = on_disk_.contains(key) && !busy_.contains(key);
  }
  if (may_be_on_disk) {
    if (auto bytes = load(key); bytes.ok()) {
      auto frame = std::make_shared<const Bytes>(std::move(*bytes));
      remember_in_memory(key, frame);
      ++hits_;
      return frame;
    }
  }
  ++misses_;
  return nullptr;
}

Result<Bytes> FrameCacheOnDisk::load(const FrameKey& key) {
  auto file = files_.open(path(key), Files::Open::kRead);
  auto bytes = file.ok() ? read_frame_file(**file, key) : Result<Bytes>(file.error());
  if (bytes.ok()) return bytes;
  // Evicted meanwhile, or the folder was deleted: nothing is wrong.
  if (bytes.error().code() != Code::kNotFound) {
    ++damaged_;
    log_warn("frame cache: {} is dropped and will be fetched again: {}", path(key), bytes.error().message());
  }
  forget(key);
  return bytes;
}

void FrameCacheOnDisk::remember_in_memory(const FrameKey& key, const SharedFrame& frame) {
  std::vector<SharedFrame> dropped;  // freed after the lock is gone
  MutexLock lock(mutex_);
  memory_.put(key, frame, dropped);
}

void FrameCacheOnDisk::put(const FrameKey& key, SharedFrame frame) {
  if (!frame) return;
  remember_in_memory(key, frame);
  if (frame->size() > limits::kFrameBytes || !claim_space(key, frame_file_bytes(frame->size()))) return;
  Status written = write_file(key, *frame);
  bool still_wanted = false;
  {
    MutexLock lock(mutex_);
    if (!written.ok()) on_disk_.erase(key);
    still_wanted = on_disk_.contains(key);  // not evicted while it was written
    if (still_wanted) busy_.erase(key);
  }
  if (!still_wanted) remove_claimed({key});
  if (!written.ok()) log_debug("frame cache: a frame is not kept: {}", written.error().message());
}

// Enters the key as busy, after room was made for it. False when it is there, or does not fit.
bool FrameCacheOnDisk::claim_space(const FrameKey& key, uint64_t size) {
  Keys evicted;
  {
    MutexLock lock(mutex_);
    if (on_disk_.contains(key) || busy_.contains(key)) return false;
    if (!on_disk_.insert(key, size, evicted)) return false;
    busy_.insert(key);
    // What another thread is writing at this moment, that thread removes.
    std::erase_if(evicted, [this](const FrameKey& gone) NO_THREAD_SAFETY_ANALYSIS { return busy_.contains(gone); });
    busy_.insert(evicted.begin(), evicted.end());
  }
  remove_claimed(evicted);
  return true;
}

Status FrameCacheOnDisk::write_file(const FrameKey& key, ByteView frame) {
  auto file = files_.open(path(key), Files::Open::kCreate);
  if (!file.ok() && file.error().code() == Code::kNotFound) {
    const std::string folder = frame_file_folder(key);
    // The first frame there, or somebody deleted the folder: what we noted about it is gone as well.
    forget_folder(folder);
    WFS_TRY(files_.make_directories(options_.folder + "/" + folder));
    file = files_.open(path(key), Files::Open::kCreate);
  }
  if (!file.ok()) return file.error();
  WFS_TRY((*file)->truncate(0));
  return write_frame_file(**file, key, frame);
}

void FrameCacheOnDisk::forget(const FrameKey& key) {
  {
    MutexLock lock(mutex_);
    if (!on_disk_.contains(key) || !busy_.insert(key).second) return;
    on_disk_.erase(key);
  }
  remove_claimed({key});
}

void FrameCacheOnDisk::forget_folder(const std::string& folder) {
  MutexLock lock(mutex_);
  Keys gone;
  on_disk_.for_each([&](const FrameKey& key) NO_THREAD_SAFETY_ANALYSIS {
    if (frame_file_folder(key) == folder && !busy_.contains(key)) gone.push_back(key);
  });
  for (const FrameKey& key : gone) on_disk_.erase(key);
}

// The keys are busy for us; their files go.
void FrameCacheOnDisk::remove_claimed(const Keys& keys) {
  if (keys.empty()) return;
  for (const FrameKey& key : keys) {
    Status removed = files_.remove(path(key));
    if (removed.ok() || removed.error().code() == Code::kNotFound) continue;
    log_warn("frame cache: a file stays although it is not needed: {}", removed.error().message());
  }
  MutexLock lock(mutex_);
  for (const FrameKey& key : keys) busy_.erase(key);
}

FrameCacheUsage FrameCacheOnDisk::usage() const {
  FrameCacheUsage usage;
  usage.hits = hits_.load();
  usage.misses = misses_.load();
  usage.damaged = damaged_.load();
  MutexLock lock(mutex_);
  usage.bytes = on_disk_.bytes();
  usage.frames = on_disk_.count();
  return usage;
}

// Only the folders that we make are looked into, so that a wrong setting deletes nothing of others.
Status FrameCacheOnDisk::scan() {
  WFS_TRY(files_.make_directories(options_.folder));
  WFS_ASSIGN(const auto folders, files_.list(options_.folder));
  for (const DirectoryItem& item : folders) {
    auto byte = from_hex(item.name);
    if (item.is_directory && byte.ok() && byte->size() == 1 && to_hex(*byte) == item.name) {
      WFS_TRY(scan_folder(item.name));
    }
  }
  return {};
}

Status FrameCacheOnDisk::scan_folder(const std::string& folder) {
  const std::string folder_path = options_.folder + "/" + folder;
  WFS_ASSIGN(const auto items, files_.list(folder_path));
  for (const DirectoryItem& item : items) {
    if (item.is_directory) continue;
    const std::string file_path = folder_path + "/" + item.name;
    const auto key = parse_frame_file_name(item.name);
    auto file = files_.open(file_path, Files::Open::kRead);
    auto size = file.ok() ? (*file)->size() : Result<uint64_t>(file.error());
    const bool sound = key && frame_file_folder(*key) == folder && size.ok() && *size >= kFrameFileHeaderBytes;
    if (!sound) {
      (void)files_.remove(file_path).ok();
      continue;
    }
    if (claim_space(*key, frame_file_bytes(*size - kFrameFileHeaderBytes))) {
      MutexLock lock(mutex_);
      busy_.erase(*key);
    } else {
      (void)files_.remove(file_path).ok();
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<FrameCache>> FrameCache::open(Files& files, const FrameCacheOptions& options) {
  auto cache = std::make_unique<FrameCacheOnDisk>(files, options);
  if (options.bound_bytes == 0) return std::unique_ptr<FrameCache>(std::move(cache));
  Status scanned = cache->scan();
  if (!scanned.ok()) {
    const Code code = scanned.error().code();
    const bool wrong_setting = code == Code::kNotDirectory || code == Code::kPermission || code == Code::kReadOnly;
    if (wrong_setting) return scanned.error().with_context("the frame cache cannot use its folder");
    log_warn("frame cache: not all of {} could be read, it starts with what was found: {}", options.folder,
             scanned.error().message());
  }
  return std::unique_ptr<FrameCache>(std::move(cache));
}

}  // namespace walrusfs
