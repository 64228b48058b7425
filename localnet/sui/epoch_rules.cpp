#include "localnet/sui/epoch_rules.h"

#include <algorithm>

#include "client/sui/walrus.h"

namespace walrusfs::localnet::sui {
namespace {

using walrusfs::sui::is_quorum;
__extension__ using Wide = unsigned __int128;

}  // namespace

uint64_t quorum_above(std::vector<Vote> votes, uint64_t shards) {
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) { return a.value > b.value; });
  uint64_t weight = 0;
  for (const Vote& vote : votes) {
    weight += vote.weight;
    if (is_quorum(weight, shards)) return vote.value;
  }
  return 0;
}

uint64_t quorum_below(std::vector<Vote> votes, uint64_t shards) {
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) { return a.value < b.value; });
  uint64_t weight = 0;
  for (const Vote& vote : votes) {
    weight += vote.weight;
    if (is_quorum(weight, shards)) return vote.value;
  }
  return UINT64_MAX;
}

uint64_t capacity_vote(uint64_t node_capacity, uint64_t weight, uint64_t shards) {
  const Wide whole = static_cast<Wide>(node_capacity) * shards / weight;
  return whole > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(whole);
}

RewardShares share_rewards(uint64_t rewards, uint64_t used_bytes, const std::vector<Worked>& nodes) {
  std::vector<Wide> stored;
  Wide total = 0;
  for (const Worked& node : nodes) {
    stored.push_back(static_cast<Wide>(used_bytes - std::min(node.denied_bytes, used_bytes)) * node.weight);
    total += stored.back();
  }
  RewardShares out{std::vector<uint64_t>(nodes.size()), std::vector<uint64_t>(nodes.size()), rewards};
  if (total == 0) return out;
  // Bytes times shards times rewards may be more than 128 bits hold: then the lowest bits of the bytes do not count.
  Wide scale = 1;
  while (total / scale > UINT64_MAX) scale *= 2;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto share = static_cast<uint64_t>(stored[i] / scale * rewards / (total / scale));
    (nodes[i].failed ? out.withheld : out.paid)[i] = share;
    if (!nodes[i].failed) out.left -= share;
  }
  return out;
}

}  // namespace walrusfs::localnet::sui
