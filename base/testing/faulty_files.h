// A disk that can fail and can lose its power, around another one. For tests.
//
// Everything goes through to the inner Files at once, and an undo record is kept until a sync covers
// it. power_cut() undoes what no sync covered, so the inner disk then looks as after a power cut under
// the strictest reading of POSIX: bytes survive only if their file was synced, names only if their
// folder was. As on Linux, what a failed sync should have covered is lost for good, even when a later
// sync says that all is well.
//
// Safe to call from any thread; operations run one at a time. Must be the only user of its files, and on
// the filesystem of the temporary folder.
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "base/testing/temp_folder.h"

namespace walrusfs {

// Kinds of operations, to be joined with |.
enum FileOp : uint32_t {
  kOpOpen = 1 << 0,
  kOpRead = 1 << 1,
  kOpWrite = 1 << 2,
  kOpTruncate = 1 << 3,
  kOpPunch = 1 << 4,
  kOpReserve = 1 << 5,
  kOpSyncData = 1 << 6,
  kOpSyncDirectory = 1 << 7,
  kOpSyncFilesystem = 1 << 8,
  kOpRename = 1 << 9,
  kOpRemove = 1 << 10,
  kOpMakeDirectory = 1 << 11,
  kOpRemoveDirectory = 1 << 12,
  kOpList = 1 << 13,
  kOpSpace = 1 << 14,
  kOpStat = 1 << 15,  // size, allocated bytes, exists
  kOpAnySync = kOpSyncData | kOpSyncDirectory | kOpSyncFilesystem,
  kOpAny = ~uint32_t{0},
};

struct Fault {
  uint32_t ops = kOpAny;
  uint64_t nth = 1;  // fails the nth matching operation from now on
  int errno_value = EIO;
  bool stays = false;       // and every matching one after it
  bool torn = false;        // a write writes its first half before it fails
  std::string path_part{};  // only paths that contain it
};

class FaultyFiles final : public Files {
 public:
  explicit FaultyFiles(Files& inner);
  ~FaultyFiles() override;

  void fail(const Fault& fault);
  void clear_faults();
  // What space() says from now on; nothing: the truth.
  void set_free_bytes(std::optional<uint64_t> free_bytes);
  // Matching operations so far, failed ones too.
  uint64_t count(uint32_t ops) const;

  // Everything that no sync covered is gone. Files that are open fail from now on; the next open()
  // is the next boot.
  void power_cut();
  // The same, but each unsynced write survives with chance 1/2, and so do the first few name changes.
  void power_cut(Rng& rng);

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

 private:
  friend class FaultyFile;

  struct Change;      // of a file's bytes
  struct Node;        // a file, whatever its name is now
  struct NameChange;  // in a folder

  Status allow(FileOp op, const std::string& path) REQUIRES(mutex_);
  bool next_write_is_torn(const std::string& path) const REQUIRES(mutex_);
  std::shared_ptr<Node> node_at(const std::string& path) REQUIRES(mutex_);
  // Moves what stands at `path` out of sight, to be deleted when the folder is synced.
  Result<std::string> hide(const std::string& path) REQUIRES(mutex_);
  void move_nodes(const std::string& from, const std::string& to) REQUIRES(mutex_);
  void names_are_synced(const std::string* folder) REQUIRES(mutex_);
  void cut(Rng* rng);
  void undo_bytes(Node& node, Rng* rng) REQUIRES(mutex_);
  void undo_name(const NameChange& change) REQUIRES(mutex_);

  Files& inner_;
  TempFolder hidden_;

  mutable Mutex mutex_;
  std::vector<Fault> faults_ GUARDED_BY(mutex_);
  std::map<uint32_t, uint64_t> counts_ GUARDED_BY(mutex_);
  std::optional<uint64_t> free_bytes_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Node>> nodes_ GUARDED_BY(mutex_);
  std::vector<NameChange> name_changes_ GUARDED_BY(mutex_);
  uint64_t hidden_count_ GUARDED_BY(mutex_) = 0;
  uint64_t boot_ GUARDED_BY(mutex_) = 0;  // counts power cuts: older handles are dead
};

}  // namespace walrusfs
