#include "vectors.h"

#include <fstream>
#include <map>

namespace walrusfs::sui {
namespace {

ObjectRef ref_from(const Json& json) {
  return {address(json.at("objectId")), number(json.at("version")), digest(json.at("digest"))};
}

CallArg object_from(const Json& json) {
  if (json.contains("ImmOrOwnedObject")) return ObjectArg(ref_from(json["ImmOrOwnedObject"]));
  if (json.contains("Receiving")) return ObjectArg(Receiving{ref_from(json["Receiving"])});
  const Json& shared = json.at("SharedObject");
  const uint8_t mutability = shared.at("mutable").get<bool>() ? 1 : 0;
  return ObjectArg(SharedObject{address(shared.at("objectId")), number(shared.at("initialSharedVersion")), mutability});
}

CallArg input_from(const Json& json) {
  if (json.contains("Pure")) return Pure{base64(json["Pure"].at("bytes"))};
  if (json.contains("Object")) return object_from(json["Object"]);
  const Json& withdrawal = json.at("FundsWithdrawal");
  FundsWithdrawal out;
  out.max_amount = number(withdrawal.at("reservation").at("MaxAmountU64"));
  out.coin_type = type(withdrawal.at("typeArg").at("Balance"));
  if (withdrawal.at("withdrawFrom").contains("Sponsor")) out.from = Sponsor{};
  return out;
}

Argument argument_from(const Json& json) {
  if (json.contains("GasCoin")) return GasCoin{};
  if (json.contains("Input")) return Input{json["Input"].get<uint16_t>()};
  if (json.contains("Result")) return CommandResult{json["Result"].get<uint16_t>()};
  const Json& both = json.at("NestedResult");
  return NestedResult{both.at(0).get<uint16_t>(), both.at(1).get<uint16_t>()};
}

std::vector<Argument> arguments_from(const Json& list) {
  std::vector<Argument> out;
  for (const Json& item : list) out.push_back(argument_from(item));
  return out;
}

MoveCall call_from(const Json& json) {
  MoveCall call{address(json.at("package")), json.at("module"), json.at("function"), {}, {}};
  for (const Json& argument : json.at("typeArguments")) call.type_arguments.push_back(type(argument));
  call.arguments = arguments_from(json.at("arguments"));
  return call;
}

Command command_from(const Json& json) {
  if (json.contains("MoveCall")) return call_from(json["MoveCall"]);
  if (json.contains("TransferObjects")) {
    const Json& in = json["TransferObjects"];
    return TransferObjects{arguments_from(in.at("objects")), argument_from(in.at("address"))};
  }
  if (json.contains("SplitCoins")) {
    const Json& in = json["SplitCoins"];
    return SplitCoins{argument_from(in.at("coin")), arguments_from(in.at("amounts"))};
  }
  if (json.contains("MergeCoins")) {
    const Json& in = json["MergeCoins"];
    return MergeCoins{argument_from(in.at("destination")), arguments_from(in.at("sources"))};
  }
  const Json& in = json.at("MakeMoveVec");
  MakeMoveVec out{{}, arguments_from(in.at("elements"))};
  if (!in.at("type").is_null()) out.type = type(in["type"]);
  return out;
}

Expiration expiration_from(const Json& json) {
  if (json.contains("Epoch")) return EpochExpiration{number(json["Epoch"])};
  if (!json.contains("ValidDuring")) return NoExpiration{};
  const Json& in = json["ValidDuring"];
  return ValidDuring{
      maybe_number(in.at("minEpoch")),     maybe_number(in.at("maxEpoch")), maybe_number(in.at("minTimestamp")),
      maybe_number(in.at("maxTimestamp")), digest(in.at("chain")),          in.at("nonce").get<uint32_t>()};
}

}  // namespace

const Json& load_vectors(const std::string& name) {
  static std::map<std::string, Json> loaded;
  if (!loaded.contains(name)) loaded[name] = Json::parse(vectors_text(name));
  return loaded[name];
}

std::string vectors_text(const std::string& name) {
  std::ifstream file(std::string(WALRUSFS_TEST_VECTORS) + "/sui/" + name + ".json");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TransactionData transaction_from_json(const Json& json) {
  TransactionData out;
  for (const Json& input : json.at("inputs")) out.programmable.inputs.push_back(input_from(input));
  for (const Json& command : json.at("commands")) out.programmable.commands.push_back(command_from(command));
  out.sender = address(json.at("sender"));
  const Json& gas = json.at("gas_data");
  for (const Json& coin : gas.at("payment")) out.gas.payment.push_back(ref_from(coin));
  out.gas.owner = address(gas.at("owner"));
  out.gas.price = number(gas.at("price"));
  out.gas.budget = number(gas.at("budget"));
  out.expiration = expiration_from(json.at("expiration"));
  return out;
}

}  // namespace walrusfs::sui
