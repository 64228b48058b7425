#include "localnet/symbol_gatherer.h"

#include <algorithm>

#include "base/log.h"
#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kNodesAtATime = 4;

SymbolId crossing(Axis axis, SliverIndex target, SliverIndex source) {
  return axis == Axis::kPrimary ? SymbolId{target, source} : SymbolId{source, target};
}

}  // namespace

SymbolGatherer::SymbolGatherer(const BlobId& blob, const BlobMetadata& metadata, const HealBatch& batch,
                               NodeStore& store)
    : blob_(blob),
      metadata_(metadata),
      shape_(metadata.shape()),
      batch_(batch),
      wanted_(shape_.symbols_per_sliver(batch.axis)),
      store_(store),
      bags_(batch.targets.size()) {
  add_own(store);
}

// Every sliver that the node has on the other axis crosses every target.
void SymbolGatherer::add_own(NodeStore& store) {
  const Axis axis = other(batch_.axis);
  size_t found = 0;
  for (SliverIndex index : store.held(blob_, axis)) {
    if (found == wanted_) return;
    auto sliver = store.sliver(blob_, shape_.pair_of(axis, index), axis);
    if (!sliver) continue;  // damaged: it will be healed, too
    ++found;
    const Bytes word = batch_.with_proofs ? expand_sliver(shape_, *sliver) : std::move(sliver->data);
    for (size_t t = 0; t < batch_.targets.size(); ++t) {
      const ByteView symbol = ByteView(word).subspan(size_t{raw(batch_.targets[t])} * metadata_.symbol_bytes(),
                                                     metadata_.symbol_bytes());
      add(t, {{batch_.axis, index, to_bytes(symbol)}, "", true});
    }
  }
}

void SymbolGatherer::add(size_t target, Given given) {
  MutexLock lock(mutex_);
  if (bags_[target].size() < wanted_) bags_[target].emplace(given.symbol.source_index, std::move(given));
}

size_t SymbolGatherer::most_missing() const {
  MutexLock lock(mutex_);
  size_t most = 0;
  for (const Bag& bag : bags_) most = std::max(most, wanted_ - bag.size());
  return most;
}

void SymbolGatherer::gather(const std::vector<Peer>& peers) {
  for (;;) {
    const std::vector<Ask> asks = plan_round(peers);
    if (asks.empty()) return;
    for_each_parallel(asks.size(), kNodesAtATime, [&](size_t i) { carry_out(asks[i]); });
  }
}

std::vector<SymbolGatherer::Ask> SymbolGatherer::plan_round(const std::vector<Peer>& peers) {
  std::vector<Ask> asks;
  size_t missing = most_missing();
  for (const Peer& peer : peers) {
    if (missing == 0) break;
    if (liars_.contains(peer.id)) continue;
    Ask ask = ask_for(peer, missing);
    if (ask.sources.empty()) continue;
    asked_[peer.id].insert(ask.sources.begin(), ask.sources.end());
    missing -= std::min(missing, ask.sources.size());
    asks.push_back(std::move(ask));
  }
  return asks;
}

// Without proofs a node sends symbols of all slivers that it has; when only few are missing, asking for just
// these with proofs may be cheaper.
SymbolGatherer::Ask SymbolGatherer::ask_for(const Peer& peer, size_t still_missing) {
  const std::set<SliverIndex>& asked = asked_[peer.id];
  std::vector<SliverIndex> all = sources_of(peer), fresh;
  {
    MutexLock lock(mutex_);
    for (SliverIndex source : all) {
      const bool everywhere =
          std::all_of(bags_.begin(), bags_.end(), [&](const Bag& bag) { return bag.contains(source); });
      if (!everywhere && !asked.contains(source)) fresh.push_back(source);
    }
  }
  const uint64_t whole = all.size() * (metadata_.symbol_bytes() + symbol_frame_bytes());
  const uint64_t exact = std::min(still_missing, fresh.size()) *
                         (metadata_.symbol_bytes() + proven_symbol_frame_bytes(shape_));
  if (!batch_.with_proofs && !fresh.empty() && whole <= exact) return {&peer, true, std::move(all)};
  if (fresh.size() > still_missing) fresh.resize(still_missing);
  return {&peer, false, std::move(fresh)};
}

