#include "localnet/healer.h"

#include <algorithm>

#include "base/log.h"
#include "codec/decoder.h"
#include "localnet/parallel.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kLookAgain{1'000};
constexpr int kLookShare = 50;  // of the time goes into looking for what lacks, at the most
constexpr Millis kTryAgain{10'000};
constexpr Millis kDistrustFor{600'000};
// Uploads of a certified blob may still be coming in (storage-node API, section 11).
constexpr uint64_t kSmallBlobBytes = 100 << 20;
constexpr Millis kWaitSmall{15'000}, kWaitLarge{30'000};
constexpr size_t kSliversAtATime = 4;
constexpr int64_t kAskShare = 10;  // a tenth of the time at the most goes into asking for what is beyond healing

std::string describe(const SliversLeft& left) {
  return "of its slivers there are " + std::to_string(left.found[0]) + " primary ones, where " +
         std::to_string(left.needed[0]) + " would do, and " + std::to_string(left.found[1]) +
         " secondary ones, where " + std::to_string(left.needed[1]) + " would do";
}

// Slivers may be with nodes that do not own their shards any more.
void add_holders(const SliverCensus& census, const std::vector<std::pair<std::string, NodeClientPtr>>& nodes,
                 std::vector<Peer>& peers) {
  for (const auto& [id, client] : nodes) {
    auto held = census.holders.find(id);
    if (held == census.holders.end() || held->second.empty()) continue;
    auto peer = std::find_if(peers.begin(), peers.end(), [&](const Peer& known) { return known.id == id; });
    if (peer == peers.end()) peer = peers.insert(peers.end(), Peer{id, client, {}});
    for (const ShardIndex shard : held->second)
      if (std::find(peer->shards.begin(), peer->shards.end(), shard) == peer->shards.end())
        peer->shards.push_back(shard);
  }
}

}  // namespace

Healer::Healer(const Membership& membership, std::string id, NodeStore& store, const NodeDirectory& peers,
               const BlobRegistry& registry, Clock& clock, const Traffic& traffic, Accuse accuse,
               HealerOptions options)
    : membership_(membership),
      shape_(membership.shape()),
      id_(std::move(id)),
      store_(store),
      peers_(peers),
      registry_(registry),
      clock_(clock),
      traffic_(traffic),
      accuse_(std::move(accuse)),
      options_(options),
      next_look_(clock.monotonic()),
      between_looks_(kLookAgain) {}

HealCounts Healer::counts() const {
  MutexLock lock(mutex_);
  HealCounts out = counts_;
  out.bytes_moved = traffic_.bytes();
  out.blobs_lacking = book_.count_lacking();
  out.blobs_lost = book_.count_lost();
  return out;
}

void Healer::expect_work() {
  idle_ = false;
  book_.expect_work();
}

bool Healer::has_all_before(uint32_t epoch) const {
  const auto blobs = book_.to_be_healed();
  return blobs && std::none_of(blobs->begin(), blobs->end(), [&](const BlobId& blob) {
    return registry_.standing(blob).initial_certified_epoch.value_or(epoch) < epoch;
  });
}

Millis Healer::step() {
  if (stopping_) return kLookAgain;
  auto blob = choose();
  idle_ = !blob && !book_.all_due();
  if (!blob) return between_looks_;
  const auto began = clock_.monotonic();
  if (Status healed = heal(*blob); !healed) {
    log_info("node {} cannot heal blob {} now: {}", id_, blob->to_string(), healed.error().to_string());
    const auto now = clock_.monotonic();
    book_.put_off(*blob, now + pause_after(*blob, std::chrono::duration_cast<Millis>(now - began)));
  }
  return Millis(0);
}

// When very many blobs are beyond healing, asking for them must not take all of the time.
Millis Healer::pause_after(const BlobId& blob, Millis took) const {
  if (!book_.seemed_lost(blob)) return kTryAgain;
  return std::max(kTryAgain, took * kAskShare * static_cast<int64_t>(book_.count_lost()));
}

std::optional<BlobId> Healer::choose() {
  const auto now = clock_.monotonic();
  std::optional<BlobId> chosen;
  if (!book_.all_due() && now < next_look_) chosen = next_due(now);
  if (!chosen) {
    look_at_all(now);
    chosen = next_due(now);
  }
  return chosen;
}

// Those that are whole by now, or gone, are passed over.
std::optional<BlobId> Healer::next_due(Deadline::TimePoint now) {
  while (auto blob = book_.due(now)) {
    if (registry_.standing(*blob).registered() && !store_.has_all_slivers(*blob)) return blob;
    book_.is_whole(*blob);
  }
  return std::nullopt;
}

void Healer::look_at_all(Deadline::TimePoint now) {
  HealQueue lacking;
  const bool all_due = book_.take_all_due();
  const bool has_shards = !store_.shards().owned.empty();
  for (const BlobId& blob : registry_.certified_blobs()) {
    if (!has_shards || store_.has_all_slivers(blob)) continue;
    auto when = now;
    if (!all_due) when = book_.when(blob).value_or(now + wait_after_certification(blob));
    lacking.put(blob, when);
  }
  book_.replace(std::move(lacking));
  mark_states();
  const auto took = std::chrono::duration_cast<Millis>(clock_.monotonic() - now);
  between_looks_ = std::max(kLookAgain, took * kLookShare);
  next_look_ = now + between_looks_;
}

// A shard is in recovery while a certified blob lacks one of its slivers.
void Healer::mark_states() {
  std::set<ShardIndex> lacking;
  for (const BlobId& blob : book_.lacking())
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary})
      for (SliverIndex index : store_.missing(blob, axis))
        lacking.insert(shape_.shard_of(blob, shape_.pair_of(axis, index)));
  store_.mark_recovering({lacking.begin(), lacking.end()});
}

