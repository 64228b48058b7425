#include "localnet/sui/staking_state.h"

#include <algorithm>

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kNoSuchField = 1;  // of 0x2::dynamic_field

TypeTag id_type() { return TypeTag::structure(kSuiFramework, "object", "ID"); }
TypeTag u32_type() { return TypeTag::simple(TypeTag::Kind::kU32); }
TypeTag bytes_type() { return TypeTag::vector_of(TypeTag::simple(TypeTag::Kind::kU8)); }
TypeTag map_type(TypeTag key, TypeTag value) {
  return TypeTag::structure(kSuiFramework, "vec_map", "VecMap", {std::move(key), std::move(value)});
}

Bytes record_key() { return to_bytes(as_bytes("local_network")); }

auto find(ActiveSet& set, const ObjectId& node) {
  return std::find_if(set.nodes.begin(), set.nodes.end(), [&](const auto& entry) { return entry.node_id == node; });
}

// Stake may be granted without end here; the sum stops where it cannot be told any more.
uint64_t total_of(const ActiveSet& set) {
  uint64_t total = 0;
  for (const ActiveSetEntry& entry : set.nodes)
    if (__builtin_add_overflow(total, entry.staked_amount, &total)) return UINT64_MAX;
  return total;
}

void insert(ActiveSet& set, const ObjectId& node, uint64_t stake) {
  if (set.nodes.size() < set.max_size) {
    set.nodes.push_back({node, stake});
    return;
  }
  const auto smallest = std::min_element(set.nodes.begin(), set.nodes.end(), [](const auto& a, const auto& b) {
    return a.staked_amount < b.staked_amount;
  });
  if (smallest != set.nodes.end() && smallest->staked_amount < stake) *smallest = {node, stake};
}

}  // namespace

TypeTag extended_type(const Packages& packages, TypeTag value) {
  return field_of(packages.walrus_type("extended_field", "Key"), std::move(value));
}
TypeTag active_set_type(const Packages& packages) { return packages.walrus_type("active_set", "ActiveSet"); }
TypeTag node_keys_type() {
  const TypeTag point = TypeTag::structure(kSuiFramework, "bls12381", "UncompressedG1");
  return map_type(id_type(), TypeTag::structure(kSuiFramework, "group_ops", "Element", {point}));
}
TypeTag deny_list_sizes_type() { return map_type(id_type(), u64_type()); }
TypeTag node_metadata_type(const Packages& packages) { return packages.walrus_type("node_metadata", "NodeMetadata"); }
TypeTag pool_type(const Packages& packages) { return packages.walrus_type("staking_pool", "StakingPool"); }
TypeTag cap_type(const Packages& packages) { return packages.walrus_type("storage_node", "StorageNodeCap"); }
TypeTag staked_wal_type(const Packages& packages) { return packages.walrus_type("staked_wal", "StakedWal"); }

ObjectId pool_entry_id(const ObjectId& table, const ObjectId& node) {
  return dynamic_field_id(table, object_key(id_type()), bcs_encode(node));
}
ObjectId exchange_rate_id(const ObjectId& table, uint32_t epoch) {
  return dynamic_field_id(table, u32_type(), bcs_encode(epoch));
}
TypeTag exchange_rate_field_type(const Packages& packages) {
  return field_of(u32_type(), packages.walrus_type("pool_exchange_rate", "PoolExchangeRate"));
}

StakingField load_staking(Call& call) {
  const ObjectId id = inner_state_id(call.work.network().staking, call.packages.walrus_version);
  return call.work.child<StakingField>(id).value();
}

void save_staking(Call& call, const StakingField& staking) {
  call.work.put_child(call.work.network().staking, staking_field_type(call.packages), staking);
}

ActiveSet load_active_set(Call& call, const StakingInner& inner) {
  return load_extended<ActiveSet>(call, inner.active_set);
}

void save_active_set(Call& call, const StakingInner& inner, ActiveSet set) {
  save_extended(call, inner.active_set, active_set_type(call.packages), std::move(set));
}

void enter(ActiveSet& set, const ObjectId& node, uint64_t stake) {
  if (stake == 0 || stake < set.threshold_stake) return leave(set, node);
  const auto found = find(set, node);
  if (found != set.nodes.end()) {
    found->staked_amount = stake;
  } else {
    insert(set, node, stake);
  }
  set.total_stake = total_of(set);
}

