// A disk in memory, for simulations: as quick as memory, and empty at first. For tests.
//
// Syncs do nothing; to lose what was not synced, put FaultyFiles around it. Safe to call from any thread. Passes the
// contract suite of Files.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/files.h"
#include "base/mutex.h"

namespace walrusfs {

class MemoryFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_directories(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<DirectoryItem>> list(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status sync_filesystem(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;

  // The folder and everything below it is gone, as when a disk is replaced.
  void wipe(const std::string& folder);

 private:
  friend class MemoryFile;
  struct Content {
    Mutex mutex;
    Bytes bytes GUARDED_BY(mutex);
    uint64_t reserved_bytes GUARDED_BY(mutex) = 0;
  };

  bool has_children(const std::string& folder) const REQUIRES(mutex_);
  Status check_parent(const std::string& path) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> files_ GUARDED_BY(mutex_);  // shared with those who have them open
  std::set<std::string> folders_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs
