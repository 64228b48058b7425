#include "localnet/sui/staking_actions.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kBalanceOverflow = 1;      // of 0x2::balance
constexpr uint64_t kInvalidKeyLength = 6;     // of messages
constexpr uint64_t kInvalidNetworkKey = 0;    // of storage_node
constexpr uint64_t kStakeBelowThreshold = 7;  // of staked_wal
constexpr size_t kCompressedKeyBytes = 48, kNetworkKeyBytes = 33;

Step checked(const Call& call, std::string_view function, const PoolFailure& failure) {
  if (failure) return pool_abort(call, function, *failure);
  return {};
}

Step check_candidate(Call& call, const CandidateInfo& info, Bytes* key) {
  MOVE_TRY(prove_key(call, "new", info.public_key, info.proof_of_possession, key));
  if (info.name.size() > kMaxNodeNameBytes) return pool_abort(call, "new", kInvalidNameLength);
  if (info.network_address.size() > kMaxNodeAddressBytes) return pool_abort(call, "new", kInvalidAddressLength);
  if (info.commission_rate > kBasisPoints) return pool_abort(call, "new", kIncorrectCommissionRate);
  return check_network_key(call, "new", info.network_public_key);
}

// What the active set knows of a node: its stake at the next choice of a committee.
void enter_active_set(Call& call, const StakingInner& inner, StakingPool& pool) {
  ActiveSet set = load_active_set(call, inner);
  if (is_active(pool)) {
    const PoolMoment moment = moment_of(inner, pool.id);
    enter(set, pool.id, balance_at(pool, StoredRates(call, pool), activation_of(moment)));
  } else {
    leave(set, pool.id);
  }
  save_active_set(call, inner, std::move(set));
}

}  // namespace

Step prove_key(Call& call, std::string_view function, const Bytes& key, const Bytes& proof, Bytes* proven) {
  if (key.size() != kCompressedKeyBytes)
    return call.abort("messages", "new_proof_of_possession_msg", kInvalidKeyLength);
  auto found = call.certificates.proven_key(key, load_staking(call).value.epoch, call.work.sender(), proof);
  if (!found) return pool_abort(call, function, kInvalidProofOfPossession);
  *proven = std::move(*found);
  return {};
}

Step check_network_key(const Call& call, std::string_view function, const Bytes& key) {
  if (key.size() != kNetworkKeyBytes) return call.abort("storage_node", function, kInvalidNetworkKey);
  return {};
}

Step register_candidate(Call& call, const CandidateInfo& info, StorageNodeCap* cap) {
  StakingField staking = load_staking(call);
  Bytes key;
  MOVE_TRY(check_candidate(call, info, &key));
  StakingPool pool;
  pool.id = call.work.new_id();
  pool.voting_params = info.votes;
  const ExtendedField metadata{call.work.new_id()};
  save_extended(call, metadata, node_metadata_type(call.packages), info.metadata);
  pool.node_info = {info.name, pool.id, info.network_address, {key}, {}, info.network_public_key, metadata};
  pool.latest_epoch = staking.value.epoch;
  pool.activation_epoch = staking.value.epoch + (staking.value.next_committee ? 1 : 0);
  pool.commission_rate = info.commission_rate;
  pool.exchange_rates = {call.work.new_id(), 0};
  StoredRates(call, pool).add(pool.activation_epoch, FlatRate{});
  *cap = {call.work.new_id(), pool.id, 0, {}, {}, 0, 0};
  pool.commission_receiver = AuthorizedObject{cap->id};
  pool.governance_authorized = AuthorizedAddress{call.work.sender()};
  pool.extra_fields = {call.work.new_id(), 1};
  save_node_record(call, pool, {cap->id, 0, 0, 0, 0});
  add_pool(call, staking.value, pool);
  save_staking(call, staking);
  return {};
}

Step change_network_address(Call& call, const ObjectId& node, const std::string& address) {
  StakingPool pool;
  MOVE_TRY(need_pool(call, node, &pool));
  if (address.size() > kMaxNodeAddressBytes) return pool_abort(call, "set_network_address", kInvalidAddressLength);
  pool.node_info.network_address = address;
  save_pool(call, pool);
  return {};
}

Step withdraw_node(Call& call, const ObjectId& node) {
  const StakingField staking = load_staking(call);
  StakingPool pool;
  MOVE_TRY(need_pool(call, node, &pool));
  if (!is_active(pool)) return pool_abort(call, "set_withdrawing", kPoolAlreadyWithdrawing);
  // When it is in the committee no more.
  pool.state = PoolWithdrawing{activation_of(moment_of(staking.value, node))};
  enter_active_set(call, staking.value, pool);
  save_pool(call, pool);
  return {};
}

Step stake_with_pool(Call& call, uint64_t frost, const ObjectId& node, StakedWal* staked) {
  const StakingField staking = load_staking(call);
  StakingPool pool;
  MOVE_TRY(need_pool(call, node, &pool));
  if (!has_room(pool, frost)) return call.framework_abort("balance", "join", kBalanceOverflow);
  const PoolMoment moment = moment_of(staking.value, node);
  MOVE_TRY(checked(call, "stake", add_stake(pool, frost, moment)));
  if (frost < kLeastStake) return call.abort("staked_wal", "mint", kStakeBelowThreshold);
  *staked = {call.work.new_id(), Staked{}, node, frost, activation_of(moment)};
  enter_active_set(call, staking.value, pool);
  save_pool(call, pool);
  return {};
}

Step request_withdraw_stake(Call& call, StakedWal* staked) {
  const StakingField staking = load_staking(call);
  StakingPool pool = load_pool(call, staked->node_id);
  const PoolMoment moment = moment_of(staking.value, pool.id);
  MOVE_TRY(checked(call, "request_withdraw_stake", request_withdrawal(pool, StoredRates(call, pool), *staked, moment)));
  enter_active_set(call, staking.value, pool);
  save_pool(call, pool);
  return {};
}

Step withdraw_stake(Call& call, const StakedWal& staked, uint64_t* frost) {
  const StakingField staking = load_staking(call);
  StakingPool pool = load_pool(call, staked.node_id);
  const PoolMoment moment = moment_of(staking.value, pool.id);
  uint64_t rewards = 0;
  MOVE_TRY(checked(call, "withdraw_stake", withdraw(pool, StoredRates(call, pool), staked, moment, &rewards)));
  if (__builtin_add_overflow(staked.principal, rewards, frost))
    return call.framework_abort("balance", "join", kBalanceOverflow);
  enter_active_set(call, staking.value, pool);
  save_pool(call, pool);
  return {};
}

Step try_join_active_set(Call& call, const ObjectId& node) {
  const StakingField staking = load_staking(call);
  StakingPool pool = load_pool(call, node);
  enter_active_set(call, staking.value, pool);
  return {};
}

}  // namespace walrusfs::localnet::sui
