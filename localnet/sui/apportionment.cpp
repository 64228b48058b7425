#include "localnet/sui/apportionment.h"

#include <algorithm>
#include <numeric>
#include <queue>

#include "base/check.h"

namespace walrusfs::localnet::sui {
namespace {

using walrusfs::sui::Committee;
using walrusfs::sui::ObjectId;
__extension__ using Wide = unsigned __int128;

constexpr uint64_t kNodesForFlatLimit = 20;
constexpr uint64_t kFlatLimit = 10;  // one in so many

// A node in line for its next shard.
struct InLine {
  uint64_t stake = 0, next_shard = 0;
  size_t node = 0;
  // Lower stake per shard; among equals, who came later.
  bool operator<(const InLine& other) const {
    const Wide mine = static_cast<Wide>(stake) * other.next_shard, theirs = static_cast<Wide>(other.stake) * next_shard;
    return mine != theirs ? mine < theirs : node > other.node;
  }
};

void sort_by_id(Committee& committee) {
  std::sort(committee.begin(), committee.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

}  // namespace

uint64_t max_shards_per_node(uint64_t nodes, uint64_t shards) {
  if (nodes >= kNodesForFlatLimit) return shards / kFlatLimit;
  const uint64_t denominator = nodes * kFlatLimit;
  return denominator == 0 ? 0 : (shards * kNodesForFlatLimit + denominator - 1) / denominator;
}

Result<std::vector<uint16_t>> apportion_shards(uint16_t shards, std::span<const uint64_t> stakes) {
  const Wide total = std::accumulate(stakes.begin(), stakes.end(), Wide{0});
  if (total == 0) return Error(Code::kInvalidArgument, "nobody has staked");
  const uint64_t limit = max_shards_per_node(stakes.size(), shards);
  // Stake that is worth a shard in any case: a start that gives nobody too many.
  const Wide surely = total / (uint64_t{shards} + 1) + 1;
  std::vector<uint64_t> counts(stakes.size());
  std::priority_queue<InLine> line;
  uint64_t given = 0;
  for (size_t i = 0; i < stakes.size(); ++i) {
    counts[i] = std::min(static_cast<uint64_t>(stakes[i] / surely), limit);
    given += counts[i];
    if (counts[i] < limit) line.push({stakes[i], counts[i] + 1, i});
  }
  for (; given < shards; ++given) {
    if (line.empty()) return Error(Code::kInvalidArgument, "there are too few shards for so many nodes");
    InLine next = line.top();
    line.pop();
    counts[next.node] = next.next_shard++;
    if (counts[next.node] < limit) line.push(next);
  }
  return std::vector<uint16_t>(counts.begin(), counts.end());
}

Committee first_committee(ShardCounts wanted) {
  std::sort(wanted.begin(), wanted.end());
  Committee out;
  uint16_t next = 0;
  for (const auto& [node, count] : wanted) {
    std::vector<uint16_t>& shards = out.emplace_back(node, std::vector<uint16_t>(count)).second;
    std::iota(shards.begin(), shards.end(), next);
    next = static_cast<uint16_t>(next + count);
  }
  return out;
}

Committee next_committee(const Committee& now, ShardCounts wanted) {
  Committee out;
  std::vector<uint16_t> free;
  // Those that keep or lose shards are done here; newcomers stay in `wanted`, those that grow go to its end.
  for (const auto& [node, shards] : now) {
    const auto found =
        std::find_if(wanted.begin(), wanted.end(), [&id = node](const auto& w) { return w.first == id; });
    if (found == wanted.end()) {
      free.insert(free.end(), shards.begin(), shards.end());
      continue;
    }
    const uint16_t count = found->second;
    wanted.erase(found);
    if (count > shards.size()) {
      wanted.emplace_back(node, count);
      continue;
    }
    out.emplace_back(node, std::vector<uint16_t>(shards.begin(), shards.begin() + count));
    free.insert(free.end(), shards.rbegin(), shards.rend() - count);
  }
  for (const auto& [node, count] : wanted) {
    const auto before = std::find_if(now.begin(), now.end(), [&id = node](const auto& n) { return n.first == id; });
    std::vector<uint16_t> shards = before == now.end() ? std::vector<uint16_t>{} : before->second;
    for (; shards.size() < count; free.pop_back()) {
      WFS_CHECK(!free.empty());
      shards.push_back(free.back());
    }
    out.emplace_back(node, std::move(shards));
  }
  WFS_CHECK(free.empty());
  sort_by_id(out);
  return out;
}

}  // namespace walrusfs::localnet::sui