void leave(ActiveSet& set, const ObjectId& node) {
  const auto found = find(set, node);
  if (found == set.nodes.end()) return;
  // The last one takes the place, as Move's swap_remove has it.
  *found = set.nodes.back();
  set.nodes.pop_back();
  set.total_stake = total_of(set);
}

// ---- pools

std::optional<StakingPool> find_pool(Call& call, const ObjectId& node) {
  const auto object = call.work.find(node);
  if (!object || object->type != pool_type(call.packages)) return std::nullopt;
  return bcs_decode<StakingPool>(object->contents, "a staking pool").value();
}

Step need_pool(Call& call, const ObjectId& node, StakingPool* pool) {
  auto found = find_pool(call, node);
  if (!found) return call.framework_abort("dynamic_field", "borrow_child_object_mut", kNoSuchField);
  *pool = std::move(*found);
  return {};
}

StakingPool load_pool(Call& call, const ObjectId& node) { return find_pool(call, node).value(); }

void save_pool(Call& call, const StakingPool& pool) {
  const Owner owner = call.work.find(pool.id).value().owner;
  call.work.put(pool.id, owner, pool_type(call.packages), bcs_encode(pool));
}

void add_pool(Call& call, StakingInner& inner, const StakingPool& pool) {
  const ObjectId entry = pool_entry_id(inner.pools.id, pool.id);
  call.work.put_child(inner.pools.id, field_of(object_key(id_type()), id_type()),
                      Field<ObjectId, ObjectId>{entry, pool.id, pool.id});
  call.work.put(pool.id, ObjectOwner{entry}, pool_type(call.packages), bcs_encode(pool));
  ++inner.pools.size;
}

std::optional<PoolExchangeRate> StoredRates::at(uint32_t epoch) const {
  const auto field =
      call_.work.child<Field<uint32_t, PoolExchangeRate>>(exchange_rate_id(pool_.exchange_rates.id, epoch));
  if (!field) return std::nullopt;
  return field->value;
}

void StoredRates::add(uint32_t epoch, const PoolExchangeRate& rate) {
  call_.work.put_child(
      pool_.exchange_rates.id, exchange_rate_field_type(call_.packages),
      Field<uint32_t, PoolExchangeRate>{exchange_rate_id(pool_.exchange_rates.id, epoch), epoch, rate});
  ++pool_.exchange_rates.size;
}

const std::vector<uint16_t>* shards_of(const Committee& committee, const ObjectId& node) {
  const auto found =
      std::find_if(committee.begin(), committee.end(), [&](const auto& member) { return member.first == node; });
  return found == committee.end() ? nullptr : &found->second;
}

bool contains(const Committee& committee, const ObjectId& node) { return shards_of(committee, node) != nullptr; }

PoolMoment moment_of(const StakingInner& inner, const ObjectId& node) {
  return {inner.epoch, inner.next_committee.has_value(), contains(inner.committee, node),
          inner.next_committee && contains(*inner.next_committee, node)};
}

Failure pool_abort(const Call& call, std::string_view function, uint64_t code) {
  return call.abort("staking_pool", function, code);
}

// ---- the network's own notes

namespace {
const size_t kNodeRecordBytes = bcs_encode(NodeRecord{}).size();
}

ObjectId node_record_id(const ObjectId& extra_fields) {
  return dynamic_field_id(extra_fields, bytes_type(), bcs_encode(record_key()));
}

TypeTag node_record_field_type() { return field_of(bytes_type(), bytes_type()); }

NodeRecordField node_record_field(const ObjectId& extra_fields, const NodeRecord& record) {
  return {node_record_id(extra_fields), record_key(), bcs_encode(record)};
}

NodeRecord load_node_record(Call& call, const StakingPool& pool) {
  const auto field = call.work.child<NodeRecordField>(node_record_id(pool.extra_fields.id)).value();
  Bytes record = field.value;
  record.resize(std::max(record.size(), kNodeRecordBytes));
  return bcs_decode<NodeRecord>(record, "a node's record").value();
}

void save_node_record(Call& call, const StakingPool& pool, const NodeRecord& record) {
  call.work.put_child(pool.extra_fields.id, node_record_field_type(), node_record_field(pool.extra_fields.id, record));
}

}  // namespace walrusfs::localnet::sui
