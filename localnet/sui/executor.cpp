#include "localnet/sui/executor.h"

#include <algorithm>
#include <map>
#include <set>

#include "localnet/sui/machine.h"

namespace walrusfs::localnet::sui {
namespace {

// One percent of what storage costs does not come back.
constexpr uint64_t kRebatePercent = 99;

Error refused(const std::string& why) { return Error(Code::kInvalidArgument, why); }

// ---- before it runs

class Inspector {
 public:
  Inspector(const Rules& rules, const TransactionData& data) : rules_(rules), data_(data) {}

  Status check();
  const std::vector<Object>& owned() const { return owned_; }    // without gas coins
  const std::vector<Object>& shared() const { return shared_; }  // mutable ones
  const std::vector<Object>& gas() const { return gas_; }
  uint64_t highest_version() const { return highest_version_; }

 private:
  Status check_expiration() const;
  Status check_input(const CallArg& input);
  Status check_shared(const SharedObject& wanted);
  Result<Object> check_owned(const ObjectRef& wanted, const Address& owner, std::set<ObjectId>& seen);
  Status check_gas();

  const Rules& rules_;
  const TransactionData& data_;
  std::set<ObjectId> seen_;
  std::vector<Object> owned_, shared_, gas_;
  uint64_t highest_version_ = 0;
};

Status Inspector::check() {
  WFS_TRY(check_expiration());
  for (const CallArg& input : data_.programmable.inputs) WFS_TRY(check_input(input));
  return check_gas();
}

Status Inspector::check_expiration() const {
  const uint64_t now = rules_.network.sui_epoch;
  if (const auto* epoch = std::get_if<EpochExpiration>(&data_.expiration); epoch != nullptr && epoch->epoch < now)
    return refused("the transaction has expired");
  const auto* validity = std::get_if<Validity>(&data_.expiration);
  const auto* during = validity != nullptr ? &validity->during : std::get_if<ValidDuring>(&data_.expiration);
  if (during == nullptr) return ok_status();
  if (during->chain != rules_.network.chain) return refused("the transaction is for another chain");
  if (during->min_epoch.value_or(0) > now || during->max_epoch.value_or(UINT64_MAX) < now)
    return refused("the transaction has expired");
  return ok_status();
}

Status Inspector::check_input(const CallArg& input) {
  if (std::holds_alternative<FundsWithdrawal>(input)) return refused("address balances are not kept by this network");
  const auto* object = std::get_if<ObjectArg>(&input);
  if (object == nullptr) return ok_status();
  if (const auto* shared = std::get_if<SharedObject>(object)) return check_shared(*shared);
  const auto* owned = std::get_if<ObjectRef>(object);
  if (owned == nullptr) return refused("receiving objects is not supported");
  WFS_ASSIGN(Object found, check_owned(*owned, data_.sender, seen_));
  owned_.push_back(std::move(found));
  return ok_status();
}

Status Inspector::check_shared(const SharedObject& wanted) {
  const auto found = rules_.objects.find(wanted.id);
  if (!seen_.insert(wanted.id).second) return refused("object " + wanted.id.to_string() + " is an input twice");
  if (!found) return refused("object " + wanted.id.to_string() + " does not exist");
  const auto* shared = std::get_if<SharedOwner>(&found->owner);
  if (shared == nullptr) return refused("object " + wanted.id.to_string() + " is not shared");
  if (shared->initial_version != wanted.initial_shared_version)
    return refused("object " + wanted.id.to_string() + " was shared at version " +
                   std::to_string(shared->initial_version));
  if (wanted.mutability > 1) return refused("object " + wanted.id.to_string() + " cannot be written this way");
  highest_version_ = std::max(highest_version_, found->version);
  if (wanted.mutability == 1) shared_.push_back(*found);
  return ok_status();
}

Result<Object> Inspector::check_owned(const ObjectRef& wanted, const Address& owner, std::set<ObjectId>& seen) {
  const std::string name = "object " + wanted.id.to_string();
  if (!seen.insert(wanted.id).second) return refused(name + " is an input twice");
  const auto found = rules_.objects.find(wanted.id);
  if (!found) return refused(name + " does not exist at version " + std::to_string(wanted.version));
  const auto* account = std::get_if<AddressOwner>(&found->owner);
  const bool immutable = std::holds_alternative<ImmutableOwner>(found->owner);
  if (account == nullptr && !immutable) return refused(name + " is shared, or owned by another object");
  if (found->version != wanted.version)
    return refused(name + " version " + std::to_string(wanted.version) +
                   " is not available for consumption, current version: " + std::to_string(found->version));
  if (found->digest() != wanted.digest) return refused(name + " has another digest at this version");
  if (account != nullptr && account->address != owner)
    return refused(name + " is owned by " + account->address.to_string() + ", not by " + owner.to_string());
  highest_version_ = std::max(highest_version_, found->version);
  return *found;
}

Status Inspector::check_gas() {
  const GasData& gas = data_.gas;
  if (gas.payment.empty()) return refused("no gas coin is named; address balances are not kept by this network");
  if (gas.price < rules_.network.gas_price)
    return refused("gas price " + std::to_string(gas.price) + " is below the reference gas price " +
                   std::to_string(rules_.network.gas_price));
  if (gas.price > kMaxGasBudget / kComputationUnits) return refused("the gas price is too high");
  if (gas.budget > kMaxGasBudget)
    return refused("the gas budget is above the maximum of " + std::to_string(kMaxGasBudget));
  if (gas.budget < gas.price * kComputationUnits) return refused("the gas budget is too low to run anything");
  uint64_t balance = 0;
  for (const ObjectRef& coin : gas.payment) {
    WFS_ASSIGN(Object object, check_owned(coin, gas.owner, seen_));
    if (object.type != coin_of(sui_coin_type()) || !std::holds_alternative<AddressOwner>(object.owner))
      return refused("gas object " + coin.id.to_string() + " is no SUI coin");
    const uint64_t more = bcs_decode<Coin>(object.contents, "a coin").value().balance;
    if (__builtin_add_overflow(balance, more, &balance)) return refused("the gas coins hold more than can be told");
    gas_.push_back(std::move(object));
  }
  if (balance < gas.budget)
    return refused("the balance of the gas coins, " + std::to_string(balance) + ", is below the budget of " +
                   std::to_string(gas.budget));
  return ok_status();
}

// ---- running and charging

class Run {
 public:
  Run(const Rules& rules, const TransactionData& data, const SuiDigest& digest, const Inspector& inputs)
      : rules_(rules), data_(data), digest_(digest), inputs_(inputs) {}

