// How a round goes: finished packs of an earlier life first, then, when it is time, a cut; its packs one
// after the other, each built, stored, checked, adopted and removed from the spool before the next one.
// Every arrow is one durable step of the index:
//
//   cut -> build (add_built_pack) -> store -> read back -> adopt (certify_pack) -> remove the file -> next
//
// A crash between two of them finds a pack "built" (sent again, the network knows it already) or "certified"
// (its file is a stranger to reconcile()). The plan of a cut lives in memory only: what it did not reach is
// simply part of the next cut.

#include "fs/io/committer.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mutex.h"
#include "codec/shape.h"
#include "fs/io/backoff.h"
#include "fs/io/cut_packer.h"
#include "fs/io/pack_builder.h"
#include "fs/io/pack_limit.h"
#include "fs/io/pack_uploader.h"

namespace walrusfs {
namespace {

constexpr Millis kPoll{1'000};            // how often unpublished bytes are looked at
constexpr Millis kAfterEmptyCut{30'000};  // at the most, when a cut found nothing to pack
constexpr Millis kNothing{0};             // come back at once
constexpr Millis kAfterCancel{3'600'000};

uint64_t content_bytes(const std::vector<PackedRange>& packed) {
  uint64_t sum = 0;
  for (const PackedRange& range : packed) sum += range.length;
  return sum;
}

class CommitterImpl final : public Committer {
 public:
  CommitterImpl(const World& world, const CommitterOptions& options, const CodeShape& shape)
      : world_(world),
        options_(options),
        limit_(world.index, {options.pack_bytes, world.store.max_blob_bytes(), shape.max_blob_bytes()}),
        builder_({world.index, world.spool, world.files, world.clock, cancel_}, shape, options.encode_threads),
        uploader_({world.spool, world.store, world.files, world.clock, cancel_, meter_},
                  {options.epochs, options.permanent}) {}
  ~CommitterImpl() override { end_cut(); }

  Millis step() override;
  void request_flush() override;
  Status wait_published(Sequence sequence, Deadline deadline) override;
  void cancel() override;
  void set_waker(std::function<void()> waker) override { waker_ = std::move(waker); }
  CommitterStatus status() const override;

 private:
  // A pack that is finished but not certified.
  struct Pending {
    PackRow row;
    bool may_be_stored = false;                      // an earlier try may have come through
    std::optional<std::vector<PackedRange>> packed;  // from the upload on: the index forgets it after a while
  };

  Result<Millis> advance();
  Status resume();
  Result<Millis> wait_or_cut();
  Status begin_cut();
  void end_cut();
  Status build_next();
  Status upload(Pending& pending);
  Status adopt(const PackRow& certified);
  Status upload_failed(Pending& pending, const Error& error);
  Status drop(const PackRow& pack);
  Status explain_corrupt(const PackRow& pack, const Error& error);
  Millis failed(const Error& error);
  void report(const Error& error);
  void set_doing(std::string doing);
  void covers(Sequence sequence);
  void note_cut();
  void count_cut() REQUIRES(mutex_);
  bool flush_is_due() const;

  // Constant after construction.
  const World world_;
  const CommitterOptions options_;
  CancelToken cancel_;
  UploadMeter meter_;
  std::function<void()> waker_;

  // Of the stepping thread.
  PackLimit limit_;
  PackBuilder builder_;
  PackUploader uploader_;
  bool resumed_ = false;
  std::deque<Pending> pending_;  // at most one but for a resumed volume
  std::unique_ptr<CutPacker> cut_;
  std::optional<PackRow> newest_certified_;  // end of the chain
  std::optional<Deadline> no_cut_before_;    // after a cut that found nothing
  uint64_t unneeded_bytes_ = 0;              // staged when the cut was made, but not by what it names

  mutable Mutex mutex_;
  CondVar changed_;
  CommitterStatus status_ GUARDED_BY(mutex_);
  uint64_t left_of_cut_ GUARDED_BY(mutex_) = 0;            // not certified
  uint64_t not_pending_ GUARDED_BY(mutex_) = 0;            // staged, but on the network or not needed
  Sequence covered_ GUARDED_BY(mutex_){};                  // everything up to here is on the network
  Sequence flush_target_ GUARDED_BY(mutex_){};             // somebody waits for this
  std::optional<Deadline> not_before_ GUARDED_BY(mutex_);  // after a failure
};

// ---- driving ----

Millis CommitterImpl::step() {
  if (cancel_.cancelled()) return kAfterCancel;
  {
    MutexLock lock(mutex_);
    if (not_before_ && !world_.clock.passed(*not_before_)) return world_.clock.left(*not_before_) + Millis(1);
    not_before_.reset();
  }
  Result<Millis> next = advance();
  if (!next.ok()) return failed(next.error());
  return *next;
}

Result<Millis> CommitterImpl::advance() {
  if (!resumed_) WFS_TRY(resume());
  if (!pending_.empty()) {
    WFS_TRY(upload(pending_.front()));
    return kNothing;
  }
  if (cut_) {
    WFS_TRY(build_next());
    return kNothing;
  }
  return wait_or_cut();
}

Status CommitterImpl::resume() {
  WFS_ASSIGN(std::vector<PackRow> built, world_.index.packs(PackState::kBuilt));
  WFS_ASSIGN(std::vector<PackRow> certified, world_.index.packs(PackState::kCertified));
  WFS_ASSIGN(Sequence published, world_.index.published());
  auto older = [](const PackRow& a, const PackRow& b) { return a.id < b.id; };
  std::sort(built.begin(), built.end(), older);
  for (PackRow& row : built) pending_.push_back({std::move(row), true, std::nullopt});
  auto newest = std::max_element(certified.begin(), certified.end(), older);
  if (newest != certified.end()) newest_certified_ = std::move(*newest);
  if (!pending_.empty())
    log_info("{} finished pack(s) of the last mount are brought to the network now.", pending_.size());
  covers(published);
  resumed_ = true;
  return ok_status();
}

Result<Millis> CommitterImpl::wait_or_cut() {
  set_doing("idle");
  const Millis age = world_.tree.oldest_unpublished_age();
  const bool by_age = age >= options_.max_age;
  const bool by_size = world_.tree.unpublished_bytes() >= limit_.bytes();
  const bool may_cut = !no_cut_before_ || world_.clock.passed(*no_cut_before_);
  if (flush_is_due() || (may_cut && (by_age || by_size))) {
    WFS_TRY(begin_cut());
    return cut_ ? kNothing : kPoll;
  }
  const Millis until_age = age < options_.max_age ? options_.max_age - age : kPoll;
  return std::clamp(until_age, Millis(1), kPoll);
}

// ---- a cut and its packs ----

Status CommitterImpl::begin_cut() {
  set_doing("making a cut");
  WFS_ASSIGN(Sequence since, world_.index.published());
  world_.spool.hold_all();
  auto planned = [&]() -> Status {
    WFS_ASSIGN(std::unique_ptr<IndexSnapshot> snapshot, world_.tree.cut());
    WFS_ASSIGN(PackPlan plan, plan_cut(*snapshot, since));
    if (plan.empty()) {
      no_cut_before_ = world_.clock.in(std::clamp(options_.max_age, kPoll, kAfterEmptyCut));
      covers(snapshot->sequence());
      return ok_status();
    }
    std::set<StagingId> needed;
    for (const auto& [staging, uses] : plan.staging_uses) needed.insert(staging);
    world_.spool.hold_only(std::move(needed));
    CutPacker::Options options{{options_.recipient, options_.compression_level}, options_.volume_id};
    cut_ = std::make_unique<CutPacker>(CutPacker::World{world_.spool, world_.clock, world_.rng, cancel_, meter_},
                                       options, std::move(snapshot), std::move(plan), since);
    const uint64_t staged = world_.tree.unpublished_bytes();
    unneeded_bytes_ = staged - std::min(staged, cut_->spool_bytes());
    note_cut();
    return ok_status();
  }();
  if (!cut_) world_.spool.let_go_all();
  return planned;
}

void CommitterImpl::end_cut() {
  if (!cut_) return;
  cut_.reset();
  world_.spool.let_go_all();
  note_cut();
}

Status CommitterImpl::build_next() {
  set_doing("building a pack");
  const size_t damaged_before = cut_->damaged_files();
  Result<PackRow> row = builder_.build_next(*cut_, limit_.bytes(), newest_certified_);
  if (row.ok()) {
    pending_.push_back({*row, false, std::nullopt});
    return ok_status();
  }
  if (row.error().code() == Code::kCorrupt && cut_->damaged_files() > damaged_before) {
    report(row.error());  // that file is left out from now on
    return ok_status();
  }
  if (row.error().code() != Code::kNoSpace) return row.error();
  const Error full = row.error().with_context("the disk of the spool is full; free some space");
  if (!limit_.no_space()) return full;
  report(full);  // a smaller one may fit
  return ok_status();
}

// ---- one pack on its way ----

Status CommitterImpl::upload(Pending& pending) {
  set_doing(fmt::format("uploading pack {}", raw(pending.row.id)));
  if (!pending.packed) {
    WFS_ASSIGN(pending.packed, world_.index.packed_ranges(pending.row.id));
  }
  meter_.begin_upload(content_bytes(*pending.packed));
  const bool may_be_stored = std::exchange(pending.may_be_stored, true);
  Result<PackRow> certified = uploader_.upload(pending.row, may_be_stored);
  if (!certified.ok()) return upload_failed(pending, certified.error());
  return adopt(*certified);
}

Status CommitterImpl::adopt(const PackRow& certified) {
  WFS_TRY(world_.tree.adopt_pack(certified, *pending_.front().packed));
  if (Status removed = world_.spool.remove_pack(certified.id); !removed.ok()) {
    log_warn("The file of pack {} stays until the next mount: {}", raw(certified.id), removed.error().message());
  }
  pending_.pop_front();
  newest_certified_ = certified;
  limit_.space_is_back();
  if (cut_) cut_->accept();
  {
    MutexLock lock(mutex_);  // nobody sees bytes that are certified and pending
    meter_.certify();
    count_cut();
  }
  if (cut_) cut_->let_go();
  note_cut();
  if (raw(certified.cut) != 0) {
    end_cut();
    covers(certified.cut);
  }
  log_info("Pack {} is kept by the network as {} ({} bytes).", raw(certified.id), certified.blob.to_string(),
           certified.blob_bytes);
  if (options_.on_certified) options_.on_certified(certified);
  MutexLock lock(mutex_);
  ++status_.packs_stored;
  status_.bytes_stored += certified.blob_bytes;
  status_.failures_in_a_row = 0;
  status_.last_error.clear();
  return ok_status();
}

Status CommitterImpl::upload_failed(Pending& pending, const Error& error) {
  const Error told = error.with_context(fmt::format("pack {}", raw(pending.row.id)));
  switch (error.code()) {
    case Code::kTooLarge: {
      WFS_ASSIGN(bool smaller, limit_.too_large(pending.row.blob_bytes));
      if (!smaller) return told.with_context("packs cannot become smaller; use another publisher");
      return drop(pending.row);
    }
    case Code::kStale: {  // its bytes are still staged
      log_warn("Pack {} is made again: {}", raw(pending.row.id), error.message());
      return drop(pending.row);
    }
    case Code::kCorrupt: return explain_corrupt(pending.row, told);
    default: return told;
  }
}

// Either our file is damaged (then it is made again) or the network is wrong (then we insist).
Status CommitterImpl::explain_corrupt(const PackRow& pack, const Error& error) {
  WFS_ASSIGN(CodeShape shape, CodeShape::create(options_.shards));
  auto blob = compute_blob_id(world_.files, world_.spool.pack_path(pack.id), shape, options_.encode_threads, cancel_);
  if (!blob.ok() || *blob == pack.blob) return error;
  log_error("The file of pack {} was damaged on the disk of the spool; the pack is made again.", raw(pack.id));
  return drop(pack);
}

Status CommitterImpl::drop(const PackRow& pack) {
  const PackId id = pack.id;
  WFS_TRY(world_.index.drop_built_pack(id));
  if (Status removed = world_.spool.remove_pack(id); !removed.ok()) {
    log_warn("The file of pack {} stays until the next mount: {}", raw(id), removed.error().message());
  }
  pending_.pop_front();
  if (cut_) cut_->rewind();
  return ok_status();
}

// ---- telling ----

Millis CommitterImpl::failed(const Error& error) {
  if (error.code() == Code::kCancelled && cancel_.cancelled()) return kAfterCancel;
  MutexLock lock(mutex_);
  ++status_.failures_in_a_row;
  const Millis delay = backoff_delay(status_.failures_in_a_row, error.retryable(), world_.rng);
  if (status_.last_error != error.message()) {
    log_warn("What was written is safe here, but not on the network yet: {}. Trying again in {} s.", error.message(),
             (delay.count() + 999) / 1000);
  }
  status_.last_error = error.message();
  status_.doing = "waiting to try again";
  not_before_ = world_.clock.in(delay);
  changed_.notify_all();
  return delay;
}

// Trouble that was got around; stays visible until a pack is stored.
void CommitterImpl::report(const Error& error) {
  log_warn("{}", error.message());
  MutexLock lock(mutex_);
  status_.last_error = error.message();
}

void CommitterImpl::set_doing(std::string doing) {
  MutexLock lock(mutex_);
  status_.doing = std::move(doing);
  status_.pack_limit_bytes = limit_.bytes();
}

void CommitterImpl::covers(Sequence sequence) {
  MutexLock lock(mutex_);
  covered_ = std::max(covered_, sequence);
  changed_.notify_all();
}

// Staging files go only when all of their bytes are certified; what waits is told byte by byte.
void CommitterImpl::count_cut() {
  left_of_cut_ = cut_ ? cut_->bytes_left() : 0;
  not_pending_ = cut_ ? unneeded_bytes_ + cut_->certified_but_held_bytes() : 0;
}

void CommitterImpl::note_cut() {
  MutexLock lock(mutex_);
  count_cut();
}

bool CommitterImpl::flush_is_due() const {
  MutexLock lock(mutex_);
  return flush_target_ > covered_;
}

void CommitterImpl::request_flush() {
  const Sequence journaled = world_.tree.journaled();
  {
    MutexLock lock(mutex_);
    flush_target_ = std::max(flush_target_, journaled);
    not_before_.reset();
  }
  if (waker_) waker_();
}

Status CommitterImpl::wait_published(Sequence sequence, Deadline deadline) {
  MutexLock lock(mutex_);
  while (covered_ < sequence) {
    if (cancel_.cancelled())
      return Error(Code::kCancelled, "the mount ends; what is missing is uploaded by the next one");
    if (changed_.wait_until(mutex_, deadline.at()) || covered_ >= sequence) continue;
    if (!status_.last_error.empty()) return Error(Code::kTimeout, "not on the network yet: " + status_.last_error);
    return Error(Code::kTimeout, "not on the network yet: " + status_.doing);
  }
  return ok_status();
}

void CommitterImpl::cancel() {
  cancel_.cancel();
  {
    MutexLock lock(mutex_);
    changed_.notify_all();
  }
  if (waker_) waker_();
}

CommitterStatus CommitterImpl::status() const {
  const uint64_t staged = world_.tree.unpublished_bytes();
  MutexLock lock(mutex_);
  CommitterStatus status = status_;
  status.pending_bytes = std::max(left_of_cut_, staged - std::min(staged, not_pending_));
  status.progress = meter_.counts();
  status.published = covered_;
  return status;
}

}  // namespace

Result<std::unique_ptr<Committer>> Committer::make(const World& world, const CommitterOptions& options) {
  WFS_ASSIGN(CodeShape shape, CodeShape::create(options.shards));
  return std::unique_ptr<Committer>(std::make_unique<CommitterImpl>(world, options, shape));
}

}  // namespace walrusfs
