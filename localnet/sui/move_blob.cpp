// The life of a blob object: registered, certified, extended, deleted, burned, shared.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

enum : uint64_t {
  kNotCertified = 0,
  kNotDeletable = 1,
  kResourceBounds = 2,
  kResourceSize = 3,
  kAlreadyCertified = 5,
  kInvalidBlobId = 6,
  kWrongPersistence = 9,
  kWrongObjectId = 10,
};
constexpr uint64_t kIncompatibleEpochs = 1, kIncompatibleAmount = 2;  // of storage_resource
constexpr uint64_t kOverflow = 1;                                     // of 0x2::balance
constexpr uint64_t kInvalidEpochsAhead = 2;                           // of system_state_inner

Failure blob_abort(const Call& call, std::string_view function, uint64_t code) {
  return call.abort("blob", function, code);
}

bool covers(const Storage& storage, uint32_t epoch) {
  return storage.start_epoch <= epoch && epoch < storage.end_epoch;
}

TypeTag event_type(const Call& call, std::string name) { return call.packages.walrus_type("events", std::move(name)); }

void tell_certified(Call& call, const Blob& blob, uint32_t epoch, bool is_extension) {
  call.emit("blob", event_type(call, "BlobCertified"),
            event::BlobCertified{epoch, blob.blob_id, blob.storage.end_epoch, blob.deletable, blob.id, is_extension});
}

// (System, Storage, blob id, root hash, size, encoding, deletable, coin)
Step register_blob(Call& call) {
  SystemField system = load_system(call);
  const uint32_t epoch = system.value.committee.epoch;
  const auto storage = call.get<Storage>(1);
  const BlobDescription about = describe_blob(call, 2);
  uint64_t encoded_bytes = 0;
  MOVE_TRY(check_description(call, about, system.value.committee.n_shards, &encoded_bytes));
  if (!covers(storage, epoch)) return blob_abort(call, "new", kResourceBounds);
  if (encoded_bytes > storage.storage_size) return blob_abort(call, "new", kResourceSize);
  MOVE_TRY(pay_for_writing(call, system, encoded_bytes, 7));
  save_system(call, system);
  const Blob blob{call.work.new_id(), epoch, about.id, about.size, about.encoding, {}, storage, about.deletable};
  call.emit(
      "blob", event_type(call, "BlobRegistered"),
      event::BlobRegistered{epoch, about.id, about.size, about.encoding, storage.end_epoch, about.deletable, blob.id});
  call.give(type_of(Parameter::Kind::kBlob, call.packages, {}), blob);
  return {};
}

Step check_persistence(const Call& call, const Blob& blob, const Persistence& signed_for) {
  const auto* deletable = std::get_if<Deletable>(&signed_for);
  if ((deletable != nullptr) != blob.deletable)
    return blob_abort(call, "certify_with_certified_msg", kWrongPersistence);
  if (deletable != nullptr && deletable->object != blob.id)
    return blob_abort(call, "certify_with_certified_msg", kWrongObjectId);
  return {};
}

// (System, Blob, signature, bitmap, message)
Step certify_blob(Call& call) {
  constexpr std::string_view kFunction = "certify_with_certified_msg";
  const SystemField system = load_system(call);
  const uint32_t epoch = system.value.committee.epoch;
  auto blob = call.get<Blob>(1);
  Confirmation confirmation;
  MOVE_TRY(check_confirmation(call, system, 2, &confirmation));
  if (confirmation.blob_id != blob.blob_id) return blob_abort(call, kFunction, kInvalidBlobId);
  if (blob.certified_epoch) return blob_abort(call, kFunction, kAlreadyCertified);
  if (!covers(blob.storage, epoch)) return blob_abort(call, kFunction, kResourceBounds);
  MOVE_TRY(check_persistence(call, blob, confirmation.persistence));
  blob.certified_epoch = epoch;
  tell_certified(call, blob, epoch, false);
  call.set(1, blob);
  return {};
}

Step check_certified_and_alive(const Call& call, const Blob& blob, uint32_t epoch) {
  if (!blob.certified_epoch) return blob_abort(call, "assert_certified_not_expired", kNotCertified);
  if (epoch >= blob.storage.end_epoch) return blob_abort(call, "assert_certified_not_expired", kResourceBounds);
  return {};
}

// Buys `extra` epochs with the coin at `coin`.
Step extend(Call& call, Blob& blob, uint32_t extra, size_t coin) {
  SystemField system = load_system(call);
  const uint32_t epoch = system.value.committee.epoch;
  MOVE_TRY(check_certified_and_alive(call, blob, epoch));
  const uint32_t end = blob.storage.end_epoch;
  if (extra == 0 || extra > UINT32_MAX - end)
    return call.abort("system_state_inner", "extend_blob", kInvalidEpochsAhead);
  MOVE_TRY(buy_storage(call, system, {end, end + extra, blob.storage.storage_size}, coin));
  save_system(call, system);
  blob.storage.end_epoch = end + extra;
  tell_certified(call, blob, epoch, true);
  return {};
}

// (System, Blob, extra epochs, coin)
Step extend_blob(Call& call) {
  auto blob = call.get<Blob>(1);
  MOVE_TRY(extend(call, blob, call.get<uint32_t>(2), 3));
  call.set(1, blob);
  return {};
}

