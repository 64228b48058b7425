#include "localnet/sui/genesis.h"

#include <algorithm>

#include "base/crypto.h"
#include "localnet/sui/staking_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kFirstVersion = 1;
constexpr uint64_t kExchangeWal = 1'000'000'000'000'000'000;  // a billion WAL

class Maker {
 public:
  explicit Maker(const Genesis& genesis) : genesis_(genesis), digest_{named("genesis")} {}

  FirstState make() {
    make_network();
    make_system();
    make_staking();
    make_clock();
    const Exchange exchange{state_.network.exchange, kExchangeWal, 0, {1, 1}, next_id()};
    add(exchange.id, SharedOwner{kFirstVersion}, TypeTag::structure(packages().exchange, "wal_exchange", "Exchange"),
        exchange);
    return std::move(state_);
  }

 private:
  Digest named(std::string_view what) const {
    Bytes preimage = to_bytes(genesis_.seed);
    append(preimage, as_bytes(what));
    return blake2b256(preimage);
  }
  ObjectId next_id() { return created_object_id(digest_, next_++); }
  const Packages& packages() const { return state_.network.packages; }

  template <typename Content>
  void add(const ObjectId& id, Owner owner, TypeTag type, const Content& content) {
    state_.objects.push_back({id, kFirstVersion, std::move(owner), std::move(type), bcs_encode(content), digest_, 0});
  }

  void make_network() {
    Network& network = state_.network;
    network.chain = {named("chain")};
    network.packages.walrus_original = {named("walrus")};
    network.packages.walrus_current = {named("walrus upgraded")};
    network.packages.wal = {named("wal")};
    network.packages.exchange = {named("wal_exchange")};
    network.system = next_id();
    network.staking = next_id();
    network.exchange = next_id();
  }

  VersionedObject versioned(const ObjectId& id) const {
    return {id, packages().walrus_version, packages().walrus_current, std::nullopt};
  }

  FutureAccountingRing empty_ring() const {
    FutureAccountingRing ring{0, genesis_.longest_reservation, {}};
    for (uint32_t i = 0; i < ring.length; ++i) ring.ring.push_back({genesis_.epoch + i, 0, 0});
    return ring;
  }

  // Sorted by id, as on the chain.
  std::vector<GenesisNode> nodes() const {
    auto sorted = genesis_.nodes;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return sorted;
  }

  void make_system() {
    const Network& network = state_.network;
    SystemStateInner inner;
    for (const GenesisNode& node : nodes())
      inner.committee.members.push_back({{node.public_key}, static_cast<uint16_t>(node.shards.size()), node.id});
    inner.committee.n_shards = genesis_.n_shards;
    inner.committee.epoch = genesis_.epoch;
    inner.committee.total_aggregated_key = {genesis_.total_aggregated_key};
    inner.total_capacity_size = genesis_.total_capacity_bytes;
    inner.storage_price_per_unit_size = genesis_.storage_price;
    inner.write_price_per_unit_size = genesis_.write_price;
    inner.future_accounting = empty_ring();
    inner.deny_list_sizes = extended(deny_list_sizes_type(), DenyListSizes{});
    add(network.system, SharedOwner{kFirstVersion}, packages().walrus_type("system", "System"),
        versioned(network.system));
    const ObjectId id = inner_state_id(network.system, packages().walrus_version);
    add(id, ObjectOwner{network.system}, system_field_type(packages()),
        SystemField{id, packages().walrus_version, std::move(inner)});
  }

  void make_clock() {
    add(kClockId, SharedOwner{kFirstVersion}, clock_type(), ClockObject{kClockId, genesis_.time_ms});
  }

  template <typename T>
  ExtendedField extended(TypeTag type, T value) {
    const ExtendedField field{next_id()};
    const ObjectId id = extended_field_id(field.id, packages().walrus_original);
    add(id, ObjectOwner{field.id}, extended_type(packages(), std::move(type)),
        Extended<T>{id, false, std::move(value)});
    return field;
  }

  void make_stake(const GenesisNode& node, uint64_t frost) {
    const StakedWal staked{next_id(), Staked{}, node.id, frost, genesis_.epoch};
    add(staked.id, AddressOwner{genesis_.staker}, staked_wal_type(packages()), staked);
  }

