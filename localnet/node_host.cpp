#include "localnet/node_host.h"

#include "base/log.h"
#include "localnet/accusation.h"
#include "localnet/confirmations.h"
#include "localnet/http_client.h"
#include "localnet/node_keys.h"
#include "localnet/stepper.h"

namespace walrusfs::localnet {

// In the order in which they need each other: the thread stops first, then the server.
struct NodeHost::Running {
  NodeKeys keys;
  std::unique_ptr<NodeWork> work;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Stepper> thread;

  explicit Running(NodeKeys with) : keys(std::move(with)) {}
};

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
  WFS_ASSIGN(made->work, NodeWork::open({membership_, ledger_, seen_, peers_, traffic_, world_.files, world_.clock},
                                        {id_, folder_ + "/blobs", options_.heal}, made->keys.protocol,
                                        [this](const BlobId& blob, const InconsistencyProof& proof) {
                                          return accuse(blob, proof);
                                        }));
  WFS_TRY(open_port(*made, wanted_port));
  made->thread = std::make_unique<Stepper>([work = made->work.get()] { return work->step(); });
  MutexLock lock(mutex_);
  running_ = std::move(made);
  return {};
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
  NodeWork* work = running.work.get();
  WFS_ASSIGN(running.server, HttpServer::start(options, [this, work](HttpCall& call) {
               return faults_.answer(call, [work](HttpCall& unharmed) { return work->answer(unharmed); });
             }));
  MutexLock lock(mutex_);
  port_ = running.server->port();
  network_key_ = std::move(network_key);
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
  expect_work();
  return {};
}

void NodeHost::expect_work() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running || !running->thread) return;
  running->work->expect_work();
  running->thread->nudge();
}

std::shared_ptr<NodeHost::Running> NodeHost::running() const {
  MutexLock lock(mutex_);
  return running_;
}

Status NodeHost::follow_membership() {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  if (!running) return {};
  running->work->follow();
  if (running->thread) running->thread->nudge();
  return {};
}

Status NodeHost::let_go(const std::set<BlobId>& kept) {
  MutexLock changing(change_mutex_);
  const auto running = this->running();
  return running ? running->work->let_go(kept) : ok_status();
}

std::optional<std::vector<BlobId>> NodeHost::lacking() const {
  const auto running = this->running();
  return running ? running->work->lacking() : std::nullopt;
}

std::vector<LostBlob> NodeHost::lost() const {
  const auto running = this->running();
  return running ? running->work->lost() : std::vector<LostBlob>();
}

bool NodeHost::has_synced(uint32_t epoch) const {
  const auto running = this->running();
  return running && running->work->has_synced(epoch);
}

// Not running it will see for itself: nodes serve nothing that has expired.
Status NodeHost::drop_expired() {
  const auto running = this->running();
  return running ? running->work->drop_expired() : ok_status();
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
  running->work->stop();
  running->thread.reset();
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
  ending->work->stop();
  ending->thread.reset();
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
  const NodeStore& store = running->work->store();
  NodeStoreStatus kept = store.status();
  out.blobs = kept.blobs;
  out.slivers = kept.slivers;
  out.bytes = kept.bytes;
  out.damaged_found = kept.damaged_found;
  if (const auto healing = running->work->heal_counts()) out.healing = *healing;
  out.slivers_copied = running->work->sync_counts().slivers_copied;
  for (ShardIndex shard : store.shards().owned) {
    const ShardState state = store.state(shard);
    out.shards_in_transfer += state == ShardState::kInTransfer;
    out.shards_in_recovery += state == ShardState::kInRecovery;
  }
  return out;
}

}  // namespace walrusfs::localnet
