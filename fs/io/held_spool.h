// The spool as the tree and the committer see it: while a cut is being packed, staging files that the
// cut names stay, whatever the tree does to them meanwhile (a file is deleted, truncated, overwritten).
// Without that, a cut could never be completed on a busy volume.
//
// Everything else goes straight to the spool behind it. Safe to call from any thread. Removals that
// still wait when the program dies are found by the next reconcile(), which moves the files to `lost/`.
#pragma once

#include <set>

#include "base/mutex.h"
#include "cache/spool.h"

namespace walrusfs {

class HeldSpool final : public Spool {
 public:
  // `inner` must outlive this.
  explicit HeldSpool(Spool& inner) : inner_(inner) {}

  // From now on no staging file that exists goes away or is punched. Such calls succeed: a removal waits, a
  // punch is forgotten, since by the time it could be made up for the tree may have written there again.
  void hold_all();
  // Only these are still needed; what waited for the others is done now.
  void hold_only(std::set<StagingId> needed);
  // One less is needed.
  void let_go(StagingId id);
  void let_go_all() { hold_only({}); }

  Result<SpoolReport> reconcile(const std::map<StagingId, uint64_t>& needed,
                                const std::vector<PackId>& built_packs) override {
    return inner_.reconcile(needed, built_packs);
  }
  StagingId next_staging_id() override { return inner_.next_staging_id(); }
  uint64_t staging_ids_given() const override { return inner_.staging_ids_given(); }
  Status write(StagingId id, uint64_t offset, ByteView data) override { return inner_.write(id, offset, data); }
  Status read(StagingId id, uint64_t offset, MutableByteView out) override { return inner_.read(id, offset, out); }
  Status punch(StagingId id, ByteRange range) override;
  Status remove(StagingId id) override;
  Status sync(std::span<const StagingId> ids) override { return inner_.sync(ids); }
  std::string pack_path(PackId id) const override { return inner_.pack_path(id); }
  void pack_added(PackId id, uint64_t bytes) override { inner_.pack_added(id, bytes); }
  Status remove_pack(PackId id) override { return inner_.remove_pack(id); }
  SpoolUsage usage() const override { return inner_.usage(); }
  bool has_room(uint64_t bytes) const override { return inner_.has_room(bytes); }
  Status wait_for_room(uint64_t bytes, Deadline deadline, Clock& clock) override {
    return inner_.wait_for_room(bytes, deadline, clock);
  }
  bool release_reserve() override { return inner_.release_reserve(); }

 private:
  bool is_held(StagingId id) const REQUIRES(mutex_) { return hold_all_ || needed_.contains(id); }
  void remove_now(const std::set<StagingId>& ids);

  Spool& inner_;

  mutable Mutex mutex_;
  bool hold_all_ GUARDED_BY(mutex_) = false;
  std::set<StagingId> needed_ GUARDED_BY(mutex_);
  std::set<StagingId> to_remove_ GUARDED_BY(mutex_);  // once they are let go
};

}  // namespace walrusfs