// (System, Blob, Storage)
Step extend_blob_with_resource(Call& call) {
  const uint32_t epoch = load_system(call).value.committee.epoch;
  auto blob = call.get<Blob>(1);
  const auto storage = call.get<Storage>(2);
  MOVE_TRY(check_certified_and_alive(call, blob, epoch));
  if (storage.end_epoch <= blob.storage.end_epoch || storage.start_epoch != blob.storage.end_epoch)
    return call.abort("storage_resource", "fuse_periods", kIncompatibleEpochs);
  if (storage.storage_size != blob.storage.storage_size)
    return call.abort("storage_resource", "fuse_periods", kIncompatibleAmount);
  blob.storage.end_epoch = storage.end_epoch;
  call.work.delete_id(storage.id);
  tell_certified(call, blob, epoch, true);
  call.set(1, blob);
  return {};
}

// (System, Blob) -> Storage
Step delete_blob(Call& call) {
  const uint32_t epoch = load_system(call).value.committee.epoch;
  const auto blob = call.get<Blob>(1);
  if (!blob.deletable) return blob_abort(call, "delete", kNotDeletable);
  if (epoch >= blob.storage.end_epoch) return blob_abort(call, "delete", kResourceBounds);
  drop_attributes(call, blob.id);
  call.work.delete_id(blob.id);
  call.emit("blob", event_type(call, "BlobDeleted"),
            event::BlobDeleted{epoch, blob.blob_id, blob.storage.end_epoch, blob.id, blob.certified_epoch.has_value()});
  call.give(type_of(Parameter::Kind::kStorage, call.packages, {}), blob.storage);
  return {};
}

Step burn(Call& call) {
  const auto blob = call.get<Blob>(0);
  drop_attributes(call, blob.id);
  call.work.delete_id(blob.id);
  call.work.delete_id(blob.storage.id);
  return {};
}

// (System, signature, bitmap, message) -> blob id
Step invalidate_blob_id(Call& call) {
  const SystemField system = load_system(call);
  Bytes message;
  MOVE_TRY(check_certificate(call, system, 1, kInvalidBlobMessage, &message));
  constexpr size_t kHeaderBytes = 7;
  const auto id = bcs_decode<BlobId>(ByteView(message).subspan(kHeaderBytes), "a message");
  if (!id) return call.abort("messages", "invalid_blob_id_message", 2);
  call.emit("system_state_inner", event_type(call, "InvalidBlobID"),
            event::InvalidBlobId{system.value.committee.epoch, *id});
  call.give(TypeTag::simple(TypeTag::Kind::kU256), *id);
  return {};
}

// ---- shared blobs

void share(Call& call, uint64_t funds) {
  const SharedBlob shared{call.work.new_id(), call.get<Blob>(0), funds};
  call.work.put(shared.id, SharedOwner{0}, type_of(Parameter::Kind::kSharedBlob, call.packages, {}),
                bcs_encode(shared));
}

Step share_blob(Call& call) {
  share(call, 0);
  return {};
}

Step share_funded(Call& call) {
  const auto coin = call.get<Coin>(1);
  call.work.delete_id(coin.id);
  share(call, coin.balance);
  return {};
}

Step fund_shared(Call& call) {
  auto shared = call.get<SharedBlob>(0);
  const auto coin = call.get<Coin>(1);
  if (__builtin_add_overflow(shared.funds, coin.balance, &shared.funds))
    return call.framework_abort("balance", "join", kOverflow);
  call.work.delete_id(coin.id);
  call.set(0, shared);
  return {};
}

// (SharedBlob, System, extra epochs): paid from its own funds.
Step extend_shared(Call& call) {
  auto shared = call.get<SharedBlob>(0);
  Value purse{{}, bcs_encode(Coin{shared.id, shared.funds}), false};
  call.arguments.push_back(&purse);
  const Step failed = extend(call, shared.blob, call.get<uint32_t>(2), call.arguments.size() - 1);
  shared.funds = call.get<Coin>(call.arguments.size() - 1).balance;
  call.arguments.pop_back();
  call.set(0, shared);
  return failed;
}

}  // namespace

std::span<const MoveFunction> blob_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  static const std::vector<MoveFunction> table = {
      {kWalrus,
       "system",
       "register_blob",
       {mut(kSystem), value(kStorage), value(kBlobId), value(kDigest), value(kU64), value(kU8), value(kBool),
        mut(kCoinWal)},
       0,
       register_blob},
      {kWalrus,
       "system",
       "certify_blob",
       {ref(kSystem), mut(kBlob), value(kBytes), value(kBytes), value(kBytes)},
       0,
       certify_blob},
      {kWalrus, "system", "extend_blob", {mut(kSystem), mut(kBlob), value(kU32), mut(kCoinWal)}, 0, extend_blob},
      {kWalrus,
       "system",
       "extend_blob_with_resource",
       {ref(kSystem), mut(kBlob), value(kStorage)},
       0,
       extend_blob_with_resource},
      {kWalrus, "system", "delete_blob", {ref(kSystem), value(kBlob)}, 0, delete_blob},
      {kWalrus,
       "system",
       "invalidate_blob_id",
       {ref(kSystem), value(kBytes), value(kBytes), value(kBytes)},
       0,
       invalidate_blob_id},
      {kWalrus, "blob", "burn", {value(kBlob)}, 0, burn},
      {kWalrus, "shared_blob", "new", {value(kBlob)}, 0, share_blob},
      {kWalrus, "shared_blob", "new_funded", {value(kBlob), value(kCoinWal)}, 0, share_funded},
      {kWalrus, "shared_blob", "fund", {mut(kSharedBlob), value(kCoinWal)}, 0, fund_shared},
      {kWalrus, "shared_blob", "extend", {mut(kSharedBlob), mut(kSystem), value(kU32)}, 0, extend_shared},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
