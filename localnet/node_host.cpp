#include "localnet/node_host.h"

#include "base/log.h"
#include "localnet/accusation.h"
#include "localnet/confirmations.h"
#include "localnet/http_client.h"
#include "localnet/node_keys.h"
#include "localnet/shard_sync.h"
#include "localnet/stepper.h"

namespace walrusfs::localnet {

// In the order in which they need each other: the work stops first, then the server.
struct NodeHost::Running {
  NodeKeys keys;
  std::unique_ptr<NodeStore> store;
  std::unique_ptr<StorageNode> node;
  std::unique_ptr<Healer> healer;  // null when it does not heal
  mutable Mutex mutex;
  std::shared_ptr<ShardSync> sync GUARDED_BY(mutex);  // of the change that runs; shared with the thread that works
  std::atomic<uint32_t> followed_epoch{0};
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Stepper> work;

  explicit Running(NodeKeys with) : keys(std::move(with)) {}

  std::shared_ptr<ShardSync> current_sync() const {
    MutexLock lock(mutex);
    return sync;
  }
  // Gained shards first: what can be copied need not be rebuilt.
  Millis step() {
    const auto copying = current_sync();
    if (copying && !copying->done()) {
      copying->step();
      if (copying->done() && healer) healer->expect_work();
      return Millis(0);
    }
    return healer ? healer->step() : Millis(1'000);
  }
};

namespace {

// The metadata of blobs of which nothing is the node's any more.
Status drop_everything(NodeStore& store) {
  for (const BlobId& blob : store.blobs()) WFS_TRY(store.drop(blob));
  return {};
}

}  // namespace

NodeHost::NodeHost(const Membership& membership, std::string id, std::string name, std::string folder,
                   std::string address, Ledger& ledger, World world, NodeHostOptions options)
    : membership_(membership),
      id_(std::move(id)),
      name_(std::move(name)),
      folder_(std::move(folder)),
      address_(std::move(address)),
      ledger_(ledger),
      world_(world),
      options_(options),
      faults_(world.clock),
      seen_(ledger, faults_) {}

Status NodeHost::start(uint16_t wanted_port) {
  MutexLock changing(change_mutex_);
  {
    MutexLock lock(mutex_);
    if (running_) return {};
  }
  WFS_ASSIGN(NodeKeys keys, load_node_keys(world_.files, folder_));
  if (options_.key && keys.protocol.public_key() != *options_.key)
    return Error(Code::kWrongKey, "the key in " + folder_ + " is not the one that the committee knows");
  auto made = std::make_shared<Running>(std::move(keys));
  WFS_ASSIGN(made->store, NodeStore::open(world_.files, folder_ + "/blobs", membership_.shape(),
                                          shards_of(id_, *membership_.committees())));
  made->node = std::make_unique<StorageNode>(membership_, id_, *made->store, seen_, world_.clock,
                                             made->keys.protocol);
  WFS_TRY(open_port(*made, wanted_port));
  WFS_TRY(start_work(*made));
  {
    MutexLock lock(mutex_);
    running_ = std::move(made);
  }
  return drop_expired();  // what went while it was down
}

Status NodeHost::open_port(Running& running, uint16_t wanted_port) {
  if (running.server || faults_.closes_port()) return {};
  HttpServerOptions options;
  options.name = name_;
  options.address = address_;
  options.port = wanted_port;
  options.any_port_if_taken = port() == 0;
  options.max_threads = 128;
  Bytes network_key;
  if (options_.tls) {
    WFS_ASSIGN(const SigningKey key, load_network_key(world_.files, world_.rng, folder_));
    network_key = key.public_key();
    WFS_ASSIGN(options.tls, TlsIdentity::self_signed(key, node_server_name(network_key), address_));
  }
  StorageNode* node = running.node.get();
  WFS_ASSIGN(running.server, HttpServer::start(options, [this, node](HttpCall& call) {
               return faults_.answer(call, [node](HttpCall& unharmed) { return node->answer(unharmed); });
             }));
  MutexLock lock(mutex_);
  port_ = running.server->port();
  network_key_ = std::move(network_key);
  return {};
}

Status NodeHost::start_work(Running& running) {
  if (options_.heal)
    running.healer = std::make_unique<Healer>(
        membership_, id_, *running.store, peers_, seen_, world_.clock, traffic_,
        [this](const BlobId& blob, const InconsistencyProof& proof) { return accuse(blob, proof); });
  WFS_TRY(follow(running));
  running.work = std::make_unique<Stepper>([&running] { return running.step(); });
  return {};
}

Status NodeHost::apply_faults() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running) return {};
  if (!faults_.closes_port()) return open_port(*running, port());
  const Faults::WithoutWaits closing_soon(faults_);
  running->server.reset();
  return {};
}

