// The rows of the index as plain values: what a volume's tree is made of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"

namespace walrusfs {

// One inode. `mode` holds type and permission bits as in stat(2); `rdev` as in stat(2).
struct InodeRow {
  InodeId id{};
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t nlink = 0;  // 0: unlinked but still open when last journaled; removed at the next mount
  uint64_t rdev = 0;
  uint64_t size = 0;
  Timestamp atime, mtime, ctime, btime;
  std::string symlink_target;
  Sequence changed{};  // transaction of its last change; filled by reads, ignored by commit()

  // What the inode is; when it last changed does not count.
  bool operator==(const InodeRow& other) const {
    return std::tie(id, mode, uid, gid, nlink, rdev, size, atime, mtime, ctime, btime, symlink_target) ==
           std::tie(other.id, other.mode, other.uid, other.gid, other.nlink, other.rdev, other.size, other.atime,
                    other.mtime, other.ctime, other.btime, other.symlink_target);
  }
};

// What a name in a folder points at. `cookie` orders a folder's names for readdir: never reused, so
// that a listing goes on at the right place while names come and go.
struct EntryTarget {
  InodeId child{};
  uint64_t cookie = 0;
  bool operator==(const EntryTarget&) const = default;
};

struct EntryRow {
  InodeId parent{};
  std::string name;  // any bytes but '/' and NUL, 1 to 255 of them
  EntryTarget target;
  bool operator==(const EntryRow&) const = default;
};

using Xattrs = std::map<std::string, Bytes>;

// A piece of a file and where its bytes are. Bytes of a file that no extent covers are zero (a hole).
struct Extent {
  enum class Source : uint8_t { kSpool = 1, kPack = 2 };

  uint64_t file_offset = 0;
  uint64_t length = 0;
  Source source = Source::kSpool;
  uint64_t source_id = 0;      // raw StagingId or raw PackId
  uint64_t source_offset = 0;  // in the staging file, or in the pack's tar stream T

  uint64_t end() const { return file_offset + length; }
  bool operator==(const Extent&) const = default;
};

// What stands in one range of a file now; a hole where no extent is.
struct ExtentPatch {
  ByteRange range;
  std::vector<Extent> extents;  // inside `range`; sorted, not overlapping
};

// One inode's part of a batch. What is absent stays as it is.
struct InodeChange {
  InodeRow row;
  bool removed = false;                        // row.id is gone, with its extents and xattrs
  std::optional<std::vector<Extent>> extents;  // replaces all; sorted, not overlapping
  std::optional<Xattrs> xattrs;                // replaces all
  std::vector<ExtentPatch> patches = {};       // after `extents`: what changed of them, so that a change of a file
                                               // in many pieces costs what it changes
};

struct EntryChange {
  InodeId parent{};
  std::string name;
  std::optional<EntryTarget> target;  // none: the name is gone
};

// Everything that one transaction of the index carries from the tree in memory. At most one change per
// inode and per (parent, name).
struct Batch {
  std::vector<InodeChange> inodes;
  std::vector<EntryChange> entries;
  // Counters that were handed out in memory; they only grow.
  uint64_t next_inode = 0;
  uint64_t next_cookie = 0;
  uint64_t next_staging = 0;

  bool empty() const { return inodes.empty() && entries.empty(); }
};

// A frame of a pack: T is the tar stream, Z the compressed one (docs/formats.md).
struct FrameRow {
  uint64_t t_offset = 0;
  uint32_t t_length = 0;
  uint64_t z_offset = 0;
  uint32_t z_length = 0;
  Digest hash{};  // BLAKE2b-256 of the Z bytes
  bool operator==(const FrameRow&) const = default;
};

enum class PackState : uint8_t {
  kBuilt = 1,      // its file is complete and synced in the spool; may have been sent
  kCertified = 2,  // the network keeps it; extents may name it
};

struct PackRow {
  PackId id{};
  PackState state = PackState::kBuilt;
  BlobId blob;
  uint64_t blob_bytes = 0;
  uint64_t t_bytes = 0;
  Bytes age_header;  // empty in a public volume
  // Where `.walrusfs/frames` itself stands, and its hash: from the last frame's end to the end of T.
  FrameRow frames_member;
  Sequence cut{};           // not 0: last pack of a cut; publishes all changes up to here
  Sequence previous_cut{};  // where the chain of changes stood before
  Timestamp built, certified;
  std::string certified_by;  // "publisher" where no certificate was seen
  uint64_t end_epoch = 0;    // 0: unknown
  std::string blob_object;   // the network's name for our right to it, if it told one
  bool operator==(const PackRow&) const = default;
};

// A stretch of a staging file that a pack contains: what the swap of extents goes by.
struct PackedRange {
  StagingId staging{};
  uint64_t staging_offset = 0;
  uint64_t length = 0;
  uint64_t t_offset = 0;
  bool operator==(const PackedRange&) const = default;
};

// Work that must go on after a crash, and how far it came. What `step` and `detail` say is the worker's
// business; there is one job per (kind, subject).
struct JobRow {
  std::string kind;      // "renew", "anchor" …
  uint64_t subject = 0;  // what it is about, for instance a raw PackId
  std::string step;
  Bytes detail;
  bool operator==(const JobRow&) const = default;
};

}  // namespace walrusfs
