// The index of one volume: its tree, extents, packs, frames, jobs and settings in one SQLite file.
//
// Reads are safe from any thread and see the last committed transaction. Writes (commit, packs,
// settings) are serialised inside; each is one transaction that is on disk (synchronous=FULL) when the
// call returns, or has left no trace. Every committed batch gets the next Sequence; rows remember the
// sequence of their last change, and removals leave tombstones, so that what changed since a pack can
// be listed.
//
// Errors: kNewerVersion (made by a newer program), kCorrupt (SQLite says so or a row is impossible; the
// file is left alone), kNoSpace, kIo, kBusy (another process has the volume).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "meta/rows.h"

namespace walrusfs {

// A name with its inode's row, as readdirplus wants it.
struct ListedEntry {
  std::string name;
  EntryTarget target;
  InodeRow inode;
};

struct Counters {
  uint64_t next_inode = 2;   // after the root
  uint64_t next_cookie = 3;  // a listing needs 1 and 2 for "." and ".."
  uint64_t next_staging = 1;
  Sequence last_sequence{};
};

struct IndexTotals {
  uint64_t inodes = 0;
  uint64_t file_bytes = 0;   // sum of sizes of regular files
  uint64_t spool_bytes = 0;  // extents that still need the spool
  uint64_t packs_built = 0;
  uint64_t packs_certified = 0;
  uint64_t pack_bytes = 0;  // blobs of certified packs
};

// A tombstone, or the row as it is now, for everything changed after a sequence.
struct ChangedRows {
  std::vector<InodeRow> inodes;
  std::vector<InodeId> removed_inodes;
  std::vector<EntryRow> entries;
  std::vector<std::pair<InodeId, std::string>> removed_entries;
};

// One committed transaction, seen unchanged for as long as this lives (a read transaction). Used by
// one thread at a time; keep it short-lived, since it holds back the WAL's checkpoint.
class IndexSnapshot {
 public:
  virtual ~IndexSnapshot() = default;
  virtual Sequence sequence() const = 0;
  virtual Result<ChangedRows> changed_since(Sequence since) = 0;
  virtual Result<std::vector<Extent>> extents(InodeId inode) = 0;
  virtual Result<Xattrs> xattrs(InodeId inode) = 0;
  // One path of the inode from the root, without a leading '/', or kNotFound for an unlinked one.
  virtual Result<std::string> path_of(InodeId inode) = 0;
};

class Index {
 public:
  struct Options {
    std::string path;  // of the SQLite file
    // Make a new, empty volume; kExists when there is one. It has no inode yet, not even the root: who
    // makes the volume knows its owner and commits kRootInode in the first batch.
    bool create = false;
  };

  // Takes the volume's lock (flock on "<path>.lock"); kBusy names the process that holds it.
  // Migrates an older schema forward.
  static Result<std::unique_ptr<Index>> open(const Options& options);
  virtual ~Index() = default;

  // The tree.
  virtual Result<std::optional<InodeRow>> inode(InodeId id) = 0;
  virtual Result<std::optional<EntryTarget>> lookup(InodeId parent, const std::string& name) = 0;
  // Up to `limit` names with a cookie above `after`, in order of cookies.
  virtual Result<std::vector<ListedEntry>> list(InodeId parent, uint64_t after, size_t limit) = 0;
  virtual Result<std::vector<Extent>> extents(InodeId inode) = 0;
  virtual Result<Xattrs> xattrs(InodeId inode) = 0;
  // Inodes with nlink 0: unlinked while open when the last program ended.
  virtual Result<std::vector<InodeId>> orphans() = 0;
  virtual Result<std::string> path_of(InodeId inode) = 0;
  virtual Result<Counters> counters() = 0;
  virtual Result<IndexTotals> totals() = 0;

  // The sequence of the batch, or of the last one when it is empty. Order within a batch is free. An
  // entry that names no inode, or a removed inode that still has names, is kInvalidArgument. Spool extents
  // of ranges that a pack certified moments ago contains are stored as extents of that pack (the batch
  // was frozen before certify_pack).
  virtual Result<Sequence> commit(const Batch& batch) = 0;
  virtual Result<std::unique_ptr<IndexSnapshot>> snapshot() = 0;

  // Staging files that extents need, and up to which byte.
  virtual Result<std::map<StagingId, uint64_t>> staging_in_use() = 0;
  virtual Result<std::vector<InodeId>> inodes_using(StagingId staging) = 0;

  // Packs. `id` in the row is given by next_pack_id(), which never gives one twice.
  virtual Result<PackId> next_pack_id() = 0;
  virtual Status add_built_pack(const PackRow& pack, const std::vector<FrameRow>& frames,
                                const std::vector<PackedRange>& packed) = 0;
  // One transaction: the pack is certified, extents that still name its staging ranges now name it, and
  // the published sequence moves to pack.cut when that is not 0. Does not change rows' sequences. Doing it
  // again changes nothing. A cut is refused (kInvalidArgument) while an earlier pack is not certified.
  virtual Status certify_pack(const PackRow& pack) = 0;
  // A built pack that must be made anew (too large for the publisher): its rows go.
  virtual Status drop_built_pack(PackId id) = 0;
  virtual Result<std::optional<PackRow>> pack(PackId id) = 0;
  virtual Result<std::vector<PackRow>> packs(std::optional<PackState> state) = 0;
  virtual Result<std::vector<FrameRow>> frames(PackId id) = 0;
  // The frames that hold T bytes [range), in order.
  virtual Result<std::vector<FrameRow>> frames(PackId id, ByteRange t_range) = 0;
  // By staging file and offset. Of a certified pack they are kept only until memory has surely followed
  // (several commits later, or the next open).
  virtual Result<std::vector<PackedRange>> packed_ranges(PackId id) = 0;
  // Everything up to here is in certified packs.
  virtual Result<Sequence> published() = 0;
  virtual Result<std::optional<PackRow>> last_published_pack() = 0;

  virtual Result<std::optional<std::string>> setting(const std::string& key) = 0;
  virtual Status set_setting(const std::string& key, const std::string& value) = 0;

  // Work in progress: put replaces, removing what is not there is fine.
  virtual Status put_job(const JobRow& job) = 0;
  virtual Status remove_job(const std::string& kind, uint64_t subject) = 0;
  virtual Result<std::vector<JobRow>> jobs(const std::string& kind) = 0;

  // Every invariant of docs/index-format.md, one sentence per violation; empty when all is well.
  virtual Result<std::vector<std::string>> check() = 0;
};

}  // namespace walrusfs