std::vector<SliverIndex> SymbolGatherer::sources_of(const Peer& peer) const {
  std::vector<SliverIndex> sources;
  for (ShardIndex shard : peer.shards)
    sources.push_back(shape_.sliver_of(other(batch_.axis), shape_.pair_of(blob_, shard)));
  return sources;
}

void SymbolGatherer::carry_out(const Ask& ask) {
  if (ask.everything) return fetch_everything(*ask.peer);
  fetch_with_proofs(*ask.peer, ask.sources);
}

void SymbolGatherer::fetch_everything(const Peer& peer) {
  auto answer = peer.client->decoding_symbols(blob_, metadata_, batch_.axis, batch_.targets);
  if (!answer) return log_info("healing {}: {}", blob_.to_string(), answer.error().to_string());
  const std::vector<SliverIndex> own = sources_of(peer);
  const std::set<SliverIndex> speaks_for(own.begin(), own.end());
  for (size_t t = 0; t < batch_.targets.size(); ++t) {
    auto found = answer->find(batch_.targets[t]);
    if (found == answer->end()) continue;
    for (DecodingSymbol& symbol : found->second)
      if (speaks_for.contains(symbol.source_index) && symbol.data.size() == metadata_.symbol_bytes())
        add(t, {std::move(symbol), peer.id, false});
  }
}

// Ordered by source: a node expands each of its slivers once.
void SymbolGatherer::fetch_with_proofs(const Peer& peer, const std::vector<SliverIndex>& sources) {
  std::map<SliverIndex, size_t> place;
  for (size_t t = 0; t < batch_.targets.size(); ++t) place[batch_.targets[t]] = t;
  std::vector<SymbolId> ids;
  for (SliverIndex source : sources)
    for (SliverIndex target : batch_.targets) ids.push_back(crossing(batch_.axis, target, source));
  for (size_t first = 0; first < ids.size(); first += NodeClient::kSymbolsPerRequest) {
    const size_t count = std::min(NodeClient::kSymbolsPerRequest, ids.size() - first);
    auto answer = peer.client->recovery_symbols(blob_, metadata_, std::span(ids).subspan(first, count),
                                                other(batch_.axis));
    if (!answer) return log_info("healing {}: {}", blob_.to_string(), answer.error().to_string());
    for (const GeneralRecoverySymbol& general : *answer) {
      auto found = place.find(general.target_index);
      if (found == place.end() || !general.recovery.verify(metadata_, general.target_index)) return accuse(peer);
      add(found->second, {general.recovery.symbol, peer.id, true});
    }
  }
}

Result<Sliver> SymbolGatherer::rebuild(size_t target) const {
  std::vector<DecodingSymbol> symbols;
  {
    MutexLock lock(mutex_);
    if (bags_[target].size() < wanted_)
      return Error(Code::kUnavailable, "too few symbols of a sliver could be had: " +
                                           std::to_string(bags_[target].size()) + " of " + std::to_string(wanted_));
    for (const auto& [source, given] : bags_[target]) symbols.push_back(given.symbol);
  }
  WFS_ASSIGN(Sliver sliver, recover_sliver(shape_, batch_.axis, batch_.targets[target], metadata_.symbol_bytes(),
                                           symbols));
  WFS_TRY(verify_sliver(sliver, metadata_));
  return sliver;
}

void SymbolGatherer::accuse(const Peer& peer) {
  MutexLock lock(mutex_);
  if (liars_.insert(peer.id).second)
    log_warn("{} serves wrong symbols of blob {}", peer.client->name(), blob_.to_string());
}

