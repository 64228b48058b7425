#include "localnet/challenger.h"

#include "base/log.h"
#include "codec/recovery.h"

namespace walrusfs::localnet {
Challenger::Challenger(const Membership& membership, const NodeDirectory& nodes, const BlobRegistry& registry,
                       Clock& clock, Rng& rng, ChallengePace pace)
    : membership_(membership),
      shape_(membership.shape()),
      nodes_(nodes),
      registry_(registry),
      clock_(clock),
      rng_(rng),
      pace_(pace) {}

// What nodes did in an epoch that is over counts no more, even if nobody was challenged since.
std::map<std::string, ChallengeScore> Challenger::scores() const {
  const uint32_t epoch = membership_.committees()->epoch;
  MutexLock lock(mutex_);
  return epoch == epoch_ ? scores_ : std::map<std::string, ChallengeScore>();
}

std::vector<std::string> Challenger::failed_nodes() const {
  std::vector<std::string> failed;
  for (const auto& [node, score] : scores())
    if (score.too_bad()) failed.push_back(node);
  return failed;
}

void Challenger::begin_epoch(uint32_t epoch) {
  MutexLock lock(mutex_);
  if (epoch == epoch_) return;
  epoch_ = epoch;
  scores_.clear();
}

Millis Challenger::step() {
  const auto now = membership_.committees();
  begin_epoch(now->epoch);
  if (now->phase == Phase::kSync) return pace_.between;
  const auto challenge = draw(*now);
  if (!challenge) return pace_.between;
  // Without metadata nothing can be checked, which is not the fault of the one who is asked.
  if (auto metadata = metadata_of(challenge->blob)) count(*challenge, put_to(*challenge, *metadata));
  return pace_.between;
}

std::optional<Challenger::Challenge> Challenger::draw(const EpochCommittees& now) {
  std::map<BlobId, Deadline::TimePoint> still;
  std::vector<BlobId> old;
  for (const BlobId& blob : registry_.certified_blobs()) {
    auto seen = seen_.find(blob);
    const auto since = seen != seen_.end() ? seen->second : clock_.monotonic();
    still.emplace(blob, since);
    if (clock_.monotonic() - since >= pace_.new_blob) old.push_back(blob);
  }
  seen_ = std::move(still);
  if (old.empty()) return std::nullopt;
  const std::vector<Member>& members = now.current->members();
  const Member& member = members[rng_.below(members.size())];
  if (member.shards.empty()) return std::nullopt;
  Challenge challenge;
  challenge.node = member.id;
  challenge.blob = old[rng_.below(old.size())];
  challenge.axis = rng_.below(2) == 0 ? Axis::kPrimary : Axis::kSecondary;
  const ShardIndex shard = member.shards[rng_.below(member.shards.size())];
  challenge.sliver = shape_.sliver_of(challenge.axis, shape_.pair_of(challenge.blob, shard));
  challenge.crossing = SliverIndex{static_cast<uint16_t>(rng_.below(shape_.n()))};
  return challenge;
}

Result<BlobMetadata> Challenger::metadata_of(const BlobId& blob) {
  Error problem(Code::kUnavailable, "there are no nodes");
  for (const NodeClientPtr& node : nodes_.of(*membership_.committees()->current)) {
    auto metadata = node->metadata(blob);
    if (metadata) return metadata;
    problem = metadata.error();
  }
  return problem;
}

Status Challenger::put_to(const Challenge& challenge, const BlobMetadata& metadata) {
  const bool primary = challenge.axis == Axis::kPrimary;
  const SymbolId id = primary ? SymbolId{challenge.sliver, challenge.crossing}
                              : SymbolId{challenge.crossing, challenge.sliver};
  const NodeClientPtr node = nodes_.find(challenge.node);
  if (node == nullptr) return Error(Code::kUnavailable, "it is not a node of this network");
  WFS_ASSIGN(const auto symbols,
             node->recovery_symbols(challenge.blob, metadata, std::span(&id, 1), challenge.axis));
  if (symbols.size() != 1 || symbols[0].id() != id || symbols[0].recovery.symbol.target_axis == challenge.axis)
    return Error(Code::kCorrupt, "it answered with something else");
  return symbols[0].recovery.verify(metadata, symbols[0].target_index);
}

void Challenger::count(const Challenge& challenge, const Status& answer) {
  // Not the node's fault when the blob is gone by now, or shards are moving.
  const auto now = membership_.committees();
  const BlobStanding standing = registry_.standing(challenge.blob);
  MutexLock lock(mutex_);
  if (now->epoch != epoch_ || now->phase == Phase::kSync || !standing.registered()) return;
  ChallengeScore& score = scores_[challenge.node];
  ++(answer ? score.passed : score.failed);
  if (!answer) log_info("node {} failed a challenge: {}", challenge.node, answer.error().to_string());
}

}  // namespace walrusfs::localnet
