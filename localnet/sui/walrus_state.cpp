#include "localnet/sui/walrus_state.h"

#include <algorithm>

#include "codec/shape.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr std::string_view kInner = "system_state_inner";
// Abort codes of system_state_inner.
enum : uint64_t { kStorageExceeded = 1, kInvalidEpochs = 2, kInvalidMessageEpoch = 3, kSizeZero = 11 };
enum : uint64_t { kInvalidBitmap = 0, kSignatureInvalid = 1, kNotEnoughStake = 2 };     // of bls_aggregate
enum : uint64_t { kInvalidMessageType = 0, kIncorrectEpoch = 1, kInvalidMessage = 2 };  // of messages
constexpr uint64_t kInvalidBlobId = 6;                                                  // of blob
constexpr uint64_t kInvalidEncodingType = 0;                                            // of encoding
constexpr uint64_t kNotEnough = 2;                                                      // of 0x2::balance
constexpr uint8_t kRedStuff2 = 1;
constexpr size_t kMessageHeaderBytes = 7;  // type, version, app, epoch

FutureAccounting& accounting_of(SystemStateInner& inner, uint32_t epoch) {
  FutureAccountingRing& ring = inner.future_accounting;
  const uint64_t place = uint64_t{ring.current_index} + (epoch - inner.committee.epoch);
  return ring.ring[place % ring.length];
}

Step check_span(Call& call, const SystemStateInner& inner, const Span& span) {
  const uint32_t now = inner.committee.epoch;
  if (span.bytes == 0) return call.abort(kInner, "reserve_space_for_epochs", kSizeZero);
  if (span.start < now || span.end <= span.start || span.end - now > inner.future_accounting.length)
    return call.abort(kInner, "reserve_space_for_epochs", kInvalidEpochs);
  return {};
}

Step check_room(Call& call, SystemStateInner& inner, const Span& span) {
  for (uint32_t epoch = span.start; epoch < span.end; ++epoch) {
    const uint64_t used = accounting_of(inner, epoch).used_capacity;
    if (used > inner.total_capacity_size || span.bytes > inner.total_capacity_size - used)
      return call.abort(kInner, "reserve_space_without_payment", kStorageExceeded);
  }
  return {};
}

}  // namespace

TypeTag system_field_type(const Packages& packages) {
  return field_of(u64_type(), packages.walrus_type("system_state_inner", "SystemStateInnerV1"));
}
TypeTag staking_field_type(const Packages& packages) {
  return field_of(u64_type(), packages.walrus_type("staking_inner", "StakingInnerV1"));
}

SystemField load_system(Call& call) {
  const ObjectId id = inner_state_id(call.work.network().system, call.packages.walrus_version);
  return call.work.child<SystemField>(id).value();
}

void save_system(Call& call, const SystemField& system) {
  call.work.put_child(call.work.network().system, system_field_type(call.packages), system);
}

Step pay(Call& call, size_t coin, uint64_t frost) {
  Coin purse = call.get<Coin>(coin);
  if (purse.balance < frost) return call.framework_abort("balance", "split", kNotEnough);
  purse.balance -= frost;
  call.set(coin, purse);
  return {};
}

Step buy_storage(Call& call, SystemField& system, const Span& span, size_t coin) {
  SystemStateInner& inner = system.value;
  MOVE_TRY(check_span(call, inner, span));
  MOVE_TRY(check_room(call, inner, span));
  const auto per_epoch = storage_cost(inner.storage_price_per_unit_size, span.bytes, 1);
  const auto whole = storage_cost(inner.storage_price_per_unit_size, span.bytes, span.end - span.start);
  if (!whole) return call.framework_abort("balance", "split", kNotEnough);
  MOVE_TRY(pay(call, coin, *whole));
  for (uint32_t epoch = span.start; epoch < span.end; ++epoch) {
    FutureAccounting& accounting = accounting_of(inner, epoch);
    accounting.used_capacity += span.bytes;
    accounting.rewards += *per_epoch;
  }
  inner.used_capacity_size = accounting_of(inner, inner.committee.epoch).used_capacity;
  return {};
}

