#include "localnet/sui/executor.h"

#include <algorithm>
#include <set>

#include "localnet/sui/changes.h"
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
  if (account != nullptr && account->address != owner && !rules_.any_owner)
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
  // What the workspace did, its storage paid by this transaction.
  void collect(const Workspace& work);
  GasCost price() const;
  void charge(const GasCost& cost);

  const Rules& rules_;
  const TransactionData& data_;
  const SuiDigest digest_;
  const Inspector& inputs_;
  Changes changes_;
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
  out_.outputs = machine.take_outputs();
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

void Run::collect(const Workspace& work) {
  changes_ = Changes(work, out_.effects.lamport_version, digest_);
  for (auto& [id, object] : changes_.after()) object.storage_rebate = object.gas_bytes() * kStoragePricePerByte;
}

// An object of its own that is larger than the chain allows.
Step too_big(const Changes& changes) {
  for (const auto& [id, object] : changes.after()) {
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
  for (const auto& [id, object] : changes_.after()) cost.storage += object.storage_rebate;
  uint64_t paid_before = 0;
  for (const auto& [id, object] : changes_.before()) paid_before += object.storage_rebate;
  cost.rebate = paid_before / 100 * kRebatePercent + paid_before % 100 * kRebatePercent / 100;
  cost.non_refundable = paid_before - cost.rebate;
  return cost;
}

void Run::charge(const GasCost& cost) {
  Object& coin = changes_.after().at(inputs_.gas()[0].id);
  auto balance = bcs_decode<Coin>(coin.contents, "a coin").value();
  balance.balance = balance.balance + cost.rebate - cost.computation - cost.storage;
  coin.contents = bcs_encode(balance);
  out_.effects.gas = cost;
}

Execution Run::finish() {
  Effects& effects = out_.effects;
  effects.sui_epoch = rules_.network.sui_epoch;
  effects.transaction = digest_;
  effects.gas_object = inputs_.gas()[0].id;
  effects.lamport_version = inputs_.highest_version() + 1;

  Workspace work(rules_.network, rules_.objects, digest_, data_.sender, rules_.now_ms);
  effects.failure = attempt(work);
  collect(work);
  if (!effects.failure) effects.failure = too_big(changes_);
  GasCost cost = price();
  if (!effects.failure && cost.computation + cost.storage > data_.gas.budget + cost.rebate) {
    effects.failure.emplace();
    effects.failure->kind = static_cast<uint32_t>(FailureKind::kInsufficientGas);
  }
  Workspace untouched(rules_.network, rules_.objects, digest_, data_.sender, rules_.now_ms);
  if (effects.failure) {
    out_.outputs.clear();
    fail(untouched);
    collect(untouched);
    cost = price();
    // Storage that was there before is never more expensive than its rebate and what the budget has left.
    cost.storage = std::min(cost.storage, cost.rebate + data_.gas.budget - cost.computation);
  } else {
    effects.events = work.events();
  }
  charge(cost);
  changes_.tell(effects);
  out_.written = changes_.written();
  out_.removed = changes_.removed();
  return std::move(out_);
}

// The highest version of all that was looked at.
uint64_t highest_version(const Workspace& work) {
  uint64_t version = 0;
  for (const auto& [id, entry] : work.entries())
    if (entry.before) version = std::max(version, entry.before->version);
  return version;
}

}  // namespace

Result<Execution> execute(const Rules& rules, const TransactionData& data, const SuiDigest& digest) {
  Inspector inputs(rules, data);
  WFS_TRY(inputs.check());
  return Run(rules, data, digest, inputs).finish();
}

Result<Execution> perform(const Rules& rules, const Action& action, const Address& sender, const SuiDigest& digest) {
  Workspace work(rules.network, rules.objects, digest, sender, rules.now_ms);
  const std::vector<TypeTag> no_types;
  Call call(work, rules.certificates, no_types);
  if (const Step failed = action(call))
    return Error(Code::kNotPermitted, "the contract refuses: " + failed->module + "::" + failed->function +
                                          " aborts with code " + std::to_string(failed->abort_code));
  Execution out;
  out.effects.sui_epoch = rules.network.sui_epoch;
  out.effects.transaction = digest;
  out.effects.lamport_version = highest_version(work) + 1;
  out.effects.events = work.events();
  const Changes changes(work, out.effects.lamport_version, digest);
  if (const Step failed = too_big(changes)) return Error(Code::kNotPermitted, failed->description());
  changes.tell(out.effects);
  out.written = changes.written();
  out.removed = changes.removed();
  return out;
}

}  // namespace walrusfs::localnet::sui
