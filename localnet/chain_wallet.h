// The wallet that the publisher stores with: an Ed25519 key in the network's folder, and transactions of Walrus that it
// signs and the full node executes, one after the other. When its coins run low, the network's faucet fills them up.
//
// Safe to call from any thread.
#pragma once

#include <functional>
#include <memory>

#include "base/mutex.h"
#include "base/rng.h"
#include "client/sui/keys.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet {

// A transaction that is being built: arguments as Walrus's functions take them.
struct WalletTransaction {
  const sui::FullNode& node;
  const sui::Network network;
  sui::TransactionBuilder builder;
  // One coin that holds what run() was told is needed; any argument when that was nothing.
  sui::Argument wal;

  sui::Argument system_object(bool is_mutable);
  // kNotFound when it is no object of its own.
  Result<sui::Argument> owned(const sui::ObjectId& id);
  // Shared and to be changed.
  Result<sui::Argument> shared(const sui::ObjectId& id);
  sui::Argument call(std::string module, std::string function, std::vector<sui::Argument> arguments);
};

// The key in `path`, made when it is missing. kCorrupt when the file holds no key.
Result<sui::Keypair> load_wallet_key(Files& files, Rng& rng, const std::string& path);

class ChainWallet {
 public:
  // With the key in `path`, as load_wallet_key() has it. `node` must outlive the wallet.
  static Result<std::unique_ptr<ChainWallet>> open(Files& files, Rng& rng, const std::string& path,
                                                   sui::FullNode& node);

  const sui::Address& address() const { return key_.address(); }

  // Builds, signs and executes; `frost` is what it may cost in WAL. Built anew when somebody else who has the key was
  // quicker with an object. An error when the node refuses it or `build` does; a transaction that fails while it runs
  // is Effects with a failure.
  using Build = std::function<Status(WalletTransaction&)>;
  Result<sui::Effects> run(uint64_t frost, const Build& build);

 private:
  ChainWallet(sui::Keypair key, sui::FullNode& node) : key_(std::move(key)), node_(node) {}
  Status fill_up(uint64_t frost) REQUIRES(mutex_);
  Result<sui::Effects> try_once(uint64_t frost, const Build& build) REQUIRES(mutex_);
  // Merges what is needed into the first one.
  Result<sui::Argument> wal_coin(WalletTransaction& transaction, uint64_t frost) REQUIRES(mutex_);

  const sui::Keypair key_;
  Mutex mutex_;  // one transaction at a time: each one uses up the version of the gas coin; taken before the node's
  sui::FullNode& node_;
};

}  // namespace walrusfs::localnet
