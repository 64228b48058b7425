// The spool behind the Spool interface: a table of staging files in shards, so that threads that work on
// different files meet no common lock. See cache/spool.h for the contract, staging_file.h for what one
// file does, spool_room.h for the bound.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <unordered_map>

#include "base/mutex.h"
#include "cache/open_files.h"
#include "cache/spool.h"
#include "cache/spool_folders.h"
#include "cache/spool_room.h"
#include "cache/staging_file.h"

namespace walrusfs {

class SpoolOnDisk final : public Spool {
 public:
  // From this many unsynced files on, one syncfs is cheaper than an fdatasync each (measured on ext4: an
  // fdatasync that commits the journal costs as much as a syncfs of a few files).
  static constexpr size_t kSyncfsFiles = 16;

  // `anchor`: an open file of the spool's folder; what it reports in syncfs goes back to its opening.
  SpoolOnDisk(Files& files, const SpoolOptions& options, std::unique_ptr<File> anchor);

  Result<SpoolReport> reconcile(const std::map<StagingId, uint64_t>& needed,
                                const std::vector<PackId>& built_packs) override;
  StagingId next_staging_id() override { return StagingId{next_id_.fetch_add(1)}; }
  uint64_t staging_ids_given() const override { return next_id_.load(); }
  Status write(StagingId id, uint64_t offset, ByteView data) override;
  Status read(StagingId id, uint64_t offset, MutableByteView out) override;
  Status punch(StagingId id, ByteRange range) override;
  Status remove(StagingId id) override;
  Status sync(std::span<const StagingId> ids) override;
  std::string pack_path(PackId id) const override { return folders_.pack(id); }
  void pack_added(PackId id, uint64_t bytes) override;
  Status remove_pack(PackId id) override;
  SpoolUsage usage() const override;
  bool has_room(uint64_t bytes) const override { return room_.has_room(bytes); }
  Status wait_for_room(uint64_t bytes, Deadline deadline, Clock& clock) override {
    return room_.wait(bytes, deadline, clock);
  }
  bool release_reserve() override { return room_.release_reserve(); }

 private:
  // Shared: a call may still work on a file that another one removes from the table.
  using FilePtr = std::shared_ptr<StagingFile>;
  struct Shard {
    mutable Mutex mutex;
    std::unordered_map<uint64_t, FilePtr> files GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 64;

  // A file with bytes or a name that may not be on disk, and the counts that this sync must reach.
  struct Unsynced {
    FilePtr file;
    uint64_t written = 0;
    uint64_t name = 0;
  };

  Shard& shard_of(StagingId id) const { return shards_[raw(id) % kShards]; }
  FilePtr find(StagingId id) const;
  FilePtr find_or_make(StagingId id);
  void insert_found(StagingId id, StagingFile::Found found);
  StagingContext context() { return {files_, room_, open_files_}; }

  std::vector<Unsynced> unsynced(std::span<const StagingId> ids) const;
  Status sync_all(const std::vector<Unsynced>& wanted);
  Status sync_each(const std::vector<Unsynced>& wanted);
  Status sync_filesystem(const std::vector<Unsynced>& wanted);
  Error remember_failure(const Error& failure);

  friend class SpoolReconciler;

  // Constant after construction.
  Files& files_;
  const SpoolFolders folders_;
  const std::unique_ptr<File> anchor_;

  mutable SpoolRoom room_;  // looks at the disk now and then, also for const questions
  OpenFiles open_files_;
  std::deque<StagingFolder> staging_folders_;  // kStagingFolders of them, never moved
  mutable std::array<Shard, kShards> shards_;
  std::atomic<uint64_t> next_id_;
  std::atomic<uint64_t> lost_files_{0};

  mutable Mutex packs_mutex_;
  std::map<PackId, uint64_t> pack_bytes_ GUARDED_BY(packs_mutex_);

  std::atomic<bool> distrusted_{false};  // failure_ is set
  Mutex failure_mutex_;
  std::optional<Error> failure_ GUARDED_BY(failure_mutex_);
};

}  // namespace walrusfs
