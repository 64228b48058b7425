// The change of epochs: what System and Staking do in it. Declared in staking_actions.h.
#include <algorithm>

#include "localnet/sui/apportionment.h"
#include "localnet/sui/epoch_rules.h"
#include "localnet/sui/staking_actions.h"

namespace walrusfs::localnet::sui {
namespace {

// Abort codes of staking_inner.
enum : uint64_t {
  kWrongEpochState = 0,
  kInvalidSyncEpoch = 1,
  kDuplicateSyncDone = 2,
  kNoStake = 3,
  kNotInCommittee = 4,
};
constexpr uint64_t kIncorrectCommittee = 4;  // of system_state_inner

Failure refused(const Call& call, std::string_view function, uint64_t code) {
  return call.abort("staking_inner", function, code);
}

TypeTag event_type(const Call& call, std::string name) { return call.packages.walrus_type("events", std::move(name)); }

template <typename Event>
void tell(Call& call, std::string name, const Event& event) {
  call.emit("staking_inner", event_type(call, std::move(name)), event);
}

// Whether `wait_ms` have gone by since the last change was done; epoch 0 waits for its own end instead.
bool is_time(const Call& call, const StakingInner& inner, uint64_t done_ms, uint64_t wait_ms, Timing timing) {
  if (timing == Timing::kNow) return true;
  const uint64_t from = inner.epoch == 0 ? inner.first_epoch_start_ms : done_ms + wait_ms;
  return call.work.now_ms() >= from;
}

// ---- choosing

Step choose_committee(Call& call, const StakingInner& inner, Committee* chosen) {
  const ActiveSet set = load_active_set(call, inner);
  std::vector<uint64_t> stakes;
  for (const ActiveSetEntry& entry : set.nodes) stakes.push_back(entry.staked_amount);
  const auto counts = apportion_shards(inner.n_shards, stakes);
  if (!counts) return refused(call, "dhondt", kNoStake);
  ShardCounts wanted;
  for (size_t i = 0; i < counts->size(); ++i)
    if ((*counts)[i] > 0) wanted.emplace_back(set.nodes[i].node_id, (*counts)[i]);
  *chosen = inner.committee.empty() ? first_committee(std::move(wanted)) : next_committee(inner.committee, wanted);
  return {};
}

// The keys that the next committee will have, and the capacity that it offers.
void take_votes(Call& call, StakingInner& inner, const Committee& chosen) {
  NodeKeysByNode keys;
  std::vector<Vote> capacity;
  for (const auto& [node, shards] : chosen) {
    const StakingPool pool = load_pool(call, node);
    keys.emplace_back(node, pool.node_info.next_epoch_public_key.value_or(pool.node_info.public_key));
    capacity.push_back({capacity_vote(pool.voting_params.node_capacity, shards.size(), inner.n_shards), shards.size()});
  }
  save_extended(call, inner.next_epoch_public_keys, node_keys_type(), std::move(keys));
  // Prices are not voted here: the fields mean nothing.
  inner.next_epoch_params = {quorum_above(std::move(capacity), inner.n_shards), UINT64_MAX, UINT64_MAX};
}

// ---- changing: System

FutureAccounting turn_ring(FutureAccountingRing& ring) {
  FutureAccounting& current = ring.ring[ring.current_index];
  const FutureAccounting ended = current;
  current = {ended.epoch + ring.length, 0, 0};
  ring.current_index = (ring.current_index + 1) % ring.length;
  return ended;
}

uint64_t denied_bytes(const DenyListSizes& sizes, const ObjectId& node) {
  const auto found = std::find_if(sizes.begin(), sizes.end(), [&](const auto& entry) { return entry.first == node; });
  return found == sizes.end() ? 0 : found->second;
}

struct NodeReward {
  ObjectId node;
  uint64_t paid = 0, withheld = 0;
};

// The rewards of the epoch that ended, by the shards that its committee held; what is left goes into the new epoch.
std::vector<NodeReward> distribute(Call& call, SystemStateInner& inner, const BlsCommittee& worked,
                                   const FutureAccounting& ended) {
  const auto sizes = load_extended<DenyListSizes>(call, inner.deny_list_sizes);
  std::vector<Worked> nodes;
  for (const BlsMember& member : worked.members) {
    const NodeRecord record = load_node_record(call, load_pool(call, member.node_id));
    nodes.push_back({member.weight, denied_bytes(sizes, member.node_id),
                     record.failures > 0 && record.failed_epoch == worked.epoch});
  }
  const RewardShares shares = share_rewards(ended.rewards, ended.used_capacity, nodes);
  FutureAccountingRing& ring = inner.future_accounting;
  ring.ring[ring.current_index].rewards += shares.left;
  std::vector<NodeReward> out;
  for (size_t i = 0; i < nodes.size(); ++i)
    out.push_back({worked.members[i].node_id, shares.paid[i], shares.withheld[i]});
  return out;
}

Step next_bls_committee(Call& call, const StakingInner& inner, BlsCommittee* next) {
  const auto keys = load_extended<NodeKeysByNode>(call, inner.next_epoch_public_keys);
  std::vector<Element> all;
  *next = {{}, inner.n_shards, inner.epoch + 1, {}};
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& [node, shards] = (*inner.next_committee)[i];
    next->members.push_back({keys[i].second, static_cast<uint16_t>(shards.size()), node});
    all.push_back(keys[i].second);
  }
  auto sum = call.certificates.sum_of_keys(all);
  if (!sum) return call.abort("system_state_inner", "advance_epoch", kIncorrectCommittee);
  next->total_aggregated_key = {std::move(*sum)};
  save_extended(call, inner.next_epoch_public_keys, node_keys_type(), NodeKeysByNode{});
  return {};
}

Step change_system(Call& call, const StakingInner& staking, std::vector<NodeReward>* rewards) {
  SystemField system = load_system(call);
  SystemStateInner& inner = system.value;
  BlsCommittee worked;
  MOVE_TRY(next_bls_committee(call, staking, &worked));
  std::swap(worked, inner.committee);
  const FutureAccounting ended = turn_ring(inner.future_accounting);
  inner.event_blob_state = {};
  inner.used_capacity_size = inner.future_accounting.ring[inner.future_accounting.current_index].used_capacity;
  // What was sold stays sold, whatever the new committee offers.
  inner.total_capacity_size = std::max(staking.next_epoch_params->total_capacity_size, inner.used_capacity_size);
  *rewards = distribute(call, inner, worked, ended);
  save_system(call, system);
  return {};
}

// ---- changing: Staking

Step advance_pool(Call& call, const StakingInner& inner, ActiveSet& set, const NodeReward& reward) {
  StakingPool pool = load_pool(call, reward.node);
  StoredRates rates(call, pool);
  if (const PoolFailure failed = advance(pool, rates, reward.paid, inner.epoch))
    return pool_abort(call, "advance_epoch", *failed);
  NodeRecord record = load_node_record(call, pool);
  record.earned_frost += reward.paid;
  record.withheld_frost += reward.withheld;
  record.last_epoch = inner.epoch - 1;
  record.last_earned_frost = reward.paid;
  record.last_withheld_frost = reward.withheld;
  save_node_record(call, pool, record);
  if (is_active(pool)) enter(set, pool.id, balance_at(pool, rates, inner.epoch + 1));
  save_pool(call, pool);
  return {};
}

// All who worked, and all who come new.
Step change_staking(Call& call, StakingInner& inner, const std::vector<NodeReward>& rewards) {
  ++inner.epoch;
  inner.previous_committee = std::exchange(inner.committee, std::move(*inner.next_committee));
  inner.next_committee.reset();
  inner.epoch_state = EpochChangeSync{0};
  ActiveSet set = load_active_set(call, inner);
  for (const NodeReward& reward : rewards) MOVE_TRY(advance_pool(call, inner, set, reward));
  for (const auto& [node, shards] : inner.committee)
    if (!contains(inner.previous_committee, node)) MOVE_TRY(advance_pool(call, inner, set, {node, 0, 0}));
  save_active_set(call, inner, std::move(set));
  return {};
}

}  // namespace