Millis Healer::wait_after_certification(const BlobId& blob) {
  auto metadata = store_.metadata(blob);
  return metadata && (*metadata)->blob_bytes() <= kSmallBlobBytes ? kWaitSmall : kWaitLarge;
}

std::vector<Peer> Healer::peers_in_turn() {
  const auto committees = membership_.committees();
  std::map<std::string, Peer> by_id;
  auto add = [&](const Committee* committee) {
    if (committee == nullptr) return;
    for (const Member& member : committee->members()) {
      if (member.id == id_) continue;
      Peer& peer = by_id.try_emplace(member.id, Peer{member.id, peers_.find(member.id), {}}).first->second;
      for (ShardIndex shard : member.shards)
        if (std::find(peer.shards.begin(), peer.shards.end(), shard) == peer.shards.end()) peer.shards.push_back(shard);
    }
  };
  add(committees->current.get());
  add(committees->also_serving());
  std::vector<Peer> peers;
  for (auto& [id, peer] : by_id)
    if (peer.client != nullptr) peers.push_back(std::move(peer));
  if (!peers.empty())
    std::rotate(peers.begin(), peers.begin() + static_cast<ptrdiff_t>(turn_++ % peers.size()), peers.end());
  const auto now = clock_.monotonic();
  std::erase_if(distrusted_, [&](const auto& item) { return item.second <= now; });
  std::stable_partition(peers.begin(), peers.end(), [&](const Peer& peer) {
    return !peer.client->seems_down() && !distrusted_.contains(peer.id);
  });
  return peers;
}

SliverInventory Healer::inventory_of(const BlobId& blob) const {
  SliverInventory out;
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    out.missing[static_cast<size_t>(axis)] = store_.missing(blob, axis);
    out.held[static_cast<size_t>(axis)] = store_.held(blob, axis);
  }
  return out;
}

Status Healer::heal(const BlobId& blob) {
  std::vector<Peer> peers = peers_in_turn();
  if (!book_.seemed_lost(blob)) {
    Status healed = heal_from(blob, peers);
    if (healed || healed.error().code() != Code::kUnavailable) return healed;
  }
  return heal_after_census(blob, std::move(peers));
}

