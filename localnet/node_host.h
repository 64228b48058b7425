// One storage node with its folder and port, which can be stopped and started at run time.
//
// Safe to call from any thread.
#pragma once

#include <memory>
#include <string>

#include "localnet/http_server.h"
#include "localnet/localnet.h"
#include "localnet/storage_node.h"

namespace walrusfs::localnet {

class NodeHost {
 public:
  // All must outlive the host. `name` is for people ("storage node 3"), `id` is that of committees. Not running until
  // start().
  NodeHost(const Membership& membership, std::string id, std::string name, std::string folder, std::string address,
           const BlobRegistry& registry, World world);

  // On `port` if it is free, else on any; a restarted node insists on the port it had.
  Status start(uint16_t port);
  Status restart() { return start(port()); }
  void stop();

  const std::string& id() const { return id_; }
  uint16_t port() const;
  NodeStatus status() const;
  // Forgets blobs that no live object names any more.
  Status drop_expired();

 private:
  struct Running;

  const Membership& membership_;
  const std::string id_, name_, folder_, address_;
  const BlobRegistry& registry_;
  const World world_;

  Mutex change_mutex_;  // one start or stop at a time; taken before mutex_
  mutable Mutex mutex_;
  std::shared_ptr<Running> running_ GUARDED_BY(mutex_);  // shared with whoever just asks it something
  uint16_t port_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs::localnet
