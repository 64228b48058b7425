#include "localnet/chain_wallet.h"

#include "base/log.h"
#include "localnet/key_file.h"
#include "localnet/sui/resolver.h"

namespace walrusfs::localnet {
namespace {

// Filled up to `kFull` when there is less than `kLow`: gas for thousands of transactions, storage for terabytes.
constexpr uint64_t kLowMist = 100'000'000'000, kFullMist = 10'000'000'000'000;
constexpr uint64_t kFullFrost = 100'000'000'000'000;
constexpr size_t kCoinsLookedAt = 256;
constexpr int kTries = 3;

uint64_t balance_of(const sui::Object& coin) {
  return bcs_decode<sui::Coin>(coin.contents, "a coin of this ledger").value().balance;
}

Result<sui::Object> existing(const sui::FullNode& node, const sui::ObjectId& id) {
  auto object = node.object(id);
  if (!object) return Error(Code::kNotFound, "there is no object " + id.to_string());
  return std::move(*object);
}

}  // namespace

sui::Argument WalletTransaction::system_object(bool is_mutable) {
  constexpr uint64_t kInitialVersion = 1;
  return builder.shared(network.system, kInitialVersion, is_mutable);
}

Result<sui::Argument> WalletTransaction::owned(const sui::ObjectId& id) {
  WFS_ASSIGN(const sui::Object object, existing(node, id));
  return builder.object(object.ref());
}

Result<sui::Argument> WalletTransaction::shared(const sui::ObjectId& id) {
  WFS_ASSIGN(const sui::Object object, existing(node, id));
  const auto* owner = std::get_if<sui::SharedOwner>(&object.owner);
  if (owner == nullptr) return Error(Code::kInvalidArgument, "object " + id.to_string() + " is not shared");
  return builder.shared(id, owner->initial_version, true);
}

sui::Argument WalletTransaction::call(std::string module, std::string function,
                                      std::vector<sui::Argument> arguments) {
  return builder.call(network.packages.walrus_current, std::move(module), std::move(function), std::move(arguments));
}

Result<sui::Keypair> load_wallet_key(Files& files, Rng& rng, const std::string& path) {
  WFS_ASSIGN(const SigningKey stored, load_or_create_key(files, rng, path, KeyScheme::kEd25519));
  return sui::Keypair::create(KeyScheme::kEd25519, stored.secret());
}

Result<std::unique_ptr<ChainWallet>> ChainWallet::open(Files& files, Rng& rng, const std::string& path,
                                                       sui::FullNode& node) {
  WFS_ASSIGN(sui::Keypair key, load_wallet_key(files, rng, path));
  return std::unique_ptr<ChainWallet>(new ChainWallet(std::move(key), node));
}

Status ChainWallet::fill_up(uint64_t frost) {
  const uint64_t mist_left = node_.balance(address(), sui::sui_coin_type()).balance;
  const uint64_t frost_left = node_.balance(address(), node_.network().packages.wal_type()).balance;
  const uint64_t mist_given = mist_left < kLowMist ? kFullMist : 0;
  const uint64_t frost_given = frost_left < frost ? std::max(frost, kFullFrost) : 0;
  if (mist_given == 0 && frost_given == 0) return {};
  auto granted = node_.grant(address(), mist_given, frost_given);
  return granted ? ok_status() : Status(granted.error());
}

Result<sui::Argument> ChainWallet::wal_coin(WalletTransaction& transaction, uint64_t frost) {
  const auto type = sui::coin_of(transaction.network.packages.wal_type());
  uint64_t sum = 0;
  std::vector<sui::Argument> coins;
  for (const sui::Object& coin : node_.owned_by(address(), type, {}, kCoinsLookedAt)) {
    if (sum >= frost && !coins.empty()) break;
    if (const uint64_t more = balance_of(coin); __builtin_add_overflow(sum, more, &sum)) break;
    coins.push_back(transaction.builder.object(coin.ref()));
  }
  if (sum < frost) return Error(Code::kNoSpace, "the wallet's WAL lies in too many small coins: merge them");
  if (coins.size() > 1)
    transaction.builder.merge(coins.front(), std::vector<sui::Argument>(coins.begin() + 1, coins.end()));
  return coins.front();
}

Result<sui::Effects> ChainWallet::try_once(uint64_t frost, const Build& build) {
  WalletTransaction transaction{node_, node_.network(), {}, {}};
  if (frost > 0) {
    WFS_ASSIGN(transaction.wal, wal_coin(transaction, frost));
  }
  WFS_TRY(build(transaction));
  sui::GasData gas;
  gas.owner = address();
  gas.price = transaction.network.gas_price;
  auto data = transaction.builder.finish(address(), std::move(gas), sui::NoExpiration{});
  WFS_TRY(select_gas(node_, data));
  const Bytes bytes = data.encode();
  WFS_ASSIGN(const Bytes signature, key_.sign_transaction(bytes));
  WFS_ASSIGN(sui::Record record, node_.execute(bytes, {signature}));
  return std::move(record.effects);
}

Result<sui::Effects> ChainWallet::run(uint64_t frost, const Build& build) {
  const MutexLock lock(mutex_);
  WFS_TRY(fill_up(frost));
  for (int tries_left = kTries;; --tries_left) {
    auto effects = try_once(frost, build);
    if (effects || effects.error().code() != Code::kInvalidArgument || tries_left == 1) return effects;
    log_warn("wallet: built anew: {}", effects.error().message());
  }
}

}  // namespace walrusfs::localnet
