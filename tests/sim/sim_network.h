// A whole local network in one thread and in virtual time: the storage nodes, publisher, aggregator, chain, driver of
// epochs and challenger of the program as they are, and requests that go straight from one into the other. Everything
// random is drawn from one generator.
#pragma once

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "in_process.h"
#include "localnet/aggregator.h"
#include "localnet/chain.h"
#include "localnet/chain_membership.h"
#include "localnet/challenger.h"
#include "localnet/epoch_driver.h"
#include "localnet/faulty_ledger.h"
#include "localnet/publisher.h"
#include "localnet/sui/epochs.h"
#include "sim_node.h"

namespace walrusfs::sim {

struct Shape {
  uint32_t shards = 10;
  uint32_t nodes = 4;
};

// An epoch that has begun.
struct EpochBegun {
  uint32_t epoch = 0;
  std::set<std::string> failed;            // nodes whose challenges in the epoch before went too badly
  std::vector<net::sui::NodeView> nodes;   // as they were before
  uint64_t wal_before = 0, wal_after = 0;  // all that there is
};

class SimNetwork {
 public:
  SimNetwork(Shape shape, Rng& rng, Trace& trace);

  ManualClock& clock() { return clock_; }
  std::shared_ptr<const net::EpochCommittees> committees() const { return membership_->committees(); }
  CodeShape shape() const { return membership_->shape(); }
  // As it is; publisher and aggregator meet it with its faults.
  net::Ledger& ledger() { return chain_->ledger(); }
  net::Faults& ledger_faults() { return ledger_faults_; }
  // All that ever joined; committees have orders of their own.
  size_t node_count() const { return nodes_.size(); }
  SimNode& node(size_t number) { return *nodes_[number]; }
  const bls::SecretKey& key(size_t number) const;
  size_t number_of(const std::string& id) const;

  // Nothing when the connection was cut.
  std::optional<HttpReply> ask_publisher(const WireRequest& request);
  std::optional<HttpReply> ask_aggregator(const WireRequest& request);
  // A new aggregator, which has nothing in its cache.
  void forget_reads();
  // What a client does that stores without a publisher: upload, and collect confirmations of the present epoch.
  void spread(const BlobMetadata& metadata, const std::string& content);
  std::optional<Certificate> confirm(const net::BlobObject& object);
  // The same promise, truly signed, but by nodes with too few shards.
  net::BlobCertificate sign_with_too_few(const Bytes& message);
  // Asks a node to keep the first sliver of its own with one bit changed.
  Status spread_wrong_sliver(size_t node, const BlobMetadata& metadata, const std::string& content);
  // Bytes that are reserved in this epoch: as System counts them, and as the wallet's objects add up.
  uint64_t used_capacity();
  uint64_t reserved_capacity();

  // ---- the committee; each counts when the next one is chosen
  void add_node(uint64_t frost);
  Status remove_node(size_t number);
  Status stake(size_t number, uint64_t frost);
  std::vector<net::sui::NodeView> nodes_on_chain() const { return net::sui::view_nodes(chain_->node()); }

  // ---- epochs: the steps of the driver, and the challenges between them
  Status begin_change();
  void drive();
  bool change_is_asked_for() const { return change_is_asked_for_; }  // by a fault, and not begun yet
  // As when the program is started anew in the middle of a change.
  void restart_driver();
  // Since this was asked last.
  std::vector<EpochBegun> take_begun() { return std::exchange(begun_, {}); }
  void challenge() { challenger_->step(); }
  std::map<std::string, net::ChallengeScore> scores() const { return challenger_->scores(); }

 private:
  void make_services();
  void host(const std::string& id);
  std::unique_ptr<net::NodeWire> wire_to(size_t node, const std::string& from);
  uint64_t all_wal() const;
  Status watch_epoch(const std::function<Status()>& act);
  void change_by_fault();

  ManualClock clock_;
  Rng& rng_;
  Trace& trace_;
  MemoryFiles service_disk_;
  net::Faults ledger_faults_{clock_};
  TempFolder chain_folder_;  // SQLite wants a real one
  std::unique_ptr<net::Chain> chain_;
  std::unique_ptr<net::FaultyLedger> faulty_ledger_;
  std::unique_ptr<net::ChainMembership> membership_;
  std::vector<std::shared_ptr<SimNode>> nodes_;  // shared with whoever drives them
  net::NodeDirectory directory_;
  std::unique_ptr<net::BlobReader> reader_;
  std::unique_ptr<net::BlobWriter> writer_;
  std::unique_ptr<net::Aggregator> aggregator_;
  std::unique_ptr<net::Publisher> publisher_;
  std::unique_ptr<net::Challenger> challenger_;
  std::unique_ptr<net::EpochDriver> driver_;
  bool change_is_asked_for_ = false;
  std::vector<EpochBegun> begun_;
};

}  // namespace walrusfs::sim
