// Coins of the framework, and the exchange of SUI for WAL.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kNonZero = 0, kOverflow = 1, kNotEnough = 2;      // of 0x2::balance
enum : uint64_t { kInsufficientFunds = 0, kInsufficientInput = 1 };  // of wal_exchange

Step destroy_zero(Call& call) {
  const auto coin = call.get<Coin>(0);
  if (coin.balance != 0) return call.framework_abort("balance", "destroy_zero", kNonZero);
  call.work.delete_id(coin.id);
  return {};
}

Step zero(Call& call) {
  call.give(coin_of(call.types[0]), Coin{call.work.new_id(), 0});
  return {};
}

Step join(Call& call) {
  auto coin = call.get<Coin>(0);
  const auto other = call.get<Coin>(1);
  if (__builtin_add_overflow(coin.balance, other.balance, &coin.balance))
    return call.framework_abort("balance", "join", kOverflow);
  call.work.delete_id(other.id);
  call.set(0, coin);
  return {};
}

// ---- wal_exchange

Failure exchange_abort(const Call& call, uint64_t code) {
  return Call::abort_in(call.packages.exchange, "wal_exchange", "exchange", code);
}

// amount × numerator / denominator; nothing when that is no u64.
std::optional<uint64_t> at_rate(uint64_t amount, uint64_t numerator, uint64_t denominator) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(amount) * numerator / denominator;
  if (product > UINT64_MAX) return std::nullopt;
  return static_cast<uint64_t>(product);
}

Step exchange_to_wal(Call& call, uint64_t sui) {
  auto exchange = call.get<Exchange>(0);
  const auto wal = at_rate(sui, exchange.rate.wal, exchange.rate.sui);
  if (sui == 0) return exchange_abort(call, kInsufficientInput);
  if (!wal || *wal > exchange.wal || sui > UINT64_MAX - exchange.sui) return exchange_abort(call, kInsufficientFunds);
  exchange.wal -= *wal;
  exchange.sui += sui;
  call.set(0, exchange);
  call.give(coin_of(call.packages.wal_type()), Coin{call.work.new_id(), *wal});
  return {};
}

Step exchange_to_sui(Call& call, uint64_t wal) {
  auto exchange = call.get<Exchange>(0);
  const auto sui = at_rate(wal, exchange.rate.sui, exchange.rate.wal);
  if (wal == 0) return exchange_abort(call, kInsufficientInput);
  if (!sui || *sui > exchange.sui || wal > UINT64_MAX - exchange.wal) return exchange_abort(call, kInsufficientFunds);
  exchange.sui -= *sui;
  exchange.wal += wal;
  call.set(0, exchange);
  call.give(coin_of(sui_coin_type()), Coin{call.work.new_id(), *sui});
  return {};
}

Step take_from_coin(Call& call, uint64_t amount) {
  auto coin = call.get<Coin>(1);
  if (coin.balance < amount) return call.framework_abort("balance", "split", kNotEnough);
  coin.balance -= amount;
  call.set(1, coin);
  return {};
}

uint64_t spend_whole_coin(Call& call) {
  const auto coin = call.get<Coin>(1);
  call.work.delete_id(coin.id);
  return coin.balance;
}

Step exchange_all_for_wal(Call& call) { return exchange_to_wal(call, spend_whole_coin(call)); }
Step exchange_all_for_sui(Call& call) { return exchange_to_sui(call, spend_whole_coin(call)); }

Step exchange_for_wal(Call& call) {
  MOVE_TRY(take_from_coin(call, call.get<uint64_t>(2)));
  return exchange_to_wal(call, call.get<uint64_t>(2));
}

Step exchange_for_sui(Call& call) {
  MOVE_TRY(take_from_coin(call, call.get<uint64_t>(2)));
  return exchange_to_sui(call, call.get<uint64_t>(2));
}

}  // namespace

std::span<const MoveFunction> coin_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kFramework = MoveFunction::Where::kFramework;
  constexpr auto kExchangePackage = MoveFunction::Where::kExchange;
  static const std::vector<MoveFunction> table = {
      {kFramework, "coin", "destroy_zero", {value(kCoinAny)}, 1, destroy_zero},
      {kFramework, "coin", "zero", {}, 1, zero},
      {kFramework, "coin", "join", {mut(kCoinAny), value(kCoinAny)}, 1, join},
      {kExchangePackage,
       "wal_exchange",
       "exchange_all_for_wal",
       {mut(kExchange), value(kCoinSui)},
       0,
       exchange_all_for_wal},
      {kExchangePackage,
       "wal_exchange",
       "exchange_for_wal",
       {mut(kExchange), mut(kCoinSui), value(kU64)},
       0,
       exchange_for_wal},
      {kExchangePackage,
       "wal_exchange",
       "exchange_all_for_sui",
       {mut(kExchange), value(kCoinWal)},
       0,
       exchange_all_for_sui},
      {kExchangePackage,
       "wal_exchange",
       "exchange_for_sui",
       {mut(kExchange), mut(kCoinWal), value(kU64)},
       0,
       exchange_for_sui},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
