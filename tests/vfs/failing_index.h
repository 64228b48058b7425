// An index whose commits and certifications fail when a test says so; everything else goes through.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "meta/index.h"

namespace walrusfs {

class FailingIndex final : public Index {
 public:
  explicit FailingIndex(std::unique_ptr<Index> inner) : inner_(std::move(inner)) {}

  void fail_writes(std::optional<Code> code) {
    MutexLock lock(mutex_);
    failure_ = code;
  }
  uint64_t commits() const { return commits_; }
  size_t extents_in_last_commit() {
    MutexLock lock(mutex_);
    return extents_in_last_commit_;
  }
  uint64_t xattr_reads() const { return xattr_reads_; }
  uint64_t totals_reads() const { return totals_reads_; }
  uint64_t list_reads() const { return list_reads_; }

  Result<std::optional<InodeRow>> inode(InodeId id) override { return inner_->inode(id); }
  Result<std::optional<EntryTarget>> lookup(InodeId parent, const std::string& name) override {
    return inner_->lookup(parent, name);
  }
  Result<std::vector<ListedEntry>> list(InodeId parent, uint64_t after, size_t limit) override {
    ++list_reads_;
    return inner_->list(parent, after, limit);
  }
  Result<std::vector<Extent>> extents(InodeId inode) override { return inner_->extents(inode); }
  Result<Xattrs> xattrs(InodeId inode) override {
    ++xattr_reads_;
    return inner_->xattrs(inode);
  }
  Result<std::vector<InodeId>> orphans() override { return inner_->orphans(); }
  Result<std::string> path_of(InodeId inode) override { return inner_->path_of(inode); }
  Result<Counters> counters() override { return inner_->counters(); }
  Result<IndexTotals> totals() override {
    ++totals_reads_;
    return inner_->totals();
  }
  Result<Sequence> commit(const Batch& batch) override {
    WFS_TRY(allow());
    ++commits_;
    {
      MutexLock lock(mutex_);
      extents_in_last_commit_ = 0;
      for (const InodeChange& change : batch.inodes) {
        extents_in_last_commit_ += change.extents ? change.extents->size() : 0;
        for (const ExtentPatch& patch : change.patches) extents_in_last_commit_ += patch.extents.size();
      }
    }
    return inner_->commit(batch);
  }
  Result<std::unique_ptr<IndexSnapshot>> snapshot() override { return inner_->snapshot(); }
  Result<std::map<StagingId, uint64_t>> staging_in_use() override { return inner_->staging_in_use(); }
  Result<std::vector<InodeId>> inodes_using(StagingId staging) override { return inner_->inodes_using(staging); }
  Result<PackId> next_pack_id() override { return inner_->next_pack_id(); }
  Status add_built_pack(const PackRow& pack, const std::vector<FrameRow>& frames,
                        const std::vector<PackedRange>& packed) override {
    return inner_->add_built_pack(pack, frames, packed);
  }
  Status certify_pack(const PackRow& pack) override {
    WFS_TRY(allow());
    return inner_->certify_pack(pack);
  }
  Status drop_built_pack(PackId id) override { return inner_->drop_built_pack(id); }
  Result<std::optional<PackRow>> pack(PackId id) override { return inner_->pack(id); }
  Result<std::vector<PackRow>> packs(std::optional<PackState> state) override { return inner_->packs(state); }
  Result<std::vector<FrameRow>> frames(PackId id) override { return inner_->frames(id); }
  Result<std::vector<FrameRow>> frames(PackId id, ByteRange t_range) override { return inner_->frames(id, t_range); }
  Result<std::vector<PackedRange>> packed_ranges(PackId id) override { return inner_->packed_ranges(id); }
  Result<Sequence> published() override { return inner_->published(); }
  Result<std::optional<PackRow>> last_published_pack() override { return inner_->last_published_pack(); }
  Result<std::optional<std::string>> setting(const std::string& key) override { return inner_->setting(key); }
  Status set_setting(const std::string& key, const std::string& value) override {
    return inner_->set_setting(key, value);
  }
  Status put_job(const JobRow& job) override { return inner_->put_job(job); }
  Status remove_job(const std::string& kind, uint64_t subject) override { return inner_->remove_job(kind, subject); }
  Result<std::vector<JobRow>> jobs(const std::string& kind) override { return inner_->jobs(kind); }
  Result<std::vector<std::string>> check() override { return inner_->check(); }

 private:
  Status allow() {
    MutexLock lock(mutex_);
    if (failure_) return Error(*failure_, "the test lets this write of the index fail");
    return {};
  }

  const std::unique_ptr<Index> inner_;
  Mutex mutex_;
  std::optional<Code> failure_ GUARDED_BY(mutex_);
  size_t extents_in_last_commit_ GUARDED_BY(mutex_) = 0;
  std::atomic<uint64_t> commits_ = 0;
  std::atomic<uint64_t> xattr_reads_ = 0;
  std::atomic<uint64_t> totals_reads_ = 0;
  std::atomic<uint64_t> list_reads_ = 0;
};

}  // namespace walrusfs
