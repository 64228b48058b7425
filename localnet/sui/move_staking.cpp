// Staking and the change of epochs: modules staking and staked_wal.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/staking_actions.h"

namespace walrusfs::localnet::sui {
namespace {

enum : uint64_t { kMetadataMismatch = 1, kInvalidAmount = 2, kStakeBelowThreshold = 7 };  // of staked_wal
constexpr uint64_t kBalanceOverflow = 1;                                                  // of 0x2::balance

void give_wal(Call& call, uint64_t frost) {
  call.give(coin_of(call.packages.wal_type()), Coin{call.work.new_id(), frost});
}

// (Staking, Coin<WAL>, node id) -> StakedWal
Step stake(Call& call) {
  const auto coin = call.get<Coin>(1);
  StakedWal staked;
  MOVE_TRY(stake_with_pool(call, coin.balance, call.get<ObjectId>(2), &staked));
  call.work.delete_id(coin.id);
  call.give(staked_wal_type(call.packages), staked);
  return {};
}

// (Staking, StakedWal)
Step request_withdraw(Call& call) {
  auto staked = call.get<StakedWal>(1);
  MOVE_TRY(request_withdraw_stake(call, &staked));
  call.set(1, staked);
  return {};
}

// (Staking, StakedWal) -> Coin<WAL>
Step withdraw(Call& call) {
  const auto staked = call.get<StakedWal>(1);
  uint64_t frost = 0;
  MOVE_TRY(withdraw_stake(call, staked, &frost));
  call.work.delete_id(staked.id);
  give_wal(call, frost);
  return {};
}

// (Staking, Clock)
Step voting_end(Call& call) { return end_voting(call, Timing::kAsOnChain); }

// (Staking, System, Clock)
Step change_epoch(Call& call) { return initiate_epoch_change(call, Timing::kAsOnChain); }

// (Staking, System)
Step recalculate_prices(Call& call) { return update_prices(call); }

// (Staking, capability, epoch, Clock)
Step epoch_sync_done(Call& call) {
  auto cap = call.get<StorageNodeCap>(1);
  MOVE_TRY(sync_done(call, &cap, call.get<uint32_t>(2)));
  call.set(1, cap);
  return {};
}

// (Staking, capability)
Step join_active_set(Call& call) { return try_join_active_set(call, call.get<StorageNodeCap>(1).node_id); }

// ---- staked_wal

Step join(Call& call) {
  auto first = call.get<StakedWal>(0);
  const auto second = call.get<StakedWal>(1);
  if (first.node_id != second.node_id || first.activation_epoch != second.activation_epoch ||
      first.state != second.state)
    return call.abort("staked_wal", "join", kMetadataMismatch);
  if (__builtin_add_overflow(first.principal, second.principal, &first.principal))
    return call.framework_abort("balance", "join", kBalanceOverflow);
  call.work.delete_id(second.id);
  call.set(0, first);
  return {};
}

Step split(Call& call) {
  auto first = call.get<StakedWal>(0);
  const auto amount = call.get<uint64_t>(1);
  if (first.principal <= amount) return call.abort("staked_wal", "split", kInvalidAmount);
  if (amount < kLeastStake || first.principal - amount < kLeastStake)
    return call.abort("staked_wal", "split", kStakeBelowThreshold);
  StakedWal second = first;
  second.id = call.work.new_id();
  second.principal = amount;
  first.principal -= amount;
  call.set(0, first);
  call.give(staked_wal_type(call.packages), second);
  return {};
}

}  // namespace

std::span<const MoveFunction> staking_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  static const std::vector<MoveFunction> table = {
      {kWalrus, "staking", "stake_with_pool", {mut(kStaking), value(kCoinWal), value(kId)}, 0, stake},
      {kWalrus, "staking", "request_withdraw_stake", {mut(kStaking), mut(kStakedWal)}, 0, request_withdraw},
      {kWalrus, "staking", "withdraw_stake", {mut(kStaking), value(kStakedWal)}, 0, withdraw},
      {kWalrus, "staking", "voting_end", {mut(kStaking), ref(kClock)}, 0, voting_end},
      {kWalrus, "staking", "initiate_epoch_change", {mut(kStaking), mut(kSystem), ref(kClock)}, 0, change_epoch},
      {kWalrus, "staking", "update_prices", {mut(kStaking), mut(kSystem)}, 0, recalculate_prices},
      {kWalrus,
       "staking",
       "epoch_sync_done",
       {mut(kStaking), mut(kNodeCap), value(kU32), ref(kClock)},
       0,
       epoch_sync_done},
      {kWalrus, "staking", "try_join_active_set", {mut(kStaking), ref(kNodeCap)}, 0, join_active_set},
      {kWalrus, "staked_wal", "join", {mut(kStakedWal), value(kStakedWal)}, 0, join},
      {kWalrus, "staked_wal", "split", {mut(kStakedWal), value(kU64)}, 0, split},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
