// The one Vfs. How it works:
//
// One lock (`mutex_`) protects everything in memory and is held for short stretches only: no file or
// database is read or written under it. An operation is a function that runs under the lock; when it
// meets something that is not in memory it says what (Wants) and changes nothing; the caller of the
// operation (run) loads that without the lock and runs the operation again from its start. What was
// loaded is believed only if no batch was settled and no pack adopted meanwhile (`generation_`), since
// only then index and memory together say what they said before.
//
// Bytes move without the lock as well. What orders writes, truncations and cuts is a gate per inode:
// writers enter side by side, what removes bytes enters alone, and a cut waits until nobody is inside.
//
// The journal: changes are marked with the number of the open batch. journal_turn() freezes it (copies
// what changed, under the lock), syncs the staging files that it speaks of, commits it to the index, and
// settles. One turn at a time; who finds one running waits, and mostly finds its own batch done by the
// next one (group commit). Bytes written to a staging file between freeze and sync reach the disk early,
// which harms nobody: they overwrite what an unsynced overwrite may always damage, or lie where no
// committed extent points. Bytes are never taken away early: once a batch has named a staging file, a
// truncation does not punch it but lets go of it, and it is removed after the commit that drops it.
//
// Lock order: the journal's turn, then the gate of one inode, then mutex_. Nobody who is inside a gate
// waits for the journal or for room in the spool.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "fs/vfs/acl.h"
#include "fs/vfs/inode_table.h"
#include "fs/vfs/name_overlay.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

// What an operation found missing in memory.
struct Wants {
  enum class What { kNothing, kInode, kName, kBytes, kXattrs, kParent, kAnyName };
  What what = What::kNothing;
  InodeId id{};
  std::string name;
  bool any() const { return what != What::kNothing; }
};

class TreeVfs final : public Vfs {
 public:
  TreeVfs(const World& world, const VfsOptions& options);
  Status start();  // reads counters, makes the root, removes orphans

  // tree_names.cpp
  Result<Attr> lookup(InodeId parent, const std::string& name) override;
  void forget(InodeId id, uint64_t lookups) override;
  Result<Attr> mknod(InodeId parent, const std::string& name, uint32_t mode, uint64_t rdev, Caller caller) override;
  Result<Attr> mkdir(InodeId parent, const std::string& name, uint32_t mode, Caller caller) override;
  Result<Attr> symlink(InodeId parent, const std::string& name, const std::string& target, Caller caller) override;
  Result<Attr> create(InodeId parent, const std::string& name, uint32_t mode, Caller caller) override;
  Result<Attr> link(InodeId id, InodeId new_parent, const std::string& new_name) override;
  Status unlink(InodeId parent, const std::string& name) override;
  Status rmdir(InodeId parent, const std::string& name) override;

  // tree_rename.cpp
  Status rename(InodeId parent, const std::string& name, InodeId new_parent, const std::string& new_name,
                RenameMode mode) override;

  // tree_list.cpp
  Result<std::vector<DirectoryEntry>> list(InodeId directory, uint64_t after, size_t limit,
                                           bool count_lookups) override;

  // tree_attributes.cpp
  Result<Attr> getattr(InodeId id) override;
  Result<Attr> setattr(InodeId id, const AttrChange& change) override;
  Result<std::string> readlink(InodeId id) override;
  Result<Bytes> getxattr(InodeId id, const std::string& name) override;
  Status setxattr(InodeId id, const std::string& name, ByteView value, XattrMode mode) override;
  Status removexattr(InodeId id, const std::string& name) override;
  Result<std::vector<std::string>> listxattr(InodeId id) override;

  // tree_files.cpp
  Status open(InodeId id, bool for_writing, bool truncate) override;
  void release(InodeId id) override;
  Result<size_t> read(InodeId id, uint64_t offset, MutableByteView out) override;
  Status write(InodeId id, uint64_t offset, ByteView data) override;
  Status allocate(InodeId id, ByteRange range, int flags) override;
  Result<uint64_t> seek(InodeId id, uint64_t offset, bool want_data) override;
  Result<uint64_t> copy_range(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset,
                              uint64_t length) override;

