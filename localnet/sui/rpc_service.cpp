#include "localnet/sui/rpc_service.h"

#include <algorithm>
#include <map>

#include "base/crypto.h"
#include "client/sui/objects.h"
#include "client/sui/rpc_message.h"
#include "localnet/sui/chain_trouble.h"
#include "localnet/sui/node_view.h"
#include "localnet/sui/resolver.h"
#include "localnet/sui/rpc_encode.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint32_t kDefaultPage = 50, kLargestPage = 1000;
constexpr size_t kPageBytes = 512 * 1024;
constexpr int kLargestBatch = 1000;
// The last protocol of mainnet before addresses had balances without coins, which are not kept here.
constexpr uint64_t kProtocolVersion = 124;
constexpr size_t kTokenTagBytes = 8;

// A failed method: what the client is told.
Error not_found(const std::string& what) { return Error(Code::kNotFound, what + " not found"); }

Result<FieldMask> mask_of(bool given, const rpc::FieldMask& mask, std::string_view message,
                          std::vector<std::string> defaults) {
  if (!given) return FieldMask::parse(defaults, message);
  return FieldMask::parse({mask.paths().begin(), mask.paths().end()}, message);
}

template <typename Request>
Result<FieldMask> read_mask(const Request& request, std::string_view message, std::vector<std::string> defaults) {
  return mask_of(request.has_read_mask(), request.read_mask(), message, std::move(defaults));
}

// ---- LedgerService

Result<rpc::GetServiceInfoResponse> service_info(NodeView& node, const rpc::GetServiceInfoRequest&) {
  const Network network = node.network();
  rpc::GetServiceInfoResponse out;
  out.set_chain_id(network.chain.to_string());
  out.set_chain("localnet");
  out.set_epoch(network.sui_epoch);
  out.set_checkpoint_height(node.height());
  *out.mutable_timestamp() = to_timestamp(node.now_ms());
  out.set_lowest_available_checkpoint(0);
  out.set_lowest_available_checkpoint_objects(node.height());
  out.set_server("walrusfs-localnet");
  return out;
}

// The Clock object is never written.
uint64_t genesis_ms(NodeView& node) {
  const auto clock = node.object(kClockId);
  return clock ? bcs_decode<ClockObject>(clock->contents, "the clock").value().timestamp_ms : 0;
}

Result<rpc::GetEpochResponse> epoch(NodeView& node, const rpc::GetEpochRequest& request) {
  const Network network = node.network();
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "Epoch", {"epoch", "first_checkpoint", "reference_gas_price"}));
  if (request.has_epoch() && request.epoch() != network.sui_epoch)
    return not_found("epoch " + std::to_string(request.epoch()));
  rpc::GetEpochResponse out;
  if (mask.has("epoch")) out.mutable_epoch()->set_epoch(network.sui_epoch);
  if (mask.has("first_checkpoint")) out.mutable_epoch()->set_first_checkpoint(0);
  if (mask.has("start")) *out.mutable_epoch()->mutable_start() = to_timestamp(genesis_ms(node));
  if (mask.has("reference_gas_price")) out.mutable_epoch()->set_reference_gas_price(network.gas_price);
  if (mask.has("protocol_config"))
    out.mutable_epoch()->mutable_protocol_config()->set_protocol_version(kProtocolVersion);
  return out;
}

bool is_package(const ObjectId& id, const Packages& packages) {
  return id == packages.walrus_current || id == packages.walrus_original || id == packages.wal ||
         id == packages.exchange || id == kSuiFramework || id == kMoveStdlib;
}

Result<rpc::Object> read_object(NodeView& node, const rpc::GetObjectRequest& request, const FieldMask& mask) {
  WFS_ASSIGN(const ObjectId id, Address::parse(request.object_id()));
  rpc::Object out;
  if (const Network network = node.network(); is_package(id, network.packages)) {
    encode_package(id, network.packages, mask, &out);
    return out;
  }
  const auto object = node.object(id);
  // Only the newest version is kept.
  if (!object || (request.has_version() && request.version() != object->version))
    return not_found("Object " + id.to_string());
  encode_object(*object, mask, &out);
  return out;
}

const std::vector<std::string>& object_defaults() {
  static const std::vector<std::string> paths = {"object_id", "version", "digest"};
  return paths;
}

