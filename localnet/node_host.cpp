#include "localnet/node_host.h"

#include "localnet/node_keys.h"

namespace walrusfs::localnet {

// In the order in which they need each other: the server stops first.
struct NodeHost::Running {
  NodeKeys keys;
  std::unique_ptr<NodeStore> store;
  std::unique_ptr<StorageNode> node;
  std::unique_ptr<HttpServer> server;

  explicit Running(NodeKeys with) : keys(std::move(with)) {}
};

NodeHost::NodeHost(const Membership& membership, std::string id, std::string name, std::string folder,
                   std::string address, const BlobRegistry& registry, World world)
    : membership_(membership),
      id_(std::move(id)),
      name_(std::move(name)),
      folder_(std::move(folder)),
      address_(std::move(address)),
      registry_(registry),
      world_(world) {}

Status NodeHost::start(uint16_t wanted_port) {
  MutexLock changing(change_mutex_);
  uint16_t had = 0;
  {
    MutexLock lock(mutex_);
    if (running_) return {};
    had = port_;
  }
  WFS_ASSIGN(NodeKeys keys, load_node_keys(world_.files, folder_));
  const auto committees = membership_.committees();
  const Member* self = committees->current->find(id_);
  if (self == nullptr || keys.protocol.public_key() != self->key)
    return Error(Code::kWrongKey, "the key in " + folder_ + " is not the one that the committee knows");
  auto made = std::make_shared<Running>(std::move(keys));
  WFS_ASSIGN(made->store, NodeStore::open(world_.files, folder_ + "/blobs", membership_.shape(), self->shards));
  made->node = std::make_unique<StorageNode>(membership_, id_, *made->store, registry_, world_.clock,
                                             made->keys.protocol);
  HttpServerOptions options;
  options.name = name_;
  options.address = address_;
  options.port = wanted_port;
  options.any_port_if_taken = had == 0;
  options.max_threads = 128;
  options.keep_alive_seconds = 1;
  StorageNode* node = made->node.get();
  WFS_ASSIGN(made->server, HttpServer::start(options, [node](HttpCall& call) { return node->answer(call); }));
  MutexLock lock(mutex_);
  port_ = made->server->port();
  running_ = std::move(made);
  return {};
}

void NodeHost::stop() {
  MutexLock changing(change_mutex_);
  std::shared_ptr<Running> ending;
  {
    MutexLock lock(mutex_);
    ending.swap(running_);
  }
  if (ending) ending->server.reset();
}

uint16_t NodeHost::port() const {
  MutexLock lock(mutex_);
  return port_;
}

NodeStatus NodeHost::status() const {
  std::shared_ptr<Running> running;
  NodeStatus out;
  {
    MutexLock lock(mutex_);
    running = running_;
    out.url = "http://" + address_ + ":" + std::to_string(port_);
  }
  out.id = id_;
  out.folder = folder_;
  const auto committees = membership_.committees();
  const Member* self = committees->current->find(id_);
  out.shards = self != nullptr ? static_cast<uint32_t>(self->shards.size()) : 0;
  out.running = running != nullptr;
  if (!running) return out;
  NodeStoreStatus kept = running->store->status();
  out.blobs = kept.blobs;
  out.slivers = kept.slivers;
  out.bytes = kept.bytes;
  out.damaged_found = kept.damaged_found;
  return out;
}

Status NodeHost::drop_expired() {
  std::shared_ptr<Running> running;
  {
    MutexLock lock(mutex_);
    running = running_;
  }
  if (!running) return {};  // it will see for itself: nodes serve nothing that has expired
  for (const BlobId& blob : running->store->blobs())
    if (!registry_.standing(blob).registered()) WFS_TRY(running->store->drop(blob));
  return {};
}

}  // namespace walrusfs::localnet