  // tree_journal.cpp
  Status fsync(InodeId id) override;
  Status journal_now() override;
  Millis journal_step() override;
  Result<std::unique_ptr<IndexSnapshot>> cut() override;
  Status adopt_pack(const PackRow& pack, const std::vector<PackedRange>& packed) override;

  // tree_status.cpp
  Sequence journaled() const override;
  Millis oldest_unpublished_age() const override;
  uint64_t unpublished_bytes() const override;
  Result<VolumeSpace> space() override;
  Result<FileState> state(InodeId id) override;
  VfsStatus status() const override;
  void make_read_only(const std::string& reason) override;

 private:
  using TimePoint = Deadline::TimePoint;

  // Runs `operation(wants)` under the lock until it wants nothing any more. An operation gets hold of
  // all it needs before it changes anything.
  template <typename Operation>
  auto run(Operation operation) EXCLUDES(mutex_) {
    Wants wants;
    for (;;) {
      {
        MutexLock lock(mutex_);
        auto result = operation(wants);
        if (!wants.any()) {
          trim();
          return result;
        }
      }
      using Outcome = decltype(operation(wants));
      if (auto loaded = load(wants); !loaded.ok()) return Outcome(loaded.error());
      wants = {};
    }
  }
  // The same for operations that change the tree: waits when too much is unjournaled.
  template <typename Operation>
  auto change(Operation operation) EXCLUDES(mutex_) {
    using Outcome = decltype(run(operation));
    if (auto admitted = admit(); !admitted.ok()) return Outcome(admitted.error());
    return run(operation);
  }

  // tree_loading.cpp: what operations ask memory for, and how it gets there. An error while `wants` is
  // set only means "not yet".
  Result<Inode*> need_inode(InodeId id, Wants& wants) REQUIRES(mutex_);
  Result<Inode*> need_directory(InodeId id, Wants& wants) REQUIRES(mutex_);  // that is not removed
  Result<Inode*> need_file(InodeId id, Wants& wants) REQUIRES(mutex_);       // regular, its extents loaded
  Result<std::optional<EntryTarget>> need_name(InodeId parent, const std::string& name, Wants& wants) REQUIRES(mutex_);
  Result<bool> need_emptiness(InodeId directory, Wants& wants) REQUIRES(mutex_);
  Result<InodeId> need_parent(Inode& directory, Wants& wants) REQUIRES(mutex_);
  Result<bool> need_is_inside(InodeId id, InodeId ancestor, Wants& wants) REQUIRES(mutex_);
  Status need_xattrs(Inode& inode, Wants& wants) REQUIRES(mutex_);
  Status load(const Wants& wants) EXCLUDES(mutex_);
  Status load_inode(InodeId id, uint64_t generation) EXCLUDES(mutex_);
  Status load_name(InodeId parent, const std::string& name, uint64_t generation) EXCLUDES(mutex_);
  Status load_bytes(InodeId id, uint64_t generation) EXCLUDES(mutex_);
  Status load_xattrs(InodeId id, uint64_t generation) EXCLUDES(mutex_);
  Status load_parent(InodeId id, uint64_t generation) EXCLUDES(mutex_);
  Status load_any_name(InodeId directory, uint64_t generation) EXCLUDES(mutex_);
  Result<uint64_t> mapped_bytes_in_index(const InodeRow& row);
  Inode& install(InodeRow row, uint64_t mapped_bytes) REQUIRES(mutex_);
  void trim() REQUIRES(mutex_);

  // tree_names.cpp
  struct NewInode {
    uint32_t mode = 0;
    uint64_t rdev = 0;
    Caller caller;
    std::string symlink_target;
    bool opened = false;
  };
  Result<Attr> make(InodeId parent, const std::string& name, const NewInode& spec);
  Inode& make_inode(const Inode& directory, const NewInode& spec, NewPermissions permissions, Timestamp now)
      REQUIRES(mutex_);
  Status remove(InodeId parent, const std::string& name, bool want_directory);
  void drop_link(Inode& inode, Timestamp now) REQUIRES(mutex_);
  void dispose_if_unused(Inode& inode) REQUIRES(mutex_);
  void touch_directory(Inode& directory, Timestamp now) REQUIRES(mutex_);