Result<rpc::GetObjectResponse> get_object(NodeView& node, const rpc::GetObjectRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "Object", object_defaults()));
  rpc::GetObjectResponse out;
  WFS_ASSIGN(*out.mutable_object(), read_object(node, request, mask));
  return out;
}

Result<rpc::BatchGetObjectsResponse> batch_get_objects(NodeView& node, const rpc::BatchGetObjectsRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "Object", object_defaults()));
  if (request.requests_size() > kLargestBatch) return Error(Code::kInvalidArgument, "too many objects in one batch");
  rpc::BatchGetObjectsResponse out;
  for (const rpc::GetObjectRequest& one : request.requests()) {
    auto object = read_object(node, one, mask);
    if (!object.ok() && object.error().code() != Code::kNotFound) return object.error();
    if (object.ok()) {
      *out.add_objects()->mutable_object() = std::move(*object);
    } else {
      rpc::Status* error = out.add_objects()->mutable_error();
      error->set_code(static_cast<int32_t>(GrpcCode::kNotFound));
      error->set_message(object.error().message());
    }
  }
  return out;
}

Result<rpc::GetTransactionResponse> get_transaction(NodeView& node, const rpc::GetTransactionRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "ExecutedTransaction", {"digest"}));
  WFS_ASSIGN(const SuiDigest digest, SuiDigest::parse(request.digest()));
  const auto record = node.transaction(digest);
  if (!record) return not_found("Transaction " + request.digest());
  rpc::GetTransactionResponse out;
  encode_record(*record, mask, true, out.mutable_transaction());
  return out;
}

// ---- StateService: pages

// Where a page ended, and for what it was asked: a token of another list is refused.
Bytes token_tag(const Address& owner, const std::string& filter) {
  const Digest hash = blake2b256(as_bytes(owner.to_string() + filter));
  return Bytes(hash.begin(), hash.begin() + kTokenTagBytes);
}

std::string page_token(const ObjectId& last, const Bytes& tag) {
  return std::string(as_text(tag)) + std::string(as_text(last.bytes));
}

Result<std::optional<ObjectId>> read_token(const std::string& token, const Bytes& tag) {
  if (token.empty()) return std::optional<ObjectId>();
  ObjectId last;
  if (token.size() != tag.size() + last.bytes.size() || !token.starts_with(as_text(tag)))
    return Error(Code::kInvalidArgument, "invalid page_token");
  std::copy_n(token.begin() + static_cast<ptrdiff_t>(tag.size()), last.bytes.size(), last.bytes.begin());
  return std::optional(last);
}

uint32_t page_size(bool given, uint32_t wanted) {
  if (!given || wanted == 0) return kDefaultPage;
  return std::min(wanted, kLargestPage);
}

Result<rpc::ListOwnedObjectsResponse> list_owned(NodeView& node, const rpc::ListOwnedObjectsRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "Object", {"object_id", "version", "object_type"}));
  WFS_ASSIGN(const Address owner, Address::parse(request.owner()));
  std::optional<TypeTag> type;
  if (request.has_object_type()) {
    WFS_ASSIGN(type, TypeTag::parse(request.object_type()));
  }
  const Bytes tag = token_tag(owner, type ? type->to_string() : "");
  WFS_ASSIGN(const auto after, read_token(request.page_token(), tag));
  const uint32_t size = page_size(request.has_page_size(), request.page_size());
  // One more than is told shows whether there is more. Children of objects are not an account's.
  auto objects = node.owned_by(owner, type, after, size + 1);
  std::erase_if(objects, [](const Object& object) { return !std::holds_alternative<AddressOwner>(object.owner); });
  rpc::ListOwnedObjectsResponse out;
  for (const Object& object : objects) {
    if (static_cast<uint32_t>(out.objects_size()) == size || out.ByteSizeLong() > kPageBytes) {
      const auto told = static_cast<size_t>(out.objects_size());
      out.set_next_page_token(page_token(objects[told - 1].id, tag));
      break;
    }
    encode_object(object, mask, out.add_objects());
  }
  return out;
}

// A dynamic field whose value is another object's id, under the framework's wrapper.
bool is_object_field(const TypeTag& type) {
  return type.params.size() == 2 && type.params[0].is_struct(kSuiFramework, "dynamic_object_field", "Wrapper");
}

