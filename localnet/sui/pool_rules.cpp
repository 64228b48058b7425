#include "localnet/sui/pool_rules.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

using walrusfs::sui::AmountsByEpoch;
using walrusfs::sui::FlatRate;
using walrusfs::sui::StakeWithdrawing;
using walrusfs::sui::VariableRate;
__extension__ using Wide = unsigned __int128;

uint64_t times(uint64_t amount, uint64_t numerator, uint64_t denominator) {
  const Wide product = static_cast<Wide>(amount) * numerator / denominator;
  return product > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(product);
}

auto find(AmountsByEpoch& amounts, uint32_t epoch) {
  return std::find_if(amounts.begin(), amounts.end(), [&](const auto& entry) { return entry.first == epoch; });
}

void add(AmountsByEpoch& amounts, uint32_t epoch, uint64_t amount) {
  const auto found = find(amounts, epoch);
  if (found == amounts.end()) {
    amounts.emplace_back(epoch, amount);
  } else {
    found->second += amount;
  }
}

bool reduce(AmountsByEpoch& amounts, uint32_t epoch, uint64_t amount) {
  const auto found = find(amounts, epoch);
  if (found == amounts.end() || found->second < amount) return false;
  found->second -= amount;
  return true;
}

uint64_t sum_until(const AmountsByEpoch& amounts, uint32_t epoch) {
  uint64_t sum = 0;
  for (const auto& [when, amount] : amounts) sum += when <= epoch ? amount : 0;
  return sum;
}

uint64_t flush(AmountsByEpoch& amounts, uint32_t epoch) {
  const uint64_t sum = sum_until(amounts, epoch);
  std::erase_if(amounts, [&](const auto& entry) { return entry.first <= epoch; });
  return sum;
}

// Shares that leave until `epoch`; those of stake that counted for one epoch only are reckoned at that epoch's rate.
uint64_t shares_leaving(const StakingPool& pool, const ExchangeRates& rates, uint32_t epoch) {
  uint64_t shares = sum_until(pool.pending_shares_withdraw, epoch);
  for (const auto& [when, principal] : pool.pre_active_withdrawals)
    if (when <= epoch) shares += to_shares(rate_at(pool, rates, when - 1), principal);
  return shares;
}

// What a stake has earned.
uint64_t earned(const StakingPool& pool, const ExchangeRates& rates, const StakedWal& stake, uint32_t until) {
  const uint64_t shares = to_shares(rate_at(pool, rates, stake.activation_epoch), stake.principal);
  const uint64_t worth = to_wal(rate_at(pool, rates, until), shares);
  return worth - std::min(worth, stake.principal);
}

const StakeWithdrawing* withdrawing(const StakedWal& stake) { return std::get_if<StakeWithdrawing>(&stake.state); }

// A stake in a pool that is in no committee, in one step.
PoolFailure withdraw_idle(StakingPool& pool, const ExchangeRates& rates, const StakedWal& stake, uint32_t epoch,
                          uint64_t* rewards) {
  if (stake.activation_epoch > epoch)
    return reduce(pool.pending_stake, stake.activation_epoch, stake.principal) ? PoolFailure{} : kPoolCalculation;
  add(pool.pending_shares_withdraw, epoch, to_shares(rate_at(pool, rates, stake.activation_epoch), stake.principal));
  *rewards = earned(pool, rates, stake, epoch);
  return {};
}

}  // namespace

PoolExchangeRate make_rate(uint64_t wal, uint64_t shares) {
  if (wal == 0 || shares == 0) return FlatRate{};
  return VariableRate{{wal, 0}, {shares, 0}};
}

uint64_t to_wal(const PoolExchangeRate& rate, uint64_t shares) {
  const auto* variable = std::get_if<VariableRate>(&rate);
  if (variable == nullptr) return shares;
  return times(shares, variable->wal_amount.low, variable->share_amount.low);
}

uint64_t to_shares(const PoolExchangeRate& rate, uint64_t wal) {
  const auto* variable = std::get_if<VariableRate>(&rate);
  if (variable == nullptr) return wal;
  return times(wal, variable->share_amount.low, variable->wal_amount.low);
}

PoolExchangeRate rate_at(const StakingPool& pool, const ExchangeRates& rates, uint32_t epoch) {
  // No rate is younger than the last epoch into which the pool went.
  for (uint64_t e = uint64_t{std::min(epoch, pool.latest_epoch)} + 1; e-- > pool.activation_epoch;)
    if (const auto rate = rates.at(static_cast<uint32_t>(e))) return *rate;
  return FlatRate{};
}

bool has_room(const StakingPool& pool, uint64_t frost) {
  uint64_t sum = pool.wal_balance;
  for (const auto& [epoch, amount] : pool.pending_stake)
    if (__builtin_add_overflow(sum, amount, &sum)) return false;
  return !__builtin_add_overflow(sum, frost, &sum);
}

bool is_active(const StakingPool& pool) { return std::holds_alternative<walrusfs::sui::PoolActive>(pool.state); }

uint32_t activation_of(const PoolMoment& moment) { return moment.epoch + (moment.next_selected ? 2 : 1); }

