// How to reach the storage nodes: node id → client.
//
// Safe to call from any thread. A node is entered before a committee names it, and never taken out: one that is gone
// does not answer, which everybody has to bear anyway.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "localnet/committee.h"
#include "localnet/node_client.h"

namespace walrusfs::localnet {

// Shared with those who just talk to the node when it gets another address.
using NodeClientPtr = std::shared_ptr<NodeClient>;

class NodeDirectory {
 public:
  // Replaces the client of a node that has moved.
  void enter(const std::string& id, NodeClientPtr client);
  // Null when the node is unknown.
  NodeClientPtr find(const std::string& id) const;
  // Never null: a member that is unknown, because somebody else registered it on the chain, answers kUnavailable at
  // once.
  NodeClientPtr member(const std::string& id, const CodeShape& shape) const;
  // The same, of all members in their order.
  std::vector<NodeClientPtr> of(const Committee& committee) const;
  // All with their ids, in the order of these.
  std::vector<std::pair<std::string, NodeClientPtr>> all() const;
  void close_idle();

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, NodeClientPtr> clients_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
