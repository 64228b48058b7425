#include "fs/io/content_reader.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <set>

#include "base/limits.h"
#include "base/log.h"

namespace walrusfs {
namespace {

// Which frames were asked for ahead of time a short while ago: a reader repeats its window with every
// read, and each frame shall become a task once.
class RecentFrames {
 public:
  // False when it is among the last ones.
  bool add(uint64_t pack, uint64_t t_offset) {
    if (!known_.insert({pack, t_offset}).second) return false;
    order_.push_back({pack, t_offset});
    if (order_.size() > kKept) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  void forget(uint64_t pack, uint64_t t_offset) {
    if (known_.erase({pack, t_offset}) > 0) std::erase(order_, std::pair(pack, t_offset));
  }

 private:
  static constexpr size_t kKept = 4 * limits::kPrefetchFrames;
  std::set<std::pair<uint64_t, uint64_t>> known_;
  std::deque<std::pair<uint64_t, uint64_t>> order_;
};

// The frames that are being fetched ahead. Shared with the queued tasks, which outlive the reader.
class PrefetchLedger {
 public:
  // False when too many are on their way, or this one is, or was a short while ago.
  bool claim(uint64_t pack, uint64_t t_offset) {
    MutexLock lock(mutex_);
    if (in_flight_ >= limits::kPrefetchFrames || !recent_.add(pack, t_offset)) return false;
    ++in_flight_;
    return true;
  }
  void settle(uint64_t pack, uint64_t t_offset, bool fetched) {
    MutexLock lock(mutex_);
    --in_flight_;
    if (!fetched) recent_.forget(pack, t_offset);
  }

 private:
  Mutex mutex_;
  RecentFrames recent_ GUARDED_BY(mutex_);
  size_t in_flight_ GUARDED_BY(mutex_) = 0;
};

// A claimed frame; settles when its task is done, or destroyed unrun.
class PrefetchClaim {
 public:
  PrefetchClaim(std::shared_ptr<PrefetchLedger> ledger, uint64_t pack, uint64_t t_offset)
      : ledger_(std::move(ledger)), pack_(pack), t_offset_(t_offset) {}
  PrefetchClaim(const PrefetchClaim&) = delete;
  PrefetchClaim& operator=(const PrefetchClaim&) = delete;
  ~PrefetchClaim() { ledger_->settle(pack_, t_offset_, fetched_); }
  void set_fetched() { fetched_ = true; }

 private:
  const std::shared_ptr<PrefetchLedger> ledger_;
  const uint64_t pack_;
  const uint64_t t_offset_;
  bool fetched_ = false;
};

class ContentReaderImpl final : public ContentReader {
 public:
  ContentReaderImpl(Spool& spool, FrameReader& frames, Clock& clock, const ContentReaderOptions& options)
      : spool_(spool),
        frames_(frames),
        clock_(clock),
        options_(options),
        gate_(std::make_shared<TaskGate>()),
        ledger_(std::make_shared<PrefetchLedger>()) {}
  ~ContentReaderImpl() override { gate_->close(); }

  Status read(const std::vector<Extent>& extents, uint64_t offset, MutableByteView out, Deadline deadline) override;
  void prefetch(const std::vector<Extent>& ahead) override;

 private:
  Status read_piece(const Extent& extent, uint64_t skip, MutableByteView out, Deadline deadline);
  void prefetch_range(const SharedPack& pack, ByteRange t_range);
  void run_gated(std::function<void()> task);

  Spool& spool_;
  FrameReader& frames_;
  Clock& clock_;
  const ContentReaderOptions options_;
  const std::shared_ptr<TaskGate> gate_;
  const std::shared_ptr<PrefetchLedger> ledger_;
};

Status ContentReaderImpl::read(const std::vector<Extent>& extents, uint64_t offset, MutableByteView out,
                               Deadline deadline) {
  if (out.empty()) return ok_status();
  const uint64_t end = offset + out.size();
  uint64_t at = offset;  // everything before is filled
  for (const Extent& extent : extents) {
    if (extent.end() <= at) continue;
    if (extent.file_offset >= end) break;
    const uint64_t from = std::max(at, extent.file_offset);
    const uint64_t to = std::min(end, extent.end());
    std::memset(out.data() + (at - offset), 0, from - at);
    WFS_TRY(read_piece(extent, from - extent.file_offset, out.subspan(from - offset, to - from), deadline));
    at = to;
  }
  std::memset(out.data() + (at - offset), 0, end - at);
  return ok_status();
}

Status ContentReaderImpl::read_piece(const Extent& extent, uint64_t skip, MutableByteView out, Deadline deadline) {
  const uint64_t source_offset = extent.source_offset + skip;
  if (extent.source == Extent::Source::kPack) {
    return frames_.read(PackId{extent.source_id}, source_offset, out, deadline);
  }
  Status got = spool_.read(StagingId{extent.source_id}, source_offset, out);
  if (got.ok()) return got;
  const Code code = got.error().code();
  if (code != Code::kCorrupt && code != Code::kNotFound) return got;
  return Error(Code::kStale, got.error().message());  // packed and released, or lost: fresh extents tell
}

void ContentReaderImpl::prefetch(const std::vector<Extent>& ahead) {
  if (!options_.run_later) return;
  for (const Extent& extent : ahead) {
    if (extent.source != Extent::Source::kPack || extent.length == 0) continue;
    const PackId id{extent.source_id};
    const ByteRange range{extent.source_offset, extent.length};
    if (SharedPack pack = frames_.packs().peek(id)) {
      prefetch_range(pack, range);
    } else {  // opening it may touch the disk: not on the reader's thread
      run_gated([this, id, range] {
        if (auto opened = frames_.packs().get(id); opened.ok()) prefetch_range(*opened, range);
      });
    }
  }
}

void ContentReaderImpl::prefetch_range(const SharedPack& pack, ByteRange t_range) {
  for (const FrameRow& row : pack->frames_of(t_range)) {
    if (!ledger_->claim(raw(pack->id), row.t_offset)) continue;
    auto claim = std::make_shared<PrefetchClaim>(ledger_, raw(pack->id), row.t_offset);
    run_gated([this, pack, &row, claim] {  // `pack` keeps `row`
      auto frame = frames_.frame(*pack, row, clock_.in(options_.prefetch_timeout));
      if (frame.ok()) {
        claim->set_fetched();
      } else {
        log_debug("Reading ahead failed; a reader will try itself: {}", frame.error().to_string());
      }
    });
  }
}

void ContentReaderImpl::run_gated(std::function<void()> task) {
  options_.run_later([gate = gate_, task = std::move(task)] {
    if (!gate->enter()) return;
    task();
    gate->leave();
  });
}

}  // namespace

std::unique_ptr<ContentReader> ContentReader::make(Spool& spool, FrameReader& frames, Clock& clock,
                                                   const ContentReaderOptions& options) {
  return std::make_unique<ContentReaderImpl>(spool, frames, clock, options);
}

}  // namespace walrusfs
