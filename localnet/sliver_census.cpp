#include "localnet/sliver_census.h"

#include <array>
#include <optional>
#include <set>

#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kNodesAtATime = 4;
constexpr Axis kAxes[] = {Axis::kPrimary, Axis::kSecondary};

// A node that has nothing, or will not hand it out, has answered.
bool is_an_answer(const Error& error) {
  return error.code() == Code::kNotFound || error.code() == Code::kPermission;
}

// By axis. Nothing when the node gives no answer.
using Slivers = std::array<std::set<SliverIndex>, 2>;

std::optional<Slivers> slivers_of(NodeClient& node, const CensusSubject& subject) {
  Slivers found;
  if (subject.metadata == nullptr) {
    const auto metadata = node.metadata(subject.blob);
    return !metadata && is_an_answer(metadata.error()) ? std::optional(found) : std::nullopt;
  }
  for (const Axis axis : kAxes) {  // symbols of a sliver of the other axis
    const auto symbols = node.decoding_symbols(subject.blob, *subject.metadata, other(axis), SliverIndex{0});
    if (!symbols && !is_an_answer(symbols.error())) return std::nullopt;
    if (!symbols) continue;
    for (const DecodingSymbol& symbol : *symbols) found[static_cast<size_t>(axis)].insert(symbol.source_index);
  }
  return found;
}

Slivers own_slivers(const CensusSubject& subject) {
  Slivers found;
  for (const Axis axis : kAxes) {
    const auto held = subject.own.held(subject.blob, axis);
    found[static_cast<size_t>(axis)].insert(held.begin(), held.end());
  }
  return found;
}

std::vector<ShardIndex> shards_of(const CensusSubject& subject, const Slivers& slivers) {
  std::set<ShardIndex> shards;
  for (const Axis axis : kAxes)
    for (const SliverIndex index : slivers[static_cast<size_t>(axis)])
      shards.insert(subject.shape.shard_of(subject.blob, subject.shape.pair_of(axis, index)));
  return {shards.begin(), shards.end()};
}

size_t count_silent(const EpochCommittees& committees, const std::set<std::string>& heard) {
  size_t silent = 0;
  for (uint16_t i = 0; i < committees.current->shape().n(); ++i) {
    const ShardIndex shard{i};
    const Committee* before = committees.also_serving();
    silent += !heard.contains(committees.current->owner_of(shard).id) ||
              (before != nullptr && !heard.contains(before->owner_of(shard).id));
  }
  return silent;
}

}  // namespace

SliverCensus take_census(const CensusSubject& subject, const std::vector<std::pair<std::string, NodeClientPtr>>& nodes,
                         const EpochCommittees& committees, const std::string& self) {
  std::vector<std::optional<Slivers>> answers(nodes.size());
  for_each_parallel(nodes.size(), kNodesAtATime,
                    [&](size_t i) { answers[i] = slivers_of(*nodes[i].second, subject); });
  SliverCensus census;
  Slivers all = own_slivers(subject);
  std::set<std::string> heard{self};
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i]) continue;
    heard.insert(nodes[i].first);
    census.holders[nodes[i].first] = shards_of(subject, *answers[i]);
    for (const Axis axis : kAxes) all[static_cast<size_t>(axis)].merge((*answers[i])[static_cast<size_t>(axis)]);
  }
  for (const Axis axis : kAxes) census.left.found[static_cast<size_t>(axis)] = all[static_cast<size_t>(axis)].size();
  census.left.needed[0] = subject.shape.k1();
  census.left.needed[1] = subject.shape.k2();
  census.silent_shards = count_silent(committees, heard);
  return census;
}

}  // namespace walrusfs::localnet
