// Epochs of Walrus on the local chain, for whoever drives the network: nodes and their stake, the steps of a change of
// epochs, and what the chain says about all of it.
//
// Each call is one record of the chain, all of it or nothing, and does what the Move call of the same meaning does (see
// staking_actions.h): no keys are needed and no gas is paid. Safe to call from any thread. Errors: kNotFound for a node
// that the chain does not know, kNotPermitted for what the contract refuses now, kIo and kNoSpace from the disk.
#pragma once

#include "localnet/sui/full_node.h"
#include "localnet/sui/staking_actions.h"

namespace walrusfs::localnet::sui {

// ---- nodes

struct Candidate {
  std::string name;
  std::string address;           // host:port
  Bytes public_key;              // BLS, compressed (48 bytes)
  Bytes proof_of_possession;     // of the operator's address in the current epoch (codec/signed_messages.h); 96 bytes
  Bytes network_public_key;      // 33 bytes
  Address operator_address;      // gets the capability of the node
  uint16_t commission_rate = 0;  // 1/10000
  VotingParams votes;
};
// The new node's id, which is that of its StakingPool. It has no stake yet.
Result<ObjectId> register_candidate(FullNode& chain, const Candidate& candidate);
Status set_node_address(FullNode& chain, const ObjectId& node, const std::string& address);
// Prices that the committee votes count at once, capacity at the next choice.
Status set_votes(FullNode& chain, const ObjectId& node, const VotingParams& votes);
// New WAL out of nothing, staked with the node; the StakedWal is `owner`'s. At least one WAL.
Result<ObjectId> grant_stake(FullNode& chain, const ObjectId& node, uint64_t frost, const Address& owner);
// No stake comes any more, and the next choice is without it. kNotPermitted when it is the last one.
Status withdraw_node(FullNode& chain, const ObjectId& node);

// ---- the change of epochs, in this order

// How long epochs are meant to be: the chain's own waiting times and the official clients' estimates go by it.
Status set_epoch_duration(FullNode& chain, uint64_t milliseconds);
// Chooses committee and capacity of the next epoch by stake: phase NextParamsSelected.
Status select_next(FullNode& chain, Timing timing);
// In the current epoch, before it ends: these nodes failed their challenges and get no rewards for it. Nodes that are
// in no committee have nothing to lose.
Status report_failed_challenges(FullNode& chain, const std::vector<ObjectId>& nodes);
// Into the new epoch (its number): rewards, room and prices, committees, phase EpochChangeSync.
Result<uint32_t> start_epoch_change(FullNode& chain, Timing timing);
// The node has all its shards. Whether the change is done now: nodes with a quorum of the shards have said so. Twice is
// no error, and no record.
Result<bool> report_sync_done(FullNode& chain, const ObjectId& node);

// All of it at once: chosen if it was not, started, and all nodes are done. The new epoch.
Result<uint32_t> advance_epoch(FullNode& chain);

// ---- what the chain says, all from one moment

struct EpochView {
  uint32_t epoch = 0;
  uint16_t n_shards = 0;
  uint64_t epoch_duration_ms = 0;
  EpochState state;
  // By node id. The keys are those whose signatures count. `previous` is what it was an epoch ago: empty after epoch
  // 0, and the same as `current` where the chain began with a committee.
  BlsCommittee current_keys;
  Committee current, previous;
  std::optional<Committee> next;
  uint64_t total_capacity = 0, used_capacity = 0;  // bytes
  uint64_t storage_price = 0, write_price = 0;     // FROST per MiB
  uint64_t pending_rewards = 0;                    // of this epoch
};
EpochView view_epoch(const FullNode& chain);

// The little of it that tells whether anything has changed.
struct EpochMoment {
  uint32_t epoch = 0;
  EpochState state;
};
EpochMoment current_moment(const FullNode& chain);

struct NodeView {
  ObjectId id;
  std::string name, address;
  Bytes public_key, network_public_key;
  Bytes next_public_key;  // of the next committee; the same unless the node announced another one
  PoolState state;
  VotingParams votes;
  uint64_t stake = 0;       // that counts in this epoch
  uint64_t next_stake = 0;  // at the next choice
  uint16_t commission_rate = 0;
  uint64_t rewards_pool = 0, commission = 0;  // not yet taken out
  NodeRecord record;                          // failures, rewards got and withheld
};
// Committee members and all other nodes that ever registered, by id.
std::vector<NodeView> view_nodes(const FullNode& chain);

}  // namespace walrusfs::localnet::sui
