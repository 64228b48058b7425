#include "localnet/sui/resolver.h"

#include <algorithm>
#include <set>

#include "client/sui/objects.h"
#include "localnet/sui/machine.h"

namespace walrusfs::localnet::sui {
namespace {

namespace rpc = walrusfs::sui::rpc;

// What a budget is added to, so that a slightly dearer execution still goes through.
constexpr uint64_t kSafetyUnits = 1000;
constexpr size_t kCoinsLookedAt = 1000;

Error nonsense(const std::string& why) { return Error(Code::kInvalidArgument, why); }

Result<uint16_t> index16(uint32_t number) {
  if (number > UINT16_MAX) return nonsense("an argument's number is too large");
  return static_cast<uint16_t>(number);
}

Result<Argument> to_argument(const rpc::Argument& in) {
  switch (in.kind()) {
    case rpc::Argument::GAS: return Argument(GasCoin{});
    case rpc::Argument::INPUT: {
      WFS_ASSIGN(const uint16_t input, index16(in.input()));
      return Argument(Input{input});
    }
    case rpc::Argument::RESULT: {
      WFS_ASSIGN(const uint16_t result, index16(in.result()));
      WFS_ASSIGN(const uint16_t subresult, index16(in.subresult()));
      if (in.has_subresult()) return Argument(NestedResult{result, subresult});
      return Argument(CommandResult{result});
    }
    default: return nonsense("an argument has no kind");
  }
}

template <typename List>
Result<std::vector<Argument>> to_arguments(const List& list) {
  std::vector<Argument> out;
  for (const rpc::Argument& item : list) {
    WFS_ASSIGN(Argument argument, to_argument(item));
    out.push_back(argument);
  }
  return out;
}

Result<Command> to_call(const rpc::MoveCall& in) {
  MoveCall call;
  WFS_ASSIGN(call.package, Address::parse(in.package()));
  call.module = in.module();
  call.function = in.function();
  for (const std::string& text : in.type_arguments()) {
    WFS_ASSIGN(TypeTag type, TypeTag::parse(text));
    call.type_arguments.push_back(std::move(type));
  }
  WFS_ASSIGN(call.arguments, to_arguments(in.arguments()));
  return Command(std::move(call));
}

Result<Command> to_command(const rpc::Command& in) {
  switch (in.command_case()) {
    case rpc::Command::kMoveCall: return to_call(in.move_call());
    case rpc::Command::kTransferObjects: {
      WFS_ASSIGN(auto objects, to_arguments(in.transfer_objects().objects()));
      WFS_ASSIGN(const Argument address, to_argument(in.transfer_objects().address()));
      return Command(TransferObjects{std::move(objects), address});
    }
    case rpc::Command::kSplitCoins: {
      WFS_ASSIGN(const Argument coin, to_argument(in.split_coins().coin()));
      WFS_ASSIGN(auto amounts, to_arguments(in.split_coins().amounts()));
      return Command(SplitCoins{coin, std::move(amounts)});
    }
    case rpc::Command::kMergeCoins: {
      WFS_ASSIGN(const Argument coin, to_argument(in.merge_coins().coin()));
      WFS_ASSIGN(auto sources, to_arguments(in.merge_coins().coins_to_merge()));
      return Command(MergeCoins{coin, std::move(sources)});
    }
    default: return nonsense("a command is of a kind that is not spoken here");
  }
}

// Whether the function takes this argument in a way that may change it.
bool may_change(const FoundFunction& found, size_t argument) {
  if (found.function == nullptr || argument >= found.function->parameters.size()) return true;
  return found.function->parameters[argument].mode != Parameter::Mode::kRef;
}

bool is_input(const Argument& argument, uint16_t input) {
  const auto* found = std::get_if<Input>(&argument);
  return found != nullptr && found->index == input;
}

// By any command that uses it.
bool is_changed(const std::vector<Command>& commands, uint16_t input, const Packages& packages) {
  for (const Command& command : commands) {
    const auto* call = std::get_if<MoveCall>(&command);
    if (call == nullptr) continue;
    const FoundFunction found = function_of(*call, packages);
    for (size_t i = 0; i < call->arguments.size(); ++i)
      if (is_input(call->arguments[i], input) && may_change(found, i)) return true;
  }
  return false;
}

class Resolver {
 public:
  Resolver(const NodeView& node, const rpc::Transaction& in) : node_(node), in_(in), network_(node.network()) {}

