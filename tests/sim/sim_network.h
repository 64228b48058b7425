// A whole local network in one thread and in virtual time: the storage nodes, publisher, aggregator and chain of the
// program as they are, each node on a disk of its own in memory that can lose its power, and requests that go straight
// from one into the other. Everything random is drawn from one generator.
#pragma once

#include <memory>
#include <vector>

#include "base/testing/faulty_files.h"
#include "base/testing/memory_files.h"
#include "in_process.h"
#include "localnet/chain.h"
#include "localnet/aggregator.h"
#include "localnet/faults.h"
#include "localnet/faulty_ledger.h"
#include "localnet/healer.h"
#include "localnet/lagging_registry.h"
#include "localnet/node_keys.h"
#include "localnet/publisher.h"
#include "localnet/storage_node.h"

namespace walrusfs::sim {

namespace net = localnet;

struct Shape {
  uint32_t shards = 10;
  uint32_t nodes = 4;
};

// One storage node on its own machine.
class SimNode {
 public:
  SimNode(const net::Membership& membership, std::string id, const net::BlobRegistry& registry, Clock& clock,
          const bls::SecretKey& key);

  void start();
  void stop();
  bool runs() const { return node_ != nullptr; }
  // The machine goes off: what was not synced is lost, or some of it.
  void power_cut(Rng& rng);
  // All that the node stores is gone; it does not run.
  void wipe();

  // Where another node, or this one, is reached by this one. All are met before any starts.
  void meet(const std::string& id, std::unique_ptr<net::NodeWire> wire);
  // One step of healing; when the next one is due. Only while it runs.
  Millis heal() { return healer_->step(); }
  // Whether it has all that is its own of this blob.
  bool has_all_of(const BlobId& blob) { return store_->has_metadata(blob) && store_->has_all_slivers(blob); }

  net::Faults& faults() { return faults_; }
  net::NodeStore* store() { return store_.get(); }  // null while it does not run
  const HttpHandler& handler() const { return handler_; }

 private:
  const net::Membership& membership_;
  const std::string id_;
  Clock& clock_;
  const bls::SecretKey& key_;
  MemoryFiles disk_;
  FaultyFiles files_{disk_};
  net::Faults faults_;
  const net::LaggingRegistry seen_;
  net::Traffic traffic_;
  net::NodeDirectory peers_;
  std::unique_ptr<net::NodeStore> store_;
  std::unique_ptr<net::StorageNode> node_;
  std::unique_ptr<net::Healer> healer_;
  HttpHandler handler_;  // empty while it does not run
};

class SimNetwork {
 public:
  SimNetwork(Shape shape, Rng& rng, Trace& trace);

  ManualClock& clock() { return clock_; }
  const net::Committee& committee() const { return *membership_->committees()->current; }
  // As it is; publisher and aggregator meet it with its faults.
  net::Ledger& ledger() { return chain_->ledger(); }
  net::Faults& ledger_faults() { return ledger_faults_; }
  size_t node_count() const { return nodes_.size(); }
  SimNode& node(size_t i) { return *nodes_[i]; }

  // Nothing when the connection was cut.
  std::optional<HttpReply> ask_publisher(const WireRequest& request);
  std::optional<HttpReply> ask_aggregator(const WireRequest& request);
  // A new aggregator, which has nothing in its cache.
  void forget_reads();
  // What a client does that stores without a publisher: upload, and collect confirmations of the present epoch.
  void spread(const BlobMetadata& metadata, const std::string& content);
  std::optional<Certificate> confirm(const net::BlobObject& object);
  // Bytes that are reserved in this epoch: as System counts them, and as the wallet's objects add up.
  uint64_t used_capacity();
  uint64_t reserved_capacity();
  // The epoch ends; running nodes collect what nobody pays for any more.
  uint32_t advance_epoch();

 private:
  void make_nodes();
  std::unique_ptr<net::NodeWire> wire_to(size_t node, const std::string& from);

  ManualClock clock_;
  Rng& rng_;
  Trace& trace_;
  std::unique_ptr<net::FixedMembership> membership_;
  MemoryFiles service_disk_;
  net::Faults ledger_faults_{clock_};
  TempFolder chain_folder_;  // SQLite wants a real one
  std::unique_ptr<net::Chain> chain_;
  std::unique_ptr<net::FaultyLedger> faulty_ledger_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  net::NodeDirectory directory_;
  std::unique_ptr<net::BlobReader> reader_;
  std::unique_ptr<net::BlobWriter> writer_;
  std::unique_ptr<net::Aggregator> aggregator_;
  std::unique_ptr<net::Publisher> publisher_;
};

}  // namespace walrusfs::sim