Step end_voting(Call& call, Timing timing) {
  StakingField staking = load_staking(call);
  StakingInner& inner = staking.value;
  const auto* done = std::get_if<EpochChangeDone>(&inner.epoch_state);
  if (done == nullptr || !is_time(call, inner, done->at_ms, inner.epoch_duration_ms / 2, timing))
    return refused(call, "voting_end", kWrongEpochState);
  Committee chosen;
  MOVE_TRY(choose_committee(call, inner, &chosen));
  take_votes(call, inner, chosen);
  inner.next_committee = std::move(chosen);
  inner.epoch_state = NextParamsSelected{done->at_ms};
  tell(call, "EpochParametersSelected", event::EpochParametersSelected{inner.epoch + 1});
  save_staking(call, staking);
  return {};
}

Step initiate_epoch_change(Call& call, Timing timing) {
  StakingField staking = load_staking(call);
  StakingInner& inner = staking.value;
  const auto* selected = std::get_if<NextParamsSelected>(&inner.epoch_state);
  if (selected == nullptr || !is_time(call, inner, selected->at_ms, inner.epoch_duration_ms, timing))
    return refused(call, "initiate_epoch_change", kWrongEpochState);
  std::vector<NodeReward> rewards;
  MOVE_TRY(change_system(call, inner, &rewards));
  MOVE_TRY(change_staking(call, inner, rewards));
  save_staking(call, staking);
  tell(call, "EpochChangeStart", event::EpochChangeStart{inner.epoch});
  return update_prices(call);
}