  Result<TransactionData> resolve() {
    TransactionData data;
    const rpc::ProgrammableTransaction& programmable = in_.kind().programmable_transaction();
    for (const rpc::Command& command : programmable.commands()) {
      WFS_ASSIGN(Command parsed, to_command(command));
      data.programmable.commands.push_back(std::move(parsed));
    }
    if (programmable.inputs_size() > static_cast<int>(kMaxInputs)) return nonsense("there are too many inputs");
    for (const rpc::Input& input : programmable.inputs()) {
      const auto number = static_cast<uint16_t>(data.programmable.inputs.size());
      WFS_ASSIGN(CallArg resolved, resolve_input(input, number, data.programmable.commands));
      data.programmable.inputs.push_back(std::move(resolved));
    }
    WFS_ASSIGN(data.sender, Address::parse(in_.sender()));
    WFS_TRY(resolve_gas(data));
    WFS_ASSIGN(data.expiration, resolve_expiration());
    // The limits of the wire are checked where the wire is read.
    return TransactionData::decode(data.encode());
  }

 private:
  Result<CallArg> resolve_input(const rpc::Input& in, uint16_t number, const std::vector<Command>& commands) const {
    if (in.kind() == rpc::Input::PURE || (in.has_pure() && !in.has_object_id()))
      return CallArg(Pure{to_bytes(as_bytes(in.pure()))});
    if (in.kind() == rpc::Input::FUNDS_WITHDRAWAL) return nonsense("address balances are not kept by this network");
    WFS_ASSIGN(const ObjectId id, Address::parse(in.object_id()));
    const auto object = node_.object(id);
    if (!object) return nonsense("object " + id.to_string() + " not found");
    const auto* shared = std::get_if<SharedOwner>(&object->owner);
    if (shared == nullptr) return resolve_owned(in, *object);
    const bool mutable_input = in.has_mutable_() ? in.mutable_() : is_changed(commands, number, network_.packages);
    return CallArg(ObjectArg(SharedObject{id, shared->initial_version, static_cast<uint8_t>(mutable_input ? 1 : 0)}));
  }

  static Result<CallArg> resolve_owned(const rpc::Input& in, const Object& object) {
    ObjectRef ref = object.ref();
    if (in.has_version()) ref.version = in.version();
    if (in.has_digest()) {
      WFS_ASSIGN(ref.digest, SuiDigest::parse(in.digest()));
    }
    return CallArg(ObjectArg(ref));
  }

  Status resolve_gas(TransactionData& data) const {
    const rpc::GasPayment& gas = in_.gas_payment();
    data.gas.owner = data.sender;
    if (gas.has_owner()) {
      WFS_ASSIGN(data.gas.owner, Address::parse(gas.owner()));
    }
    data.gas.price = gas.has_price() ? gas.price() : network_.gas_price;
    data.gas.budget = gas.budget();
    for (const rpc::ObjectReference& coin : gas.objects()) {
      ObjectRef ref;
      WFS_ASSIGN(ref.id, Address::parse(coin.object_id()));
      WFS_ASSIGN(ref.digest, SuiDigest::parse(coin.digest()));
      ref.version = coin.version();
      data.gas.payment.push_back(ref);
    }
    return ok_status();
  }

  Result<Expiration> resolve_expiration() const {
    const rpc::TransactionExpiration& in = in_.expiration();
    if (in.kind() == rpc::TransactionExpiration::EPOCH) return Expiration(EpochExpiration{in.epoch()});
    if (in.kind() != rpc::TransactionExpiration::VALID_DURING) return Expiration(NoExpiration{});
    ValidDuring during;
    if (in.has_min_epoch()) during.min_epoch = in.min_epoch();
    if (in.has_epoch()) during.max_epoch = in.epoch();
    WFS_ASSIGN(during.chain, SuiDigest::parse(in.chain()));
    during.nonce = in.nonce();
    return Expiration(during);
  }

