// Storage pools: one reservation, many blobs in it.
#include "codec/shape.h"
#include "localnet/sui/move_tables.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr std::string_view kModule = "storage_pool";
enum : uint64_t {
  kNotDeletable = 0,
  kBounds = 1,
  kAlreadyCertified = 2,
  kInvalidBlobId = 3,
  kWrongPersistence = 4,
  kWrongObjectId = 5,
  kFull = 6,
  kNotEmpty = 7,
  kEndsDiffer = 11,
  kDuplicateMetadata = 12,
  kMissingMetadata = 13,
  kInvalidPercent = 14,
};
constexpr uint64_t kZeroSize = 2;                       // of system
constexpr uint64_t kInvalidEpochsAhead = 2;             // of system_state_inner
constexpr uint64_t kFieldExists = 0, kNoSuchField = 1;  // of 0x2::dynamic_field
constexpr uint64_t kKeyDoesNotExist = 1;                // of 0x2::vec_map
constexpr uint64_t kPoolVersion = 1;

Failure pool_abort(const Call& call, std::string_view function, uint64_t code) {
  return call.abort(kModule, function, code);
}

TypeTag newer_event(const Call& call, std::string name) { return call.packages.newer_type("events", std::move(name)); }

TypeTag pool_field_type(const Call& call) {
  return field_of(u64_type(), call.packages.newer_type("storage_pool", "StoragePoolInnerV1"));
}

uint32_t epoch_of(Call& call) { return load_system(call).value.committee.epoch; }

PoolField load_pool(Call& call, const ObjectId& pool) {
  return call.work.child<PoolField>(inner_state_id(pool, kPoolVersion)).value();
}
void save_pool(Call& call, const ObjectId& pool, const PoolField& inner) {
  call.work.put_child(pool, pool_field_type(call), inner);
}

bool covers(const Storage& storage, uint32_t epoch) {
  return storage.start_epoch <= epoch && epoch < storage.end_epoch;
}

// ---- making one

void create(Call& call, const Storage& storage) {
  const StoragePool pool{call.work.new_id(), kPoolVersion};
  const PoolField inner{
      inner_state_id(pool.id, kPoolVersion), kPoolVersion, {storage, 0, 0, Table{call.work.new_id(), 0}}};
  save_pool(call, pool.id, inner);
  call.emit(
      std::string(kModule), newer_event(call, "StoragePoolCreated"),
      event::StoragePoolCreated{epoch_of(call), pool.id, storage.storage_size, storage.start_epoch, storage.end_epoch});
  call.give(type_of(Parameter::Kind::kPool, call.packages, {}), pool);
}

// (System, capacity, epochs, coin)
Step create_storage_pool(Call& call) {
  SystemField system = load_system(call);
  const uint32_t now = system.value.committee.epoch;
  const uint32_t ahead = call.get<uint32_t>(2);
  const Span span{now, ahead > UINT32_MAX - now ? UINT32_MAX : now + ahead, call.get<uint64_t>(1)};
  MOVE_TRY(buy_storage(call, system, span, 3));
  save_system(call, system);
  create(call, new_storage(call, span));
  return {};
}

// (System, Storage)
Step create_with_storage(Call& call) {
  const auto storage = call.get<Storage>(1);
  if (!covers(storage, epoch_of(call))) return pool_abort(call, "new", kBounds);
  create(call, storage);
  return {};
}

// (Pool) -> Storage
Step destroy(Call& call) {
  const auto pool = call.get<StoragePool>(0);
  const PoolField inner = load_pool(call, pool.id);
  if (inner.value.blob_count != 0) return pool_abort(call, "destroy", kNotEmpty);
  call.work.delete_object(inner.id);
  call.work.delete_id(pool.id);
  call.work.delete_id(inner.value.blobs.id);
  call.give(type_of(Parameter::Kind::kStorage, call.packages, {}), inner.value.storage);
  return {};
}

// ---- entries

TypeTag entry_type() {
  return field_of(object_key(TypeTag::simple(TypeTag::Kind::kU256)), TypeTag::structure(kSuiFramework, "object", "ID"));
}

std::optional<PooledBlob> find_entry(Call& call, const PoolField& pool, const BlobId& blob) {
  const auto entry = call.work.child<PoolEntryField>(pooled_blob_entry_id(pool.value.blobs.id, blob));
  if (!entry) return std::nullopt;
  return call.work.child<PooledBlob>(entry->value);
}

Failure no_entry(const Call& call) {
  return call.framework_abort("dynamic_field", "borrow_child_object", kNoSuchField);
}

void put_entry(Call& call, const PoolField& pool, const PooledBlob& blob) {
  const ObjectId entry = pooled_blob_entry_id(pool.value.blobs.id, blob.blob_id);
  call.work.put_child(pool.value.blobs.id, entry_type(), PoolEntryField{entry, blob.blob_id, blob.id});
  call.work.put_child(entry, call.packages.newer_type("storage_pool", "PooledBlob"), blob);
}

