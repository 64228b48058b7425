// POSIX rules without a kernel: the tree of one volume, in memory ahead of the index.
//
// Every change happens in memory first and is journaled in batches: by fsync, by a timer, at a cut, at
// the end. A batch is frozen, the staging files that it speaks of are synced, then it becomes one
// transaction of the index; so after a crash the tree is the last journaled state. Memory is the
// truth for what is not journaled yet; clean inodes are a bounded cache and come back from the index.
//
// Permission bits are checked by the kernel (mount option default_permissions); here only what it
// cannot know. Safe to call from any thread. Errors carry the Code whose errno POSIX names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/spool.h"
#include "fs/io/content_reader.h"
#include "fs/io/live_tree.h"
#include "meta/index.h"

namespace walrusfs {

// Who asks: owner of what is made. `umask` counts where the folder has no default ACL.
struct Caller {
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t umask = 0;
};

struct VfsOptions {
  Millis journal_interval{5'000};
  size_t max_clean_inodes = 100'000;    // kept in memory beyond those in use; about 0.7 KiB each with name
  size_t max_dirty_inodes = 50'000;     // more: writers wait for the journal
  uint64_t read_ahead_bytes = 16 << 20;
  bool read_only = false;
  bool write_back = true;               // the kernel caches writes and keeps sizes and times of open files
  Millis read_timeout{60'000};
  Millis room_wait{30'000};             // how long a write waits for room in the spool before ENOSPC
  Caller root_owner;                    // of the root folder, where the volume is new
  std::vector<StagingId> damaged_staging;  // Spool::reconcile found them missing or too short
};

struct Attr {
  InodeId id{};
  uint32_t mode = 0, uid = 0, gid = 0, nlink = 0;
  uint64_t rdev = 0, size = 0, allocated_bytes = 0;
  Timestamp atime, mtime, ctime;
};

struct AttrChange {
  std::optional<uint32_t> mode, uid, gid;
  std::optional<uint64_t> size;
  std::optional<Timestamp> atime, mtime, ctime;
};

enum class RenameMode { kReplace, kNoReplace, kExchange };

struct DirectoryEntry {
  std::string name;
  uint64_t cookie = 0;   // pass as `after` to go on behind this one
  Attr attr;             // "." and ".." come first, with cookies 1 and 2
};

struct VolumeSpace {
  uint64_t total_bytes = 0, free_bytes = 0, inodes = 0;
};

// What `status` and user.walrus.state say; the lowest of bytes, attributes and name counts.
enum class FileState { kDirty, kJournaled, kCertified, kAnchored, kDamaged };

struct VfsStatus {
  uint64_t inodes_in_memory = 0, dirty_inodes = 0;
  Sequence journaled{};
  bool read_only = false;
  std::string read_only_reason;
};

class Vfs : public LiveTree {
 public:
  struct World {
    Index& index;
    Spool& spool;
    ContentReader& content;
    Clock& clock;
  };
  // Everything in `world` must outlive the Vfs. Removes inodes that were unlinked while open at a crash.
  static Result<std::unique_ptr<Vfs>> open(const World& world, const VfsOptions& options);

  // Names. The kernel may use an inode that lookup, mknod, mkdir, symlink, link, create or list() told it
  // of until it forgets it. Linked inodes come back from the index whenever they are asked for, so only
  // an unlinked one depends on it: what is left of that (its attributes) goes with forget().
  virtual Result<Attr> lookup(InodeId parent, const std::string& name) = 0;
  virtual void forget(InodeId id, uint64_t lookups) = 0;
  virtual Result<Attr> mknod(InodeId parent, const std::string& name, uint32_t mode, uint64_t rdev, Caller caller) = 0;
  virtual Result<Attr> mkdir(InodeId parent, const std::string& name, uint32_t mode, Caller caller) = 0;
  virtual Result<Attr> symlink(InodeId parent, const std::string& name, const std::string& target, Caller caller) = 0;
  virtual Result<Attr> link(InodeId id, InodeId new_parent, const std::string& new_name) = 0;
  virtual Status unlink(InodeId parent, const std::string& name) = 0;
  virtual Status rmdir(InodeId parent, const std::string& name) = 0;
  virtual Status rename(InodeId parent, const std::string& name, InodeId new_parent, const std::string& new_name,
                        RenameMode mode) = 0;
  // Up to `limit` entries behind `after` (0: from the start); empty at the end.
  virtual Result<std::vector<DirectoryEntry>> list(InodeId directory, uint64_t after, size_t limit,
                                                   bool count_lookups) = 0;

  // Attributes.
  virtual Result<Attr> getattr(InodeId id) = 0;
  virtual Result<Attr> setattr(InodeId id, const AttrChange& change) = 0;
  virtual Result<std::string> readlink(InodeId id) = 0;
  // The two names of acl.h are ACLs: what is set must be one (kInvalidArgument), `mode` does not matter, and
  // the inode's mode follows the access ACL and the other way round.
  enum class XattrMode { kEither, kCreate, kReplace };
  virtual Result<Bytes> getxattr(InodeId id, const std::string& name) = 0;
  virtual Status setxattr(InodeId id, const std::string& name, ByteView value, XattrMode mode) = 0;
  virtual Status removexattr(InodeId id, const std::string& name) = 0;
  virtual Result<std::vector<std::string>> listxattr(InodeId id) = 0;

  // Files. open/create count an opening until release(); an unlinked inode lives until the last one.
  virtual Status open(InodeId id, bool for_writing, bool truncate) = 0;
  virtual Result<Attr> create(InodeId parent, const std::string& name, uint32_t mode, Caller caller) = 0;
  virtual void release(InodeId id) = 0;
  // Fewer bytes than out.size() only at the end of the file.
  virtual Result<size_t> read(InodeId id, uint64_t offset, MutableByteView out) = 0;
  virtual Status write(InodeId id, uint64_t offset, ByteView data) = 0;
  // fallocate(2): `flags` as FALLOC_FL_*; plain, KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE are served.
  virtual Status allocate(InodeId id, ByteRange range, int flags) = 0;
  // The first byte at or after `offset` that is data, or a hole (the end of the file counts as one). kRange at
  // or past the end, and where no data follows: ENXIO.
  virtual Result<uint64_t> seek(InodeId id, uint64_t offset, bool want_data) = 0;
  virtual Result<uint64_t> copy_range(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset,
                                      uint64_t length) = 0;
  // Returns when bytes, attributes and name of the inode survive a power cut (`journaled`).
  virtual Status fsync(InodeId id) = 0;

  // The volume.
  virtual Status journal_now() = 0;            // everything; used by the timer, sync and the end
  virtual Millis journal_step() = 0;           // the timer's step(): journals when due, says when to come again
  virtual Result<VolumeSpace> space() = 0;
  virtual Result<FileState> state(InodeId id) = 0;
  virtual VfsStatus status() const = 0;
  virtual void make_read_only(const std::string& reason) = 0;
};

}  // namespace walrusfs