  const NodeView& node_;
  const rpc::Transaction& in_;
  const Network network_;
};

std::set<ObjectId> inputs_of(const TransactionData& data) {
  std::set<ObjectId> ids;
  for (const CallArg& input : data.programmable.inputs) {
    const auto* object = std::get_if<ObjectArg>(&input);
    const auto* owned = object != nullptr ? std::get_if<ObjectRef>(object) : nullptr;
    if (owned != nullptr) ids.insert(owned->id);
  }
  return ids;
}

uint64_t balance_of(const Object& coin) { return bcs_decode<Coin>(coin.contents, "a coin").value().balance; }

// The largest ones first that no command uses.
std::vector<Object> gas_coins(const NodeView& node, const TransactionData& data) {
  auto coins = node.owned_by(data.gas.owner, coin_of(sui_coin_type()), {}, kCoinsLookedAt);
  const auto used = inputs_of(data);
  std::erase_if(coins, [&](const Object& coin) { return used.contains(coin.id); });
  std::sort(coins.begin(), coins.end(), [](const auto& a, const auto& b) { return balance_of(a) > balance_of(b); });
  if (coins.size() > kMaxGasObjects) coins.resize(kMaxGasObjects);
  return coins;
}

uint64_t add(uint64_t balance, uint64_t more) { return more > UINT64_MAX - balance ? UINT64_MAX : balance + more; }

// Of those that are coins; what is wrong with the others is told by who executes.
uint64_t balance_of(const NodeView& node, const std::vector<ObjectRef>& coins) {
  uint64_t balance = 0;
  for (const ObjectRef& ref : coins) {
    const auto coin = node.object(ref.id);
    if (coin && coin->type == coin_of(sui_coin_type())) balance = add(balance, balance_of(*coin));
  }
  return balance;
}

uint64_t budget_for(const GasCost& cost, uint64_t price) {
  const uint64_t whole = cost.computation + cost.storage;
  const uint64_t net = whole > cost.rebate ? whole - cost.rebate : 0;
  return std::max(cost.computation, net) + kSafetyUnits * price;
}

// From what the same commands cost when gas is no matter.
Result<uint64_t> estimate(const NodeView& node, const TransactionData& data) {
  TransactionData trial = data;
  trial.gas.payment.clear();
  trial.gas.budget = kMaxGasBudget;
  WFS_ASSIGN(const Execution tried, node.simulate(trial));
  return budget_for(tried.effects.gas, data.gas.price);
}

}  // namespace

Result<TransactionData> resolve_transaction(const NodeView& node, const rpc::Transaction& transaction) {
  if (transaction.has_bcs()) return TransactionData::decode(as_bytes(transaction.bcs().value()));
  return Resolver(node, transaction).resolve();
}

Status select_gas(const NodeView& node, TransactionData& data) {
  if (data.gas.budget == 0) {
    WFS_ASSIGN(data.gas.budget, estimate(node, data));
  }
  uint64_t balance = 0;
  if (data.gas.payment.empty()) {
    for (const Object& coin : gas_coins(node, data)) {
      data.gas.payment.push_back(coin.ref());
      balance = add(balance, balance_of(coin));
    }
  } else {
    balance = balance_of(node, data.gas.payment);
  }
  if (balance >= data.gas.budget) return ok_status();
  return nonsense("the SUI coins of " + data.gas.owner.to_string() + " hold " + std::to_string(balance) +
                  " MIST, which does not cover the gas budget of " + std::to_string(data.gas.budget));
}

void assume_budget(const NodeView& node, TransactionData& data) {
  if (data.gas.budget != 0) return;
  data.gas.budget = kMaxGasBudget;
  if (!data.gas.payment.empty()) data.gas.budget = std::min(kMaxGasBudget, balance_of(node, data.gas.payment));
}

}  // namespace walrusfs::localnet::sui
