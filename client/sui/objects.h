// Contents of the Move objects and events of Walrus, field by field. Layouts: spec "Walrus control plane on Sui"
// section 5, checked against objects that the official SDK wrote.
//
// A u256 blob id is the BlobId's 32 bytes; a root hash likewise. Balances are in the coin's smallest unit.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/sui/transaction.h"
#include "client/sui/types.h"

namespace walrusfs::sui {

template <typename K, typename V>
using VecMap = std::vector<std::pair<K, V>>;
using MetadataMap = VecMap<std::string, std::string>;

// ---- the framework

// A dynamic field, as the object that holds it.
template <typename K, typename V>
struct Field {
  ObjectId id;
  K name;
  V value;
  bool operator==(const Field&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.name, self.value); }
};
// Table, ObjectTable and Bag: the entries are dynamic fields of `id`.
struct Table {
  ObjectId id;
  uint64_t size = 0;
  bool operator==(const Table&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.size); }
};
struct ExtendedField {
  ObjectId id;
  bool operator==(const ExtendedField&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id); }
};
struct Coin {
  ObjectId id;
  uint64_t balance = 0;
  bool operator==(const Coin&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.balance); }
};

struct ClockObject {
  ObjectId id;
  uint64_t timestamp_ms = 0;
  bool operator==(const ClockObject&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.timestamp_ms); }
};

// ---- shared objects, and what stands behind them

// System and Staking: the inner state is the dynamic field named by `version`.
struct VersionedObject {
  ObjectId id;
  uint64_t version = 0;
  ObjectId package_id;
  std::optional<ObjectId> new_package_id;
  bool operator==(const VersionedObject&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.version, self.package_id, self.new_package_id); }
};
// A group element of BLS12-381.
struct Element {
  Bytes bytes;
  bool operator==(const Element&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.bytes); }
};
struct BlsMember {
  Element public_key;  // 96 bytes, uncompressed
  uint16_t weight = 0;
  ObjectId node_id;
  bool operator==(const BlsMember&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.public_key, self.weight, self.node_id); }
};
struct BlsCommittee {
  std::vector<BlsMember> members;
  uint16_t n_shards = 0;
  uint32_t epoch = 0;
  Element total_aggregated_key;  // 48 bytes, compressed
  bool operator==(const BlsCommittee&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.members, self.n_shards, self.epoch, self.total_aggregated_key);
  }
};
struct FutureAccounting {
  uint32_t epoch = 0;
  uint64_t used_capacity = 0, rewards = 0;
  bool operator==(const FutureAccounting&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.used_capacity, self.rewards); }
};
// Entry for epoch e: (current_index + e - epoch) mod length; `length` is the longest reservation.
struct FutureAccountingRing {
  uint32_t current_index = 0, length = 0;
  std::vector<FutureAccounting> ring;
  bool operator==(const FutureAccountingRing&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.current_index, self.length, self.ring); }
};
struct EventBlob {
  BlobId blob_id;
  uint64_t ending_checkpoint = 0;
  bool operator==(const EventBlob&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.blob_id, self.ending_checkpoint); }
};
using EventBlobWeights = VecMap<EventBlob, uint16_t>;
struct EventBlobState {
  std::optional<EventBlob> latest;
  EventBlobWeights weights;
  bool operator==(const EventBlobState&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.latest, self.weights); }
};
struct SystemStateInner {
  BlsCommittee committee;
  uint64_t total_capacity_size = 0, used_capacity_size = 0;
  uint64_t storage_price_per_unit_size = 0, write_price_per_unit_size = 0;
  FutureAccountingRing future_accounting;
  EventBlobState event_blob_state;
  ExtendedField deny_list_sizes;
  bool operator==(const SystemStateInner&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.committee, self.total_capacity_size, self.used_capacity_size, self.storage_price_per_unit_size,
                    self.write_price_per_unit_size, self.future_accounting, self.event_blob_state,
                    self.deny_list_sizes);
  }
};
// Shards by node, sorted by node id.
using Committee = VecMap<ObjectId, std::vector<uint16_t>>;
struct EpochParams {
  uint64_t total_capacity_size = 0, storage_price = 0, write_price = 0;
  bool operator==(const EpochParams&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.total_capacity_size, self.storage_price, self.write_price);
  }
};
struct EpochChangeSync {
  uint16_t weight = 0;  // of the nodes that have finished
  bool operator==(const EpochChangeSync&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.weight); }
};
struct EpochChangeDone {
  uint64_t at_ms = 0;
  bool operator==(const EpochChangeDone&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.at_ms); }
};
struct NextParamsSelected {
  uint64_t at_ms = 0;  // when the change was done
  bool operator==(const NextParamsSelected&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.at_ms); }
};
using EpochState = std::variant<EpochChangeSync, EpochChangeDone, NextParamsSelected>;
struct StakingInner {
  uint16_t n_shards = 0;
  uint64_t epoch_duration_ms = 0, first_epoch_start_ms = 0;
  Table pools;
  uint32_t epoch = 0;
  ExtendedField active_set;
  std::optional<Committee> next_committee;
  Committee committee, previous_committee;
  std::optional<EpochParams> next_epoch_params;
  EpochState epoch_state;
  ExtendedField next_epoch_public_keys;
  bool operator==(const StakingInner&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.n_shards, self.epoch_duration_ms, self.first_epoch_start_ms, self.pools, self.epoch,
                    self.active_set, self.next_committee, self.committee, self.previous_committee,
                    self.next_epoch_params, self.epoch_state, self.next_epoch_public_keys);
  }
};