Status Healer::heal_after_census(const BlobId& blob, std::vector<Peer> peers) {
  const uint64_t turn = book_.turn();
  const auto metadata = metadata_of(blob, peers);
  if (!metadata && metadata.error().code() != Code::kUnavailable) return metadata.error();
  auto nodes = peers_.all();
  std::erase_if(nodes, [&](const auto& node) { return node.first == id_ || distrusted_.contains(node.first); });
  const SliverCensus census = take_census({blob, shape_, metadata ? metadata->get() : nullptr, store_}, nodes,
                                          *membership_.committees(), id_);
  if (stopping_) return Error(Code::kUnavailable, "the node stops");
  const bool enough_heard = census.silent_shards <= shape_.f();
  if (!census.left.suffice() && enough_heard) {
    const std::string what = describe(census.left);
    if (book_.set_lost(blob, census.left, turn))
      log_warn("node {}: blob {} is beyond healing for now: {}", id_, blob.to_string(), what);
    return Error(Code::kUnavailable, "it is beyond healing for now: " + what);
  }
  book_.set_not_lost(blob);
  if (!census.left.suffice())
    return Error(Code::kUnavailable, describe(census.left) + "; nodes with " + std::to_string(census.silent_shards) +
                                         " shards do not answer");
  add_holders(census, nodes, peers);
  return heal_from(blob, peers);
}

Status Healer::heal_from(const BlobId& blob, const std::vector<Peer>& peers) {
  WFS_ASSIGN(const auto metadata, metadata_of(blob, peers));
  const SliverInventory inventory = inventory_of(blob);
  const uint16_t symbol_bytes = metadata->symbol_bytes();
  if (cheaper_way(shape_, symbol_bytes, inventory, options_.max_decode_bytes) == HealWay::kDecode) {
    Status decoded = heal_by_decoding(blob, *metadata, inventory, peers);
    // Too few whole slivers may still be enough symbols, and an inconsistent blob is proven by symbols.
    if (decoded || (decoded.error().code() != Code::kUnavailable && decoded.error().code() != Code::kCorrupt))
      return decoded;
  }
  return heal_next_batch(blob, *metadata, peers);
}

// A primary sliver needs twice as many symbols as a secondary one. When so many nodes are gone that they cannot be had,
// the secondary ones are rebuilt first, which then give the symbols that were missing.
Status Healer::heal_next_batch(const BlobId& blob, const BlobMetadata& metadata, const std::vector<Peer>& peers) {
  const SliverInventory inventory = inventory_of(blob);
  auto batch = next_batch(shape_, metadata.symbol_bytes(), inventory, options_.batch_bytes);
  if (!batch) return {};
  Status healed = heal_by_symbols(blob, metadata, *batch, peers);
  if (healed || healed.error().code() != Code::kUnavailable) return healed;
  batch = next_batch(shape_, metadata.symbol_bytes(), inventory, options_.batch_bytes, other(batch->axis));
  return batch ? heal_by_symbols(blob, metadata, *batch, peers) : healed;
}

Result<std::shared_ptr<const BlobMetadata>> Healer::metadata_of(const BlobId& blob, const std::vector<Peer>& peers) {
  auto kept = store_.metadata(blob);
  if (kept || kept.error().code() != Code::kNotFound) return kept;
  std::string last_problem = "there is no other node";
  for (const Peer& peer : peers) {
    auto metadata = peer.client->metadata(blob);
    if (!metadata) {
      last_problem = metadata.error().message();
      continue;
    }
    WFS_TRY(store_.put_metadata(blob, *metadata));
    MutexLock lock(mutex_);
    counts_.bytes_rebuilt += metadata->to_bytes().size();
    return std::make_shared<const BlobMetadata>(std::move(*metadata));
  }
  return Error(Code::kUnavailable, "no node serves its metadata; the last one: " + last_problem);
}

Status Healer::keep(const BlobId& blob, const Sliver& sliver) {
  WFS_TRY(store_.put_sliver(blob, sliver));
  MutexLock lock(mutex_);
  ++counts_.slivers_rebuilt;
  counts_.bytes_rebuilt += sliver.data.size();
  return {};
}

Status Healer::heal_by_symbols(const BlobId& blob, const BlobMetadata& metadata, const HealBatch& batch,
                               const std::vector<Peer>& peers) {
  SymbolGatherer gatherer(blob, metadata, batch, store_);
  gatherer.gather(peers);
  for (size_t target = 0; target < batch.targets.size() && !stopping_; ++target) {
    auto sliver = gatherer.rebuild(target);
    if (!sliver && sliver.error().code() == Code::kCorrupt) {
      WFS_TRY(heal_with_proofs(blob, gatherer, target, peers));
      continue;
    }
    if (!sliver) return sliver.error();
    WFS_TRY(keep(blob, *sliver));
  }
  return {};
}

