// The arithmetic of a staking pool: stake that comes and goes by epochs, shares and what they are worth, rewards and
// commission. The contract's rules (module staking_pool), as functions over the pool's object.
//
// Stake counts from the next epoch on, or from the one after when the next committee is already chosen. A stake is as
// many shares as its WAL bought in the epoch in which it began to count; rewards make shares worth more. The rate of
// every epoch in which the pool was in the committee is kept.
#pragma once

#include <optional>

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {

using walrusfs::sui::PoolExchangeRate;
using walrusfs::sui::StakedWal;
using walrusfs::sui::StakingPool;

// Abort codes of staking_pool.
enum : uint64_t {
  kPoolAlreadyUpdated = 0,
  kPoolCalculation = 1,
  kIncorrectEpochAdvance = 2,
  kInvalidProofOfPossession = 4,
  kPoolAlreadyWithdrawing = 5,
  kPoolNotActive = 6,
  kZeroStake = 7,
  kNotStaked = 8,
  kIncorrectPoolId = 9,
  kStakeNotWithdrawing = 10,
  kWithdrawEpochNotReached = 11,
  kActivationEpochNotReached = 12,
  kWithdrawDirectly = 13,
  kIncorrectCommissionRate = 14,
  kAuthorizationFailure = 15,
  kInvalidAddressLength = 16,
  kInvalidNameLength = 17,
  kZeroShares = 18,
};
constexpr uint16_t kBasisPoints = 10'000;
constexpr size_t kMaxNodeNameBytes = 100, kMaxNodeAddressBytes = 259;
constexpr uint64_t kLeastStake = 1'000'000'000;  // FROST in one StakedWal

// ---- rates

// Flat when either is nothing: dust that no share claims buys shares one to one.
PoolExchangeRate make_rate(uint64_t wal, uint64_t shares);
uint64_t to_wal(const PoolExchangeRate& rate, uint64_t shares);
uint64_t to_shares(const PoolExchangeRate& rate, uint64_t wal);

// The rates that a pool has had, by epoch.
class ExchangeRates {
 public:
  virtual ~ExchangeRates() = default;
  virtual std::optional<PoolExchangeRate> at(uint32_t epoch) const = 0;
  virtual void add(uint32_t epoch, const PoolExchangeRate& rate) = 0;
};
// The rate of that epoch, or the last one before it.
PoolExchangeRate rate_at(const StakingPool& pool, const ExchangeRates& rates, uint32_t epoch);

// ---- stake

// Where the network stands, for one pool.
struct PoolMoment {
  uint32_t epoch = 0;
  bool next_selected = false;  // the next committee is chosen
  bool in_current = false, in_next = false;
};

// The abort code; nothing when all went well.
using PoolFailure = std::optional<uint64_t>;

bool is_active(const StakingPool& pool);
// All that a pool may hold fits 64 bits.
bool has_room(const StakingPool& pool, uint64_t frost);
// The epoch from which on the stake counts.
uint32_t activation_of(const PoolMoment& moment);
PoolFailure add_stake(StakingPool& pool, uint64_t frost, const PoolMoment& moment);

// Whether it can be taken out in one step, as it has never counted for a committee.
bool can_withdraw_early(const StakedWal& stake, const PoolMoment& moment);
PoolFailure request_withdrawal(StakingPool& pool, const ExchangeRates& rates, StakedWal& stake,
                               const PoolMoment& moment);
// Takes it out; `rewards` leave the pool's rewards with it.
PoolFailure withdraw(StakingPool& pool, const ExchangeRates& rates, const StakedWal& stake, const PoolMoment& moment,
                     uint64_t* rewards);
// What the pool's stake will be in that epoch.
uint64_t balance_at(const StakingPool& pool, const ExchangeRates& rates, uint32_t epoch);

// ---- epochs

// Into `epoch`: commission and rewards of the one before, then stake that begins or ends to count. Key and commission
// rate that were announced are in force.
PoolFailure advance(StakingPool& pool, ExchangeRates& rates, uint64_t rewards, uint32_t epoch);
PoolFailure announce_commission(StakingPool& pool, uint16_t rate, uint32_t epoch);

}  // namespace walrusfs::localnet::sui
