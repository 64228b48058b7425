// What operators of storage nodes call: registering, votes, what is known of a node, commission; and auth.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/staking_actions.h"

namespace walrusfs::localnet::sui {
namespace {

// Who asks; it may be told, not kept.
using Authenticated = Authorized;

TypeTag authenticated_type(const Call& call) { return call.packages.walrus_type("auth", "Authenticated"); }
TypeTag authorized_type(const Call& call) { return call.packages.walrus_type("auth", "Authorized"); }

// The pool of the capability at argument 1.
StakingPool own_pool(Call& call) { return load_pool(call, call.get<StorageNodeCap>(1).node_id); }

// (Staking, name, address, metadata, key, network key, proof, commission, three votes) -> capability
Step register_node(Call& call) {
  CandidateInfo info{call.get<std::string>(1), call.get<std::string>(2), call.get<NodeMetadata>(3), call.get<Bytes>(4),
                     call.get<Bytes>(5),       call.get<Bytes>(6),       call.get<uint16_t>(7),     {}};
  info.votes = {call.get<uint64_t>(8), call.get<uint64_t>(9), call.get<uint64_t>(10)};
  StorageNodeCap cap;
  MOVE_TRY(register_candidate(call, info, &cap));
  call.give(cap_type(call.packages), cap);
  return {};
}

// ---- votes: (Staking, capability, value)

Step vote(Call& call, uint64_t VotingParams::*which) {
  StakingPool pool = own_pool(call);
  pool.voting_params.*which = call.get<uint64_t>(2);
  save_pool(call, pool);
  return {};
}
Step set_storage_price_vote(Call& call) { return vote(call, &VotingParams::storage_price); }
Step set_write_price_vote(Call& call) { return vote(call, &VotingParams::write_price); }
Step set_node_capacity_vote(Call& call) { return vote(call, &VotingParams::node_capacity); }

Step set_next_commission(Call& call) {
  StakingPool pool = own_pool(call);
  const uint32_t epoch = load_staking(call).value.epoch;
  if (const PoolFailure failed = announce_commission(pool, call.get<uint16_t>(2), epoch))
    return pool_abort(call, "set_next_commission", *failed);
  save_pool(call, pool);
  return {};
}

// ---- what is known of a node: (Staking, capability, value)

Step set_name(Call& call) {
  StakingPool pool = own_pool(call);
  pool.node_info.name = call.get<std::string>(2);
  if (pool.node_info.name.size() > kMaxNodeNameBytes) return pool_abort(call, "set_name", kInvalidNameLength);
  save_pool(call, pool);
  return {};
}

Step set_network_address(Call& call) {
  return change_network_address(call, call.get<StorageNodeCap>(1).node_id, call.get<std::string>(2));
}

Step set_network_public_key(Call& call) {
  StakingPool pool = own_pool(call);
  pool.node_info.network_public_key = call.get<Bytes>(2);
  MOVE_TRY(check_network_key(call, "set_network_public_key", pool.node_info.network_public_key));
  save_pool(call, pool);
  return {};
}

Step set_node_metadata(Call& call) {
  save_extended(call, own_pool(call).node_info.metadata, node_metadata_type(call.packages), call.get<NodeMetadata>(2));
  return {};
}

// (Staking, capability, key, proof)
Step set_next_public_key(Call& call) {
  StakingPool pool = own_pool(call);
  Bytes proven;
  MOVE_TRY(prove_key(call, "set_next_public_key", call.get<Bytes>(2), call.get<Bytes>(3), &proven));
  pool.node_info.next_epoch_public_key = Element{std::move(proven)};
  save_pool(call, pool);
  return {};
}

Step new_metadata(Call& call) {
  call.give(node_metadata_type(call.packages),
            NodeMetadata{call.get<std::string>(0), call.get<std::string>(1), call.get<std::string>(2), {}});
  return {};
}

Step default_metadata(Call& call) {
  call.give(node_metadata_type(call.packages), NodeMetadata{});
  return {};
}

// ---- commission and governance: (Staking, node id, who asks [, who may])

Step authorized_pool(Call& call, Authorized StakingPool::*guard, StakingPool* pool) {
  MOVE_TRY(need_pool(call, call.get<ObjectId>(1), pool));
  if (pool->*guard != call.get<Authenticated>(2)) return pool_abort(call, "assert_authorized", kAuthorizationFailure);
  return {};
}

Step collect_commission(Call& call) {
  StakingPool pool;
  MOVE_TRY(authorized_pool(call, &StakingPool::commission_receiver, &pool));
  call.give(coin_of(call.packages.wal_type()), Coin{call.work.new_id(), pool.commission});
  pool.commission = 0;
  save_pool(call, pool);
  return {};
}

Step set_authorized(Call& call, Authorized StakingPool::*guard) {
  StakingPool pool;
  MOVE_TRY(authorized_pool(call, guard, &pool));
  pool.*guard = call.get<Authorized>(3);
  save_pool(call, pool);
  return {};
}
Step set_commission_receiver(Call& call) { return set_authorized(call, &StakingPool::commission_receiver); }
Step set_governance_authorized(Call& call) { return set_authorized(call, &StakingPool::governance_authorized); }

// ---- auth

Step authenticate_sender(Call& call) {
  call.give(authenticated_type(call), Authenticated{AuthorizedAddress{call.work.sender()}});
  return {};
}

Step authenticate_with_object(Call& call) {
  // The machine has seen that it is an object: its first field is its id.
  ObjectId id;
  std::copy_n(call.arguments[0]->bytes.begin(), id.bytes.size(), id.bytes.begin());
  call.give(authenticated_type(call), Authenticated{AuthorizedObject{id}});
  return {};
}

Step authorized_address(Call& call) {
  call.give(authorized_type(call), Authorized{AuthorizedAddress{call.get<Address>(0)}});
  return {};
}

Step authorized_object(Call& call) {
  call.give(authorized_type(call), Authorized{AuthorizedObject{call.get<ObjectId>(0)}});
  return {};
}

}  // namespace

std::span<const MoveFunction> node_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  const auto with_cap = [](std::string_view name, Parameter what, Step (*run)(Call&)) {
    return MoveFunction{kWalrus, "staking", name, {mut(kStaking), ref(kNodeCap), what}, 0, run};
  };
  const std::vector<Parameter> guarded = {mut(kStaking), value(kId), value(kAuthenticated)};
  const std::vector<Parameter> guarding = {mut(kStaking), value(kId), value(kAuthenticated), value(kAuthorized)};
  static const std::vector<MoveFunction> table = {
      {kWalrus,
       "staking",
       "register_candidate",
       {mut(kStaking), value(kText), value(kText), value(kNodeMetadata), value(kBytes), value(kBytes), value(kBytes),
        value(kU16), value(kU64), value(kU64), value(kU64)},
       0,
       register_node},
      with_cap("set_storage_price_vote", value(kU64), set_storage_price_vote),
      with_cap("set_write_price_vote", value(kU64), set_write_price_vote),
      with_cap("set_node_capacity_vote", value(kU64), set_node_capacity_vote),
      with_cap("set_next_commission", value(kU16), set_next_commission),
      with_cap("set_name", value(kText), set_name),
      with_cap("set_network_address", value(kText), set_network_address),
      with_cap("set_network_public_key", value(kBytes), set_network_public_key),
      with_cap("set_node_metadata", value(kNodeMetadata), set_node_metadata),
      {kWalrus,
       "staking",
       "set_next_public_key",
       {mut(kStaking), ref(kNodeCap), value(kBytes), value(kBytes)},
       0,
       set_next_public_key},
      {kWalrus, "staking", "collect_commission", guarded, 0, collect_commission},
      {kWalrus, "staking", "set_commission_receiver", guarding, 0, set_commission_receiver},
      {kWalrus, "staking", "set_governance_authorized", guarding, 0, set_governance_authorized},
      {kWalrus, "node_metadata", "new", {value(kText), value(kText), value(kText)}, 0, new_metadata},
      {kWalrus, "node_metadata", "default", {}, 0, default_metadata},
      {kWalrus, "auth", "authenticate_sender", {}, 0, authenticate_sender},
      {kWalrus, "auth", "authenticate_with_object", {ref(kAnyObject)}, 1, authenticate_with_object},
      {kWalrus, "auth", "authorized_address", {value(kId)}, 0, authorized_address},
      {kWalrus, "auth", "authorized_object", {value(kId)}, 0, authorized_object},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
