// Storage nodes on loopback with a registry of the test's own, whose background work the test does step by step.
#pragma once

#include "base/testing/manual_clock.h"
#include "codec/encoder.h"
#include "localnet/accusation.h"
#include "localnet/healer.h"
#include "localnet/http_client.h"
#include "localnet/http_server.h"
#include "localnet/shard_sync.h"
#include "localnet/storage_node.h"
#include "temp_folder.h"

namespace walrusfs::localnet {

// What the chain would know, as the test says it.
class TestRegistry : public BlobRegistry {
 public:
  uint32_t epoch() const override { return epoch_; }
  BlobStanding standing(const BlobId& blob) const override {
    MutexLock lock(mutex_);
    auto found = blobs_.find(blob);
    return found == blobs_.end() ? BlobStanding{} : found->second;
  }
  bool object_is_live(const std::string&, const BlobId&) const override { return true; }
  std::vector<BlobId> certified_blobs() const override {
    ++looks;
    MutexLock lock(mutex_);
    std::vector<BlobId> out;
    for (const auto& [blob, standing] : blobs_)
      if (standing.registered() && standing.certified) out.push_back(blob);
    return out;
  }

  ChainProgress progress() const override {
    MutexLock lock(mutex_);
    return {blobs_.size(), 0, blobs_.size()};
  }

  void certify(const BlobId& blob) {
    BlobStanding standing;
    standing.kind = BlobStanding::Kind::kPermanent;
    standing.certified = true;
    standing.initial_certified_epoch = epoch_;
    set(blob, standing);
  }
  void invalidate(const BlobId& blob) {
    BlobStanding standing;
    standing.kind = BlobStanding::Kind::kInvalid;
    set(blob, standing);
  }
  void set_epoch(uint32_t epoch) { epoch_ = epoch; }

  mutable std::atomic<uint64_t> looks{0};  // at all certified blobs

 private:
  void set(const BlobId& blob, const BlobStanding& standing) {
    MutexLock lock(mutex_);
    blobs_[blob] = standing;
  }
  std::atomic<uint32_t> epoch_{1};
  mutable Mutex mutex_;
  std::map<BlobId, BlobStanding> blobs_ GUARDED_BY(mutex_);
};

// Committees that the test sets.
class TestMembership : public Membership {
 public:
  explicit TestMembership(std::shared_ptr<const EpochCommittees> first) : now_(std::move(first)) {}
  std::shared_ptr<const EpochCommittees> committees() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  void set(EpochCommittees next) {
    MutexLock lock(mutex_);
    now_ = std::make_shared<const EpochCommittees>(std::move(next));
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const EpochCommittees> now_ GUARDED_BY(mutex_);
};

class NodeRing {
 public:
  using Spoil = std::function<void(HttpCall& call, HttpAnswer& answer)>;

  NodeRing(uint32_t shards, uint32_t nodes) : shape_(CodeShape::create(shards).value()) {
    std::vector<Member> members = Committee::create(shards, nodes, rng_).value().members();
    for (Member& member : members) {
      keys_.push_back(bls::SecretKey::generate(rng_));
      member.key = keys_.back().public_key();
    }
    EpochCommittees first;
    first.current = std::make_shared<const Committee>(shape_, std::move(members));
    membership_ = std::make_unique<TestMembership>(std::make_shared<const EpochCommittees>(std::move(first)));
    for (uint32_t i = 0; i < nodes; ++i) nodes_.push_back(std::make_unique<Node>());
    for (uint32_t i = 0; i < nodes; ++i) start(i);
  }

  // Stored everywhere and certified.
  EncodedBlob store(ByteView content) {
    EncodedBlob encoded = encode_blob(shape_, content).value();
    put(encoded, encoded.metadata);
    return encoded;
  }
  // The slivers of `encoded` under any metadata.
  void put(const EncodedBlob& encoded, const BlobMetadata& metadata) {
    const BlobId blob = metadata.blob_id();
    for (auto& node : nodes_) WFS_CHECK(node->store->put_metadata(blob, metadata).ok());
    for (const SliverPair& pair : encoded.pairs) {
      NodeStore& store = *nodes_[owner(blob, pair.pair)]->store;
      WFS_CHECK(store.put_sliver(blob, pair.primary).ok() && store.put_sliver(blob, pair.secondary).ok());
    }
    registry.certify(blob);
  }
  size_t owner(const BlobId& blob, PairIndex pair) const { return current().owner(shape_.shard_of(blob, pair)); }

  // The node comes back with an empty disk.
  void wipe(size_t node) {
    stop(node);
    std::filesystem::remove_all(folder(node));
    start(node);
  }
  void follow(size_t node) { nodes_[node]->node->follow(); }
  void let_go(size_t node) { nodes_[node]->node->let_go(); }
  void stop(size_t node) { nodes_[node]->server.reset(); }
  // From now on the node's answers pass through `spoil`.
  void spoil(size_t node, Spoil spoil) { nodes_[node]->spoil = std::move(spoil); }