  Execution finish();

 private:
  // All commands; nothing but the gas coins when one fails.
  Step attempt(Workspace& work);
  void fail(Workspace& work);
  void put_gas_coin(Workspace& work, uint64_t balance, const Address& owner);
  void collect(const Workspace& work);
  void collect_entry(const Workspace& work, const ObjectId& id, const Workspace::Entry& entry);
  // An object of its own that is larger than the chain allows.
  Step too_big() const;
  GasCost price() const;
  void charge(const GasCost& cost);
  void tell_changes();
  void tell_balances();
  Execution take();

  const Rules& rules_;
  const TransactionData& data_;
  const SuiDigest digest_;
  const Inspector& inputs_;
  std::map<ObjectId, Object> after_, before_;
  std::set<ObjectId> created_, deleted_;
  Execution out_;
};

uint64_t smashed_balance(const Inspector& inputs) {
  uint64_t balance = 0;
  for (const Object& coin : inputs.gas()) balance += bcs_decode<Coin>(coin.contents, "a coin").value().balance;
  return balance;
}

void Run::put_gas_coin(Workspace& work, uint64_t balance, const Address& owner) {
  const ObjectId& first = inputs_.gas()[0].id;
  work.put(first, AddressOwner{owner}, coin_of(sui_coin_type()), bcs_encode(Coin{first, balance}));
  for (size_t i = 1; i < inputs_.gas().size(); ++i) work.delete_object(inputs_.gas()[i].id);
}

Step Run::attempt(Workspace& work) {
  // What may be spent is what the budget leaves.
  const uint64_t spendable = smashed_balance(inputs_) - data_.gas.budget;
  const Value purse{coin_of(sui_coin_type()), bcs_encode(Coin{inputs_.gas()[0].id, spendable}), false};
  Machine machine(work, rules_.certificates, data_.programmable, purse);
  MOVE_TRY(machine.run());
  MOVE_TRY(machine.settle());
  const uint64_t left = bcs_decode<Coin>(machine.gas_coin()->bytes, "a coin").value().balance;
  put_gas_coin(work, left + data_.gas.budget, machine.gas_receiver().value_or(data_.gas.owner));
  return {};
}

// Inputs that could have changed get a new version, whatever happened to them.
void Run::fail(Workspace& work) {
  for (const auto* list : {&inputs_.owned(), &inputs_.shared()}) {
    for (const Object& object : *list)
      if (!std::holds_alternative<ImmutableOwner>(object.owner))
        work.put(object.id, object.owner, object.type, object.contents);
  }
  put_gas_coin(work, smashed_balance(inputs_), data_.gas.owner);
}

void Run::collect_entry(const Workspace& work, const ObjectId& id, const Workspace::Entry& entry) {
  if (!entry.written) return;
  if (entry.before) before_.emplace(id, *entry.before);
  if (work.was_created(id) && entry.live) created_.insert(id);
  // Created, too: dynamic fields, whose ids are derived and not drawn.
  if (!entry.before && entry.live && std::holds_alternative<ObjectOwner>(entry.owner)) created_.insert(id);
  if (work.was_deleted(id) && !entry.live) deleted_.insert(id);
  if (!entry.live) return;
  Object object{id, out_.effects.lamport_version, entry.owner, entry.type, entry.contents, digest_, 0};
  if (auto* shared = std::get_if<SharedOwner>(&object.owner); shared != nullptr && !entry.before)
    shared->initial_version = object.version;
  object.storage_rebate = object.gas_bytes() * kStoragePricePerByte;
  after_.emplace(id, std::move(object));
}

void Run::collect(const Workspace& work) {
  before_.clear();
  after_.clear();
  created_.clear();
  deleted_.clear();
  for (const auto& [id, entry] : work.entries()) collect_entry(work, id, entry);
}

Step Run::too_big() const {
  for (const auto& [id, object] : after_) {
    if (object.contents.size() <= kMaxObjectBytes) continue;
    Failure failure;
    failure.kind = static_cast<uint32_t>(FailureKind::kObjectTooBig);
    failure.object_bytes = object.contents.size();
    return failure;
  }
  return {};
}

GasCost Run::price() const {
  GasCost cost;
  cost.computation = data_.gas.price * kComputationUnits;
  for (const auto& [id, object] : after_) cost.storage += object.storage_rebate;
  uint64_t paid_before = 0;
  for (const auto& [id, object] : before_) paid_before += object.storage_rebate;
  cost.rebate = paid_before / 100 * kRebatePercent + paid_before % 100 * kRebatePercent / 100;
  cost.non_refundable = paid_before - cost.rebate;
  return cost;
}

void Run::charge(const GasCost& cost) {
  Object& coin = after_.at(inputs_.gas()[0].id);
  auto balance = bcs_decode<Coin>(coin.contents, "a coin").value();
  balance.balance = balance.balance + cost.rebate - cost.computation - cost.storage;
  coin.contents = bcs_encode(balance);
  out_.effects.gas = cost;
}

void Run::tell_changes() {
  std::set<ObjectId> ids;
  for (const auto& [id, object] : before_) ids.insert(id);
  for (const auto& [id, object] : after_) ids.insert(id);
  for (const ObjectId& id : ids) {
    ObjectChange change;
    change.id = id;
    const auto before = before_.find(id), after = after_.find(id);
    if (before != before_.end()) {
      change.before = {before->second.version, before->second.digest(), before->second.owner};
      change.type = before->second.type;
    }
    if (after != after_.end()) {
      change.after = {after->second.version, after->second.digest(), after->second.owner};
      change.type = after->second.type;
    }
    if (created_.contains(id)) change.id_operation = static_cast<uint8_t>(IdOperation::kCreated);
    if (deleted_.contains(id)) change.id_operation = static_cast<uint8_t>(IdOperation::kDeleted);
    out_.effects.changed.push_back(std::move(change));
  }
}

// Coins of accounts: sums before and after. All coins of one type together fit 64 bits.
void Run::tell_balances() {
  struct Sums {
    uint64_t before = 0, after = 0;
  };
  std::map<std::pair<Address, std::string>, Sums> sums;
  const auto add = [&](const Object& object, uint64_t Sums::*side) {
    const auto* account = std::get_if<AddressOwner>(&object.owner);
    if (account == nullptr || !object.type.is_struct(kSuiFramework, "coin", "Coin")) return;
    const auto coin = bcs_decode<Coin>(object.contents, "a coin").value();
    sums[{account->address, object.type.params[0].to_string()}].*side += coin.balance;
  };
  for (const auto& [id, object] : before_) add(object, &Sums::before);
  for (const auto& [id, object] : after_) add(object, &Sums::after);
  for (const auto& [who, sum] : sums) {
    if (sum.before == sum.after) continue;
    const bool less = sum.after < sum.before;
    const uint64_t amount = less ? sum.before - sum.after : sum.after - sum.before;
    out_.effects.balance_changes.push_back({who.first, TypeTag::parse(who.second).value(), less, amount});
  }
}

Execution Run::take() {
  for (auto& [id, object] : after_) out_.written.push_back(std::move(object));
  for (const auto& [id, object] : before_)
    if (!after_.contains(id)) out_.removed.push_back(id);
  return std::move(out_);
}

Execution Run::finish() {
  Effects& effects = out_.effects;
  effects.sui_epoch = rules_.network.sui_epoch;
  effects.transaction = digest_;
  effects.gas_object = inputs_.gas()[0].id;
  effects.lamport_version = inputs_.highest_version() + 1;

  Workspace work(rules_.network, rules_.objects, digest_, data_.sender);
  effects.failure = attempt(work);
  collect(work);
  if (!effects.failure) effects.failure = too_big();
  GasCost cost = price();
  if (!effects.failure && cost.computation + cost.storage > data_.gas.budget + cost.rebate) {
    effects.failure.emplace();
    effects.failure->kind = static_cast<uint32_t>(FailureKind::kInsufficientGas);
  }
  Workspace untouched(rules_.network, rules_.objects, digest_, data_.sender);
  if (effects.failure) {
    fail(untouched);
    collect(untouched);
    cost = price();
    // Storage that was there before is never more expensive than its rebate and what the budget has left.
    cost.storage = std::min(cost.storage, cost.rebate + data_.gas.budget - cost.computation);
  } else {
    effects.events = work.events();
  }
  charge(cost);
  std::set<SuiDigest> dependencies;
  for (const auto& [id, object] : before_) dependencies.insert(object.previous_transaction);
  effects.dependencies.assign(dependencies.begin(), dependencies.end());
  tell_changes();
  tell_balances();
  return take();
}

}  // namespace

Result<Execution> execute(const Rules& rules, const TransactionData& data, const SuiDigest& digest) {
  Inspector inputs(rules, data);
  WFS_TRY(inputs.check());
  return Run(rules, data, digest, inputs).finish();
}

}  // namespace walrusfs::localnet::sui