  // tree_rename.cpp
  struct RenameNames {
    InodeId parent;
    const std::string& name;
    InodeId new_parent;
    const std::string& new_name;
    RenameMode mode;
  };
  struct RenameWork;
  Status rename_locked(const RenameNames& names, Wants& wants) REQUIRES(mutex_);
  Status gather_rename(const RenameNames& names, RenameWork& work, Wants& wants) REQUIRES(mutex_);
  void move_name(const RenameNames& names, RenameWork& work) REQUIRES(mutex_);
  void exchange_names(const RenameNames& names, RenameWork& work) REQUIRES(mutex_);

  // tree_list.cpp
  Status list_dots(InodeId directory, uint64_t after, size_t limit, std::vector<DirectoryEntry>& out);
  DirectoryEntry listed_entry(InodeId directory, Inode& inode, const std::string& name, uint64_t cookie)
      REQUIRES(mutex_);
  bool list_from_memory(InodeId directory, uint64_t after, size_t limit, std::vector<DirectoryEntry>& out)
      EXCLUDES(mutex_);
  struct ListChunk;
  Result<ListChunk> list_chunk(InodeId directory, uint64_t after, size_t limit);
  Status merge_chunk(InodeId directory, uint64_t after, size_t limit, const ListChunk& chunk,
                     std::vector<DirectoryEntry>& out, Wants& wants) REQUIRES(mutex_);

  // tree_attributes.cpp
  Attr to_attr(const Inode& inode) const REQUIRES(mutex_);
  void set_fields(Inode& inode, const AttrChange& change, Timestamp now) REQUIRES(mutex_);
  Result<Attr> set_size(InodeId id, const AttrChange& change, Timestamp now);
  Status need_chmod(Inode& inode, const AttrChange& change, Wants& wants) REQUIRES(mutex_);
  Status change_xattrs(InodeId id, const std::function<Status(Inode&)>& edit);
  Status set_acl(InodeId id, const std::string& name, ByteView value);
  Result<Bytes> virtual_xattr(InodeId id, const std::string& name);

  // tree_files.cpp
  struct ReadPlan {
    std::vector<Extent> extents;
    std::vector<Extent> ahead;
    size_t length = 0;
  };
  Result<ReadPlan> plan_read(InodeId id, uint64_t offset, size_t length);
  struct DropPlan {  // disk space that nobody names any more
    StagingId staging{};
    ByteRange range;
  };
  Result<StagingId> begin_write(InodeId id);
  Status end_write(InodeId id, uint64_t offset, uint64_t length, StagingId staging, const Status& written);
  Status write_once(InodeId id, uint64_t offset, ByteView data);
  Status make_room(uint64_t bytes, Deadline deadline);
  void put_extent(Inode& inode, const Extent& extent) REQUIRES(mutex_);
  DropPlan drop_bytes(Inode& inode, ByteRange range) REQUIRES(mutex_);
  void grow(Inode& inode, uint64_t end) REQUIRES(mutex_);
  void bytes_changed(Inode& inode, Timestamp now) REQUIRES(mutex_);
  // Enters alone and stays inside until leave_alone().
  void enter_alone(Inode& inode) REQUIRES(mutex_);
  void leave_alone(InodeId id, const DropPlan& plan) EXCLUDES(mutex_);
  void leave_gate(Inode& inode) REQUIRES(mutex_);
  Result<uint64_t> copy_piece(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset, uint64_t length);
  Status copy_extent(const Extent& piece, InodeId to, uint64_t to_offset);
  Status copy_bytes(InodeId from, uint64_t from_offset, InodeId to, uint64_t to_offset, uint64_t length);
  Status make_hole(InodeId id, ByteRange range, uint64_t grow_to);