// The bytes of a field: id, name, value. The length of the name is known by its type, of which few are used here.
size_t name_bytes(const Object& field) {
  const TypeTag& key = is_object_field(field.type) ? field.type.params[0].params[0] : field.type.params[0];
  switch (key.kind) {
    case TypeTag::Kind::kU64: return 8;
    case TypeTag::Kind::kU256:
    case TypeTag::Kind::kAddress: return 32;
    case TypeTag::Kind::kVector: return size_t{1} + field.contents[sizeof(Digest)];
    case TypeTag::Kind::kStruct: return key.name == "ID" ? 32 : 1;
    default: return 1;
  }
}

void encode_child(NodeView& node, const ByteView& value, const FieldMask& mask, rpc::DynamicField* out) {
  ObjectId child;
  std::copy_n(value.begin(), child.bytes.size(), child.bytes.begin());
  if (mask.has("child_id")) out->set_child_id(child.to_string());
  const auto object = node.object(child);
  if (!object) return;
  if (mask.has("value_type")) out->set_value_type(object->type.to_string());
  if (mask.has("child_object")) encode_object(*object, mask.of("child_object"), out->mutable_child_object());
}

void encode_field(NodeView& node, const Address& parent, const Object& field, const FieldMask& mask,
                  rpc::DynamicField* out) {
  const bool of_object = is_object_field(field.type);
  const ByteView content = ByteView(field.contents).subspan(sizeof(Digest));
  const size_t split = std::min(name_bytes(field), content.size());
  const ByteView value = content.subspan(split);
  if (mask.has("kind")) out->set_kind(of_object ? rpc::DynamicField::OBJECT : rpc::DynamicField::FIELD);
  if (mask.has("parent")) out->set_parent(parent.to_string());
  if (mask.has("field_id")) out->set_field_id(field.id.to_string());
  if (mask.has("field_object")) encode_object(field, mask.of("field_object"), out->mutable_field_object());
  if (mask.has("name")) {
    const TypeTag& key = field.type.params[0];
    out->mutable_name()->set_name((of_object ? key.params[0] : key).to_string());
    out->mutable_name()->set_value(std::string(as_text(content.first(split))));
  }
  if (mask.has("value")) {
    out->mutable_value()->set_name(field.type.params[1].to_string());
    out->mutable_value()->set_value(std::string(as_text(value)));
  }
  if (mask.has("value_type")) out->set_value_type(field.type.params[1].to_string());
  if (of_object && value.size() == sizeof(Digest)) encode_child(node, value, mask, out);
}

Result<rpc::ListDynamicFieldsResponse> list_fields(NodeView& node, const rpc::ListDynamicFieldsRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "DynamicField", {"parent", "field_id"}));
  WFS_ASSIGN(const Address parent, Address::parse(request.parent()));
  const Bytes tag = token_tag(parent, "fields");
  WFS_ASSIGN(const auto after, read_token(request.page_token(), tag));
  const uint32_t size = page_size(request.has_page_size(), request.page_size());
  const auto fields = node.owned_by(parent, {}, after, size + 1);
  rpc::ListDynamicFieldsResponse out;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i == size || out.ByteSizeLong() > kPageBytes) {
      out.set_next_page_token(page_token(fields[i - 1].id, tag));
      break;
    }
    if (fields[i].type.is_struct(kSuiFramework, "dynamic_field", "Field"))
      encode_field(node, parent, fields[i], mask, out.add_dynamic_fields());
  }
  return out;
}

Result<rpc::GetBalanceResponse> get_balance(NodeView& node, const rpc::GetBalanceRequest& request) {
  WFS_ASSIGN(const Address owner, Address::parse(request.owner()));
  WFS_ASSIGN(const TypeTag type, TypeTag::parse(request.coin_type()));
  const CoinTotal total = node.balance(owner, type);
  rpc::GetBalanceResponse out;
  out.mutable_balance()->set_coin_type(type.to_string());
  out.mutable_balance()->set_balance(total.balance);
  out.mutable_balance()->set_coin_balance(total.balance);
  return out;
}

