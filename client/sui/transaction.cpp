#include "client/sui/transaction.h"

#include <algorithm>

#include "base/crypto.h"

namespace walrusfs::sui {
namespace {

constexpr uint32_t kVersion1 = 0;      // of the enum TransactionData
constexpr uint32_t kProgrammable = 0;  // of the enum TransactionKind

Error too_many(std::string_view what, size_t limit) {
  return Error(Code::kTooLarge, "the transaction has more than " + std::to_string(limit) + " " + std::string(what));
}

Status read_fixed_case(BcsReader& in, uint32_t wanted, std::string_view what) {
  WFS_ASSIGN(const uint32_t found, in.uleb(UINT32_MAX));
  if (found != wanted) return in.fail("its " + std::string(what) + " is not one that is spoken here");
  return ok_status();
}

size_t largest_list(const Command& command) {
  struct Lists {
    size_t operator()(const MoveCall& c) const { return std::max(c.arguments.size(), c.type_arguments.size()); }
    size_t operator()(const TransferObjects& c) const { return c.objects.size(); }
    size_t operator()(const SplitCoins& c) const { return c.amounts.size(); }
    size_t operator()(const MergeCoins& c) const { return c.sources.size(); }
    size_t operator()(const MakeMoveVec& c) const { return c.elements.size(); }
    size_t operator()(const NotSpoken&) const { return 0; }
  };
  return std::visit(Lists{}, command);
}

Status check_calls(const ProgrammableTransaction& programmable) {
  for (const Command& command : programmable.commands) {
    if (largest_list(command) > kMaxArguments) return too_many("arguments in a command", kMaxArguments);
    const auto* call = std::get_if<MoveCall>(&command);
    if (call != nullptr && !(is_identifier(call->module) && is_identifier(call->function))) {
      return Error(Code::kCorrupt, "the transaction is malformed: it calls something that is no name");
    }
  }
  return ok_status();
}

Status check_limits(const TransactionData& data) {
  const ProgrammableTransaction& programmable = data.programmable;
  if (programmable.inputs.size() > kMaxInputs) return too_many("inputs", kMaxInputs);
  if (programmable.commands.size() > kMaxCommands) return too_many("commands", kMaxCommands);
  if (data.gas.payment.size() > kMaxGasObjects) return too_many("gas objects", kMaxGasObjects);
  for (const CallArg& input : programmable.inputs) {
    const auto* pure = std::get_if<Pure>(&input);
    if (pure != nullptr && pure->bytes.size() > kMaxPureBytes) return too_many("bytes in a pure input", kMaxPureBytes);
  }
  return check_calls(programmable);
}

const ObjectId& id_of(const ObjectArg& object) {
  struct Id {
    const ObjectId& operator()(const ObjectRef& ref) const { return ref.id; }
    const ObjectId& operator()(const SharedObject& shared) const { return shared.id; }
    const ObjectId& operator()(const Receiving& receiving) const { return receiving.object.id; }
  };
  return std::visit(Id{}, object);
}

}  // namespace

Result<TransactionData> TransactionData::decode(ByteView bytes) {
  if (bytes.size() > kMaxTransactionBytes) return too_many("bytes", kMaxTransactionBytes);
  BcsReader in(bytes, "the transaction");
  TransactionData data;
  WFS_TRY(read_fixed_case(in, kVersion1, "version"));
  WFS_TRY(read_fixed_case(in, kProgrammable, "kind"));
  WFS_TRY(bcs_read(in, data.programmable));
  WFS_TRY(bcs_read(in, data.sender));
  WFS_TRY(bcs_read(in, data.gas));
  WFS_TRY(bcs_read(in, data.expiration));
  WFS_TRY(in.finish());
  WFS_TRY(check_limits(data));
  return data;
}

Bytes TransactionData::encode() const {
  BcsWriter out;
  out.uleb(kVersion1);
  out.uleb(kProgrammable);
  bcs_write(out, programmable);
  bcs_write(out, sender);
  bcs_write(out, gas);
  bcs_write(out, expiration);
  return out.take();
}

SuiDigest transaction_digest(ByteView transaction_bytes) {
  Blake2b256 hash;
  hash.update(as_bytes("TransactionData::"));
  hash.update(transaction_bytes);
  return {hash.finish()};
}

Argument TransactionBuilder::add_input(CallArg input) {
  programmable_.inputs.push_back(std::move(input));
  return Input{static_cast<uint16_t>(programmable_.inputs.size() - 1)};
}

Argument TransactionBuilder::pure_bytes(Bytes bytes) {
  const CallArg wanted = Pure{std::move(bytes)};
  const auto& inputs = programmable_.inputs;
  const auto same = std::find(inputs.begin(), inputs.end(), wanted);
  if (same != inputs.end()) return Input{static_cast<uint16_t>(same - inputs.begin())};
  return add_input(wanted);
}

Argument TransactionBuilder::object(const ObjectRef& object) {
  for (size_t i = 0; i < programmable_.inputs.size(); ++i) {
    const auto* known = std::get_if<ObjectArg>(&programmable_.inputs[i]);
    if (known != nullptr && id_of(*known) == object.id) return Input{static_cast<uint16_t>(i)};
  }
  return add_input(ObjectArg(object));
}

Argument TransactionBuilder::shared(const ObjectId& id, uint64_t initial_shared_version, bool is_mutable) {
  const auto mutability = static_cast<uint8_t>(is_mutable ? Mutability::kMutable : Mutability::kImmutable);
  for (size_t i = 0; i < programmable_.inputs.size(); ++i) {
    auto* known = std::get_if<ObjectArg>(&programmable_.inputs[i]);
    if (known == nullptr || id_of(*known) != id) continue;
    auto* shared = std::get_if<SharedObject>(known);
    if (shared != nullptr) shared->mutability = std::max(shared->mutability, mutability);
    return Input{static_cast<uint16_t>(i)};
  }
  return add_input(ObjectArg(SharedObject{id, initial_shared_version, mutability}));
}

Argument TransactionBuilder::add(Command command) {
  programmable_.commands.push_back(std::move(command));
  return CommandResult{static_cast<uint16_t>(programmable_.commands.size() - 1)};
}

Argument TransactionBuilder::call(const ObjectId& package, std::string module, std::string function,
                                  std::vector<Argument> arguments, std::vector<TypeTag> type_arguments) {
  return add(
      MoveCall{package, std::move(module), std::move(function), std::move(type_arguments), std::move(arguments)});
}

void TransactionBuilder::transfer(std::vector<Argument> objects, const Address& to) {
  const Argument address = pure(to);
  add(TransferObjects{std::move(objects), address});
}

Argument TransactionBuilder::split(Argument coin, const std::vector<uint64_t>& amounts) {
  SplitCoins split{coin, {}};
  for (const uint64_t amount : amounts) split.amounts.push_back(pure(amount));
  return add(std::move(split));
}

void TransactionBuilder::merge(Argument destination, std::vector<Argument> sources) {
  add(MergeCoins{destination, std::move(sources)});
}

TransactionData TransactionBuilder::finish(const Address& sender, GasData gas, Expiration expiration) const {
  return {programmable_, sender, std::move(gas), std::move(expiration)};
}

Argument nested(const Argument& whole, uint16_t index) {
  const auto* result = std::get_if<CommandResult>(&whole);
  WFS_CHECK(result != nullptr);
  return NestedResult{result->command, index};
}

}  // namespace walrusfs::sui
