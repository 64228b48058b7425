// One storage node with its folder and port, which can be stopped and started at run time. While it runs, a thread of
// its own copies the shards that it gains, and heals what it lacks.
//
// Safe to call from any thread.
#pragma once

#include <memory>
#include <string>

#include "localnet/epoch_driver.h"
#include "localnet/faults.h"
#include "localnet/http_server.h"
#include "localnet/lagging_registry.h"
#include "localnet/localnet.h"
#include "localnet/node_work.h"
#include "localnet/pinned_wire.h"

namespace walrusfs::localnet {

struct NodeHostOptions {
  bool heal = true;  // otherwise what is missing stays so
  std::optional<bls::PublicKey> key;  // that its folder must hold
  bool tls = false;  // HTTPS with the network key in its folder
};

class NodeHost : public EpochNode {
 public:
  // All must outlive the host. `name` is for people ("storage node 3"), `id` is that of committees. Not running until
  // start().
  NodeHost(const Membership& membership, std::string id, std::string name, std::string folder, std::string address,
           Ledger& ledger, World world, NodeHostOptions options);
  ~NodeHost() override { stop(); }

  // On `port` if it is free, else on any; a restarted node insists on the port it had.
  Status start(uint16_t port);
  Status restart() { return start(port()); }
  void stop();

  // Faults on purpose. They stay when the node is stopped and started. apply_faults() follows a change of them: the
  // port of a node that is dead for good is closed.
  Faults& faults() { return faults_; }
  Status apply_faults();

  // Somebody is back who may have what this node lacks.
  void expect_work();
  // Where another node, or this one, can be reached.
  Status meet(const std::string& id, const std::string& name, const NodePlace& place);

  // The background work alone; for good, until the next start().
  void stop_work();
  // Its connections to other nodes, which keep a thread of theirs busy.
  void close_idle() { peers_.close_idle(); }

  const std::string& id() const override { return id_; }
  uint16_t port() const;
  // By which its HTTPS is known; empty for HTTP, and before it ran.
  Bytes network_key() const;
  NodeStatus status() const;
  // Blobs that it cannot heal, nor anybody else for now.
  std::vector<LostBlob> lost() const;
  // The committees have changed: shards come and go.
  Status follow_membership() override;
  bool runs() const override { return running() != nullptr; }
  bool has_synced(uint32_t epoch) const override;
  std::optional<std::vector<BlobId>> lacking() const override;
  Status let_go(const std::set<BlobId>& kept) override;
  // Forgets blobs that no live object names any more.
  Status drop_expired() override;

 private:
  struct Running;

  std::shared_ptr<Running> running() const;
  Status accuse(const BlobId& blob, const InconsistencyProof& proof);
  Status open_port(Running& running, uint16_t wanted_port) REQUIRES(change_mutex_);

  const Membership& membership_;
  const std::string id_, name_, folder_, address_;
  Ledger& ledger_;
  const World world_;
  const NodeHostOptions options_;
  NodeDirectory peers_;  // this node's own clients …
  Traffic traffic_;      // … and what goes over them
  Faults faults_;
  const LaggingRegistry seen_;  // of the chain, by the node

  Mutex change_mutex_;  // one start or stop at a time; taken before mutex_
  mutable Mutex mutex_;
  std::shared_ptr<Running> running_ GUARDED_BY(mutex_);  // shared with whoever just asks it something
  uint16_t port_ GUARDED_BY(mutex_) = 0;
  Bytes network_key_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