Status NodeHost::meet(const std::string& id, const std::string& name, const NodePlace& place) {
  WFS_ASSIGN(auto direct, reach_node(place, world_.clock));
  auto wire = std::make_unique<CountingWire>(std::move(direct), traffic_);
  peers_.enter(id, std::make_shared<NodeClient>(name, std::move(wire), membership_.shape(), world_.clock));
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running || !running->healer || !running->work) return {};
  running->healer->expect_work();  // there is one more to ask
  running->work->nudge();
  return {};
}

std::shared_ptr<NodeHost::Running> NodeHost::running() const {
  MutexLock lock(mutex_);
  return running_;
}

Status NodeHost::follow_membership() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  return running ? follow(*running) : ok_status();
}

Status NodeHost::follow(Running& running) {
  const auto now = membership_.committees();
  running.node->follow();
  if (now->phase == Phase::kSync && running.followed_epoch == now->epoch) return {};
  if (now->phase == Phase::kSync) {
    auto sync = std::make_shared<ShardSync>(*now, id_, *running.store, peers_, running.keys.protocol);
    if (running.healer) running.healer->expect_work();
    MutexLock lock(running.mutex);
    running.sync = std::move(sync);
  } else {
    running.store->mark_in_transfer({});
    MutexLock lock(running.mutex);
    running.sync.reset();
  }
  running.followed_epoch = now->epoch;
  if (running.work) running.work->nudge();
  return {};
}

Status NodeHost::let_go() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running) return {};
  running->node->let_go();
  WFS_TRY(running->store->drop_unassigned());
  return running->store->shards().owned.empty() ? drop_everything(*running->store) : ok_status();
}

bool NodeHost::has_synced(uint32_t epoch) const {
  const auto running = this->running();
  if (!running || running->followed_epoch != epoch) return false;
  const auto sync = running->current_sync();
  return (!sync || sync->done()) && (!running->healer || running->healer->is_whole());
}

Status NodeHost::accuse(const BlobId& blob, const InconsistencyProof& proof) {
  const std::shared_ptr<const Committee> committee = membership_.committees()->current;
  WFS_ASSIGN(const Certificate verdict, collect_verdicts(*committee, peers_, ledger_.epoch(), blob, proof));
  return ledger_.invalidate(blob, to_transaction(verdict, *committee));
}

void NodeHost::stop_work() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running) return;
  if (running->healer) running->healer->stop();
  running->work.reset();
}

void NodeHost::stop() {
  MutexLock changing(change_mutex_);
  std::shared_ptr<Running> ending;
  {
    MutexLock lock(mutex_);
    ending.swap(running_);
  }
  if (!ending) return;
  const Faults::WithoutWaits ending_soon(faults_);
  if (ending->healer) ending->healer->stop();
  ending->work.reset();
  peers_.close_idle();  // or the others would wait for its keep-alive to end
  ending->server.reset();
}

Bytes NodeHost::network_key() const {
  MutexLock lock(mutex_);
  return network_key_;
}

uint16_t NodeHost::port() const {
  MutexLock lock(mutex_);
  return port_;
}

NodeStatus NodeHost::status() const {
  const auto running = this->running();
  NodeStatus out;
  out.url = (options_.tls ? "https://" : "http://") + address_ + ":" + std::to_string(port());
  out.id = id_;
  out.folder = folder_;
  if (const auto info = p256_key_info(network_key())) out.pinned_key = curl_pin(*info);
  const auto committees = membership_.committees();
  const Member* self = committees->current->find(id_);
  out.shards = self != nullptr ? static_cast<uint32_t>(self->shards.size()) : 0;
  out.running = running != nullptr;
  out.faults = faults_.list();
  if (!running) return out;
  NodeStoreStatus kept = running->store->status();
  out.blobs = kept.blobs;
  out.slivers = kept.slivers;
  out.bytes = kept.bytes;
  out.damaged_found = kept.damaged_found;
  if (running->healer) out.healing = running->healer->counts();
  const auto sync = running->current_sync();
  out.slivers_copied = sync ? sync->counts().slivers_copied : 0;
  for (ShardIndex shard : running->store->shards().owned) {
    const ShardState state = running->store->state(shard);
    out.shards_in_transfer += state == ShardState::kInTransfer;
    out.shards_in_recovery += state == ShardState::kInRecovery;
  }
  return out;
}

Status NodeHost::drop_expired() {
  const auto running = this->running();
  if (!running) return {};  // it will see for itself: nodes serve nothing that has expired
  for (const BlobId& blob : running->store->blobs())
    if (!ledger_.standing(blob).registered() && ledger_.has_heard_of(blob))
      WFS_TRY(running->store->drop_unless(blob, [&] { return ledger_.standing(blob).registered(); }));
  return {};
}

}  // namespace walrusfs::localnet
