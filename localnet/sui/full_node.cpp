#include "localnet/sui/full_node.h"

#include <algorithm>
#include <set>

#include "base/crypto.h"
#include "client/sui/keys.h"
#include "client/sui/objects.h"
#include "localnet/sui/chain_trouble.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr size_t kMostSignatures = 2;  // sender and sponsor
constexpr size_t kCoinsAtATime = 1000;

Status check_signatures(ByteView bytes, const TransactionData& data, const std::vector<Bytes>& signatures) {
  const std::set<Address> wanted = {data.sender, data.gas.owner};
  if (signatures.size() > kMostSignatures) return Error(Code::kInvalidArgument, "there are too many signatures");
  std::set<Address> found;
  for (const Bytes& signature : signatures) {
    WFS_ASSIGN(const Address signer, verify_serialized_signature(IntentScope::kTransaction, bytes, signature));
    found.insert(signer);
  }
  if (found != wanted || signatures.size() != wanted.size())
    return Error(Code::kInvalidArgument, "the signatures are not those of the sender and the owner of the gas");
  return ok_status();
}

// A digest for what the network does by itself.
SuiDigest own_digest(const SuiDigest& chain, uint64_t checkpoint) {
  Bytes preimage = to_bytes(chain.bytes);
  append_le(preimage, checkpoint);
  return {blake2b256(preimage)};
}

Object minted(const SuiDigest& by, uint64_t index, const Address& to, TypeTag coin_type, uint64_t amount) {
  const ObjectId id = created_object_id(by, index);
  return {id, 1, AddressOwner{to}, coin_of(std::move(coin_type)), bcs_encode(Coin{id, amount}), by, 0};
}

ObjectChange created_change(const Object& object) {
  const ObjectState after{object.version, object.digest(), object.owner};
  return {object.id, std::nullopt, after, static_cast<uint8_t>(IdOperation::kCreated), object.type};
}

}  // namespace

Network FullNode::network() const {
  const MutexLock lock(mutex_);
  return store_.network();
}

uint64_t FullNode::now_ms() const { return static_cast<uint64_t>(clock_.now().ns / 1'000'000); }

uint64_t FullNode::checkpoint_behind(Millis behind) const {
  const uint64_t now = now_ms();
  const uint64_t then = now - std::min(now, static_cast<uint64_t>(behind.count()));
  const MutexLock lock(mutex_);
  return history_.checkpoint_at(then, store_.height());
}

std::optional<Object> FullNode::object(const ObjectId& id, std::optional<uint64_t> as_of) const {
  const MutexLock lock(mutex_);
  return as_of ? PastObjects(store_, history_, *as_of).find(id) : store_.find(id);
}

std::vector<Object> FullNode::owned_by(const Address& owner, const std::optional<TypeTag>& type,
                                       const std::optional<ObjectId>& after, size_t limit,
                                       std::optional<uint64_t> as_of) const {
  const MutexLock lock(mutex_);
  if (as_of) return PastObjects(store_, history_, *as_of).owned_by(owner, type, after, limit);
  return store_.owned_by(owner, type, after, limit);
}

CoinTotal FullNode::balance(const Address& owner, const TypeTag& coin_type, std::optional<uint64_t> as_of) const {
  CoinTotal total;
  std::optional<ObjectId> after;
  for (;;) {
    const auto coins = owned_by(owner, coin_of(coin_type), after, kCoinsAtATime, as_of);
    for (const Object& object : coins) {
      const uint64_t more = bcs_decode<Coin>(object.contents, "a coin").value().balance;
      total.balance = more > UINT64_MAX - total.balance ? UINT64_MAX : total.balance + more;
      ++total.coins;
    }
    if (coins.size() < kCoinsAtATime) return total;
    after = coins.back().id;
  }
}

std::optional<Record> FullNode::transaction(const SuiDigest& digest) const {
  const MutexLock lock(mutex_);
  return store_.transaction(digest);
}

std::vector<Record> FullNode::transactions_after(uint64_t checkpoint, size_t limit) const {
  const MutexLock lock(mutex_);
  return store_.transactions_after(checkpoint, limit);
}

Rules FullNode::rules() const { return {store_.network(), store_, certificates_, now_ms()}; }

Result<Record> FullNode::keep(Execution execution, Bytes bytes, std::vector<Bytes> signatures) {
  Record record{std::move(bytes), std::move(signatures), std::move(execution.effects), 0, now_ms()};
  History::Before before;
  for (const Object& object : execution.written) before.emplace_back(object.id, store_.find(object.id));
  for (const ObjectId& id : execution.removed) before.emplace_back(id, store_.find(id));
  WFS_TRY(store_.apply(execution, record));
  history_.add(record.checkpoint, record.time_ms, std::move(before));
  height_ = record.checkpoint;
  return record;
}

Result<Record> FullNode::execute(ByteView bytes, const std::vector<Bytes>& signatures) {
  WFS_ASSIGN(const TransactionData data, TransactionData::decode(bytes));
  WFS_TRY(check_signatures(bytes, data, signatures));
  return or_trouble([&] { return run(data, bytes, signatures); });
}

Result<Record> FullNode::run(const TransactionData& data, ByteView bytes, const std::vector<Bytes>& signatures) {
  const SuiDigest digest = transaction_digest(bytes);
  const MutexLock lock(mutex_);
  if (auto known = store_.transaction(digest)) return std::move(*known);
  WFS_ASSIGN(Execution execution, sui::execute(rules(), data, digest));
  return keep(std::move(execution), to_bytes(bytes), signatures);
}

Result<Execution> FullNode::simulate(const TransactionData& data, Checks checks,
                                     std::optional<uint64_t> as_of) const {
  return or_trouble([&]() -> Result<Execution> {
    const MutexLock lock(mutex_);
    const Rules now = rules();
    if (!as_of) return sui::simulate(now, data, checks);
    const PastObjects past(store_, history_, *as_of);
    return sui::simulate({now.network, past, now.certificates, now.now_ms}, data, checks);
  });
}

Result<Record> FullNode::grant(const Address& to, uint64_t mist, uint64_t frost) {
  return or_trouble([&]() -> Result<Record> {
    const MutexLock lock(mutex_);
    const Network& network = store_.network();
    Execution execution;
    execution.effects.transaction = own_digest(network.chain, store_.height() + 1);
    execution.effects.lamport_version = 1;
    const SuiDigest& by = execution.effects.transaction;
    if (mist > 0) execution.written.push_back(minted(by, 0, to, sui_coin_type(), mist));
    if (frost > 0) execution.written.push_back(minted(by, 1, to, network.packages.wal_type(), frost));
    for (const Object& coin : execution.written) execution.effects.changed.push_back(created_change(coin));
    return keep(std::move(execution), {}, {});
  });
}

Result<Record> FullNode::act(const Address& sender, const Action& action) {
  return or_trouble([&]() -> Result<Record> {
    const MutexLock lock(mutex_);
    const SuiDigest digest = own_digest(store_.network().chain, store_.height() + 1);
    WFS_ASSIGN(Execution execution, perform(rules(), action, sender, digest));
    return keep(std::move(execution), {}, {});
  });
}

void FullNode::read(const std::function<void(Call&)>& look) const {
  const MutexLock lock(mutex_);
  Workspace work(store_.network(), store_, {}, {}, now_ms());
  const std::vector<TypeTag> no_types;
  Call call(work, certificates_, no_types);
  look(call);
}

}  // namespace walrusfs::localnet::sui