// ---- storage nodes

struct PoolActive : NoFields {};
struct PoolWithdrawing {
  uint32_t epoch = 0;
  bool operator==(const PoolWithdrawing&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch); }
};
struct PoolWithdrawn : NoFields {};
using PoolState = std::variant<PoolActive, PoolWithdrawing, PoolWithdrawn>;
struct VotingParams {
  uint64_t storage_price = 0, write_price = 0, node_capacity = 0;
  bool operator==(const VotingParams&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.storage_price, self.write_price, self.node_capacity); }
};
struct NodeInfo {
  std::string name;
  ObjectId node_id;
  std::string network_address;  // host:port
  Element public_key;
  std::optional<Element> next_epoch_public_key;
  Bytes network_public_key;  // 33 bytes: a compressed P-256 point
  ExtendedField metadata;
  bool operator==(const NodeInfo&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.name, self.node_id, self.network_address, self.public_key, self.next_epoch_public_key,
                    self.network_public_key, self.metadata);
  }
};
struct AuthorizedAddress {
  Address address;
  bool operator==(const AuthorizedAddress&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.address); }
};
struct AuthorizedObject {
  ObjectId id;
  bool operator==(const AuthorizedObject&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id); }
};
using Authorized = std::variant<AuthorizedAddress, AuthorizedObject>;
using AmountsByEpoch = VecMap<uint32_t, uint64_t>;
// Its id is the node id.
struct StakingPool {
  ObjectId id;
  PoolState state;
  VotingParams voting_params;
  NodeInfo node_info;
  uint32_t activation_epoch = 0, latest_epoch = 0;
  uint64_t wal_balance = 0, num_shares = 0;
  AmountsByEpoch pending_shares_withdraw, pre_active_withdrawals, pending_commission_rate;
  uint16_t commission_rate = 0;
  Table exchange_rates;
  AmountsByEpoch pending_stake;
  uint64_t rewards_pool = 0, commission = 0;
  Authorized commission_receiver, governance_authorized;
  Table extra_fields;
  bool operator==(const StakingPool&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.state, self.voting_params, self.node_info, self.activation_epoch, self.latest_epoch,
                    self.wal_balance, self.num_shares, self.pending_shares_withdraw, self.pre_active_withdrawals,
                    self.pending_commission_rate, self.commission_rate, self.exchange_rates, self.pending_stake,
                    self.rewards_pool, self.commission, self.commission_receiver, self.governance_authorized,
                    self.extra_fields);
  }
};
struct U128 {
  uint64_t low = 0, high = 0;
  bool operator==(const U128&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.low, self.high); }
};
struct FlatRate : NoFields {};
struct VariableRate {
  U128 wal_amount, share_amount;
  bool operator==(const VariableRate&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.wal_amount, self.share_amount); }
};
// What a share of a pool is worth; flat: one FROST.
using PoolExchangeRate = std::variant<FlatRate, VariableRate>;
// The nodes among which the next committee is chosen, in the order in which they came.
struct ActiveSetEntry {
  ObjectId node_id;
  uint64_t staked_amount = 0;
  bool operator==(const ActiveSetEntry&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.node_id, self.staked_amount); }
};
struct ActiveSet {
  uint16_t max_size = 0;
  uint64_t threshold_stake = 0;
  std::vector<ActiveSetEntry> nodes;
  uint64_t total_stake = 0;
  bool operator==(const ActiveSet&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.max_size, self.threshold_stake, self.nodes, self.total_stake);
  }
};
struct EventBlobAttestation {
  uint64_t checkpoint = 0;
  uint32_t epoch = 0;
  bool operator==(const EventBlobAttestation&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.checkpoint, self.epoch); }
};
// Whoever owns it acts for the node.
struct StorageNodeCap {
  ObjectId id, node_id;
  uint32_t last_epoch_sync_done = 0;
  std::optional<EventBlobAttestation> last_attestation;
  Digest deny_list_root{};
  uint64_t deny_list_sequence = 0, deny_list_size = 0;
  bool operator==(const StorageNodeCap&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.node_id, self.last_epoch_sync_done, self.last_attestation, self.deny_list_root,
                    self.deny_list_sequence, self.deny_list_size);
  }
};
struct NodeMetadata {
  std::string image_url, project_url, description;
  MetadataMap extra_fields;
  bool operator==(const NodeMetadata&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.image_url, self.project_url, self.description, self.extra_fields);
  }
};