  HttpAnswer answer(size_t node, HttpCall& call) { return nodes_[node]->node->answer(call); }
  NodeStore& kept_by(size_t node) { return *nodes_[node]->store; }
  const bls::SecretKey& key(size_t node) const { return keys_[node]; }
  const std::string& id(size_t node) const { return current().members()[node].id; }
  const Committee& current() const { return *membership_->committees()->current; }
  TestMembership& membership() { return *membership_; }
  const CodeShape& shape() const { return shape_; }
  uint16_t port(size_t node) const { return nodes_[node]->port; }

  Healer& healer(size_t node, HealerOptions options = {}) {
    Node& own = *nodes_[node];
    if (own.healer) return *own.healer;
    enter_all(own);
    own.healer = std::make_unique<Healer>(
        *membership_, id(node), *own.store, own.peers, registry, clock, own.traffic,
        [this, &own](const BlobId& blob, const InconsistencyProof& proof) { return accuse(own, blob, proof); },
        options);
    return *own.healer;
  }
  // Until nothing is left to do now; false when that takes suspiciously long.
  bool heal(size_t node, HealerOptions options = {}) {
    Healer& healer = this->healer(node, options);
    for (int steps = 0; steps < 10'000; ++steps)
      if (healer.step() > Millis(0)) return true;
    return false;
  }
  NodeDirectory& peers_of(size_t node) {
    enter_all(*nodes_[node]);
    return nodes_[node]->peers;
  }
  // Whether the node has all that is its own of the blob, and it is right.
  bool is_whole(size_t node, const EncodedBlob& encoded) {
    const BlobId blob = encoded.metadata.blob_id();
    if (!kept_by(node).has_all_slivers(blob)) return false;
    for (ShardIndex shard : kept_by(node).shards().owned) {
      const SliverPair& pair = encoded.pairs[raw(shape_.pair_of(blob, shard))];
      auto primary = kept_by(node).sliver(blob, pair.pair, Axis::kPrimary);
      auto secondary = kept_by(node).sliver(blob, pair.pair, Axis::kSecondary);
      if (!primary || !secondary || *primary != pair.primary || *secondary != pair.secondary) return false;
    }
    return true;
  }

  TestRegistry registry;
  ManualClock clock;
  std::vector<BlobId> accused;

 private:
  struct Node {
    std::unique_ptr<NodeStore> store;
    std::unique_ptr<StorageNode> node;
    Spoil spoil;
    std::unique_ptr<HttpServer> server;
    uint16_t port = 0;
    NodeDirectory peers;
    Traffic traffic;
    std::unique_ptr<Healer> healer;
  };

  std::string folder(size_t node) const { return folder_ / ("node-" + std::to_string(node)); }
  void start(size_t node) {
    Node& own = *nodes_[node];
    own.healer.reset();
    own.store = NodeStore::open(system_files(), folder(node), shape_,
                                shards_of(id(node), *membership_->committees())).value();
    own.node = std::make_unique<StorageNode>(*membership_, id(node), *own.store, registry, clock, keys_[node]);
    HttpServerOptions options;
    options.name = "node " + std::to_string(node);
    options.port = own.port;
    options.any_port_if_taken = own.port == 0;
    options.keep_alive_seconds = 1;
    own.server = HttpServer::start(options, [&own](HttpCall& call) {
                   HttpAnswer answer = own.node->answer(call);
                   if (own.spoil) own.spoil(call, answer);
                   return answer;
                 }).value();
    own.port = own.server->port();
  }
  void enter_all(Node& own) {
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (own.peers.find(id(i)) == nullptr)
        own.peers.enter(id(i), std::make_shared<NodeClient>(
                                   "node " + std::to_string(i),
                                   std::make_unique<CountingWire>(
                                       std::make_unique<HttpClient>("127.0.0.1", nodes_[i]->port), own.traffic),
                                   shape_, clock));
  }
  Status accuse(Node& own, const BlobId& blob, const InconsistencyProof& proof) {
    WFS_ASSIGN(const Certificate verdict, collect_verdicts(current(), own.peers, registry.epoch(), blob, proof));
    WFS_TRY(verify_certificate(current().signers(), current().validity_weight(), verdict));
    accused.push_back(blob);
    registry.invalidate(blob);
    return {};
  }

  TempFolder folder_;
  SeededRng rng_{11};
  const CodeShape shape_;
  std::vector<bls::SecretKey> keys_;
  std::unique_ptr<TestMembership> membership_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace walrusfs::localnet
