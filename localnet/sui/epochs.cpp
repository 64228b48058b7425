#include "localnet/sui/epochs.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

constexpr size_t kEntriesAtATime = 1000;
constexpr uint64_t kNoStake = 3;  // of staking_inner

// System and Staking themselves move on, too, so that readers who cache them by version notice.
void touch_shared(Call& call) {
  for (const ObjectId& id : {call.work.network().system, call.work.network().staking}) {
    Object object = call.work.find(id).value();
    call.work.put(id, object.owner, object.type, std::move(object.contents));
  }
}

Result<Record> act(FullNode& chain, const Action& action, const Address& sender = {}) {
  return chain.act(sender, [&](Call& call) -> Step {
    MOVE_TRY(action(call));
    touch_shared(call);
    return {};
  });
}

// Does it, unless `why_not` has a reason: that is told in words, where the contract has a number only.
Status act_unless(FullNode& chain, const std::function<std::string(Call&)>& why_not, const Action& action) {
  std::string reason;
  const auto record = act(chain, [&](Call& call) -> Step {
    reason = why_not(call);
    if (!reason.empty()) return call.abort("staking_inner", "refused", kNoStake);
    return action(call);
  });
  if (!reason.empty()) return Error(Code::kNotPermitted, reason);
  return record ? ok_status() : Status(record.error());
}

Status check_node(const FullNode& chain, const ObjectId& node) {
  bool known = false;
  chain.read([&](Call& call) { known = find_pool(call, node).has_value(); });
  if (!known) return Error(Code::kNotFound, "the chain knows no storage node " + node.to_string());
  return ok_status();
}

// The node's own capability, wherever it is.
StorageNodeCap load_cap(Call& call, const ObjectId& node) {
  const NodeRecord record = load_node_record(call, load_pool(call, node));
  return call.work.child<StorageNodeCap>(record.cap).value();
}

bool has_reported(Call& call, const ObjectId& node) {
  return load_cap(call, node).last_epoch_sync_done == load_staking(call).value.epoch;
}

Step report_done(Call& call, const ObjectId& node) {
  if (has_reported(call, node)) return {};
  StorageNodeCap cap = load_cap(call, node);
  const uint32_t epoch = load_staking(call).value.epoch;
  MOVE_TRY(sync_done(call, &cap, epoch));
  const Owner owner = call.work.find(cap.id).value().owner;
  call.work.put(cap.id, owner, cap_type(call.packages), bcs_encode(cap));
  return {};
}

Step report_all_done(Call& call) {
  const Committee committee = load_staking(call).value.committee;
  for (const auto& [node, shards] : committee) MOVE_TRY(report_done(call, node));
  return {};
}

bool is_change_done(const FullNode& chain) {
  return !std::holds_alternative<EpochChangeSync>(current_moment(chain).state);
}

bool is_last_node(Call& call, const ObjectId& node) {
  const ActiveSet set = load_active_set(call, load_staking(call).value);
  return set.nodes.size() == 1 && set.nodes[0].node_id == node;
}

NodeView view_node(Call& call, const StakingInner& inner, const ObjectId& id) {
  StakingPool pool = load_pool(call, id);
  const StoredRates rates(call, pool);
  NodeView view;
  view.id = id;
  view.name = pool.node_info.name;
  view.address = pool.node_info.network_address;
  view.public_key = pool.node_info.public_key.bytes;
  view.network_public_key = pool.node_info.network_public_key;
  view.next_public_key = pool.node_info.next_epoch_public_key.value_or(pool.node_info.public_key).bytes;
  view.state = pool.state;
  view.votes = pool.voting_params;
  view.stake = balance_at(pool, rates, inner.epoch);
  view.next_stake = balance_at(pool, rates, activation_of(moment_of(inner, id)));
  view.commission_rate = pool.commission_rate;
  view.rewards_pool = pool.rewards_pool;
  view.commission = pool.commission;
  view.record = load_node_record(call, pool);
  return view;
}

