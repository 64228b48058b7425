#include "localnet/node_directory.h"

#include <algorithm>

namespace walrusfs::localnet {

void NodeDirectory::enter(const std::string& id, NodeClientPtr client) {
  MutexLock lock(mutex_);
  clients_[id] = std::move(client);
}

NodeClientPtr NodeDirectory::find(const std::string& id) const {
  MutexLock lock(mutex_);
  auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

std::vector<NodeClientPtr> NodeDirectory::of(const Committee& committee) const {
  MutexLock lock(mutex_);
  std::vector<NodeClientPtr> clients;
  for (const Member& member : committee.members()) {
    auto found = clients_.find(member.id);
    WFS_CHECK(found != clients_.end());
    clients.push_back(found->second);
  }
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
