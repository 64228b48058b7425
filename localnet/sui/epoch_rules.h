// What is decided when an epoch ends: votes and rewards. The contract's rules, as pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace walrusfs::localnet::sui {

struct Vote {
  uint64_t value = 0;
  uint64_t weight = 0;  // shards
};

// The highest value for which nodes with a quorum of the shards voted, or for more: capacity. The weights make up
// `shards`.
uint64_t quorum_above(std::vector<Vote> votes, uint64_t shards);
// The lowest value for which they voted, or for less: prices.
uint64_t quorum_below(std::vector<Vote> votes, uint64_t shards);
// What all nodes together offer when a node with `weight` of `shards` offers `node_capacity`.
uint64_t capacity_vote(uint64_t node_capacity, uint64_t weight, uint64_t shards);

// A node of the epoch that ended.
struct Worked {
  uint64_t weight = 0;        // shards
  uint64_t denied_bytes = 0;  // that it refused to keep
  bool failed = false;        // its challenges
};
struct RewardShares {
  std::vector<uint64_t> paid;      // by node
  std::vector<uint64_t> withheld;  // by node: what it would have got had it not failed
  uint64_t left = 0;               // for the next epoch: roundings, and all that was withheld
};
// In proportion to weight times stored bytes. What a node loses is nobody's gain: it stays for the next epoch.
RewardShares share_rewards(uint64_t rewards, uint64_t used_bytes, const std::vector<Worked>& nodes);

}  // namespace walrusfs::localnet::sui