// ---- what wallets own

struct Staked : NoFields {};
struct StakeWithdrawing {
  uint32_t epoch = 0;  // from when on it can be taken out
  bool operator==(const StakeWithdrawing&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch); }
};
using StakedWalState = std::variant<Staked, StakeWithdrawing>;
struct StakedWal {
  ObjectId id;
  StakedWalState state;
  ObjectId node_id;
  uint64_t principal = 0;
  uint32_t activation_epoch = 0;
  bool operator==(const StakedWal&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.state, self.node_id, self.principal, self.activation_epoch);
  }
};
struct Storage {
  ObjectId id;
  uint32_t start_epoch = 0, end_epoch = 0;
  uint64_t storage_size = 0;  // bytes
  bool operator==(const Storage&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.start_epoch, self.end_epoch, self.storage_size); }
};
struct Blob {
  ObjectId id;
  uint32_t registered_epoch = 0;
  BlobId blob_id;
  uint64_t size = 0;
  uint8_t encoding_type = 0;
  std::optional<uint32_t> certified_epoch;
  Storage storage;
  bool deletable = false;
  bool operator==(const Blob&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.registered_epoch, self.blob_id, self.size, self.encoding_type, self.certified_epoch,
                    self.storage, self.deletable);
  }
};
struct SharedBlob {
  ObjectId id;
  Blob blob;
  uint64_t funds = 0;
  bool operator==(const SharedBlob&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.blob, self.funds); }
};
// The attributes of a blob.
struct Metadata {
  MetadataMap entries;
  bool operator==(const Metadata&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.entries); }
};
// The inner state is the dynamic field named by `version`.
struct StoragePool {
  ObjectId id;
  uint64_t version = 0;
  bool operator==(const StoragePool&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.version); }
};
struct StoragePoolInner {
  Storage storage;
  uint64_t used_encoded_bytes = 0, blob_count = 0;
  Table blobs;
  bool operator==(const StoragePoolInner&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.storage, self.used_encoded_bytes, self.blob_count, self.blobs);
  }
};
struct PooledBlob {
  ObjectId id;
  uint32_t registered_epoch = 0;
  BlobId blob_id;
  uint64_t unencoded_size = 0;
  uint8_t encoding_type = 0;
  std::optional<uint32_t> certified_epoch;
  ObjectId storage_pool_id;
  bool deletable = false;
  bool operator==(const PooledBlob&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.registered_epoch, self.blob_id, self.unencoded_size, self.encoding_type,
                    self.certified_epoch, self.storage_pool_id, self.deletable);
  }
};

// ---- money

struct ExchangeRate {
  uint64_t wal = 0, sui = 0;
  bool operator==(const ExchangeRate&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.wal, self.sui); }
};
struct Exchange {
  ObjectId id;
  uint64_t wal = 0, sui = 0;
  ExchangeRate rate;
  ObjectId admin;
  bool operator==(const Exchange&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.wal, self.sui, self.rate, self.admin); }
};
struct Subsidies {
  ObjectId id;
  uint16_t buyer_rate = 0, system_rate = 0;  // in 1/10000
  uint64_t pool = 0;
  ObjectId package_id;
  uint64_t version = 0;
  bool operator==(const Subsidies&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.id, self.buyer_rate, self.system_rate, self.pool, self.package_id, self.version);
  }
};
struct WalrusSubsidies {
  ObjectId id;
  uint64_t version = 0;
  ObjectId package_id;
  bool operator==(const WalrusSubsidies&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.version, self.package_id); }
};

