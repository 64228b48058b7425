// A Sui full node as far as Walrus needs one, without its wire: objects, transactions, balances, a faucet.
//
// Safe to call from any thread; transactions run one after the other. What execute() answered survives a crash. Reads
// are of now, or of a checkpoint that is past (`as_of`), as far back as History reaches.
// Errors: kInvalidArgument when a transaction is refused before it runs (malformed, badly signed, inputs that moved
// on); a transaction that fails while it runs is a Record with a failure in its effects. kUnavailable and kInternal
// when the chain cannot be read; calls that return no Result throw ChainTrouble then.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "base/mutex.h"
#include "localnet/sui/chain_store.h"
#include "localnet/sui/history.h"
#include "localnet/sui/simulator.h"

namespace walrusfs::localnet::sui {

struct CoinTotal {
  uint64_t balance = 0;
  size_t coins = 0;
};

class FullNode {
 public:
  // All must outlive it.
  FullNode(ChainStore& store, const CertificateVerifier& certificates, Clock& clock)
      : store_(store), certificates_(certificates), clock_(clock), height_(store.height()) {}

  Network network() const;
  // Waits for nobody, so that it is cheap to ask whether there is anything new.
  uint64_t height() const { return height_; }
  uint64_t now_ms() const;

  // The last checkpoint so long ago.
  uint64_t checkpoint_behind(Millis behind) const;

  std::optional<Object> object(const ObjectId& id, std::optional<uint64_t> as_of = {}) const;
  std::vector<Object> owned_by(const Address& owner, const std::optional<TypeTag>& type,
                               const std::optional<ObjectId>& after, size_t limit,
                               std::optional<uint64_t> as_of = {}) const;
  CoinTotal balance(const Address& owner, const TypeTag& coin_type, std::optional<uint64_t> as_of = {}) const;
  std::optional<Record> transaction(const SuiDigest& digest) const;
  std::vector<Record> transactions_after(uint64_t checkpoint, size_t limit) const;

  // The same bytes again answer with what they did the first time.
  Result<Record> execute(ByteView bytes, const std::vector<Bytes>& signatures);
  // What it would do, without signatures and without a trace. Gas that nobody is named to pay is made up.
  Result<Execution> simulate(const TransactionData& data, Checks checks = Checks::kOn,
                             std::optional<uint64_t> as_of = {}) const;

  // New coins out of nothing.
  Result<Record> grant(const Address& to, uint64_t mist, uint64_t frost);

  // What the network itself does: changes of epochs, nodes. `action` runs as a Move call of `sender` would, all of it
  // or nothing; kNotPermitted when the contract refuses.
  Result<Record> act(const Address& sender, const Action& action);

  // All objects as they are in one moment, for whoever reads what Move calls read. Nothing that `look` writes stays; it
  // must not call back.
  void read(const std::function<void(Call&)>& look) const;

 private:
  Rules rules() const REQUIRES(mutex_);
  Result<Record> run(const TransactionData& data, ByteView bytes, const std::vector<Bytes>& signatures);
  Result<Record> keep(Execution execution, Bytes bytes, std::vector<Bytes> signatures) REQUIRES(mutex_);

  mutable Mutex mutex_;
  ChainStore& store_ GUARDED_BY(mutex_);
  History history_ GUARDED_BY(mutex_);
  const CertificateVerifier& certificates_;
  Clock& clock_;
  std::atomic<uint64_t> height_;
};

}  // namespace walrusfs::localnet::sui
