#include "client/sui_client.h"

#include "client/memory_body.h"
#include "client/sui/rpc.pb.h"
#include "client/sui/rpc_message.h"

namespace walrusfs {
namespace {

namespace rpc = sui::rpc;
using sui::GrpcWire;

// The largest honest answer is a page of objects: some 512 KiB.
constexpr uint64_t kMaxAnswerBytes = 8 << 20;
constexpr uint32_t kPageSize = 200;

constexpr const char* kObjectFields[] = {"object_id", "version", "digest", "owner", "object_type", "contents"};
constexpr const char* kEffectFields[] = {"digest", "checkpoint", "effects.status", "effects.gas_used",
                                         "effects.changed_objects"};

template <typename Request, size_t Count>
void want(Request& request, const char* const (&fields)[Count], const std::string& prefix = "") {
  for (const char* field : fields) request.mutable_read_mask()->add_paths(prefix + field);
}

SuiOwner to_owner(const rpc::Owner& in) {
  SuiOwner out;
  switch (in.kind()) {
    case rpc::Owner::ADDRESS:
    case rpc::Owner::CONSENSUS_ADDRESS: out.kind = SuiOwner::Kind::kAddress; break;
    case rpc::Owner::OBJECT: out.kind = SuiOwner::Kind::kObject; break;
    case rpc::Owner::SHARED: out.kind = SuiOwner::Kind::kShared; break;
    case rpc::Owner::IMMUTABLE: out.kind = SuiOwner::Kind::kImmutable; break;
    default: break;
  }
  if (const auto address = sui::Address::parse(in.address()); address.ok()) out.address = *address;
  out.initial_shared_version = in.version();
  return out;
}

Error nonsense(const Error& why) { return Error(Code::kCorrupt, "the node's answer makes no sense: " + why.message()); }

// Text from a server that must be of a kind; what is not is a corrupt answer, not a bad argument of ours.
template <typename T>
Result<T> text_as(const std::string& text) {
  auto parsed = T::parse(text);
  if (!parsed.ok()) return nonsense(parsed.error());
  return parsed;
}

Result<SuiObject> to_object(const rpc::Object& in) {
  SuiObject out;
  WFS_ASSIGN(out.ref.id, text_as<sui::Address>(in.object_id()));
  WFS_ASSIGN(out.ref.digest, text_as<sui::SuiDigest>(in.digest()));
  out.ref.version = in.version();
  out.owner = to_owner(in.owner());
  WFS_ASSIGN(out.type, text_as<sui::TypeTag>(in.object_type()));
  out.contents = to_bytes(as_bytes(in.contents().value()));
  return out;
}

SuiFailure to_failure(const rpc::ExecutionError& in) {
  SuiFailure out{in.kind(), {}, in.description(), {}};
  if (in.has_command()) out.command = in.command();
  if (in.has_abort())
    out.abort =
        SuiAbort{in.abort().location().module(), in.abort().location().function_name(), in.abort().abort_code()};
  return out;
}

SuiChange::Operation to_operation(rpc::ChangedObject::IdOperation in) {
  if (in == rpc::ChangedObject::CREATED) return SuiChange::Operation::kCreated;
  if (in == rpc::ChangedObject::DELETED) return SuiChange::Operation::kDeleted;
  return SuiChange::Operation::kNone;
}

Result<SuiChange> to_change(const rpc::ChangedObject& in) {
  SuiChange out;
  WFS_ASSIGN(out.id, text_as<sui::Address>(in.object_id()));
  out.operation = to_operation(in.id_operation());
  out.owner = to_owner(in.output_owner());
  // Accumulators and packages may have no type; they are none of ours.
  if (auto type = sui::TypeTag::parse(in.object_type()); type.ok()) out.type = std::move(*type);
  if (in.output_state() != rpc::ChangedObject::OUTPUT_OBJECT) return out;
  WFS_ASSIGN(const sui::SuiDigest digest, text_as<sui::SuiDigest>(in.output_digest()));
  out.after = sui::ObjectRef{out.id, in.output_version(), digest};
  return out;
}

Result<SuiEffects> to_effects(const rpc::ExecutedTransaction& in) {
  SuiEffects out;
  WFS_ASSIGN(out.digest, text_as<sui::SuiDigest>(in.digest()));
  if (!in.effects().has_status()) return Error(Code::kCorrupt, "the node does not say what the transaction did");
  if (!in.effects().status().success()) out.failure = to_failure(in.effects().status().error());
  const rpc::GasCostSummary& gas = in.effects().gas_used();
  const uint64_t charged = gas.computation_cost() + gas.storage_cost();
  out.gas_mist = charged > gas.storage_rebate() ? charged - gas.storage_rebate() : 0;
  for (const rpc::ChangedObject& change : in.effects().changed_objects()) {
    WFS_ASSIGN(SuiChange parsed, to_change(change));
    out.changes.push_back(std::move(parsed));
  }
  if (in.has_checkpoint()) out.checkpoint = in.checkpoint();
  return out;
}

}  // namespace

std::vector<sui::ObjectRef> SuiEffects::created(const sui::TypeTag& type) const {
  std::vector<sui::ObjectRef> out;
  for (const SuiChange& change : changes) {
    if (change.operation == SuiChange::Operation::kCreated && change.after && change.type == type)
      out.push_back(*change.after);
  }
  return out;
}

Status SuiClient::call(std::string_view method, const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite* response, Deadline deadline) {
  const Bytes body = sui::grpc_frame(as_bytes(request.SerializeAsString()));
  MemoryBody file(body);
  HttpRequest http;
  http.method = "POST";
  http.url = url_ + "/sui.rpc.v2." + std::string(method);
  http.headers = {{"Content-Type", std::string(sui::grpc_content_type(GrpcWire::kWeb))}, {"x-grpc-web", "1"}};
  http.body = &file;
  http.body_range = {0, body.size()};
  http.plan_body = [](int, const auto&) { return BodyPlan{0, kMaxAnswerBytes, BodyPlan::Excess::kRefuse}; };
  http.deadline = deadline;
  WFS_ASSIGN(const HttpResponse answer, transport_.perform(http));

  const std::string who = url_origin(url_);
  const auto header = [&](std::string_view name) { return find_header(answer.headers, name); };
  const GrpcWire wire = sui::grpc_wire_of(header("content-type")).value_or(GrpcWire::kWeb);
  const auto reply = sui::parse_grpc_reply(wire, answer.status, header, answer.body);
  if (!reply.ok()) return reply.error().with_context(who);
  if (!reply->status.ok()) return sui::error_of(reply->status, who);
  if (!sui::parse_rpc_message(reply->message, response))
    return Error(Code::kCorrupt, who + ": the answer is no message of this method");
  return ok_status();
}

Result<SuiServiceInfo> SuiClient::service_info(Deadline deadline) {
  rpc::GetServiceInfoResponse response;
  WFS_TRY(call("LedgerService/GetServiceInfo", rpc::GetServiceInfoRequest(), &response, deadline));
  SuiServiceInfo out;
  WFS_ASSIGN(out.chain, text_as<sui::SuiDigest>(response.chain_id()));
  out.epoch = response.epoch();
  out.checkpoint_height = response.checkpoint_height();
  return out;
}

Result<uint64_t> SuiClient::reference_gas_price(Deadline deadline) {
  rpc::GetEpochRequest request;
  request.mutable_read_mask()->add_paths("reference_gas_price");
  rpc::GetEpochResponse response;
  WFS_TRY(call("LedgerService/GetEpoch", request, &response, deadline));
  if (!response.epoch().has_reference_gas_price())
    return Error(Code::kCorrupt, "the node does not tell the price of gas");
  return response.epoch().reference_gas_price();
}

Result<SuiObject> SuiClient::object(const sui::ObjectId& id, Deadline deadline) {
  rpc::GetObjectRequest request;
  request.set_object_id(id.to_string());
  want(request, kObjectFields);
  rpc::GetObjectResponse response;
  WFS_TRY(call("LedgerService/GetObject", request, &response, deadline));
  return to_object(response.object());
}

Result<std::vector<std::optional<SuiObject>>> SuiClient::objects(const std::vector<sui::ObjectId>& ids,
                                                                 Deadline deadline) {
  rpc::BatchGetObjectsRequest request;
  for (const sui::ObjectId& id : ids) request.add_requests()->set_object_id(id.to_string());
  want(request, kObjectFields);
  rpc::BatchGetObjectsResponse response;
  WFS_TRY(call("LedgerService/BatchGetObjects", request, &response, deadline));
  if (static_cast<size_t>(response.objects_size()) != ids.size())
    return Error(Code::kCorrupt, "the node answers for another number of objects than it was asked for");
  std::vector<std::optional<SuiObject>> out;
  for (const rpc::GetObjectResult& result : response.objects()) {
    out.emplace_back();
    if (!result.has_object()) continue;
    WFS_ASSIGN(out.back(), to_object(result.object()));
  }
  return out;
}

Result<SuiPage> SuiClient::owned(const sui::Address& owner, const sui::TypeTag& type, const std::string& next,
                                 Deadline deadline) {
  rpc::ListOwnedObjectsRequest request;
  request.set_owner(owner.to_string());
  request.set_object_type(type.to_string());
  request.set_page_size(kPageSize);
  if (!next.empty()) request.set_page_token(next);
  want(request, kObjectFields);
  rpc::ListOwnedObjectsResponse response;
  WFS_TRY(call("StateService/ListOwnedObjects", request, &response, deadline));
  SuiPage page;
  page.next = response.next_page_token();
  for (const rpc::Object& object : response.objects()) {
    WFS_ASSIGN(SuiObject parsed, to_object(object));
    page.objects.push_back(std::move(parsed));
  }
  return page;
}

Result<uint64_t> SuiClient::balance(const sui::Address& owner, const sui::TypeTag& coin_type, Deadline deadline) {
  rpc::GetBalanceRequest request;
  request.set_owner(owner.to_string());
  request.set_coin_type(coin_type.to_string());
  rpc::GetBalanceResponse response;
  WFS_TRY(call("StateService/GetBalance", request, &response, deadline));
  return response.balance().balance();
}

Result<SuiEffects> SuiClient::execute(ByteView transaction, const std::vector<Bytes>& signatures, Deadline deadline) {
  rpc::ExecuteTransactionRequest request;
  request.mutable_transaction()->mutable_bcs()->set_value(std::string(as_text(transaction)));
  for (const Bytes& signature : signatures)
    request.add_signatures()->mutable_bcs()->set_value(std::string(as_text(signature)));
  want(request, kEffectFields);
  rpc::ExecuteTransactionResponse response;
  WFS_TRY(call("TransactionExecutionService/ExecuteTransaction", request, &response, deadline));
  return to_effects(response.transaction());
}

Result<SuiEffects> SuiClient::simulate(ByteView transaction, Deadline deadline) {
  rpc::SimulateTransactionRequest request;
  request.mutable_transaction()->mutable_bcs()->set_value(std::string(as_text(transaction)));
  want(request, kEffectFields, "transaction.");
  rpc::SimulateTransactionResponse response;
  WFS_TRY(call("TransactionExecutionService/SimulateTransaction", request, &response, deadline));
  return to_effects(response.transaction());
}

Result<SuiEffects> SuiClient::transaction(const sui::SuiDigest& digest, Deadline deadline) {
  rpc::GetTransactionRequest request;
  request.set_digest(digest.to_string());
  want(request, kEffectFields);
  rpc::GetTransactionResponse response;
  WFS_TRY(call("LedgerService/GetTransaction", request, &response, deadline));
  return to_effects(response.transaction());
}

}  // namespace walrusfs
