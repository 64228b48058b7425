// Shards by stake: how many each node gets, and which ones. The contract's rules, as pure functions.
//
// Numbers follow d'Hondt (each further shard goes to the node with the highest stake per shard), with a limit per node;
// among equals the one that joined the active set first wins. Which ones: whoever had shards keeps as many of them as
// it may, so that no assignment moves fewer.
#pragma once

#include <span>
#include <vector>

#include "client/sui/objects.h"

namespace walrusfs::localnet::sui {

// Most shards that one of `nodes` nodes may have: twice an even share, and a tenth of all from twenty nodes on.
uint64_t max_shards_per_node(uint64_t nodes, uint64_t shards);

// By node, in the order of `stakes`. kInvalidArgument when nobody has staked, or when the limits leave shards over
// (only with fewer than ten shards among twenty nodes or more).
Result<std::vector<uint16_t>> apportion_shards(uint16_t shards, std::span<const uint64_t> stakes);

// Who is to have how many, in the order of the active set. No zeros.
using ShardCounts = std::vector<std::pair<walrusfs::sui::ObjectId, uint16_t>>;

// Shards one after the other, to nodes in the order of their ids.
walrusfs::sui::Committee first_committee(ShardCounts wanted);
// From `now`. Sums of both must be equal.
walrusfs::sui::Committee next_committee(const walrusfs::sui::Committee& now, ShardCounts wanted);

}  // namespace walrusfs::localnet::sui