// (System, Pool, blob id, root hash, size, encoding, deletable, coin)
Step register_pooled_blob(Call& call) {
  SystemField system = load_system(call);
  const uint32_t epoch = system.value.committee.epoch;
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  PoolField pool = load_pool(call, pool_id);
  if (!covers(pool.value.storage, epoch)) return pool_abort(call, "register_blob", kBounds);
  const BlobDescription about = describe_blob(call, 2);
  uint64_t encoded_bytes = 0;
  MOVE_TRY(check_description(call, about, system.value.committee.n_shards, &encoded_bytes));
  if (encoded_bytes > pool.value.storage.storage_size - pool.value.used_encoded_bytes)
    return pool_abort(call, "register_blob", kFull);
  MOVE_TRY(pay_for_writing(call, system, encoded_bytes, 7));
  if (find_entry(call, pool, about.id)) return call.framework_abort("dynamic_field", "add", kFieldExists);
  save_system(call, system);

  const PooledBlob blob{call.work.new_id(), epoch, about.id, about.size, about.encoding, {}, pool_id, about.deletable};
  pool.value.used_encoded_bytes += encoded_bytes;
  ++pool.value.blob_count;
  ++pool.value.blobs.size;
  put_entry(call, pool, blob);
  save_pool(call, pool_id, pool);
  call.emit(
      std::string(kModule), newer_event(call, "PooledBlobRegistered"),
      event::PooledBlobRegistered{epoch, about.id, about.size, about.encoding, about.deletable, blob.id, pool_id});
  return {};
}

Step check_persistence(const Call& call, const PooledBlob& blob, const Persistence& signed_for) {
  const auto* deletable = std::get_if<Deletable>(&signed_for);
  if ((deletable != nullptr) != blob.deletable) return pool_abort(call, "certify_blob", kWrongPersistence);
  if (deletable != nullptr && deletable->object != blob.id) return pool_abort(call, "certify_blob", kWrongObjectId);
  return {};
}

// (System, Pool, blob id, signature, bitmap, message)
Step certify_pooled_blob(Call& call) {
  const SystemField system = load_system(call);
  const uint32_t epoch = system.value.committee.epoch;
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  const PoolField pool = load_pool(call, pool_id);
  Confirmation confirmation;
  MOVE_TRY(check_confirmation(call, system, 3, &confirmation));
  auto blob = find_entry(call, pool, call.get<BlobId>(2));
  if (!blob) return no_entry(call);
  if (confirmation.blob_id != blob->blob_id) return pool_abort(call, "certify_blob", kInvalidBlobId);
  if (blob->certified_epoch) return pool_abort(call, "certify_blob", kAlreadyCertified);
  if (!covers(pool.value.storage, epoch)) return pool_abort(call, "certify_blob", kBounds);
  MOVE_TRY(check_persistence(call, *blob, confirmation.persistence));
  blob->certified_epoch = epoch;
  put_entry(call, pool, *blob);
  call.emit(std::string(kModule), newer_event(call, "PooledBlobCertified"),
            event::PooledBlobCertified{epoch, blob->blob_id, blob->deletable, blob->id, pool_id});
  return {};
}

void remove_entry(Call& call, const SystemField& system, const ObjectId& pool_id, const PooledBlob& blob) {
  PoolField pool = load_pool(call, pool_id);
  uint64_t encoded_bytes = 0;
  const auto shape = CodeShape::create(system.value.committee.n_shards).value();
  encoded_bytes = shape.encoded_length(blob.unencoded_size).value();
  pool.value.used_encoded_bytes -= encoded_bytes;
  --pool.value.blob_count;
  --pool.value.blobs.size;
  drop_attributes(call, blob.id);
  call.work.delete_object(pooled_blob_entry_id(pool.value.blobs.id, blob.blob_id));
  call.work.delete_object(blob.id);
  save_pool(call, pool_id, pool);
  call.emit(std::string(kModule), newer_event(call, "PooledBlobDeleted"),
            event::PooledBlobDeleted{system.value.committee.epoch, blob.blob_id, blob.id,
                                     blob.certified_epoch.has_value(), pool_id});
}

// (System, Pool, blob id)
Step delete_pooled_blob(Call& call) {
  const SystemField system = load_system(call);
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  const PoolField pool = load_pool(call, pool_id);
  const auto blob = find_entry(call, pool, call.get<BlobId>(2));
  if (!blob) return no_entry(call);
  if (!blob->deletable) return pool_abort(call, "delete_blob", kNotDeletable);
  if (!covers(pool.value.storage, system.value.committee.epoch)) return pool_abort(call, "delete_blob", kBounds);
  remove_entry(call, system, pool_id, *blob);
  return {};
}