std::vector<ObjectId> all_nodes(const FullNode& chain) {
  Address table;
  chain.read([&](Call& call) { table = load_staking(call).value.pools.id; });
  std::vector<ObjectId> out;
  std::optional<ObjectId> after;
  for (;;) {
    const auto entries = chain.owned_by(table, {}, after, kEntriesAtATime);
    for (const Object& entry : entries)
      out.push_back(bcs_decode<Field<ObjectId, ObjectId>>(entry.contents, "an entry").value().value);
    if (entries.size() < kEntriesAtATime) break;
    after = entries.back().id;
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

// ---- nodes

Result<ObjectId> register_candidate(FullNode& chain, const Candidate& candidate) {
  StorageNodeCap cap;
  const CandidateInfo info{candidate.name,
                           candidate.address,
                           {},
                           candidate.public_key,
                           candidate.network_public_key,
                           candidate.proof_of_possession,
                           candidate.commission_rate,
                           candidate.votes};
  const auto record = act(
      chain,
      [&](Call& call) -> Step {
        MOVE_TRY(register_candidate(call, info, &cap));
        call.work.put(cap.id, AddressOwner{call.work.sender()}, cap_type(call.packages), bcs_encode(cap));
        return {};
      },
      candidate.operator_address);
  if (!record) return record.error();
  return cap.node_id;
}

Status set_node_address(FullNode& chain, const ObjectId& node, const std::string& address) {
  WFS_TRY(check_node(chain, node));
  WFS_TRY(act(chain, [&](Call& call) { return change_network_address(call, node, address); }));
  return ok_status();
}

Status set_votes(FullNode& chain, const ObjectId& node, const VotingParams& votes) {
  WFS_TRY(check_node(chain, node));
  WFS_TRY(act(chain, [&](Call& call) {
    StakingPool pool = load_pool(call, node);
    pool.voting_params = votes;
    save_pool(call, pool);
    return update_prices(call);
  }));
  return ok_status();
}

Result<ObjectId> grant_stake(FullNode& chain, const ObjectId& node, uint64_t frost, const Address& owner) {
  WFS_TRY(check_node(chain, node));
  StakedWal staked;
  const auto why_not = [&](Call& call) -> std::string {
    const StakingPool pool = load_pool(call, node);
    if (!is_active(pool)) return "a node that leaves gets no more stake";
    if (!has_room(pool, frost)) return "a node's stake ends at 18446744073.709551615 WAL, and this would be more";
    return "";
  };
  WFS_TRY(act_unless(chain, why_not, [&](Call& call) -> Step {
    MOVE_TRY(stake_with_pool(call, frost, node, &staked));
    call.work.put(staked.id, AddressOwner{owner}, staked_wal_type(call.packages), bcs_encode(staked));
    return {};
  }));
  return staked.id;
}

Status withdraw_node(FullNode& chain, const ObjectId& node) {
  WFS_TRY(check_node(chain, node));
  const auto why_not = [&](Call& call) -> std::string {
    if (!is_active(load_pool(call, node))) return "the node has left already, or leaves with the next committee";
    return is_last_node(call, node) ? "the last storage node with stake cannot leave" : "";
  };
  return act_unless(chain, why_not, [&](Call& call) { return withdraw_node(call, node); });
}

// ---- the change of epochs

Status set_epoch_duration(FullNode& chain, uint64_t milliseconds) {
  WFS_TRY(act(chain, [&](Call& call) -> Step {
    StakingField staking = load_staking(call);
    staking.value.epoch_duration_ms = milliseconds;
    save_staking(call, staking);
    return {};
  }));
  return ok_status();
}

Status select_next(FullNode& chain, Timing timing) {
  WFS_TRY(act(chain, [&](Call& call) { return end_voting(call, timing); }));
  return ok_status();
}

Status report_failed_challenges(FullNode& chain, const std::vector<ObjectId>& nodes) {
  for (const ObjectId& node : nodes) WFS_TRY(check_node(chain, node));
  WFS_TRY(act(chain, [&](Call& call) -> Step {
    const Committee committee = load_staking(call).value.committee;
    for (const ObjectId& node : nodes)
      if (contains(committee, node)) MOVE_TRY(note_failed_challenges(call, node));
    return {};
  }));
  return ok_status();
}

Result<uint32_t> start_epoch_change(FullNode& chain, Timing timing) {
  uint32_t epoch = 0;
  WFS_TRY(act(chain, [&](Call& call) -> Step {
    MOVE_TRY(initiate_epoch_change(call, timing));
    epoch = load_staking(call).value.epoch;
    return {};
  }));
  return epoch;
}

Result<bool> report_sync_done(FullNode& chain, const ObjectId& node) {
  WFS_TRY(check_node(chain, node));
  // Whoever asks again and again makes no records.
  bool reported = false;
  chain.read([&](Call& call) { reported = has_reported(call, node); });
  if (!reported) WFS_TRY(act(chain, [&](Call& call) { return report_done(call, node); }));
  return is_change_done(chain);
}

Result<uint32_t> advance_epoch(FullNode& chain) {
  uint32_t epoch = 0;
  WFS_TRY(act(chain, [&](Call& call) -> Step {
    if (std::holds_alternative<EpochChangeSync>(load_staking(call).value.epoch_state)) MOVE_TRY(report_all_done(call));
    if (!load_staking(call).value.next_committee) MOVE_TRY(end_voting(call, Timing::kNow));
    MOVE_TRY(initiate_epoch_change(call, Timing::kNow));
    MOVE_TRY(report_all_done(call));
    epoch = load_staking(call).value.epoch;
    return {};
  }));
  return epoch;
}

// ---- what the chain says

EpochView view_epoch(const FullNode& chain) {
  EpochView view;
  chain.read([&](Call& call) {
    const StakingInner staking = load_staking(call).value;
    const SystemStateInner system = load_system(call).value;
    view = {staking.epoch,
            staking.n_shards,
            staking.epoch_duration_ms,
            staking.epoch_state,
            system.committee,
            staking.committee,
            staking.previous_committee,
            staking.next_committee,
            system.total_capacity_size,
            system.used_capacity_size,
            system.storage_price_per_unit_size,
            system.write_price_per_unit_size,
            system.future_accounting.ring[system.future_accounting.current_index].rewards};
  });
  return view;
}

EpochMoment current_moment(const FullNode& chain) {
  EpochMoment moment;
  chain.read([&](Call& call) {
    const StakingInner staking = load_staking(call).value;
    moment = {staking.epoch, staking.epoch_state};
  });
  return moment;
}

std::vector<NodeView> view_nodes(const FullNode& chain) {
  const std::vector<ObjectId> nodes = all_nodes(chain);
  std::vector<NodeView> out;
  chain.read([&](Call& call) {
    const StakingInner inner = load_staking(call).value;
    for (const ObjectId& node : nodes) out.push_back(view_node(call, inner, node));
  });
  return out;
}

}  // namespace walrusfs::localnet::sui
