// What the Move functions of staking share: the inner state of Staking, the pools behind it, the active set. Rules and
// abort codes: those of the contract's modules staking, staking_inner and staking_pool.
#pragma once

#include "localnet/sui/pool_rules.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {

using StakingField = Field<uint64_t, StakingInner>;
template <typename T>
using Extended = Field<bool, T>;  // the key is a struct without fields: one byte
using NodeKeysByNode = VecMap<ObjectId, Element>;
using DenyListSizes = VecMap<ObjectId, uint64_t>;

constexpr uint16_t kMostActiveNodes = 111;

// Types of what stands behind an ExtendedField.
TypeTag extended_type(const Packages& packages, TypeTag value);
TypeTag active_set_type(const Packages& packages);
TypeTag node_keys_type();
TypeTag deny_list_sizes_type();
TypeTag node_metadata_type(const Packages& packages);
TypeTag pool_type(const Packages& packages);
TypeTag cap_type(const Packages& packages);
TypeTag staked_wal_type(const Packages& packages);
// The entry of the table of pools that leads to a pool.
ObjectId pool_entry_id(const ObjectId& table, const ObjectId& node);
ObjectId exchange_rate_id(const ObjectId& table, uint32_t epoch);
TypeTag exchange_rate_field_type(const Packages& packages);

StakingField load_staking(Call& call);
void save_staking(Call& call, const StakingField& staking);

template <typename T>
T load_extended(Call& call, const ExtendedField& field) {
  return call.work.child<Extended<T>>(extended_field_id(field.id, call.packages.walrus_original)).value().value;
}
template <typename T>
void save_extended(Call& call, const ExtendedField& field, TypeTag type, T value) {
  const ObjectId id = extended_field_id(field.id, call.packages.walrus_original);
  call.work.put_child(field.id, extended_type(call.packages, std::move(type)),
                      Extended<T>{id, false, std::move(value)});
}

ActiveSet load_active_set(Call& call, const StakingInner& inner);
void save_active_set(Call& call, const StakingInner& inner, ActiveSet set);
// The node's stake for the next choice; a node without stake leaves, and one that comes to a full set takes the place
// of the smallest if it has more.
void enter(ActiveSet& set, const ObjectId& node, uint64_t stake);
void leave(ActiveSet& set, const ObjectId& node);

// ---- pools

// Nothing when there is no such node.
std::optional<StakingPool> find_pool(Call& call, const ObjectId& node);
// The abort of a table without that entry when there is none.
Step need_pool(Call& call, const ObjectId& node, StakingPool* pool);
// Of a node that must be there: of a committee, or of a capability.
StakingPool load_pool(Call& call, const ObjectId& node);
void save_pool(Call& call, const StakingPool& pool);
void add_pool(Call& call, StakingInner& inner, const StakingPool& pool);

// Behind the pool's table.
class StoredRates final : public ExchangeRates {
 public:
  // Both must outlive it.
  StoredRates(Call& call, StakingPool& pool) : call_(call), pool_(pool) {}
  std::optional<PoolExchangeRate> at(uint32_t epoch) const override;
  void add(uint32_t epoch, const PoolExchangeRate& rate) override;

 private:
  Call& call_;
  StakingPool& pool_;
};

PoolMoment moment_of(const StakingInner& inner, const ObjectId& node);
bool contains(const Committee& committee, const ObjectId& node);
const std::vector<uint16_t>* shards_of(const Committee& committee, const ObjectId& node);
Failure pool_abort(const Call& call, std::string_view function, uint64_t code);

// ---- what this network notes about a node besides, in the pool's extra fields

// Chains that were made before there were the last three have records without them.
struct NodeRecord {
  ObjectId cap;
  uint32_t failed_epoch = 0;    // whose challenges it failed last; 0: never
  uint64_t failures = 0;        // epochs
  uint64_t withheld_frost = 0;  // rewards that it lost by failing
  uint64_t earned_frost = 0;    // rewards that it got, commission included
  uint32_t last_epoch = 0;      // for which it was paid last, and …
  uint64_t last_withheld_frost = 0, last_earned_frost = 0;  // … what of it, as above
  bool operator==(const NodeRecord&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.cap, self.failed_epoch, self.failures, self.withheld_frost, self.earned_frost,
                    self.last_epoch, self.last_withheld_frost, self.last_earned_frost);
  }
};
using NodeRecordField = Field<Bytes, Bytes>;
ObjectId node_record_id(const ObjectId& extra_fields);
TypeTag node_record_field_type();
NodeRecordField node_record_field(const ObjectId& extra_fields, const NodeRecord& record);
NodeRecord load_node_record(Call& call, const StakingPool& pool);
void save_node_record(Call& call, const StakingPool& pool, const NodeRecord& record);

}  // namespace walrusfs::localnet::sui