// (System, Pool, blob id)
Step burn_expired_pooled_blob(Call& call) {
  const SystemField system = load_system(call);
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  const PoolField pool = load_pool(call, pool_id);
  if (system.value.committee.epoch < pool.value.storage.end_epoch)
    return pool_abort(call, "burn_expired_blob", kBounds);
  const auto blob = find_entry(call, pool, call.get<BlobId>(2));
  if (!blob) return no_entry(call);
  remove_entry(call, system, pool_id, *blob);
  return {};
}

// ---- time and room

// (System, Pool, extra epochs, coin)
Step extend_storage_pool(Call& call) {
  SystemField system = load_system(call);
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  PoolField pool = load_pool(call, pool_id);
  const uint32_t end = pool.value.storage.end_epoch, extra = call.get<uint32_t>(2);
  if (system.value.committee.epoch >= end) return pool_abort(call, "extend", kBounds);
  if (extra == 0 || extra > UINT32_MAX - end)
    return call.abort("system_state_inner", "extend_storage_pool", kInvalidEpochsAhead);
  MOVE_TRY(buy_storage(call, system, {end, end + extra, pool.value.storage.storage_size}, 3));
  save_system(call, system);
  pool.value.storage.end_epoch = end + extra;
  save_pool(call, pool_id, pool);
  call.emit(std::string(kModule), newer_event(call, "StoragePoolExtended"),
            event::StoragePoolExtended{system.value.committee.epoch, pool_id, end + extra});
  return {};
}

// (System, Pool, bytes, coin)
Step increase_capacity(Call& call) {
  SystemField system = load_system(call);
  const uint32_t now = system.value.committee.epoch;
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  PoolField pool = load_pool(call, pool_id);
  if (!covers(pool.value.storage, now)) return pool_abort(call, "increase_capacity", kBounds);
  const auto bytes = call.get<uint64_t>(2);
  MOVE_TRY(buy_storage(call, system, {now, pool.value.storage.end_epoch, bytes}, 3));
  save_system(call, system);
  pool.value.storage.storage_size += bytes;
  save_pool(call, pool_id, pool);
  return {};
}

// (System, Pool, Storage)
Step increase_with_storage(Call& call) {
  const uint32_t now = epoch_of(call);
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  PoolField pool = load_pool(call, pool_id);
  const auto storage = call.get<Storage>(2);
  if (!covers(pool.value.storage, now) || storage.start_epoch > now)
    return pool_abort(call, "increase_capacity_with_storage", kBounds);
  if (storage.end_epoch != pool.value.storage.end_epoch)
    return pool_abort(call, "increase_capacity_with_storage", kEndsDiffer);
  pool.value.storage.storage_size += storage.storage_size;
  call.work.delete_id(storage.id);
  save_pool(call, pool_id, pool);
  return {};
}

Step take_out(Call& call, const ObjectId& pool_id, PoolField pool, uint64_t bytes) {
  if (bytes == 0) return call.abort("system", "decrease_storage_pool_capacity", kZeroSize);
  if (!covers(pool.value.storage, epoch_of(call))) return pool_abort(call, "decrease_capacity", kBounds);
  if (bytes > pool.value.storage.storage_size - pool.value.used_encoded_bytes)
    return pool_abort(call, "decrease_capacity", kFull);
  pool.value.storage.storage_size -= bytes;
  save_pool(call, pool_id, pool);
  call.give(type_of(Parameter::Kind::kStorage, call.packages, {}),
            new_storage(call, {pool.value.storage.start_epoch, pool.value.storage.end_epoch, bytes}));
  return {};
}

// (System, Pool, bytes) -> Storage
Step decrease_by_size(Call& call) {
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  return take_out(call, pool_id, load_pool(call, pool_id), call.get<uint64_t>(2));
}

// (System, Pool, percent) -> Storage
Step decrease_by_percent(Call& call) {
  const ObjectId pool_id = call.get<StoragePool>(1).id;
  const PoolField pool = load_pool(call, pool_id);
  const auto percent = call.get<uint8_t>(2);
  if (percent > 100) return pool_abort(call, "decrease_unused_capacity_by_percent", kInvalidPercent);
  const uint64_t unused = pool.value.storage.storage_size - pool.value.used_encoded_bytes;
  return take_out(call, pool_id, pool, unused / 100 * percent + unused % 100 * percent / 100);
}

// ---- attributes: (Pool, blob id, …)

std::optional<ObjectId> entry_object(Call& call) {
  const PoolField pool = load_pool(call, call.get<StoragePool>(0).id);
  const auto blob = find_entry(call, pool, call.get<BlobId>(1));
  if (!blob) return std::nullopt;
  return blob->id;
}

