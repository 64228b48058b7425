// One inode in memory: its row, what of its bytes and xattrs is loaded, and what the journal owes it.
//
// Plain state without behaviour of its own; everything here is protected by the tree's lock.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <list>
#include <memory>
#include <vector>

#include "fs/vfs/changed_ranges.h"
#include "fs/vfs/read_pattern.h"
#include "meta/extent_map.h"
#include "meta/rows.h"

namespace walrusfs {

// What of an inode differs from the index; joined with |.
enum Dirt : uint8_t {
  kRowDirt = 1,
  kExtentsDirt = 2,
  kXattrsDirt = 4,
  kBytesDirt = 8,  // bytes of a staging file that extents name already: to be synced, no row changes
};

struct FileBytes {
  ExtentMap extents;
  ChangedRanges changed;              // where `extents` differ from what the index has or will have …
  std::vector<ByteRange> committing;  // … and what the batch that is being committed tells it of them
  StagingId active{};                // takes the writes; 0: the next write makes one
  bool active_frozen = false;        // a batch names it, so its old bytes must survive until the next commit
  std::vector<StagingId> named;      // memory or the index may name these
  std::vector<StagingId> unsynced;   // written since the last freeze
  std::vector<StagingId> syncing;    // owed by the batch that is being committed
};

struct Inode {
  explicit Inode(InodeRow inode_row) : row(std::move(inode_row)) {}

  InodeRow row;                      // row.changed: the transaction that last carried it
  uint64_t mapped_bytes = 0;         // that extents cover
  std::unique_ptr<FileBytes> bytes;  // of a regular file; null: not loaded
  std::unique_ptr<Xattrs> xattrs;    // null: not loaded
  InodeId parent{};                  // of a directory; 0: not known
  uint64_t changed_batch = 0;        // the batch that carries its newest change
  ReadPattern pattern;

  uint32_t opens = 0;
  uint32_t pins = 0;     // operations that look at it between two holds of the lock
  uint32_t writers = 0;  // data operations in flight that may run side by side …
  bool exclusive = false;  // … and the one that may not

  uint8_t dirt = 0;         // changed since the last freeze
  uint8_t frozen_dirt = 0;  // in the batch that is being committed
  bool in_index = false;    // the index may have a row of it
  bool gone = false;        // no name and no opening: only attributes are left
  bool forgotten = false;   // the kernel does not know it any more
  bool listed = false;      // stands in the table's list of changed inodes
  bool recently_used = true;
  std::list<InodeId>::iterator queue_place;

  bool is_directory() const { return S_ISDIR(row.mode); }
  bool is_regular() const { return S_ISREG(row.mode); }
  bool is_changed() const { return (dirt | frozen_dirt) != 0; }
};

inline void add_once(std::vector<StagingId>& ids, StagingId id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}

}  // namespace walrusfs
