// The storage nodes of a local network: their hosts, how to reach them, the committees that they make up, and what goes
// on among them in the background: changes of epochs and challenges.
//
// Nodes are counted in the order in which they joined; the number stays. Safe to call from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "localnet/chain.h"
#include "localnet/chain_membership.h"
#include "localnet/challenger.h"
#include "localnet/epoch_driver.h"
#include "localnet/node_host.h"
#include "localnet/stepper.h"

namespace walrusfs::localnet {

struct NodeSetOptions {
  std::string folder;   // of the network
  std::string address;  // where nodes listen
  bool heal = true;
  Millis epoch_length{0};  // 0: epochs end only when told to
  bool tls = false;        // nodes speak HTTPS, and are known by their network keys
  ChallengePace challenges;
};

class NodeSet {
 public:
  // All nodes of `roster` (in order of their folders) run when it returns, on `ports` as far as given and free. `chain`
  // and the world must outlive it.
  static Result<std::unique_ptr<NodeSet>> start(Chain& chain, World world, Committee roster,
                                                const NodeSetOptions& options, const std::vector<uint16_t>& ports);
  // Nobody asks the nodes any more.
  ~NodeSet();
  void stop();
  // Whoever waits for a node that a fault holds up, or for a change of epochs, does not any more. Before the servers
  // stop, which wait for their requests.
  void end_waits();

  const Membership& membership() const { return *membership_; }
  const NodeDirectory& directory() const { return directory_; }
  std::vector<std::shared_ptr<NodeHost>> all() const;
  // kInvalidArgument when there is none of that number.
  Result<std::shared_ptr<NodeHost>> node(size_t number) const;
  // With what the chain knows about them, and their challenges in this epoch.
  std::vector<NodeStatus> status() const;
  // What no node can heal for now.
  LostBlobs lost_blobs() const;

  Status stop_node(size_t number);
  Status start_node(size_t number);
  // After a change of the node's faults.
  Status follow_faults(size_t number);

  // A node more, which is in the committee from the next epoch on, with `frost` of stake, or as much as the others have
  // on average. Its number.
  Result<size_t> add_node(std::optional<uint64_t> frost);
  // The next committee is without it; it keeps running until then, and after that without shards.
  Status remove_node(size_t number);
  // New WAL, staked with the node; counts when the next committee is chosen.
  Status stake(size_t number, uint64_t frost);
  // Into the next epoch; returns when the change is done. kBusy while one runs; kTimeout when nodes of too few shards
  // have copied what is theirs: the epoch has begun all the same.
  Result<uint32_t> advance_epoch();
  // The same in the middle of somebody's request: does not wait for the end.
  void change_epoch_by_fault();

 private:
  NodeSet(Chain& chain, World world, Committee roster, NodeSetOptions options);
  Status start_all(const std::vector<uint16_t>& ports);
  Committee roster() const;
  void nudge_driver();
  // On the chain, for whoever asks there.
  Status say_epoch_length();
  void start_work();
  Status host_node(const Member& member, uint16_t port);
  Result<Member> register_node(size_t number, const bls::SecretKey& key);
  uint64_t usual_stake() const;
  Result<sui::ObjectId> id_of(size_t number) const;
  NodePlace place_of(const NodeHost& host) const { return {options_.address, host.port(), host.network_key()}; }
  std::string url_of(const NodeHost& host) const { return options_.address + ":" + std::to_string(host.port()); }

  Chain& chain_;
  const World world_;
  const NodeSetOptions options_;
  NodeDirectory directory_;
  std::unique_ptr<ChainMembership> membership_;  // constant once started, as the following
  std::unique_ptr<Challenger> challenger_;
  std::unique_ptr<EpochDriver> driver_;

  std::atomic<bool> ending_{false};
  Mutex joining_mutex_;  // one node joins at a time; taken before mutex_
  mutable Mutex mutex_;
  Committee roster_ GUARDED_BY(mutex_);  // all nodes that ever joined, in the order of their numbers
  std::vector<std::shared_ptr<NodeHost>> hosts_ GUARDED_BY(mutex_);

  // Last: their threads use all of it.
  std::unique_ptr<Stepper> challenging_;
  std::unique_ptr<Stepper> driving_ GUARDED_BY(mutex_);  // requests nudge it while the network stops
};

}  // namespace walrusfs::localnet
