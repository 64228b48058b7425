// What can be done to Staking, as Move calls do it and as the driver of the network does it: both run these.
//
// Nothing, or the abort with which the contract refuses; then the caller throws the workspace away.
#pragma once

#include "localnet/sui/staking_state.h"

namespace walrusfs::localnet::sui {

// Whether the contract's waiting times count. A local network may go on when it is told to.
enum class Timing { kAsOnChain, kNow };

// ---- nodes

// The key in its form of 96 bytes, proven to be the sender's in this epoch.
Step prove_key(Call& call, std::string_view function, const Bytes& key, const Bytes& proof, Bytes* proven);
Step check_network_key(const Call& call, std::string_view function, const Bytes& key);

struct CandidateInfo {
  std::string name, network_address;
  NodeMetadata metadata;
  Bytes public_key;           // compressed, 48 bytes
  Bytes network_public_key;   // 33 bytes
  Bytes proof_of_possession;  // of the sender, in this epoch
  uint16_t commission_rate = 0;
  VotingParams votes;
};
// The capability stands nowhere yet.
Step register_candidate(Call& call, const CandidateInfo& info, StorageNodeCap* cap);
Step change_network_address(Call& call, const ObjectId& node, const std::string& address);
// No stake comes any more, and the node is not chosen again.
Step withdraw_node(Call& call, const ObjectId& node);

// ---- stake

Step stake_with_pool(Call& call, uint64_t frost, const ObjectId& node, StakedWal* staked);
Step request_withdraw_stake(Call& call, StakedWal* staked);
// FROST that come out.
Step withdraw_stake(Call& call, const StakedWal& staked, uint64_t* frost);
Step try_join_active_set(Call& call, const ObjectId& node);

// ---- epochs

// Chooses the next committee and its capacity.
Step end_voting(Call& call, Timing timing);
// Goes to the next epoch.
Step initiate_epoch_change(Call& call, Timing timing);
Step sync_done(Call& call, StorageNodeCap* cap, uint32_t epoch);
// Prices of the committee's votes, at once.
Step update_prices(Call& call);
// The node gets nothing for the current epoch.
Step note_failed_challenges(Call& call, const ObjectId& node);

}  // namespace walrusfs::localnet::sui
