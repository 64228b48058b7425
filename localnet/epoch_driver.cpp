#include "localnet/epoch_driver.h"

#include "base/log.h"
#include "localnet/sui/epochs.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kWhileSyncing{50};
constexpr Millis kOtherwise{1'000};
// Nodes that still copy are waited for, although a quorum would do: after the change they would have to rebuild.
constexpr Millis kCopyingPatience{30'000};
// Before a change, nodes that lack something are waited for so long although a quorum lacks nothing.
constexpr Millis kLackingPatience{10'000};
constexpr Millis kNobodyAsks{5'000};  // whoever wants a change asks more often

}  // namespace

EpochDriver::EpochDriver(sui::FullNode& chain, const Membership& membership, Clock& clock,
                         std::function<Nodes()> nodes, std::function<std::vector<std::string>()> failed_challenges,
                         Options options)
    : chain_(chain),
      membership_(membership),
      clock_(clock),
      nodes_(std::move(nodes)),
      failed_challenges_(std::move(failed_challenges)),
      options_(options),
      began_(clock.monotonic()),
      changing_(membership.committees()->phase == Phase::kSync) {}

void EpochDriver::set_changing(bool changing) {
  MutexLock lock(mutex_);
  changing_ = changing;
  done_.notify_all();
}

Status EpochDriver::begin_change() {
  MutexLock changing(change_mutex_);
  const auto before = membership_.committees();
  if (before->phase == Phase::kSync)
    return Error(Code::kBusy, "epoch " + std::to_string(before->epoch) + " has begun, but its change is not done yet: "
                              "nodes still copy shards");
  if (!may_begin(*before))
    return Error(Code::kBusy, "a node has not all of what is its own in this epoch yet; another change would take away "
                              "those who have it");
  if (before->phase == Phase::kDone) WFS_TRY(sui::select_next(chain_, sui::Timing::kNow));
  std::vector<sui::ObjectId> failed;
  for (const std::string& id : failed_challenges_()) {
    WFS_ASSIGN(const sui::ObjectId node, sui::ObjectId::parse(id));
    failed.push_back(node);
  }
  if (!failed.empty()) WFS_TRY(sui::report_failed_challenges(chain_, failed));
  WFS_ASSIGN(const uint32_t epoch, sui::start_epoch_change(chain_, sui::Timing::kNow));
  set_changing(true);
  began_ = clock_.monotonic();
  wanted_since_.reset();
  log_info("epoch {} begins", epoch);
  return {};
}

Millis EpochDriver::step() {
  const auto now = membership_.committees();
  Status outcome;
  if (now->phase == Phase::kSync) {
    outcome = continue_change(*now);
  } else if (asked_ || has_passed(options_.epoch_length)) {
    outcome = begin_change();
    if (outcome) asked_ = false;
  } else {
    outcome = select_by_time(*now);
    MutexLock changing(change_mutex_);
    if (outcome) outcome = let_go_of_the_past();
    if (outcome) outcome = collect_deleted();
  }
  if (!outcome) log_warn("change of epochs: {}", outcome.error().to_string());
  const bool syncing = membership_.committees()->phase == Phase::kSync;
  return syncing && outcome ? kWhileSyncing : kOtherwise;
}

bool EpochDriver::has_passed(Millis of_epoch) const {
  if (options_.epoch_length == Millis(0)) return false;
  const auto state = sui::current_moment(chain_).state;
  uint64_t since_ms = 0;
  if (const auto* done = std::get_if<walrusfs::sui::EpochChangeDone>(&state)) since_ms = done->at_ms;
  if (const auto* selected = std::get_if<walrusfs::sui::NextParamsSelected>(&state)) since_ms = selected->at_ms;
  return chain_.now_ms() >= since_ms + static_cast<uint64_t>(of_epoch.count());
}

Status EpochDriver::select_by_time(const EpochCommittees& now) {
  if (now.phase != Phase::kDone || !has_passed(options_.epoch_length / 2)) return {};
  MutexLock changing(change_mutex_);
  if (membership_.committees()->phase != Phase::kDone) return {};
  return sui::select_next(chain_, sui::Timing::kNow);
}

// Blobs go by transactions, or with an epoch, whose change collects.
Status EpochDriver::collect_deleted() {
  const uint64_t height = chain_.height();
  if (height == collected_at_) return {};
  for (const auto& node : nodes_()) WFS_TRY(node->drop_expired());
  collected_at_ = height;
  return {};
}

bool EpochDriver::have_synced(const EpochCommittees& now, bool all) const {
  for (const auto& node : nodes_())
    if (now.current->find(node->id()) != nullptr && (all || node->runs()) && !node->has_synced(now.epoch)) return false;
  return true;
}

// Nothing is erased of what somebody lacks (lacking_somewhere), so those who have it are not taken away for good.
bool EpochDriver::may_begin(const EpochCommittees& before) {
  if (have_synced(before, false)) return true;
  const auto now = clock_.monotonic();
  if (!wanted_since_ || now - wanted_last_ > kNobodyAsks) wanted_since_ = now;
  wanted_last_ = now;
  return now - *wanted_since_ >= kLackingPatience && quorum_has_synced(before);
}

bool EpochDriver::quorum_has_synced(const EpochCommittees& now) const {
  uint32_t shards = 0;
  for (const auto& node : nodes_()) {
    const Member* member = now.current->find(node->id());
    if (member != nullptr && node->has_synced(now.epoch)) shards += static_cast<uint32_t>(member->shards.size());
  }
  return shards >= now.current->quorum_weight();
}

bool EpochDriver::is_worth_waiting(const EpochCommittees& change) {
  return clock_.monotonic() - began_ < kCopyingPatience && !have_synced(change, false);
}

// Whoever began it: nodes hear of it here. Whoever has synced says so; twice is no error.
Status EpochDriver::continue_change(const EpochCommittees& change) {
  MutexLock changing(change_mutex_);
  for (const auto& node : nodes_()) WFS_TRY(node->follow_membership());
  if (is_worth_waiting(change)) return {};
  for (const auto& node : nodes_()) {
    if (change.current->find(node->id()) == nullptr || !node->has_synced(change.epoch)) continue;
    WFS_ASSIGN(const sui::ObjectId id, sui::ObjectId::parse(node->id()));
    WFS_ASSIGN(const bool done, sui::report_sync_done(chain_, id));
    if (done) return finish_change();
  }
  return {};
}

Status EpochDriver::finish_change() {
  log_info("epoch {}: the change is done", membership_.committees()->epoch);
  Status outcome;
  for (const auto& node : nodes_()) {
    Status followed = node->follow_membership();
    if (followed) followed = node->drop_expired();
    if (!followed) outcome = followed;
  }
  if (outcome) outcome = let_go_of_the_past();
  set_changing(false);
  return outcome;
}

// A node that was down during the change, or still copies, may need the former owners of its shards. And what somebody
// lacks may be beyond healing without what others were to erase.
Status EpochDriver::let_go_of_the_past() {
  const auto now = membership_.committees();
  if (now->phase == Phase::kSync || (let_go_in_ != now->epoch && !have_synced(*now, true))) return {};
  let_go_in_ = now->epoch;
  const std::set<BlobId> kept = lacking_somewhere();
  for (const auto& node : nodes_()) WFS_TRY(node->let_go(kept));  // now, or when it is back
  return {};
}

// Who is down now lacks what it lacked.
std::set<BlobId> EpochDriver::lacking_somewhere() {
  std::set<BlobId> blobs;
  for (const auto& node : nodes_()) {
    std::vector<BlobId>& known = lacking_[node->id()];
    if (auto now = node->lacking()) known = std::move(*now);
    blobs.insert(known.begin(), known.end());
  }
  return blobs;
}

void EpochDriver::end_waits() {
  MutexLock lock(mutex_);
  ending_ = true;
  done_.notify_all();
}

Status EpochDriver::wait_until_done(Deadline deadline) {
  MutexLock lock(mutex_);
  while (changing_) {
    if (ending_) return Error(Code::kUnavailable, "the network stops; the change goes on after its next start");
    if (clock_.passed(deadline))
      return Error(Code::kTimeout, "the new epoch has begun, but nodes of too few shards have copied what is theirs");
    done_.wait_for(mutex_, Millis(20));
  }
  return {};
}

}  // namespace walrusfs::localnet