Step sync_done(Call& call, StorageNodeCap* cap, uint32_t epoch) {
  constexpr std::string_view kFunction = "epoch_sync_done";
  StakingField staking = load_staking(call);
  StakingInner& inner = staking.value;
  if (epoch != inner.epoch) return refused(call, kFunction, kInvalidSyncEpoch);
  if (cap->last_epoch_sync_done >= inner.epoch) return refused(call, kFunction, kDuplicateSyncDone);
  const std::vector<uint16_t>* shards = shards_of(inner.committee, cap->node_id);
  if (shards == nullptr) return refused(call, kFunction, kNotInCommittee);
  cap->last_epoch_sync_done = inner.epoch;
  if (auto* sync = std::get_if<EpochChangeSync>(&inner.epoch_state)) {
    sync->weight = static_cast<uint16_t>(sync->weight + shards->size());
    if (is_quorum(sync->weight, inner.n_shards)) {
      inner.epoch_state = EpochChangeDone{call.work.now_ms()};
      tell(call, "EpochChangeDone", event::EpochChangeDone{inner.epoch});
    }
  }
  tell(call, "ShardsReceived", event::ShardsReceived{inner.epoch, *shards});
  save_staking(call, staking);
  return {};
}

Step update_prices(Call& call) {
  const StakingInner inner = load_staking(call).value;
  SystemField system = load_system(call);
  std::vector<Vote> storage, write;
  for (const auto& [node, shards] : inner.committee) {
    const VotingParams votes = load_pool(call, node).voting_params;
    storage.push_back({votes.storage_price, shards.size()});
    write.push_back({votes.write_price, shards.size()});
  }
  // Nobody votes in epoch 0: then nothing can be bought.
  system.value.storage_price_per_unit_size = quorum_below(std::move(storage), inner.n_shards);
  system.value.write_price_per_unit_size = quorum_below(std::move(write), inner.n_shards);
  save_system(call, system);
  call.emit("system_state_inner", event_type(call, "PricesUpdated"),
            event::PricesUpdated{inner.epoch, system.value.storage_price_per_unit_size,
                                 system.value.write_price_per_unit_size});
  return {};
}

Step note_failed_challenges(Call& call, const ObjectId& node) {
  const StakingInner inner = load_staking(call).value;
  if (!contains(inner.committee, node)) return refused(call, "note_failed_challenges", kNotInCommittee);
  const StakingPool pool = load_pool(call, node);
  NodeRecord record = load_node_record(call, pool);
  if (record.failures > 0 && record.failed_epoch == inner.epoch) return {};
  record.failed_epoch = inner.epoch;
  ++record.failures;
  save_node_record(call, pool, record);
  return {};
}

}  // namespace walrusfs::localnet::sui