// ---- events: their types are `<package>::events::<Name>`

namespace event {

struct BlobRegistered {
  uint32_t epoch = 0;
  BlobId blob_id;
  uint64_t size = 0;
  uint8_t encoding_type = 0;
  uint32_t end_epoch = 0;
  bool deletable = false;
  ObjectId object_id;
  bool operator==(const BlobRegistered&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.size, self.encoding_type, self.end_epoch, self.deletable,
                    self.object_id);
  }
};
struct BlobCertified {
  uint32_t epoch = 0;
  BlobId blob_id;
  uint32_t end_epoch = 0;
  bool deletable = false;
  ObjectId object_id;
  bool is_extension = false;
  bool operator==(const BlobCertified&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.end_epoch, self.deletable, self.object_id, self.is_extension);
  }
};
struct BlobDeleted {
  uint32_t epoch = 0;
  BlobId blob_id;
  uint32_t end_epoch = 0;
  ObjectId object_id;
  bool was_certified = false;
  bool operator==(const BlobDeleted&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.end_epoch, self.object_id, self.was_certified);
  }
};
// On the chain: InvalidBlobID.
struct InvalidBlobId {
  uint32_t epoch = 0;
  BlobId blob_id;
  bool operator==(const InvalidBlobId&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.blob_id); }
};
struct EpochChangeStart {
  uint32_t epoch = 0;
  bool operator==(const EpochChangeStart&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch); }
};
struct EpochChangeDone {
  uint32_t epoch = 0;
  bool operator==(const EpochChangeDone&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch); }
};
// The node has all shards that are its own in that epoch.
struct ShardsReceived {
  uint32_t epoch = 0;
  std::vector<uint16_t> shards;
  bool operator==(const ShardsReceived&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.shards); }
};
struct EpochParametersSelected {
  uint32_t next_epoch = 0;
  bool operator==(const EpochParametersSelected&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.next_epoch); }
};
struct PricesUpdated {
  uint32_t epoch = 0;
  uint64_t storage_price = 0, write_price = 0;
  bool operator==(const PricesUpdated&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.storage_price, self.write_price); }
};
struct ContractUpgraded {
  uint32_t epoch = 0;
  ObjectId package_id;
  uint64_t version = 0;
  bool operator==(const ContractUpgraded&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.package_id, self.version); }
};
struct StoragePoolCreated {
  uint32_t epoch = 0;
  ObjectId pool;
  uint64_t capacity = 0;
  uint32_t start_epoch = 0, end_epoch = 0;
  bool operator==(const StoragePoolCreated&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.pool, self.capacity, self.start_epoch, self.end_epoch);
  }
};
struct PooledBlobRegistered {
  uint32_t epoch = 0;
  BlobId blob_id;
  uint64_t unencoded_size = 0;
  uint8_t encoding_type = 0;
  bool deletable = false;
  ObjectId object_id, pool;
  bool operator==(const PooledBlobRegistered&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.unencoded_size, self.encoding_type, self.deletable, self.object_id,
                    self.pool);
  }
};
struct PooledBlobCertified {
  uint32_t epoch = 0;
  BlobId blob_id;
  bool deletable = false;
  ObjectId object_id, pool;
  bool operator==(const PooledBlobCertified&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.deletable, self.object_id, self.pool);
  }
};
struct PooledBlobDeleted {
  uint32_t epoch = 0;
  BlobId blob_id;
  ObjectId object_id;
  bool was_certified = false;
  ObjectId pool;
  bool operator==(const PooledBlobDeleted&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.epoch, self.blob_id, self.object_id, self.was_certified, self.pool);
  }
};
struct StoragePoolExtended {
  uint32_t epoch = 0;
  ObjectId pool;
  uint32_t new_end_epoch = 0;
  bool operator==(const StoragePoolExtended&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.epoch, self.pool, self.new_end_epoch); }
};

}  // namespace event

}  // namespace walrusfs::sui