// Somebody lied about a symbol, or whoever made the blob lied about its hashes.
Status Healer::heal_with_proofs(const BlobId& blob, SymbolGatherer& gatherer, size_t target,
                                const std::vector<Peer>& peers) {
  SliverRebuild rebuilt = gatherer.rebuild_with_proofs(target, peers);
  for (const std::string& liar : gatherer.liars()) {
    const bool news = distrusted_.insert_or_assign(liar, clock_.monotonic() + kDistrustFor).second;
    MutexLock lock(mutex_);
    counts_.liars_found += news;
  }
  if (rebuilt.proof) {
    WFS_TRY(accuse_(blob, *rebuilt.proof));
    MutexLock lock(mutex_);
    ++counts_.inconsistent_blobs;
    return Error(Code::kCorrupt, "the blob is inconsistent; the ledger knows it now");
  }
  if (!rebuilt.sliver)
    return Error(Code::kUnavailable,
                 std::to_string(rebuilt.missing_symbols) + " proven symbols of a sliver are missing");
  WFS_TRY(keep(blob, *rebuilt.sliver));
  gatherer.drop_symbols_of_liars();
  gatherer.gather(peers);
  return {};
}

// Any k1 verified primary slivers will do; the node's own first.
Result<Bytes> Healer::decode(const BlobId& blob, const BlobMetadata& metadata, const std::vector<Peer>& peers) {
  std::vector<Sliver> slivers;
  for (SliverIndex index : store_.held(blob, Axis::kPrimary)) {
    if (slivers.size() == shape_.k1()) break;
    if (auto sliver = store_.sliver(blob, shape_.pair_of(Axis::kPrimary, index), Axis::kPrimary))
      slivers.push_back(std::move(*sliver));
  }
  std::vector<std::pair<const Peer*, SliverIndex>> offers;
  for (const Peer& peer : peers)
    for (ShardIndex shard : peer.shards)
      offers.emplace_back(&peer, shape_.sliver_of(Axis::kPrimary, shape_.pair_of(blob, shard)));
  Mutex slivers_mutex;
  std::atomic<size_t> wanted{shape_.k1() - slivers.size()}, next{0};
  // Each thread takes an offer only while one more is wanted, so that no more are fetched than needed.
  for_each_parallel(kSliversAtATime, kSliversAtATime, [&](size_t) {
    for (;;) {
      size_t still = wanted;
      while (still > 0 && !wanted.compare_exchange_weak(still, still - 1)) {
      }
      const size_t offer = still > 0 ? next++ : offers.size();
      if (offer >= offers.size() || stopping_) return;
      auto sliver = offers[offer].first->client->sliver(blob, metadata, Axis::kPrimary, offers[offer].second);
      if (!sliver) {
        ++wanted;
        continue;
      }
      MutexLock lock(slivers_mutex);
      slivers.push_back(std::move(*sliver));
    }
  });
  return decode_blob(metadata, Axis::kPrimary, slivers);
}

Status Healer::heal_by_decoding(const BlobId& blob, const BlobMetadata& metadata, const SliverInventory& inventory,
                                const std::vector<Peer>& peers) {
  WFS_ASSIGN(const Bytes content, decode(blob, metadata, peers));
  WFS_ASSIGN(const SliverEncoder encoder, SliverEncoder::create(shape_, content));
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const std::vector<SliverIndex>& missing = inventory.missing[static_cast<size_t>(axis)];
    const size_t batch = std::max<size_t>(1, options_.batch_bytes / metadata.sliver_bytes(axis));
    for (size_t first = 0; first < missing.size() && !stopping_; first += batch) {
      const auto wanted = std::span(missing).subspan(first, std::min(batch, missing.size() - first));
      WFS_ASSIGN(const std::vector<Sliver> slivers, encoder.slivers(axis, wanted));
      for (const Sliver& sliver : slivers) {
        WFS_TRY(verify_sliver(sliver, metadata));
        WFS_TRY(keep(blob, sliver));
      }
    }
  }
  return {};
}

}  // namespace walrusfs::localnet
