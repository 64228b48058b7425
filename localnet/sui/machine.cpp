#include "localnet/sui/machine.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

using Mode = Parameter::Mode;
constexpr uint64_t kWrongVersion = 1;  // of system and staking

Failure failure_of(FailureKind kind) {
  Failure failure;
  failure.kind = static_cast<uint32_t>(kind);
  return failure;
}

Failure bad_argument(uint32_t index, ArgumentProblem problem) {
  Failure failure = failure_of(FailureKind::kCommandArgument);
  failure.argument = index;
  failure.argument_problem = static_cast<uint32_t>(problem);
  return failure;
}

bool is_coin(const TypeTag& type) { return type.is_struct(kSuiFramework, "coin", "Coin") && type.params.size() == 1; }

Coin coin_in(const Value& value) { return bcs_decode<Coin>(value.bytes, "a coin").value(); }

ObjectId id_in(const Value& value) {
  ObjectId id;
  std::copy_n(value.bytes.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

// A constant that all plain kinds share: it is copied, never moved.
bool is_plain_value(const Value& value) { return value.pure || value.type.kind != TypeTag::Kind::kStruct; }

}  // namespace

FoundFunction function_of(const MoveCall& call, const Packages& packages) {
  using Where = MoveFunction::Where;
  const bool old = call.package == packages.walrus_original && packages.walrus_original != packages.walrus_current;
  std::optional<Where> where;
  if (call.package == packages.walrus_current || old) where = Where::kWalrus;
  if (call.package == kSuiFramework) where = Where::kFramework;
  if (call.package == packages.exchange) where = Where::kExchange;
  const MoveFunction* found = where ? find_function(*where, call.module, call.function) : nullptr;
  if (found == nullptr) return {nullptr, failure_of(FailureKind::kFunctionNotFound)};
  if (!old) return {found, {}};
  // Old code compares its own version with that of the System or Staking object before it does anything.
  const auto uses = [&](Parameter::Kind kind) {
    return std::any_of(found->parameters.begin(), found->parameters.end(),
                       [&](const Parameter& p) { return p.kind == kind; });
  };
  for (const auto& [kind, module] :
       {std::pair{Parameter::Kind::kStaking, "staking"}, std::pair{Parameter::Kind::kSystem, "system"}})
    if (uses(kind)) return {found, Call::abort_in(call.package, module, "inner_mut", kWrongVersion)};
  return {found, {}};
}

Machine::Machine(Workspace& work, const CertificateVerifier& certificates, const ProgrammableTransaction& programmable,
                 std::optional<Value> gas)
    : work_(work), certificates_(certificates), programmable_(programmable) {
  gas_.value = std::move(gas);
  inputs_.reserve(programmable.inputs.size());
  for (const CallArg& input : programmable.inputs) add_input(input);
}

void Machine::add_input(const CallArg& input) {
  Slot slot;
  if (const auto* pure = std::get_if<Pure>(&input)) {
    slot.value = Value{{}, pure->bytes, true};
  } else if (const auto* argument = std::get_if<ObjectArg>(&input)) {
    const auto* shared = std::get_if<SharedObject>(argument);
    const auto* owned = std::get_if<ObjectRef>(argument);
    const Object object = work_.find(shared != nullptr ? shared->id : owned->id).value();
    const bool immutable = std::holds_alternative<ImmutableOwner>(object.owner);
    slot.value = Value{object.type, object.contents, false};
    slot.may_move = shared == nullptr && !immutable;
    slot.may_change = shared == nullptr ? !immutable : shared->mutability != 0;
    slot.is_input_object = true;
    slot.owner = object.owner;
  }
  inputs_.push_back(std::move(slot));
}

Step Machine::run() {
  results_.reserve(programmable_.commands.size());
  for (size_t i = 0; i < programmable_.commands.size(); ++i) {
    std::vector<Slot> results;
    outputs_.emplace_back();
    Step failed = run_command(programmable_.commands[i], &results);
    if (failed) failed->command = i;
    MOVE_TRY(failed);
    for (const Slot& result : results) outputs_.back().returned.push_back(*result.value);
    results_.push_back(std::move(results));
  }
  return {};
}

Step Machine::run_command(const Command& command, std::vector<Slot>* results) {
  if (const auto* call = std::get_if<MoveCall>(&command)) return run_call(*call, results);
  if (const auto* transfer = std::get_if<TransferObjects>(&command)) return run_transfer(*transfer);
  if (const auto* split = std::get_if<SplitCoins>(&command)) return run_split(*split, results);
  if (const auto* merge = std::get_if<MergeCoins>(&command)) return run_merge(*merge);
  return failure_of(FailureKind::kFunctionNotFound);  // no function here takes a vector of objects
}

// ---- where arguments are

Machine::Slot* Machine::slot_of(const Argument& argument, uint32_t index, Step* failed) {
  if (std::holds_alternative<GasCoin>(argument)) return &gas_;
  if (const auto* input = std::get_if<Input>(&argument)) {
    if (input->index < inputs_.size()) return &inputs_[input->index];
    *failed = bad_argument(index, ArgumentProblem::kIndexOutOfBounds);
    return nullptr;
  }
  if (const auto* nested = std::get_if<NestedResult>(&argument))
    return result_slot(nested->command, nested->index, false, index, failed);
  return result_slot(std::get<CommandResult>(argument).command, 0, true, index, failed);
}

Machine::Slot* Machine::result_slot(size_t command, size_t nested, bool whole, uint32_t index, Step* failed) {
  if (command >= results_.size()) {
    *failed = bad_argument(index, ArgumentProblem::kIndexOutOfBounds);
  } else if (whole && results_[command].size() != 1) {
    *failed = bad_argument(index, ArgumentProblem::kInvalidResultArity);
  } else if (nested >= results_[command].size()) {
    *failed = bad_argument(index, ArgumentProblem::kResultOutOfBounds);
  } else {
    return &results_[command][nested];
  }
  return nullptr;
}

// ---- calls

Step Machine::bind_one(const Parameter& parameter, const TypeTag& type, const Argument& argument, uint32_t index,
                       Bound* bound) {
  Step failed;
  Slot* slot = slot_of(argument, index, &failed);
  if (slot == nullptr) return failed;
  if (!slot->value) return bad_argument(index, ArgumentProblem::kInvalidValueUsage);
  if (parameter.is_plain()) {
    if (!is_plain_value(*slot->value)) return bad_argument(index, ArgumentProblem::kTypeMismatch);
    if (!is_value_of(parameter.kind, slot->value->bytes)) return bad_argument(index, ArgumentProblem::kInvalidBytes);
    bound->values.push_back(&bound->moved.emplace_back(*slot->value));
    return {};
  }
  if (slot->value->pure || slot->value->type != type) return bad_argument(index, ArgumentProblem::kTypeMismatch);
  if (std::find(bound->borrowed.begin(), bound->borrowed.end(), slot) != bound->borrowed.end())
    return bad_argument(index, ArgumentProblem::kInvalidValueUsage);
  if (parameter.mode == Mode::kMutRef && !slot->may_change)
    return bad_argument(index, ArgumentProblem::kInvalidObjectByMutRef);
  if (parameter.mode != Mode::kValue) {
    bound->borrowed.push_back(slot);
    bound->values.push_back(&*slot->value);
    return {};
  }
  Value taken;
  MOVE_TRY(take_object(argument, index, &taken));
  bound->values.push_back(&bound->moved.emplace_back(std::move(taken)));
  return {};
}

Step Machine::bind(const MoveFunction& function, const MoveCall& command, Bound* bound) {
  if (command.type_arguments.size() != function.type_parameters) return failure_of(FailureKind::kTypeArity);
  if (command.arguments.size() != function.parameters.size()) return failure_of(FailureKind::kArity);
  for (uint32_t i = 0; i < command.arguments.size(); ++i) {
    const Parameter& parameter = function.parameters[i];
    const TypeTag type = type_of(parameter.kind, work_.network().packages, command.type_arguments);
    if (parameter.kind == Parameter::Kind::kAnyObject && !has_key(type)) return failure_of(FailureKind::kTypeArgument);
    MOVE_TRY(bind_one(parameter, type, command.arguments[i], i, bound));
  }
  return {};
}

Step Machine::run_call(const MoveCall& command, std::vector<Slot>* results) {
  const FoundFunction found = function_of(command, work_.network().packages);
  MOVE_TRY(found.failed);
  Bound bound;
  MOVE_TRY(bind(*found.function, command, &bound));
  Call call(work_, certificates_, command.type_arguments);
  call.arguments = bound.values;
  MOVE_TRY(found.function->run(call));
  for (size_t i = 0; i < bound.values.size(); ++i)
    if (found.function->parameters[i].mode == Mode::kMutRef) tell_changed(command.arguments[i], *bound.values[i]);
  for (Value& value : call.results) results->push_back({std::move(value), true, true, false, {}});
  return {};
}

// ---- the built-in commands

Step Machine::take_object(const Argument& argument, uint32_t index, Value* value) {
  Step failed;
  Slot* slot = slot_of(argument, index, &failed);
  if (slot == nullptr) return failed;
  if (slot == &gas_) return bad_argument(index, ArgumentProblem::kGasCoinByValue);
  if (!slot->value) return bad_argument(index, ArgumentProblem::kInvalidValueUsage);
  if (is_plain_value(*slot->value)) return bad_argument(index, ArgumentProblem::kTypeMismatch);
  if (!slot->may_move) return bad_argument(index, ArgumentProblem::kInvalidObjectByValue);
  *value = std::move(*slot->value);
  slot->value.reset();
  if (slot->is_input_object) work_.take_out(id_in(*value));
  return {};
}

Step Machine::run_transfer(const TransferObjects& command) {
  const auto address_index = static_cast<uint32_t>(command.objects.size());
  Step failed;
  const Slot* to = slot_of(command.address, address_index, &failed);
  if (to == nullptr) return failed;
  if (!to->value || !is_plain_value(*to->value) || to->value->bytes.size() != sizeof(Digest))
    return bad_argument(address_index, ArgumentProblem::kInvalidBytes);
  const Address address = bcs_decode<Address>(to->value->bytes, "an address").value();
  for (uint32_t i = 0; i < command.objects.size(); ++i) {
    if (std::holds_alternative<GasCoin>(command.objects[i])) {
      gas_receiver_ = address;
      continue;
    }
    Value object;
    MOVE_TRY(take_object(command.objects[i], i, &object));
    if (!has_key(object.type)) return bad_argument(i, ArgumentProblem::kTypeMismatch);
    const ObjectId id = id_in(object);
    work_.put(id, AddressOwner{address}, object.type, std::move(object.bytes));
  }
  return {};
}

Step Machine::borrow_coin(const Argument& argument, uint32_t index, Slot** slot) {
  Step failed;
  *slot = slot_of(argument, index, &failed);
  if (*slot == nullptr) return failed;
  if (!(*slot)->value) return bad_argument(index, ArgumentProblem::kInvalidValueUsage);
  if (!is_coin((*slot)->value->type)) return bad_argument(index, ArgumentProblem::kTypeMismatch);
  if (!(*slot)->may_change) return bad_argument(index, ArgumentProblem::kInvalidObjectByMutRef);
  return {};
}

Step Machine::read_u64(const Argument& argument, uint32_t index, uint64_t* value) {
  Step failed;
  const Slot* slot = slot_of(argument, index, &failed);
  if (slot == nullptr) return failed;
  if (!slot->value || !is_plain_value(*slot->value) || !is_value_of(Parameter::Kind::kU64, slot->value->bytes))
    return bad_argument(index, ArgumentProblem::kInvalidBytes);
  *value = load_le<uint64_t>(slot->value->bytes.data());
  return {};
}

Step Machine::run_split(const SplitCoins& command, std::vector<Slot>* results) {
  Slot* purse = nullptr;
  MOVE_TRY(borrow_coin(command.coin, 0, &purse));
  Coin coin = coin_in(*purse->value);
  const TypeTag type = purse->value->type;
  for (uint32_t i = 0; i < command.amounts.size(); ++i) {
    uint64_t amount = 0;
    MOVE_TRY(read_u64(command.amounts[i], i + 1, &amount));
    if (amount > coin.balance) return failure_of(FailureKind::kInsufficientCoinBalance);
    coin.balance -= amount;
    results->push_back({Value{type, bcs_encode(Coin{work_.new_id(), amount}), false}, true, true, false, {}});
  }
  purse->value->bytes = bcs_encode(coin);
  tell_changed(command.coin, *purse->value);
  return {};
}

Step Machine::run_merge(const MergeCoins& command) {
  Slot* purse = nullptr;
  MOVE_TRY(borrow_coin(command.destination, 0, &purse));
  for (uint32_t i = 0; i < command.sources.size(); ++i) {
    Value source;
    MOVE_TRY(take_object(command.sources[i], i + 1, &source));
    if (!purse->value || source.type != purse->value->type) return bad_argument(i + 1, ArgumentProblem::kTypeMismatch);
    Coin into = coin_in(*purse->value);
    const Coin from = coin_in(source);
    if (__builtin_add_overflow(into.balance, from.balance, &into.balance))
      return failure_of(FailureKind::kCoinBalanceOverflow);
    work_.delete_id(from.id);
    purse->value->bytes = bcs_encode(into);
  }
  if (purse->value) tell_changed(command.destination, *purse->value);
  return {};
}

void Machine::tell_changed(const Argument& argument, const Value& value) {
  outputs_.back().changed.emplace_back(argument, value);
}

// ---- the end

Step Machine::settle() {
  for (const auto& results : results_) {
    for (const Slot& slot : results)
      if (slot.value && has_key(slot.value->type)) return failure_of(FailureKind::kUnusedValue);
  }
  for (const Slot& slot : inputs_) {
    if (!slot.value || !slot.is_input_object || !slot.may_change) continue;
    work_.put(id_in(*slot.value), slot.owner, slot.value->type, slot.value->bytes);
  }
  return {};
}

}  // namespace walrusfs::localnet::sui