std::vector<SliverIndex> SymbolGatherer::given_by(const Peer& peer, size_t target) const {
  MutexLock lock(mutex_);
  std::vector<SliverIndex> sources;
  for (const auto& [source, given] : bags_[target])
    if (given.giver == peer.id) sources.push_back(source);
  return sources;
}

// Whoever handed out something else than what has been proven now is a liar.
void SymbolGatherer::compare(size_t target, const RecoverySymbol& proven) {
  MutexLock lock(mutex_);
  auto found = bags_[target].find(proven.symbol.source_index);
  if (found == bags_[target].end() || found->second.symbol.data == proven.symbol.data) return;
  if (liars_.insert(found->second.giver).second)
    log_warn("node {} serves wrong symbols of blob {}", found->second.giver, blob_.to_string());
}

std::vector<RecoverySymbol> SymbolGatherer::own_proofs(SliverIndex target) {
  std::vector<RecoverySymbol> proofs;
  const Axis axis = other(batch_.axis);
  for (SliverIndex index : store_.held(blob_, axis)) {
    if (proofs.size() == wanted_) break;
    if (auto sliver = store_.sliver(blob_, shape_.pair_of(axis, index), axis))
      proofs.push_back(recovery_symbol_for(shape_, *sliver, target));
  }
  return proofs;
}

std::vector<RecoverySymbol> SymbolGatherer::proofs_from(const Peer& peer, SliverIndex target,
                                                        const std::vector<SliverIndex>& sources) {
  std::vector<RecoverySymbol> proofs;
  std::vector<SymbolId> ids;
  for (SliverIndex source : sources) ids.push_back(crossing(batch_.axis, target, source));
  for (size_t first = 0; first < ids.size(); first += NodeClient::kSymbolsPerRequest) {
    const size_t count = std::min(NodeClient::kSymbolsPerRequest, ids.size() - first);
    auto answer = peer.client->recovery_symbols(blob_, metadata_, std::span(ids).subspan(first, count),
                                                other(batch_.axis));
    if (!answer) {
      log_info("healing {}: {}", blob_.to_string(), answer.error().to_string());
      return proofs;
    }
    for (GeneralRecoverySymbol& general : *answer) {
      if (general.target_index != target || !general.recovery.verify(metadata_, target)) {
        accuse(peer);
        return proofs;
      }
      proofs.push_back(std::move(general.recovery));
    }
  }
  return proofs;
}

SliverRebuild SymbolGatherer::rebuild_with_proofs(size_t target, const std::vector<Peer>& peers) {
  const SliverIndex index = batch_.targets[target];
  std::vector<RecoverySymbol> proofs = own_proofs(index);
  std::set<SliverIndex> have;
  auto append_from = [&](const Peer& peer, const std::vector<SliverIndex>& sources) {
    for (RecoverySymbol& proof : proofs_from(peer, index, sources)) {
      compare(target, proof);
      have.insert(proof.symbol.source_index);
      proofs.push_back(std::move(proof));
    }
  };
  for (const RecoverySymbol& proof : proofs) have.insert(proof.symbol.source_index);
  for (const Peer& peer : peers) append_from(peer, given_by(peer, target));
  // Others in the place of those whose givers lied or fell silent.
  for (const Peer& peer : peers) {
    if (liars_.contains(peer.id) || have.size() >= wanted_) continue;
    std::vector<SliverIndex> more = sources_of(peer);
    std::erase_if(more, [&](SliverIndex source) { return have.contains(source); });
    more.resize(std::min(more.size(), wanted_ - have.size()));
    append_from(peer, more);
  }
  return rebuild_sliver(metadata_, batch_.axis, index, proofs);
}

void SymbolGatherer::drop_symbols_of_liars() {
  MutexLock lock(mutex_);
  for (Bag& bag : bags_)
    std::erase_if(bag, [&](const auto& item) { return !item.second.proven && liars_.contains(item.second.giver); });
}

}  // namespace walrusfs::localnet
