// One storage node on its own machine: the program's work of a node (localnet/node_work.h) on a disk in memory that can
// lose its power, without port and thread.
//
// One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/testing/faulty_files.h"
#include "base/testing/memory_files.h"
#include "in_process.h"
#include "localnet/epoch_driver.h"
#include "localnet/faults.h"
#include "localnet/lagging_registry.h"
#include "localnet/node_work.h"

namespace walrusfs::sim {

namespace net = localnet;

class SimNode final : public net::EpochNode {
 public:
  // All must outlive it. It does not run yet.
  SimNode(const net::Membership& membership, std::string id, const net::Ledger& chain, Clock& clock,
          const bls::SecretKey& key);

  void start();
  void stop();
  bool runs() const override { return work_ != nullptr; }
  // The machine goes off: what was not synced is lost, or some of it.
  void power_cut(Rng& rng);
  // All that the node stores is gone; it does not run.
  void wipe();
  // The same, but it comes back: what was on that disk of blobs that are not `whole` by now replaces what there is.
  void take_disk();
  void return_disk(const std::set<BlobId>& whole);
  bool misses_disk() const { return !taken_.empty(); }

  // Where another node, or this one, is reached by this one.
  void meet(const std::string& id, std::unique_ptr<net::NodeWire> wire);
  // One step of copying or healing; when the next one is due. Only while it runs.
  Millis step() { return work_->step(); }
  // Whether it has all that is its own of this blob. Only while it runs.
  bool has_all_of(const BlobId& blob);

  const std::string& id() const override { return id_; }
  Status follow_membership() override;
  bool has_synced(uint32_t epoch) const override { return work_ && work_->has_synced(epoch); }
  std::optional<std::vector<BlobId>> lacking() const override { return work_ ? work_->lacking() : std::nullopt; }
  Status let_go(const std::set<BlobId>& kept) override { return work_ ? work_->let_go(kept) : ok_status(); }
  // Blobs that it says are beyond healing.
  std::vector<net::LostBlob> lost() const { return work_ ? work_->lost() : std::vector<net::LostBlob>(); }
  Status drop_expired() override { return work_ ? work_->drop_expired() : ok_status(); }

  net::Faults& faults() { return faults_; }
  net::NodeStore& store() { return work_->store(); }  // only while it runs
  const HttpHandler& handler() const { return handler_; }

 private:
  const net::Membership& membership_;
  const std::string id_;
  const net::Ledger& chain_;
  Clock& clock_;
  const bls::SecretKey& key_;
  MemoryFiles disk_;
  FaultyFiles files_{disk_};
  std::map<std::string, Bytes> taken_;  // by path
  net::Faults faults_;
  const net::LaggingRegistry seen_;
  net::Traffic traffic_;
  net::NodeDirectory peers_;
  std::unique_ptr<net::NodeWork> work_;  // null while it does not run
  HttpHandler handler_;                  // empty then
};

}  // namespace walrusfs::sim
