// One staging file of the spool: its descriptor (when it has one), what it occupies, and how much of it
// is known to be on disk.
//
// Safe to call from any thread. Locks, in order: sync_mutex_, handle_mutex_, OpenFiles' mutex;
// account_mutex_ is taken last and held over no other call than fstat. handle_mutex_ is held shared
// over reads and writes, which run side by side: it guards the descriptor, not the bytes.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "cache/block_runs.h"
#include "cache/open_files.h"
#include "cache/spool_room.h"

namespace walrusfs {

// A folder of staging files, and whether their names are on disk yet. Safe from any thread.
class StagingFolder {
 public:
  explicit StagingFolder(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  // A name was made; it is on disk once names_synced() has reached what this returns.
  uint64_t name_made() { return names_.fetch_add(1) + 1; }
  uint64_t names_made() const { return names_.load(); }
  uint64_t names_synced() const { return synced_.load(); }
  void mark_synced(uint64_t names);
  // Concurrent callers share one fsync where it covers both.
  Status sync(Files& files, uint64_t names, SpoolRoom& room);

 private:
  const std::string path_;
  std::atomic<uint64_t> names_{0};
  std::atomic<uint64_t> synced_{0};
  Mutex sync_mutex_;
};

// What staging files share; all of it outlives them.
struct StagingContext {
  Files& files;
  SpoolRoom& room;
  OpenFiles& open_files;
};

class StagingFile {
 public:
  // `bytes_on_disk`: what a file found at the start occupies; `dense_bytes` of it hold no hole.
  struct Found {
    uint64_t bytes_on_disk = 0;
    uint64_t dense_bytes = 0;
  };

  StagingFile(StagingContext context, StagingFolder& folder, StagingId id);
  StagingFile(StagingContext context, StagingFolder& folder, StagingId id, Found found);

  Status write(uint64_t offset, ByteView data);
  Status read(uint64_t offset, MutableByteView out);
  Status punch(ByteRange range);
  // Unlinks it. Calls that come later fail with kStale.
  Status remove();

  // Counts writes; what was written up to here is on disk once synced() has reached it.
  uint64_t written() const { return written_.load(); }
  uint64_t synced() const { return synced_.load(); }
  void mark_synced(uint64_t written);
  // The descriptor was closed with unsynced bytes: a failure to write them may have been told to nobody
  // by the time it is opened again, so only a syncfs whose descriptor is older can be believed.
  bool closed_unsynced() const { return closed_at_.load() > synced_.load(); }
  // Concurrent callers share one fdatasync where it covers both. kBusy: closed_unsynced() has become true.
  Status sync_data(uint64_t written);
  // Asks the disk what the file occupies, when it is open.
  void measure_if_open();

  StagingFolder& folder() { return folder_; }
  uint64_t name() const { return name_.load(); }  // as counted by the folder; 0: no file yet

 private:
  friend class OpenFiles;

  template <typename Act>
  auto with_file(bool may_create, Act act) -> decltype(act(std::declval<File&>()));
  Status open_handle(bool may_create) REQUIRES(handle_mutex_);
  std::unique_ptr<File> close_if_idle();
  uint64_t missing_bytes(ByteRange range) const;
  void settle(ByteRange range, uint64_t claimed);
  void measure(File& file);
  std::string path() const;

  // Constant after construction.
  const StagingContext context_;
  StagingFolder& folder_;
  const StagingId id_;

  std::atomic<uint64_t> name_{0};
  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> synced_{0};
  std::atomic<uint64_t> closed_at_{0};  // written() when the descriptor was last closed
  std::atomic<bool> used_{false};       // since the hand of OpenFiles came by

  SharedMutex handle_mutex_;
  std::unique_ptr<File> handle_ GUARDED_BY(handle_mutex_);
  bool exists_ GUARDED_BY(handle_mutex_) = false;
  bool removed_ GUARDED_BY(handle_mutex_) = false;

  mutable Mutex account_mutex_;
  BlockRuns blocks_ GUARDED_BY(account_mutex_);
  uint64_t accounted_bytes_ GUARDED_BY(account_mutex_) = 0;
  bool account_closed_ GUARDED_BY(account_mutex_) = false;

  Mutex sync_mutex_;  // held over fdatasync, so that those who wait can share it

  size_t slot_ = 0;  // belongs to OpenFiles
};

}  // namespace walrusfs
