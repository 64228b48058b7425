#include "localnet/chain_membership.h"

#include <map>

#include "localnet/sui/epochs.h"

namespace walrusfs::localnet {
namespace {

using KeysByNode = std::map<sui::ObjectId, Bytes>;

Phase phase_of(const sui::EpochState& state) {
  if (std::holds_alternative<sui::EpochChangeSync>(state)) return Phase::kSync;
  return std::holds_alternative<sui::NextParamsSelected>(state) ? Phase::kNextSelected : Phase::kDone;
}

std::shared_ptr<const Committee> committee_of(uint16_t shards, const sui::Committee& committee,
                                              const KeysByNode& keys) {
  std::vector<Member> members;
  for (const auto& [id, own] : committee) {
    Member member{id.to_string(), {}, bls::PublicKey::parse(keys.at(id)).value()};
    for (const uint16_t shard : own) member.shards.push_back(ShardIndex{shard});
    members.push_back(std::move(member));
  }
  return std::make_shared<Committee>(CodeShape::create(shards).value(), std::move(members));
}

// Both from one moment.
struct Snapshot {
  uint64_t height = 0;
  sui::EpochView epoch;
  std::vector<sui::NodeView> nodes;
};

Snapshot look_at(const sui::FullNode& chain) {
  for (;;) {
    Snapshot seen{chain.height(), sui::view_epoch(chain), sui::view_nodes(chain)};
    if (chain.height() == seen.height) return seen;
  }
}

std::shared_ptr<const EpochCommittees> committees_in(const Snapshot& seen) {
  KeysByNode now, next;
  for (const sui::NodeView& node : seen.nodes) {
    now[node.id] = node.public_key;
    next[node.id] = node.next_public_key;
  }
  const KeysByNode before = now;
  for (const sui::BlsMember& member : seen.epoch.current_keys.members) now[member.node_id] = member.public_key.bytes;
  const uint16_t shards = seen.epoch.n_shards;
  auto out = std::make_shared<EpochCommittees>();
  out->epoch = seen.epoch.epoch;
  out->phase = phase_of(seen.epoch.state);
  out->current = committee_of(shards, seen.epoch.current, now);
  if (!seen.epoch.previous.empty()) out->previous = committee_of(shards, seen.epoch.previous, before);
  if (seen.epoch.next) out->next = committee_of(shards, *seen.epoch.next, next);
  return out;
}

}  // namespace

ChainMembership::ChainMembership(const sui::FullNode& chain) : chain_(chain) {
  const Snapshot seen = look_at(chain);
  height_ = seen.height;
  committees_ = committees_in(seen);
}

std::shared_ptr<const EpochCommittees> ChainMembership::committees() const {
  const uint64_t height = chain_.height();
  {
    const MutexLock lock(mutex_);
    if (height == height_) return committees_;
  }
  // Another thread may do the same meanwhile; whoever has seen more wins.
  const sui::EpochMoment moment = sui::current_moment(chain_);
  const auto known = [&] {
    const MutexLock lock(mutex_);
    return committees_;
  }();
  const bool same = known->epoch == moment.epoch && known->phase == phase_of(moment.state);
  const Snapshot seen = same ? Snapshot{height, {}, {}} : look_at(chain_);
  auto made = same ? known : committees_in(seen);
  const MutexLock lock(mutex_);
  if (seen.height >= height_) {
    height_ = seen.height;
    committees_ = std::move(made);
  }
  return committees_;
}

}  // namespace walrusfs::localnet