Step add_metadata(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  if (attributes_of(call, *object)) return pool_abort(call, "add_blob_metadata", kDuplicateMetadata);
  set_attributes(call, *object, call.get<Metadata>(2));
  return {};
}

Step add_or_replace_metadata(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  set_attributes(call, *object, call.get<Metadata>(2));
  return {};
}

Step take_metadata(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  const auto metadata = attributes_of(call, *object);
  if (!metadata) return pool_abort(call, "take_blob_metadata", kMissingMetadata);
  drop_attributes(call, *object);
  call.give(type_of(Parameter::Kind::kMetadata, call.packages, {}), *metadata);
  return {};
}

Step insert_or_update_pair(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  Metadata metadata = attributes_of(call, *object).value_or(Metadata{});
  insert_or_update(metadata, call.get<std::string>(2), call.get<std::string>(3));
  set_attributes(call, *object, std::move(metadata));
  return {};
}

Step remove_pair(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  auto metadata = attributes_of(call, *object);
  if (!metadata) return pool_abort(call, "remove_blob_metadata_pair", kMissingMetadata);
  if (!erase_key(*metadata, call.get<std::string>(2)))
    return call.framework_abort("vec_map", "get_idx", kKeyDoesNotExist);
  set_attributes(call, *object, std::move(*metadata));
  return {};
}

Step remove_pair_if_exists(Call& call) {
  const auto object = entry_object(call);
  if (!object) return no_entry(call);
  auto metadata = attributes_of(call, *object);
  if (metadata && erase_key(*metadata, call.get<std::string>(2))) set_attributes(call, *object, std::move(*metadata));
  return {};
}

std::vector<MoveFunction> make_table() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  const auto of_system = [](std::string_view name, std::vector<Parameter> parameters, Step (*run)(Call&)) {
    return MoveFunction{kWalrus, "system", name, std::move(parameters), 0, run};
  };
  const auto of_pool = [](std::string_view name, std::vector<Parameter> parameters, Step (*run)(Call&)) {
    return MoveFunction{kWalrus, kModule, name, std::move(parameters), 0, run};
  };
  return {
      of_system("create_storage_pool", {mut(kSystem), value(kU64), value(kU32), mut(kCoinWal)}, create_storage_pool),
      of_system("create_storage_pool_with_storage", {ref(kSystem), value(kStorage)}, create_with_storage),
      of_system("register_pooled_blob",
                {mut(kSystem), mut(kPool), value(kBlobId), value(kDigest), value(kU64), value(kU8), value(kBool),
                 mut(kCoinWal)},
                register_pooled_blob),
      of_system("certify_pooled_blob",
                {ref(kSystem), mut(kPool), value(kBlobId), value(kBytes), value(kBytes), value(kBytes)},
                certify_pooled_blob),
      of_system("delete_pooled_blob", {ref(kSystem), mut(kPool), value(kBlobId)}, delete_pooled_blob),
      of_system("burn_expired_pooled_blob", {ref(kSystem), mut(kPool), value(kBlobId)}, burn_expired_pooled_blob),
      of_system("extend_storage_pool", {mut(kSystem), mut(kPool), value(kU32), mut(kCoinWal)}, extend_storage_pool),
      of_system("increase_storage_pool_capacity", {mut(kSystem), mut(kPool), value(kU64), mut(kCoinWal)},
                increase_capacity),
      of_system("increase_storage_pool_capacity_with_storage", {ref(kSystem), mut(kPool), value(kStorage)},
                increase_with_storage),
      of_system("decrease_storage_pool_capacity_by_size", {ref(kSystem), mut(kPool), value(kU64)}, decrease_by_size),
      of_system("decrease_storage_pool_unused_capacity_by_percent", {ref(kSystem), mut(kPool), value(kU8)},
                decrease_by_percent),
      of_pool("destroy", {value(kPool)}, destroy),
      of_pool("add_blob_metadata", {mut(kPool), value(kBlobId), value(kMetadata)}, add_metadata),
      of_pool("add_or_replace_blob_metadata", {mut(kPool), value(kBlobId), value(kMetadata)}, add_or_replace_metadata),
      of_pool("take_blob_metadata", {mut(kPool), value(kBlobId)}, take_metadata),
      of_pool("insert_or_update_blob_metadata_pair", {mut(kPool), value(kBlobId), value(kText), value(kText)},
              insert_or_update_pair),
      of_pool("remove_blob_metadata_pair", {mut(kPool), value(kBlobId), value(kText)}, remove_pair),
      of_pool("remove_blob_metadata_pair_if_exists", {mut(kPool), value(kBlobId), value(kText)}, remove_pair_if_exists),
  };
}

}  // namespace

std::span<const MoveFunction> pool_functions() {
  static const std::vector<MoveFunction> table = make_table();
  return table;
}

}  // namespace walrusfs::localnet::sui
