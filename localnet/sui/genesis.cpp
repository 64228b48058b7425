#include "localnet/sui/genesis.h"

#include <algorithm>

#include "base/crypto.h"
#include "localnet/sui/walrus_state.h"

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
    inner.deny_list_sizes = {next_id()};
    add(network.system, SharedOwner{kFirstVersion}, packages().walrus_type("system", "System"),
        versioned(network.system));
    const ObjectId id = inner_state_id(network.system, packages().walrus_version);
    add(id, ObjectOwner{network.system}, system_field_type(packages()),
        SystemField{id, packages().walrus_version, std::move(inner)});
  }

  void make_pool(const GenesisNode& node, const ObjectId& table) {
    StakingPool pool;
    pool.id = node.id;
    pool.voting_params = {genesis_.storage_price, genesis_.write_price, genesis_.total_capacity_bytes};
    pool.node_info = {node.name,  node.id, node.address, {node.public_key}, std::nullopt, node.network_public_key,
                      {next_id()}};
    pool.activation_epoch = pool.latest_epoch = genesis_.epoch;
    pool.exchange_rates = {next_id(), 0};
    pool.extra_fields = {next_id(), 0};
    const TypeTag id_type = TypeTag::structure(kSuiFramework, "object", "ID");
    const TypeTag key = object_key(id_type);
    const ObjectId entry = dynamic_field_id(table, key, bcs_encode(node.id));
    add(entry, ObjectOwner{table}, field_of(key, id_type), Field<ObjectId, ObjectId>{entry, node.id, node.id});
    add(node.id, ObjectOwner{entry}, packages().walrus_type("staking_pool", "StakingPool"), pool);
  }

  void make_staking() {
    const Network& network = state_.network;
    StakingInner inner;
    inner.n_shards = genesis_.n_shards;
    inner.epoch_duration_ms = genesis_.epoch_duration_ms;
    inner.first_epoch_start_ms = genesis_.time_ms;
    inner.pools = {next_id(), genesis_.nodes.size()};
    inner.epoch = genesis_.epoch;
    inner.active_set = {next_id()};
    for (const GenesisNode& node : nodes()) {
      inner.committee.emplace_back(node.id, node.shards);
      make_pool(node, inner.pools.id);
    }
    inner.previous_committee = inner.committee;
    inner.epoch_state = walrusfs::sui::EpochChangeDone{genesis_.time_ms};
    inner.next_epoch_public_keys = {next_id()};
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