  void make_pool(const GenesisNode& node, const ObjectId& table) {
    StakingPool pool;
    pool.id = node.id;
    const uint64_t capacity = part_of_capacity(node.shards.size());
    pool.voting_params = {genesis_.storage_price, genesis_.write_price, capacity};
    pool.node_info = {node.name,
                      node.id,
                      node.address,
                      {node.public_key},
                      std::nullopt,
                      node.network_public_key,
                      extended(node_metadata_type(packages()), NodeMetadata{})};
    pool.activation_epoch = pool.latest_epoch = genesis_.epoch;
    pool.wal_balance = pool.num_shares = node.shards.size() * genesis_.stake_per_shard;
    pool.commission_rate = genesis_.commission_rate;
    pool.exchange_rates = {next_id(), 1};
    pool.extra_fields = {next_id(), 1};
    const ObjectId rate = exchange_rate_id(pool.exchange_rates.id, genesis_.epoch);
    add(rate, ObjectOwner{pool.exchange_rates.id}, exchange_rate_field_type(packages()),
        Field<uint32_t, PoolExchangeRate>{rate, genesis_.epoch, FlatRate{}});
    const StorageNodeCap cap{next_id(), node.id, genesis_.epoch, {}, {}, 0, 0};
    add(cap.id, AddressOwner{node.operator_address}, cap_type(packages()), cap);
    pool.commission_receiver = AuthorizedObject{cap.id};
    pool.governance_authorized = AuthorizedAddress{node.operator_address};
    const NodeRecordField record = node_record_field(pool.extra_fields.id, {cap.id, 0, 0, 0, 0});
    add(record.id, ObjectOwner{pool.extra_fields.id}, node_record_field_type(), record);
    if (pool.wal_balance > 0) make_stake(node, pool.wal_balance);
    const TypeTag id_type = TypeTag::structure(kSuiFramework, "object", "ID");
    const ObjectId entry = pool_entry_id(table, node.id);
    add(entry, ObjectOwner{table}, field_of(object_key(id_type), id_type),
        Field<ObjectId, ObjectId>{entry, node.id, node.id});
    add(node.id, ObjectOwner{entry}, pool_type(packages()), pool);
  }

  // Rounded up, so that the parts together are no less than the whole.
  uint64_t part_of_capacity(uint64_t shards) const {
    __extension__ using Wide = unsigned __int128;
    const Wide whole = static_cast<Wide>(genesis_.total_capacity_bytes) * shards;
    return static_cast<uint64_t>((whole + genesis_.n_shards - 1) / std::max<uint16_t>(genesis_.n_shards, 1));
  }

  ActiveSet active_set() const {
    ActiveSet set{kMostActiveNodes, 0, {}, 0};
    for (const GenesisNode& node : nodes()) enter(set, node.id, node.shards.size() * genesis_.stake_per_shard);
    return set;
  }

  void make_staking() {
    const Network& network = state_.network;
    StakingInner inner;
    inner.n_shards = genesis_.n_shards;
    inner.epoch_duration_ms = genesis_.epoch_duration_ms;
    inner.first_epoch_start_ms = genesis_.time_ms;
    inner.pools = {next_id(), genesis_.nodes.size()};
    inner.epoch = genesis_.epoch;
    inner.active_set = extended(active_set_type(packages()), active_set());
    for (const GenesisNode& node : nodes()) {
      inner.committee.emplace_back(node.id, node.shards);
      make_pool(node, inner.pools.id);
    }
    inner.previous_committee = inner.committee;
    inner.epoch_state = walrusfs::sui::EpochChangeDone{genesis_.time_ms};
    inner.next_epoch_public_keys = extended(node_keys_type(), NodeKeysByNode{});
    add(network.staking, SharedOwner{kFirstVersion}, packages().walrus_type("staking", "Staking"),
        versioned(network.staking));
    const ObjectId id = inner_state_id(network.staking, packages().walrus_version);
    add(id, ObjectOwner{network.staking}, staking_field_type(packages()),
        Field<uint64_t, StakingInner>{id, packages().walrus_version, std::move(inner)});
  }

  const Genesis& genesis_;
  const SuiDigest digest_;
  uint64_t next_ = 0;
  FirstState state_;
};

}  // namespace

FirstState make_first_state(const Genesis& genesis) { return Maker(genesis).make(); }

}  // namespace walrusfs::localnet::sui
