#include "localnet/sui/rpc_encode.h"

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {
namespace {

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

void encode_bcs(const std::string& name, ByteView bytes, rpc::Bcs* out) {
  out->set_name(name);
  out->set_value(text_of(bytes));
}

void encode_owner(const Owner& owner, rpc::Owner* out) {
  struct Encode {
    rpc::Owner* out;
    void operator()(const AddressOwner& account) const {
      out->set_kind(rpc::Owner::ADDRESS);
      out->set_address(account.address.to_string());
    }
    void operator()(const ObjectOwner& object) const {
      out->set_kind(rpc::Owner::OBJECT);
      out->set_address(object.parent.to_string());
    }
    void operator()(const SharedOwner& shared) const {
      out->set_kind(rpc::Owner::SHARED);
      out->set_version(shared.initial_version);
    }
    void operator()(const ImmutableOwner&) const { out->set_kind(rpc::Owner::IMMUTABLE); }
  };
  std::visit(Encode{out}, owner);
}

// ---- transactions

void encode_argument(const Argument& argument, rpc::Argument* out) {
  if (std::holds_alternative<GasCoin>(argument)) out->set_kind(rpc::Argument::GAS);
  if (const auto* input = std::get_if<Input>(&argument)) {
    out->set_kind(rpc::Argument::INPUT);
    out->set_input(input->index);
  }
  if (const auto* result = std::get_if<CommandResult>(&argument)) {
    out->set_kind(rpc::Argument::RESULT);
    out->set_result(result->command);
  }
  if (const auto* nested = std::get_if<NestedResult>(&argument)) {
    out->set_kind(rpc::Argument::RESULT);
    out->set_result(nested->command);
    out->set_subresult(nested->index);
  }
}

template <typename List>
void encode_arguments(const std::vector<Argument>& arguments, List* out) {
  for (const Argument& argument : arguments) encode_argument(argument, out->Add());
}

void encode_call(const MoveCall& call, rpc::MoveCall* out) {
  out->set_package(call.package.to_string());
  out->set_module(call.module);
  out->set_function(call.function);
  for (const TypeTag& type : call.type_arguments) out->add_type_arguments(type.to_string());
  encode_arguments(call.arguments, out->mutable_arguments());
}

void encode_command(const Command& command, rpc::Command* out) {
  if (const auto* call = std::get_if<MoveCall>(&command)) encode_call(*call, out->mutable_move_call());
  if (const auto* transfer = std::get_if<TransferObjects>(&command)) {
    encode_arguments(transfer->objects, out->mutable_transfer_objects()->mutable_objects());
    encode_argument(transfer->address, out->mutable_transfer_objects()->mutable_address());
  }
  if (const auto* split = std::get_if<SplitCoins>(&command)) {
    encode_argument(split->coin, out->mutable_split_coins()->mutable_coin());
    encode_arguments(split->amounts, out->mutable_split_coins()->mutable_amounts());
  }
  if (const auto* merge = std::get_if<MergeCoins>(&command)) {
    encode_argument(merge->destination, out->mutable_merge_coins()->mutable_coin());
    encode_arguments(merge->sources, out->mutable_merge_coins()->mutable_coins_to_merge());
  }
  if (const auto* vector = std::get_if<MakeMoveVec>(&command)) {
    if (vector->type) out->mutable_make_move_vector()->set_element_type(vector->type->to_string());
    encode_arguments(vector->elements, out->mutable_make_move_vector()->mutable_elements());
  }
}

void encode_reference(const ObjectRef& ref, rpc::Input* out) {
  out->set_object_id(ref.id.to_string());
  out->set_version(ref.version);
  out->set_digest(ref.digest.to_string());
}

void encode_input(const CallArg& input, rpc::Input* out) {
  if (const auto* pure = std::get_if<Pure>(&input)) {
    out->set_kind(rpc::Input::PURE);
    out->set_pure(text_of(pure->bytes));
  }
  const auto* object = std::get_if<ObjectArg>(&input);
  if (object == nullptr) return;
  if (const auto* owned = std::get_if<ObjectRef>(object)) {
    out->set_kind(rpc::Input::IMMUTABLE_OR_OWNED);
    encode_reference(*owned, out);
  }
  if (const auto* receiving = std::get_if<Receiving>(object)) {
    out->set_kind(rpc::Input::RECEIVING);
    encode_reference(receiving->object, out);
  }
  if (const auto* shared = std::get_if<SharedObject>(object)) {
    out->set_kind(rpc::Input::SHARED);
    out->set_object_id(shared->id.to_string());
    out->set_version(shared->initial_shared_version);
    out->set_mutable_(shared->mutability != 0);
    out->set_mutability(static_cast<rpc::Input::Mutability>(shared->mutability + 1));
  }
}

void encode_gas(const GasData& gas, rpc::GasPayment* out) {
  for (const ObjectRef& coin : gas.payment) {
    rpc::ObjectReference* ref = out->add_objects();
    ref->set_object_id(coin.id.to_string());
    ref->set_version(coin.version);
    ref->set_digest(coin.digest.to_string());
  }
  out->set_owner(gas.owner.to_string());
  out->set_price(gas.price);
  out->set_budget(gas.budget);
}

void encode_during(const ValidDuring& during, rpc::TransactionExpiration* out) {
  if (during.min_epoch) out->set_min_epoch(*during.min_epoch);
  if (during.max_epoch) out->set_epoch(*during.max_epoch);
  if (during.min_timestamp_ms) *out->mutable_min_timestamp() = to_timestamp(*during.min_timestamp_ms);
  if (during.max_timestamp_ms) *out->mutable_max_timestamp() = to_timestamp(*during.max_timestamp_ms);
  out->set_chain(during.chain.to_string());
  out->set_nonce(during.nonce);
}

void encode_expiration(const Expiration& expiration, rpc::TransactionExpiration* out) {
  out->set_kind(static_cast<rpc::TransactionExpiration::Kind>(expiration.index() + 1));
  if (const auto* epoch = std::get_if<EpochExpiration>(&expiration)) out->set_epoch(epoch->epoch);
  if (const auto* during = std::get_if<ValidDuring>(&expiration)) encode_during(*during, out);
  const auto* validity = std::get_if<Validity>(&expiration);
  if (validity == nullptr) return;
  encode_during(validity->during, out);
  if (!validity->proposers) return;
  out->mutable_allowed_proposers()->set_epoch(validity->proposers->epoch);
  for (const uint32_t proposer : validity->proposers->allowed)
    out->mutable_allowed_proposers()->add_proposers(proposer);
}

// ---- effects

void encode_failure(const Failure& failure, rpc::ExecutionError* out) {
  out->set_description(failure.description());
  if (failure.command) out->set_command(*failure.command);
  out->set_kind(static_cast<int32_t>(failure.kind));
  const auto kind = static_cast<FailureKind>(failure.kind);
  if (kind == FailureKind::kMoveAbort) {
    out->mutable_abort()->set_abort_code(failure.abort_code);
    rpc::MoveLocation* location = out->mutable_abort()->mutable_location();
    location->set_package(failure.package.to_string());
    location->set_module(failure.module);
    location->set_function(0);
    location->set_instruction(0);
    location->set_function_name(failure.function);
  }
  if (kind == FailureKind::kObjectTooBig) {
    out->mutable_size_error()->set_size(failure.object_bytes);
    out->mutable_size_error()->set_max_size(kMaxObjectBytes);
  }
  if (kind == FailureKind::kCommandArgument) {
    out->mutable_command_argument_error()->set_argument(failure.argument);
    out->mutable_command_argument_error()->set_kind(failure.argument_problem);
  }
}

void encode_change(const ObjectChange& change, rpc::ChangedObject* out) {
  out->set_object_id(change.id.to_string());
  out->set_input_state(change.before ? rpc::ChangedObject::INPUT_EXISTS : rpc::ChangedObject::INPUT_ABSENT);
  if (change.before) {
    out->set_input_version(change.before->version);
    out->set_input_digest(change.before->digest.to_string());
    encode_owner(change.before->owner, out->mutable_input_owner());
  }
  out->set_output_state(change.after ? rpc::ChangedObject::OUTPUT_OBJECT : rpc::ChangedObject::OUTPUT_ABSENT);
  if (change.after) {
    out->set_output_version(change.after->version);
    out->set_output_digest(change.after->digest.to_string());
    encode_owner(change.after->owner, out->mutable_output_owner());
  }
  out->set_id_operation(static_cast<rpc::ChangedObject::IdOperation>(change.id_operation + 1));
  out->set_object_type(change.type.to_string());
}

void encode_events(const Effects& effects, const FieldMask& mask, rpc::TransactionEvents* out) {
  if (const auto digest = effects.events_digest(); digest && mask.has("digest")) out->set_digest(digest->to_string());
  if (mask.has("bcs")) encode_bcs("TransactionEvents", effects.events_to_chain_bcs(), out->mutable_bcs());
  if (!mask.has("events")) return;
  for (const EmittedEvent& event : effects.events) {
    rpc::Event* told = out->add_events();
    told->set_package_id(event.package.to_string());
    told->set_module(event.module);
    told->set_sender(event.sender.to_string());
    told->set_event_type(event.type.to_string());
    encode_bcs(event.type.to_string(), event.contents, told->mutable_contents());
  }
}

void encode_signatures(const Record& record, rpc::ExecutedTransaction* out) {
  for (const Bytes& signature : record.signatures) {
    rpc::UserSignature* told = out->add_signatures();
    encode_bcs("UserSignatureBytes", signature, told->mutable_bcs());
    told->set_scheme(static_cast<rpc::UserSignature::Scheme>(signature.at(0)));
  }
}

void encode_balances(const Effects& effects, rpc::ExecutedTransaction* out) {
  for (const BalanceChange& change : effects.balance_changes) {
    rpc::BalanceChange* told = out->add_balance_changes();
    told->set_address(change.address.to_string());
    told->set_coin_type(change.coin_type.to_string());
    told->set_amount((change.negative ? "-" : "") + std::to_string(change.amount));
  }
}

void encode_gas_used(const GasCost& gas, rpc::GasCostSummary* out) {
  out->set_computation_cost(gas.computation);
  out->set_storage_cost(gas.storage);
  out->set_storage_rebate(gas.rebate);
  out->set_non_refundable_storage_fee(gas.non_refundable);
}

}  // namespace

rpc::Timestamp to_timestamp(uint64_t ms) {
  rpc::Timestamp out;
  out.set_seconds(static_cast<int64_t>(ms / 1000));
  out.set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
  return out;
}

void encode_object(const Object& object, const FieldMask& mask, rpc::Object* out) {
  const std::string type = object.type.to_string();
  if (mask.has("bcs")) encode_bcs("Object", object.to_chain_bcs(), out->mutable_bcs());
  if (mask.has("object_id")) out->set_object_id(object.id.to_string());
  if (mask.has("version")) out->set_version(object.version);
  if (mask.has("digest")) out->set_digest(object.digest().to_string());
  if (mask.has("owner")) encode_owner(object.owner, out->mutable_owner());
  if (mask.has("object_type")) out->set_object_type(type);
  if (mask.has("has_public_transfer")) out->set_has_public_transfer(has_public_transfer(object.type));
  if (mask.has("contents")) encode_bcs(type, object.contents, out->mutable_contents());
  if (mask.has("previous_transaction")) out->set_previous_transaction(object.previous_transaction.to_string());
  if (mask.has("storage_rebate")) out->set_storage_rebate(object.storage_rebate);
  if (mask.has("balance") && object.type.is_struct(kSuiFramework, "coin", "Coin"))
    out->set_balance(bcs_decode<Coin>(object.contents, "a coin").value().balance);
}

namespace {

struct Origin {
  const char* module;
  const char* type;
  ObjectId package;
};

// As far as clients look for them: the types of Walrus, and which version of the package brought them.
std::vector<Origin> origins_of(const ObjectId& id, const Packages& packages) {
  std::vector<Origin> origins;
  if (id != packages.walrus_current) return origins;
  for (const auto& [module, type] : {std::pair{"system", "System"},
                                     {"staking", "Staking"},
                                     {"blob", "Blob"},
                                     {"storage_resource", "Storage"},
                                     {"shared_blob", "SharedBlob"},
                                     {"metadata", "Metadata"},
                                     {"staking_pool", "StakingPool"}})
    origins.push_back({module, type, packages.walrus_original});
  for (const char* type : {"StoragePool", "StoragePoolInnerV1", "PooledBlob"})
    origins.push_back({"storage_pool", type, packages.walrus_current});
  return origins;
}

// The chain's own form of the package as it is here: without modules.
Bytes package_to_bcs(const ObjectId& id, uint64_t version, const std::vector<Origin>& origins) {
  constexpr uint32_t kPackage = 1, kImmutable = 3;  // cases of Data and of Owner
  BcsWriter out;
  out.uleb(kPackage);
  bcs_write(out, id);
  bcs_write(out, version);
  out.uleb(0);  // modules
  out.uleb(static_cast<uint32_t>(origins.size()));
  for (const Origin& origin : origins) {
    bcs_write(out, std::string(origin.module));
    bcs_write(out, std::string(origin.type));
    bcs_write(out, origin.package);
  }
  out.uleb(0);  // linkage
  out.uleb(kImmutable);
  bcs_write(out, SuiDigest{});  // no transaction published it
  bcs_write(out, uint64_t{0});
  return out.take();
}

}  // namespace

void encode_package(const ObjectId& id, const Packages& packages, const FieldMask& mask, rpc::Object* out) {
  const bool is_walrus = id == packages.walrus_current;
  const uint64_t version = is_walrus ? packages.walrus_version : 1;
  const auto origins = origins_of(id, packages);
  const Bytes bcs = package_to_bcs(id, version, origins);
  if (mask.has("bcs")) encode_bcs("Object", bcs, out->mutable_bcs());
  if (mask.has("object_id")) out->set_object_id(id.to_string());
  if (mask.has("version")) out->set_version(version);
  if (mask.has("digest")) out->set_digest(object_digest(bcs).to_string());
  if (mask.has("owner")) out->mutable_owner()->set_kind(rpc::Owner::IMMUTABLE);
  if (mask.has("object_type")) out->set_object_type("package");
  if (mask.has("previous_transaction")) out->set_previous_transaction(SuiDigest{}.to_string());
  if (mask.has("storage_rebate")) out->set_storage_rebate(0);
  if (!mask.has("package")) return;
  rpc::Package* package = out->mutable_package();
  package->set_storage_id(id.to_string());
  package->set_original_id((is_walrus ? packages.walrus_original : id).to_string());
  package->set_version(version);
  for (const Origin& origin : origins) {
    rpc::TypeOrigin* told = package->add_type_origins();
    told->set_module_name(origin.module);
    told->set_datatype_name(origin.type);
    told->set_package_id(origin.package.to_string());
  }
}

void encode_transaction(const TransactionData& data, const FieldMask& mask, rpc::Transaction* out) {
  const Bytes bytes = data.encode();
  if (mask.has("bcs")) encode_bcs("TransactionData", bytes, out->mutable_bcs());
  if (mask.has("digest")) out->set_digest(transaction_digest(bytes).to_string());
  if (mask.has("version")) out->set_version(1);
  if (mask.has("sender")) out->set_sender(data.sender.to_string());
  if (mask.has("gas_payment")) encode_gas(data.gas, out->mutable_gas_payment());
  if (mask.has("expiration")) encode_expiration(data.expiration, out->mutable_expiration());
  if (!mask.has("kind")) return;
  out->mutable_kind()->set_kind(rpc::TransactionKind::PROGRAMMABLE_TRANSACTION);
  rpc::ProgrammableTransaction* programmable = out->mutable_kind()->mutable_programmable_transaction();
  for (const CallArg& input : data.programmable.inputs) encode_input(input, programmable->add_inputs());
  for (const Command& command : data.programmable.commands) encode_command(command, programmable->add_commands());
}

void encode_effects(const Effects& effects, const FieldMask& mask, rpc::TransactionEffects* out) {
  if (mask.has("bcs")) encode_bcs("TransactionEffects", effects.to_chain_bcs(), out->mutable_bcs());
  if (mask.has("digest")) out->set_digest(effects.digest().to_string());
  if (mask.has("version")) out->set_version(2);
  if (mask.has("status")) {
    out->mutable_status()->set_success(!effects.failure);
    if (effects.failure) encode_failure(*effects.failure, out->mutable_status()->mutable_error());
  }
  if (mask.has("epoch")) out->set_epoch(effects.sui_epoch);
  if (mask.has("gas_used")) encode_gas_used(effects.gas, out->mutable_gas_used());
  if (mask.has("transaction_digest")) out->set_transaction_digest(effects.transaction.to_string());
  const ObjectChange* gas = effects.gas_object ? effects.change_of(*effects.gas_object) : nullptr;
  if (mask.has("gas_object") && gas != nullptr) encode_change(*gas, out->mutable_gas_object());
  if (const auto digest = effects.events_digest(); digest && mask.has("events_digest"))
    out->set_events_digest(digest->to_string());
  if (mask.has("dependencies")) {
    for (const SuiDigest& dependency : effects.dependencies) out->add_dependencies(dependency.to_string());
  }
  if (mask.has("lamport_version")) out->set_lamport_version(effects.lamport_version);
  if (!mask.has("changed_objects")) return;
  for (const ObjectChange& change : effects.changed) encode_change(change, out->add_changed_objects());
}

void encode_output(const CommandOutput& output, rpc::CommandResult* out) {
  for (const Value& value : output.returned)
    encode_bcs(value.type.to_string(), value.bytes, out->add_return_values()->mutable_value());
  for (const auto& [argument, value] : output.changed) {
    rpc::CommandOutput* told = out->add_mutated_by_ref();
    encode_argument(argument, told->mutable_argument());
    encode_bcs(value.type.to_string(), value.bytes, told->mutable_value());
  }
}

void encode_record(const Record& record, const FieldMask& mask, bool with_checkpoint, rpc::ExecutedTransaction* out) {
  if (mask.has("digest")) out->set_digest(record.effects.transaction.to_string());
  if (mask.has("transaction") && !record.bytes.empty())
    encode_transaction(TransactionData::decode(record.bytes).value(), mask.of("transaction"),
                       out->mutable_transaction());
  if (mask.has("signatures")) encode_signatures(record, out);
  if (mask.has("effects")) encode_effects(record.effects, mask.of("effects"), out->mutable_effects());
  if (mask.has("events") && !record.effects.events.empty())
    encode_events(record.effects, mask.of("events"), out->mutable_events());
  if (mask.has("balance_changes")) encode_balances(record.effects, out);
  if (!with_checkpoint) return;
  if (mask.has("checkpoint")) out->set_checkpoint(record.checkpoint);
  if (mask.has("timestamp")) *out->mutable_timestamp() = to_timestamp(record.time_ms);
}

}  // namespace walrusfs::localnet::sui