Result<rpc::GetCoinInfoResponse> get_coin_info(NodeView& node, const rpc::GetCoinInfoRequest& request) {
  WFS_ASSIGN(const TypeTag type, TypeTag::parse(request.coin_type()));
  const bool is_wal = type == node.network().packages.wal_type();
  if (!is_wal && type != sui_coin_type()) return not_found("coin type " + type.to_string());
  rpc::GetCoinInfoResponse out;
  out.set_coin_type(type.to_string());
  out.mutable_metadata()->set_decimals(9);
  out.mutable_metadata()->set_name(is_wal ? "WAL Token" : "Sui");
  out.mutable_metadata()->set_symbol(is_wal ? "WAL" : "SUI");
  return out;
}

// ---- MovePackageService: the one function and the one type from which clients learn the type of WAL

rpc::OpenSignatureBody datatype(const TypeTag& type) {
  rpc::OpenSignatureBody out;
  TypeTag bare = type;
  bare.params.clear();
  out.set_type(rpc::OpenSignatureBody::DATATYPE);
  out.set_type_name(bare.to_string());
  for (const TypeTag& parameter : type.params) *out.add_type_parameter_instantiation() = datatype(parameter);
  return out;
}

void add_parameter(rpc::FunctionDescriptor* function, const TypeTag& type, bool is_mutable) {
  rpc::OpenSignature* parameter = function->add_parameters();
  if (is_mutable) parameter->set_reference(rpc::OpenSignature::MUTABLE);
  *parameter->mutable_body() = datatype(type);
}

bool is_walrus(const std::string& id, const Packages& packages) {
  const auto parsed = Address::parse(id);
  return parsed.ok() && (*parsed == packages.walrus_current || *parsed == packages.walrus_original);
}

Result<rpc::GetFunctionResponse> get_function(NodeView& node, const rpc::GetFunctionRequest& request) {
  const Packages packages = node.network().packages;
  if (!is_walrus(request.package_id(), packages) || request.module_name() != "staking" ||
      request.name() != "stake_with_pool") {
    return not_found("function " + request.module_name() + "::" + request.name());
  }
  rpc::GetFunctionResponse out;
  rpc::FunctionDescriptor* function = out.mutable_function();
  function->set_name(request.name());
  function->set_visibility(rpc::FunctionDescriptor::PUBLIC);
  function->set_is_entry(false);
  add_parameter(function, packages.walrus_type("staking", "Staking"), true);
  add_parameter(function, coin_of(packages.wal_type()), false);
  add_parameter(function, TypeTag::structure(kSuiFramework, "object", "ID"), false);
  add_parameter(function, TypeTag::structure(kSuiFramework, "tx_context", "TxContext"), true);
  *function->add_returns()->mutable_body() = datatype(packages.walrus_type("staked_wal", "StakedWal"));
  return out;
}

Result<rpc::GetDatatypeResponse> get_datatype(NodeView& node, const rpc::GetDatatypeRequest& request) {
  const Packages packages = node.network().packages;
  if (!is_walrus(request.package_id(), packages) || request.module_name() != "staked_wal" ||
      request.name() != "StakedWal") {
    return not_found("type " + request.module_name() + "::" + request.name());
  }
  rpc::GetDatatypeResponse out;
  rpc::DatatypeDescriptor* type = out.mutable_datatype();
  type->set_type_name(packages.walrus_type("staked_wal", "StakedWal").to_string());
  type->set_defining_id(packages.walrus_original.to_string());
  type->set_module(request.module_name());
  type->set_name(request.name());
  type->set_kind(rpc::DatatypeDescriptor::STRUCT);
  rpc::FieldDescriptor* principal = type->add_fields();
  principal->set_name("principal");
  principal->set_position(3);
  *principal->mutable_type() = datatype(TypeTag::structure(kSuiFramework, "balance", "Balance", {packages.wal_type()}));
  return out;
}

// ---- TransactionExecutionService