PoolFailure add_stake(StakingPool& pool, uint64_t frost, const PoolMoment& moment) {
  if (!is_active(pool)) return kPoolNotActive;
  if (frost == 0) return kZeroStake;
  add(pool.pending_stake, activation_of(moment), frost);
  return {};
}

bool can_withdraw_early(const StakedWal& stake, const PoolMoment& moment) {
  if (withdrawing(stake) != nullptr) return false;
  return stake.activation_epoch == moment.epoch + 2 || (stake.activation_epoch == moment.epoch + 1 && !moment.in_next);
}

PoolFailure request_withdrawal(StakingPool& pool, const ExchangeRates& rates, StakedWal& stake,
                               const PoolMoment& moment) {
  if (stake.principal == 0) return kZeroStake;
  if (withdrawing(stake) != nullptr) return kNotStaked;
  if (can_withdraw_early(stake, moment)) return kWithdrawDirectly;
  if (stake.activation_epoch == moment.epoch + 1) {
    // It already counts for the next committee, and leaves after that one epoch.
    add(pool.pre_active_withdrawals, moment.epoch + 2, stake.principal);
    stake.state = StakeWithdrawing{moment.epoch + 2};
    return {};
  }
  if (stake.activation_epoch > moment.epoch) return kActivationEpochNotReached;
  if (!moment.in_next && !moment.in_current) return kWithdrawDirectly;
  const uint32_t when = moment.epoch + (moment.in_next ? 2 : 1);
  const uint64_t shares = to_shares(rate_at(pool, rates, stake.activation_epoch), stake.principal);
  if (shares == 0) return kZeroShares;
  add(pool.pending_shares_withdraw, when, shares);
  stake.state = StakeWithdrawing{when};
  return {};
}

PoolFailure withdraw(StakingPool& pool, const ExchangeRates& rates, const StakedWal& stake, const PoolMoment& moment,
                     uint64_t* rewards) {
  *rewards = 0;
  if (stake.principal == 0) return kZeroStake;
  const StakeWithdrawing* leaving = withdrawing(stake);
  if (can_withdraw_early(stake, moment)) {
    if (!reduce(pool.pending_stake, stake.activation_epoch, stake.principal)) return kPoolCalculation;
    return {};
  }
  if (!moment.in_current && !moment.in_next && leaving == nullptr) {
    if (const PoolFailure failed = withdraw_idle(pool, rates, stake, moment.epoch, rewards)) return failed;
  } else {
    if (leaving == nullptr) return kStakeNotWithdrawing;
    if (leaving->epoch > moment.epoch) return kWithdrawEpochNotReached;
    if (stake.activation_epoch > moment.epoch) return kActivationEpochNotReached;
    *rewards = earned(pool, rates, stake, leaving->epoch);
  }
  // Roundings may leave a little less than was earned.
  *rewards = std::min(*rewards, pool.rewards_pool);
  pool.rewards_pool -= *rewards;
  return {};
}

uint64_t balance_at(const StakingPool& pool, const ExchangeRates& rates, uint32_t epoch) {
  const uint64_t leaving = to_wal(make_rate(pool.wal_balance, pool.num_shares), shares_leaving(pool, rates, epoch));
  const uint64_t balance = pool.wal_balance + sum_until(pool.pending_stake, epoch);
  return balance - std::min(balance, leaving);
}

PoolFailure advance(StakingPool& pool, ExchangeRates& rates, uint64_t rewards, uint32_t epoch) {
  if (epoch <= pool.latest_epoch) return kPoolAlreadyUpdated;
  if (rewards > 0 && pool.wal_balance == 0) return kIncorrectEpochAdvance;
  const uint64_t commission = times(rewards, pool.commission_rate, kBasisPoints);
  pool.commission += commission;
  pool.rewards_pool += rewards - commission;
  pool.wal_balance += rewards - commission;
  // Of the epoch that begins, and not of one that the pool spent outside of the committee.
  if (const auto rate = find(pool.pending_commission_rate, epoch); rate != pool.pending_commission_rate.end()) {
    pool.commission_rate = static_cast<uint16_t>(rate->second);
    flush(pool.pending_commission_rate, epoch);
  }
  pool.latest_epoch = epoch;
  if (pool.node_info.next_epoch_public_key) {
    pool.node_info.public_key = *pool.node_info.next_epoch_public_key;
    pool.node_info.next_epoch_public_key.reset();
  }

  const PoolExchangeRate rate = make_rate(pool.wal_balance, pool.num_shares);
  rates.add(epoch, rate);
  pool.wal_balance = balance_at(pool, rates, epoch);
  flush(pool.pending_stake, epoch);
  flush(pool.pending_shares_withdraw, epoch);
  flush(pool.pre_active_withdrawals, epoch);
  pool.num_shares = to_shares(rate, pool.wal_balance);
  return {};
}

PoolFailure announce_commission(StakingPool& pool, uint16_t rate, uint32_t epoch) {
  if (rate > kBasisPoints) return kIncorrectCommissionRate;
  const auto found = find(pool.pending_commission_rate, epoch + 2);
  if (found == pool.pending_commission_rate.end()) {
    pool.pending_commission_rate.emplace_back(epoch + 2, rate);
  } else {
    found->second = rate;
  }
  return {};
}

}  // namespace walrusfs::localnet::sui
