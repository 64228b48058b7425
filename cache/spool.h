// The local home of bytes that the network does not keep yet. What is here must never be lost.
//
// Bytes are written to sparse staging files, each for one inode; offset in the staging file = offset
// in the inode's file. At a cut the tree seals an inode's staging file (it just stops writing to it) and
// later writes go to a new one, so a pack is built from bytes that no longer change. Finished pack
// files stand beside them until they are certified and count against the same bound.
//
// Folder: staging/XX/<id> (XX from the id, so that no folder grows large and neighbours share one),
// packs/<id>, lost/, `spool.version`, and `reserve`: disk blocks held so that the index can
// still commit what was accepted when somebody else has filled the disk.
//
// Safe to call from any thread; calls for different files do not wait for each other. About
// `max_open_files` descriptors are open: one in use at the moment is never closed.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

struct SpoolOptions {
  std::string folder;          // made if missing, mode 0700
  uint64_t bound_bytes = 0;    // staging and pack files together; more is refused with kNoSpace; not 0
  uint64_t reserve_bytes = 0;  // of the disk, kept for commits when everything else is full
  size_t max_open_files = 512;
  uint64_t first_staging_id = 1;  // ids below were given out before
};

struct SpoolUsage {
  uint64_t staging_bytes = 0;  // allocated on disk
  uint64_t pack_bytes = 0;
  uint64_t bound_bytes = 0;
  uint64_t staging_files = 0;
  uint64_t lost_files = 0;  // in `lost/`: found after a crash, known to no index; outside the bound
  uint64_t open_files = 0;
  bool reserve_held = false;
};

// What reconcile() found; every string is a sentence for the user.
struct SpoolReport {
  std::vector<StagingId> missing;    // an extent needs it, it is not there
  std::vector<StagingId> too_short;  // it ends before an extent's last byte
  uint64_t moved_to_lost = 0;
  std::vector<std::string> messages;
};

class Spool {
 public:
  // `files` must outlive the spool. kNewerVersion: a newer program laid the folder out.
  static Result<std::unique_ptr<Spool>> open(Files& files, const SpoolOptions& options);
  virtual ~Spool() = default;

  // Compares the folder with what the index knows (staging id -> bytes needed; packs that are built).
  // Unknown staging files move to `lost/` and are never deleted; an unknown pack file was never sent and
  // holds only copies of staged bytes, so it goes. What was found is on disk when it returns. Call once,
  // before anything else.
  virtual Result<SpoolReport> reconcile(const std::map<StagingId, uint64_t>& needed,
                                        const std::vector<PackId>& built_packs) = 0;

  virtual StagingId next_staging_id() = 0;         // given out and never again
  virtual uint64_t staging_ids_given() const = 0;  // for the index's counter

  // Writes to the staging file, made on first use. kNoSpace when the bound or the disk is full: nothing
  // of `data` counts as written then (bytes of the range may have changed). Bytes over bytes need no room.
  virtual Status write(StagingId id, uint64_t offset, ByteView data) = 0;
  // Exactly out.size() bytes; kCorrupt when the file is shorter or missing.
  virtual Status read(StagingId id, uint64_t offset, MutableByteView out) = 0;
  // Gives disk space of a range back (after truncate or punch). No extent names the range any more.
  virtual Status punch(StagingId id, ByteRange range) = 0;
  // No extent names the file any more. Removing what is not there is no error.
  virtual Status remove(StagingId id) = 0;

  // All bytes written so far to these are on disk when it returns, and the files' names too. One
  // syncfs when they are many. A failure is always kIo, means that nobody knows what is on disk, and is
  // remembered: every later sync fails with it, since the kernel tells such a failure only once. That
  // holds for a late ENOSPC as well (network disks): the kernel has dropped the bytes by then.
  virtual Status sync(std::span<const StagingId> ids) = 0;

  // Where a pack's file stands. The caller makes it, syncs it, and says how large it became.
  virtual std::string pack_path(PackId id) const = 0;
  virtual void pack_added(PackId id, uint64_t bytes) = 0;
  virtual Status remove_pack(PackId id) = 0;

  virtual SpoolUsage usage() const = 0;
  // True while there is room for `bytes` more under the bound and the disk's reserve.
  virtual bool has_room(uint64_t bytes) const = 0;
  // Back-pressure: waits until has_room(bytes) or the deadline; kNoSpace after it.
  virtual Status wait_for_room(uint64_t bytes, Deadline deadline, Clock& clock) = 0;

  // Gives the disk blocks of `reserve` back, for one who met kNoSpace while recording what was
  // accepted (commit of the index): release, try again. False when there was nothing to release. Until
  // room for it is back, and the spool takes it again by itself, writes that need blocks are refused.
  virtual bool release_reserve() = 0;
};

}  // namespace walrusfs