Result<rpc::SimulateTransactionResponse> simulate(NodeView& node, const rpc::SimulateTransactionRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "SimulateTransactionResponse", {"*"}));
  WFS_ASSIGN(TransactionData data, resolve_transaction(node, request.transaction()));
  // What can never be executed needs no gas chosen.
  const Checks checks = request.checks() == rpc::SimulateTransactionRequest::DISABLED ? Checks::kOff : Checks::kOn;
  if (request.do_gas_selection() && checks == Checks::kOn) {
    WFS_TRY(select_gas(node, data));
  } else if (!request.transaction().has_bcs()) {
    assume_budget(node, data);
  }
  WFS_ASSIGN(Execution execution, node.simulate(data, checks));
  rpc::SimulateTransactionResponse out;
  if (mask.has("command_outputs"))
    for (const CommandOutput& output : execution.outputs) encode_output(output, out.add_command_outputs());
  const Record record{data.encode(), {}, std::move(execution.effects), 0, 0};
  if (mask.has("transaction")) encode_record(record, mask.of("transaction"), false, out.mutable_transaction());
  if (mask.has("suggested_gas_price")) out.set_suggested_gas_price(node.network().gas_price);
  return out;
}

Result<rpc::ExecuteTransactionResponse> execute_transaction(NodeView& node,
                                                            const rpc::ExecuteTransactionRequest& request) {
  WFS_ASSIGN(const FieldMask mask, read_mask(request, "ExecutedTransaction", {"effects"}));
  if (!request.transaction().has_bcs()) return Error(Code::kInvalidArgument, "the transaction has no bcs");
  std::vector<Bytes> signatures;
  for (const rpc::UserSignature& signature : request.signatures())
    signatures.push_back(to_bytes(as_bytes(signature.bcs().value())));
  WFS_ASSIGN(const Record record, node.execute(as_bytes(request.transaction().bcs().value()), signatures));
  rpc::ExecuteTransactionResponse out;
  encode_record(record, mask, false, out.mutable_transaction());
  return out;
}

// ---- dispatch

template <typename Request, typename Response>
Result<Bytes> run(NodeView& node, ByteView message, Result<Response> (*method)(NodeView&, const Request&)) {
  Request request;
  if (!walrusfs::sui::parse_rpc_message(message, &request))
    return Error(Code::kInvalidArgument, "the request is no message of this method");
  WFS_ASSIGN(const Response response, method(node, request));
  return to_bytes(as_bytes(response.SerializeAsString()));
}

using Method = Result<Bytes> (*)(NodeView&, ByteView);
template <auto method>
Result<Bytes> entry(NodeView& node, ByteView message) {
  return run(node, message, method);
}

const std::map<std::string_view, Method>& methods() {
  static const std::map<std::string_view, Method> all = {
      {"/sui.rpc.v2.LedgerService/GetServiceInfo", entry<service_info>},
      {"/sui.rpc.v2.LedgerService/GetEpoch", entry<epoch>},
      {"/sui.rpc.v2.LedgerService/GetObject", entry<get_object>},
      {"/sui.rpc.v2.LedgerService/BatchGetObjects", entry<batch_get_objects>},
      {"/sui.rpc.v2.LedgerService/GetTransaction", entry<get_transaction>},
      {"/sui.rpc.v2.StateService/ListOwnedObjects", entry<list_owned>},
      {"/sui.rpc.v2.StateService/ListDynamicFields", entry<list_fields>},
      {"/sui.rpc.v2.StateService/GetBalance", entry<get_balance>},
      {"/sui.rpc.v2.StateService/GetCoinInfo", entry<get_coin_info>},
      {"/sui.rpc.v2.MovePackageService/GetFunction", entry<get_function>},
      {"/sui.rpc.v2.MovePackageService/GetDatatype", entry<get_datatype>},
      {"/sui.rpc.v2.TransactionExecutionService/SimulateTransaction", entry<simulate>},
      {"/sui.rpc.v2.TransactionExecutionService/ExecuteTransaction", entry<execute_transaction>},
  };
  return all;
}

}  // namespace

bool reads_the_chain(std::string_view path) {
  return methods().contains(path) && !path.ends_with("/ExecuteTransaction");
}

GrpcReply RpcService::answer(std::string_view path, ByteView message, Millis behind) {
  const auto method = methods().find(path);
  if (method == methods().end()) return {{GrpcCode::kUnimplemented, "this node has no such method", {}}, {}};
  auto response = or_trouble([&] {
    NodeView view(node_, behind);
    return method->second(view, message);
  });
  if (response.ok()) return {{}, std::move(*response)};
  return {{grpc_code_of(response.error().code()), response.error().message(), {}}, {}};
}

}  // namespace walrusfs::localnet::sui
