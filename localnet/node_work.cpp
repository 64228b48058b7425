#include "localnet/node_work.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kNothingToDo{1'000};

// The metadata of blobs of which nothing is the node's any more.
Status drop_everything(NodeStore& store, const std::set<BlobId>& kept) {
  for (const BlobId& blob : store.blobs())
    if (!kept.contains(blob)) WFS_TRY(store.drop(blob));
  return {};
}

std::unique_ptr<Healer> make_healer(const NodeWork::World& world, const NodeWork::Options& options, NodeStore& store,
                                    Healer::Accuse accuse) {
  if (!options.heal) return nullptr;
  return std::make_unique<Healer>(world.membership, options.id, store, world.peers, world.seen, world.clock,
                                  world.traffic, std::move(accuse));
}

}  // namespace

Result<std::unique_ptr<NodeWork>> NodeWork::open(const World& world, const Options& options, const bls::SecretKey& key,
                                                 Healer::Accuse accuse) {
  WFS_ASSIGN(auto store, NodeStore::open(world.files, options.folder, world.membership.shape(),
                                         shards_of(options.id, *world.membership.committees())));
  std::unique_ptr<NodeWork> work(new NodeWork(world, options, key, std::move(store), std::move(accuse)));
  work->follow();
  WFS_TRY(work->drop_expired());
  return work;
}

NodeWork::NodeWork(const World& world, const Options& options, const bls::SecretKey& key,
                   std::unique_ptr<NodeStore> store, Healer::Accuse accuse)
    : world_(world),
      id_(options.id),
      key_(key),
      store_(std::move(store)),
      node_(world.membership, id_, *store_, world.seen, world.clock, key),
      healer_(make_healer(world, options, *store_, std::move(accuse))) {}

std::shared_ptr<ShardSync> NodeWork::current_sync() const {
  MutexLock lock(mutex_);
  return sync_;
}

// Gained shards first: what can be copied need not be rebuilt.
Millis NodeWork::step() {
  const auto copying = current_sync();
  if (copying && !copying->done()) {
    copying->step();
    if (copying->done()) expect_work();
    return Millis(0);
  }
  return healer_ ? healer_->step() : kNothingToDo;
}

void NodeWork::stop() {
  if (healer_) healer_->stop();
}

void NodeWork::expect_work() {
  if (healer_) healer_->expect_work();
}

void NodeWork::follow() {
  const auto now = world_.membership.committees();
  node_.follow();
  if (now->phase == Phase::kSync && followed_epoch_ == now->epoch) return;
  if (now->phase == Phase::kSync) {
    auto sync = std::make_shared<ShardSync>(*now, id_, *store_, world_.peers, key_);
    expect_work();
    MutexLock lock(mutex_);
    sync_ = std::move(sync);
  } else {
    store_->mark_in_transfer({});
    MutexLock lock(mutex_);
    sync_.reset();
  }
  followed_epoch_ = now->epoch;
}

bool NodeWork::has_synced(uint32_t epoch) const {
  if (followed_epoch_ != epoch) return false;
  const auto sync = current_sync();
  return (!sync || sync->done()) && (!healer_ || healer_->has_all_before(epoch));
}

std::optional<std::vector<BlobId>> NodeWork::lacking() const {
  return healer_ ? healer_->lacking() : std::optional(std::vector<BlobId>());
}

Status NodeWork::let_go(const std::set<BlobId>& kept) {
  const uint32_t epoch = world_.membership.committees()->epoch;
  std::set<BlobId> still = kept;
  if (let_go_in_ == epoch) {
    std::erase_if(still, [this](const BlobId& blob) { return !kept_.contains(blob); });
    if (still.size() == kept_.size()) return {};
  }
  node_.let_go();
  WFS_TRY(store_->drop_unassigned(still));
  if (store_->shards().owned.empty()) WFS_TRY(drop_everything(*store_, still));
  for (const BlobId& blob : still) WFS_TRY(store_->look_for_unassigned(blob));
  kept_ = std::move(still);
  let_go_in_ = epoch;
  return {};
}

Status NodeWork::drop_expired() {
  auto wanted = [&](const BlobId& blob) { return world_.chain.standing(blob).registered(); };
  for (const BlobId& blob : store_->blobs())
    if (!wanted(blob) && world_.chain.has_heard_of(blob))
      WFS_TRY(store_->drop_unless(blob, [&] { return wanted(blob); }));
  return {};
}

SyncCounts NodeWork::sync_counts() const {
  const auto sync = current_sync();
  return sync ? sync->counts() : SyncCounts{};
}

std::vector<LostBlob> NodeWork::lost() const { return healer_ ? healer_->lost() : std::vector<LostBlob>(); }

std::optional<HealCounts> NodeWork::heal_counts() const {
  return healer_ ? std::optional(healer_->counts()) : std::nullopt;
}

}  // namespace walrusfs::localnet