Step pay_for_writing(Call& call, SystemField& system, uint64_t encoded_bytes, size_t coin) {
  SystemStateInner& inner = system.value;
  const auto fee = write_cost(inner.write_price_per_unit_size, encoded_bytes);
  if (!fee) return call.framework_abort("balance", "split", kNotEnough);
  MOVE_TRY(pay(call, coin, *fee));
  accounting_of(inner, inner.committee.epoch).rewards += *fee;
  return {};
}

Storage new_storage(Call& call, const Span& span) { return {call.work.new_id(), span.start, span.end, span.bytes}; }

BlobDescription describe_blob(const Call& call, size_t first) {
  return {call.get<BlobId>(first), call.get<Digest>(first + 1), call.get<uint64_t>(first + 2),
          call.get<uint8_t>(first + 3), call.get<bool>(first + 4)};
}

Step check_description(Call& call, const BlobDescription& blob, uint32_t shards, uint64_t* encoded_bytes) {
  if (blob.encoding != kRedStuff2) return call.abort("encoding", "encoded_blob_length", kInvalidEncodingType);
  if (derive_blob_id(blob.encoding, blob.size, blob.root) != blob.id) return call.abort("blob", "new", kInvalidBlobId);
  const auto length = CodeShape::create(shards).value().encoded_length(blob.size);
  // A blob that no code can hold needs more storage than anybody has.
  *encoded_bytes = length ? *length : UINT64_MAX;
  return {};
}

Step check_certificate(Call& call, const SystemField& system, size_t first, uint8_t type, Bytes* message) {
  const BlsCommittee& committee = system.value.committee;
  const auto failed = [&](uint64_t code) { return call.abort("bls_aggregate", "verify_certificate", code); };
  const auto signers = signers_of_bitmap(call.get<Bytes>(first + 1), committee.members.size());
  if (!signers) return failed(kInvalidBitmap);
  uint64_t weight = 0;
  for (const uint16_t signer : *signers) weight += committee.members[signer].weight;
  const bool enough = type == kInvalidBlobMessage ? has_one_correct(weight, committee.n_shards)
                                                  : is_quorum(weight, committee.n_shards);
  if (!enough) return failed(kNotEnoughStake);
  *message = call.get<Bytes>(first + 2);
  if (!call.certificates.verify(committee, *signers, *message, call.get<Bytes>(first)))
    return failed(kSignatureInvalid);

  const auto wrong = [&](uint64_t code) { return call.abort("messages", "new_certified_message", code); };
  if (message->size() < kMessageHeaderBytes || (*message)[0] != type) return wrong(kInvalidMessageType);
  if ((*message)[1] != kMessageVersion || (*message)[2] != kMessageApp) return wrong(kInvalidMessage);
  if (load_le<uint32_t>(message->data() + 3) != committee.epoch) return wrong(kIncorrectEpoch);
  return {};
}

Step check_confirmation(Call& call, const SystemField& system, size_t first, Confirmation* confirmation) {
  Bytes message;
  MOVE_TRY(check_certificate(call, system, first, kConfirmationMessage, &message));
  const auto parsed = bcs_decode<Confirmation>(message, "a confirmation");
  if (!parsed) return call.abort("messages", "certify_blob_message", kInvalidMessage);
  *confirmation = *parsed;
  return {};
}

std::optional<Metadata> attributes_of(Call& call, const ObjectId& object) {
  auto field = call.work.child<AttributesField>(attributes_id(object));
  if (!field) return std::nullopt;
  return std::move(field->value);
}

void set_attributes(Call& call, const ObjectId& object, Metadata metadata) {
  const TypeTag key = TypeTag::vector_of(TypeTag::simple(TypeTag::Kind::kU8));
  const Bytes name = to_bytes(as_bytes("metadata"));
  call.work.put_child(object, field_of(key, call.packages.walrus_type("metadata", "Metadata")),
                      AttributesField{attributes_id(object), name, std::move(metadata)});
}

void drop_attributes(Call& call, const ObjectId& object) {
  if (attributes_of(call, object)) call.work.delete_object(attributes_id(object));
}

void insert_or_update(Metadata& metadata, const std::string& key, const std::string& value) {
  erase_key(metadata, key);
  metadata.entries.emplace_back(key, value);
}

bool erase_key(Metadata& metadata, const std::string& key) {
  return std::erase_if(metadata.entries, [&](const auto& entry) { return entry.first == key; }) != 0;
}

}  // namespace walrusfs::localnet::sui
