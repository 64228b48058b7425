#include "localnet/node_directory.h"

#include <algorithm>

namespace walrusfs::localnet {
namespace {

// To a node that is none of this network's: nobody is sent anywhere because a stranger wrote an address on the chain.
class NoWire final : public NodeWire {
 public:
  Result<HttpReply> send(const WireRequest&) override {
    return Error(Code::kUnavailable, "the node was registered by somebody else and is not asked");
  }
  void close_idle() override {}
};

}  // namespace

void NodeDirectory::enter(const std::string& id, NodeClientPtr client) {
  MutexLock lock(mutex_);
  clients_[id] = std::move(client);
}

NodeClientPtr NodeDirectory::find(const std::string& id) const {
  MutexLock lock(mutex_);
  auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

NodeClientPtr NodeDirectory::member(const std::string& id, const CodeShape& shape) const {
  if (NodeClientPtr known = find(id)) return known;
  return std::make_shared<NodeClient>(id, std::make_unique<NoWire>(), shape, system_clock());
}

std::vector<NodeClientPtr> NodeDirectory::of(const Committee& committee) const {
  std::vector<NodeClientPtr> clients;
  for (const Member& each : committee.members()) clients.push_back(member(each.id, committee.shape()));
  return clients;
}

std::vector<std::pair<std::string, NodeClientPtr>> NodeDirectory::all() const {
  MutexLock lock(mutex_);
  std::vector<std::pair<std::string, NodeClientPtr>> entries(clients_.begin(), clients_.end());
  std::sort(entries.begin(), entries.end());
  return entries;
}

void NodeDirectory::close_idle() {
  MutexLock lock(mutex_);
  for (auto& [id, client] : clients_) client->close_idle();
}

}  // namespace walrusfs::localnet
