// Attributes: the Metadata value, and the one that hangs off a blob.
#include "localnet/sui/move_tables.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

enum : uint64_t { kDuplicateMetadata = 7, kMissingMetadata = 8 };
constexpr uint64_t kKeyDoesNotExist = 1;  // of 0x2::vec_map

Failure missing_key(const Call& call) { return call.framework_abort("vec_map", "get_idx", kKeyDoesNotExist); }

ObjectId blob_of(const Call& call) { return call.get<Blob>(0).id; }

// ---- metadata::

Step metadata_new(Call& call) {
  call.give(type_of(Parameter::Kind::kMetadata, call.packages, {}), Metadata{});
  return {};
}

Step metadata_insert(Call& call) {
  auto metadata = call.get<Metadata>(0);
  insert_or_update(metadata, call.get<std::string>(1), call.get<std::string>(2));
  call.set(0, metadata);
  return {};
}

Step metadata_remove(Call& call) {
  auto metadata = call.get<Metadata>(0);
  if (!erase_key(metadata, call.get<std::string>(1))) return missing_key(call);
  call.set(0, metadata);
  return {};
}

// ---- blob::

Step add_metadata(Call& call) {
  if (attributes_of(call, blob_of(call))) return call.abort("blob", "add_metadata", kDuplicateMetadata);
  set_attributes(call, blob_of(call), call.get<Metadata>(1));
  return {};
}

Step add_or_replace_metadata(Call& call) {
  set_attributes(call, blob_of(call), call.get<Metadata>(1));
  return {};
}

Step take_metadata(Call& call) {
  const auto metadata = attributes_of(call, blob_of(call));
  if (!metadata) return call.abort("blob", "take_metadata", kMissingMetadata);
  drop_attributes(call, blob_of(call));
  call.give(type_of(Parameter::Kind::kMetadata, call.packages, {}), *metadata);
  return {};
}

Step insert_or_update_pair(Call& call) {
  Metadata metadata = attributes_of(call, blob_of(call)).value_or(Metadata{});
  insert_or_update(metadata, call.get<std::string>(1), call.get<std::string>(2));
  set_attributes(call, blob_of(call), std::move(metadata));
  return {};
}

Step remove_pair(Call& call) {
  auto metadata = attributes_of(call, blob_of(call));
  if (!metadata) return call.abort("blob", "remove_metadata_pair", kMissingMetadata);
  if (!erase_key(*metadata, call.get<std::string>(1))) return missing_key(call);
  set_attributes(call, blob_of(call), std::move(*metadata));
  return {};
}

Step remove_pair_if_exists(Call& call) {
  auto metadata = attributes_of(call, blob_of(call));
  if (metadata && erase_key(*metadata, call.get<std::string>(1)))
    set_attributes(call, blob_of(call), std::move(*metadata));
  return {};
}

}  // namespace

std::span<const MoveFunction> attribute_functions() {
  using namespace parameter;
  using enum Parameter::Kind;
  constexpr auto kWalrus = MoveFunction::Where::kWalrus;
  static const std::vector<MoveFunction> table = {
      {kWalrus, "metadata", "new", {}, 0, metadata_new},
      {kWalrus, "metadata", "insert_or_update", {mut(kMetadata), value(kText), value(kText)}, 0, metadata_insert},
      {kWalrus, "metadata", "remove", {mut(kMetadata), value(kText)}, 0, metadata_remove},
      {kWalrus, "blob", "add_metadata", {mut(kBlob), value(kMetadata)}, 0, add_metadata},
      {kWalrus, "blob", "add_or_replace_metadata", {mut(kBlob), value(kMetadata)}, 0, add_or_replace_metadata},
      {kWalrus, "blob", "take_metadata", {mut(kBlob)}, 0, take_metadata},
      {kWalrus,
       "blob",
       "insert_or_update_metadata_pair",
       {mut(kBlob), value(kText), value(kText)},
       0,
       insert_or_update_pair},
      {kWalrus, "blob", "remove_metadata_pair", {mut(kBlob), value(kText)}, 0, remove_pair},
      {kWalrus, "blob", "remove_metadata_pair_if_exists", {mut(kBlob), value(kText)}, 0, remove_pair_if_exists},
  };
  return table;
}

}  // namespace walrusfs::localnet::sui