  // tree_journal.cpp
  struct FrozenBatch {
    uint64_t number = 0;
    Batch batch;
    std::vector<StagingId> to_sync;
    std::vector<InodeId> removed_unloaded;  // their staging files are to be asked of the index
    std::vector<StagingId> to_release;      // once it is committed
    std::optional<TimePoint> oldest_change;
  };
  void mark(Inode& inode, uint8_t dirt) REQUIRES(mutex_);
  Status admit() EXCLUDES(mutex_);
  Status writable() const REQUIRES(mutex_);
  Status journal_up_to(uint64_t batch) EXCLUDES(mutex_);
  Status take_turn() EXCLUDES(mutex_);
  void end_turn() EXCLUDES(mutex_);
  Status journal_turn() EXCLUDES(mutex_);
  FrozenBatch freeze() REQUIRES(mutex_);
  void freeze_inode(Inode& inode, FrozenBatch& out) REQUIRES(mutex_);
  Result<Sequence> carry_out(FrozenBatch& frozen) EXCLUDES(mutex_);
  Status settle(FrozenBatch& frozen, const Result<Sequence>& outcome) EXCLUDES(mutex_);
  void settle_inode(Inode& inode, bool committed, Sequence sequence) REQUIRES(mutex_);
  void release_unnamed(Inode& inode) REQUIRES(mutex_);
  void seal_all() REQUIRES(mutex_);
  void release_staging() EXCLUDES(mutex_);
  std::set<StagingId> move_memory_to_pack(const PackRow& pack, const std::vector<PackedRange>& packed) EXCLUDES(mutex_);
  void note_published(Sequence cut) REQUIRES(mutex_);
  void refuse_changes(const std::string& reason) REQUIRES(mutex_);

  // Constant after construction.
  Index& index_;
  Spool& spool_;
  ContentReader& content_;
  Clock& clock_;
  const VfsOptions options_;
  const std::unordered_set<uint64_t> damaged_staging_;

  mutable Mutex mutex_;
  InodeTable table_ GUARDED_BY(mutex_);
  NameOverlay names_ GUARDED_BY(mutex_);
  uint64_t next_inode_ GUARDED_BY(mutex_) = 2;
  uint64_t next_cookie_ GUARDED_BY(mutex_) = 1;
  // Moves on whenever index and memory change places; see above.
  uint64_t generation_ GUARDED_BY(mutex_) = 0;
  bool read_only_ GUARDED_BY(mutex_) = false;
  std::string read_only_reason_ GUARDED_BY(mutex_);
  std::optional<VolumeSpace> space_ GUARDED_BY(mutex_);  // what space() found, good until …
  TimePoint space_until_ GUARDED_BY(mutex_){};

  // The gate. `gate_` is signalled when a data operation ends and when a cut has sealed.
  CondVar gate_;
  uint64_t inside_ GUARDED_BY(mutex_) = 0;
  bool sealing_ GUARDED_BY(mutex_) = false;

  // The journal.
  CondVar turn_ended_;
  bool turn_taken_ GUARDED_BY(mutex_) = false;
  bool trust_lost_ GUARDED_BY(mutex_) = false;  // a sync failed: nothing is written any more
  uint64_t open_batch_ GUARDED_BY(mutex_) = 1;
  uint64_t committed_batch_ GUARDED_BY(mutex_) = 0;
  Sequence sequence_ GUARDED_BY(mutex_){};
  std::optional<TimePoint> oldest_change_ GUARDED_BY(mutex_);  // in the open batch
  std::vector<StagingId> to_release_ GUARDED_BY(mutex_);       // nothing names them any more

  // What no certified pack has: since when, after the last cut, and in each cut that is not published.
  std::optional<TimePoint> uncut_since_ GUARDED_BY(mutex_);
  std::map<Sequence, TimePoint> cut_since_ GUARDED_BY(mutex_);
  Sequence published_ GUARDED_BY(mutex_){};
};

}  // namespace walrusfs
