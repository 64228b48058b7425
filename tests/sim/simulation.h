// A network's life drawn from one seed: stores, reads, extensions, deletions, committees and epochs that change, nodes
// that come and go and misbehave; compared with the model after every step. The first thing that is wrong ends it and
// is told.
#pragma once

#include <set>
#include <string>

#include "localnet/parallel.h"
#include "model.h"
#include "sim_network.h"

namespace walrusfs::sim {

struct SimOptions {
  uint64_t seed = 1;
  size_t steps = 30;
  bool print = false;
};

struct SimCounts {
  uint64_t stored = 0, stores_refused = 0;
  uint64_t read = 0, reads_refused = 0, reads_of_nothing = 0;
  uint64_t epochs = 0, deletions = 0, extensions = 0, stale_certificates = 0;
  uint64_t faults = 0, beyond_f = 0, power_cuts = 0, wipes = 0, healed = 0;
  uint64_t joined = 0, left = 0, stakes = 0, shards_moved = 0, epochs_put_off = 0;
  uint64_t challenges = 0, challenges_failed = 0, penalties = 0, forgeries = 0;
  uint64_t disks_taken = 0, disks_returned = 0;
  uint64_t despairs = 0;  // of nodes, after a step: some blob is beyond healing for now
  SimCounts& operator+=(const SimCounts& other);
};

struct SimOutcome {
  std::string failure;  // empty when all went as it should
  uint64_t trace_hash = 0;
  SimCounts counts;
};

SimOutcome simulate(const SimOptions& options);

class Simulation {
 public:
  explicit Simulation(const SimOptions& options);
  SimOutcome run();

 private:
  struct Step {
    unsigned weight;
    const char* name;
    void (Simulation::*run)();
  };
  static const std::vector<Step>& steps();
  void one_step();
  void finish();

  void store();
  void store_across_epochs();
  void read();
  void extend();
  void remove();
  void forge();
  void forge_sliver(const BlobMetadata& metadata, const std::string& content);
  void change_committee();
  void begin_epoch();
  void background();
  void restart_driver() { network_.restart_driver(); }
  void challenge();
  void stop_or_start();
  void power_cut();
  void power_cut_of_all();
  void wipe();
  void take_or_return_disk();
  void take_disk(size_t node);
  void return_disk(size_t node);
  void set_fault();
  void clear_faults();
  void turn_of_fortune();
  void let_time_pass();

  // Background work of one node.
  void work(size_t node, uint64_t steps);
  void all_work();
  // One step of the driver of epochs.
  void drive();

  net::BlobObject register_blob(const BlobMetadata& metadata, uint64_t size_bytes);
  // Reads all of it, or `range`, and compares.
  void read_and_check(const BlobId& blob, std::optional<ByteRange> range);
  void check_good_read(const BlobId& blob, Owed owed, const HttpReply& reply, std::optional<ByteRange> range);
  void check_refused_read(const BlobId& blob, Owed owed, const HttpReply& reply);
  void check_stored(const BlobId& blob, const std::string& answer, uint32_t epochs, bool permanent);
  void adopt_lost(const BlobId& blob);
  // What the chain did when the epoch began: rewards are those of the challenges, every shard has one owner, and what
  // is reserved is counted.
  void check_penalties(const EpochBegun& begun);
  void check_owners(const net::Committee& committee);
  void check_capacity();
  // When a change is done.
  void check_collected();
  // Whoever says that it has synced has what is its own of the blobs of earlier epochs.
  void check_synced();
  // No blob is given up as long as no more than f shards are bad.
  void check_despair();
  bool says_lost(size_t node, const BlobId& blob);
  bool is_of_the_past(const BlobId& blob);
  // With nothing in its way, every node heals, and the change of epochs comes to its end.
  void check_settling();
  void work_until_idle();
  void check_given_away();
  bool all_is_settled();
  void settle_next_epoch();
  // Whatever is beyond healing, epochs go on when all nodes answer.
  void check_epochs_go_on();
  // And then any f shards may be lost.
  void check_any_f_may_be_lost();
  // All that can be undone is.
  void end_all_trouble();
  // Until no more may be.
  void stop_any_f();
  // Tells the model when the epoch has advanced.
  void note_epoch();
  void fail(const std::string& what);
  void say(const std::string& text) { trace_.line(text); }

  std::string draw_content();
  // What somebody wants to store, as the model knows from now on.
  struct HandedIn {
    std::string content;
    BlobMetadata metadata;
    BlobId blob;
  };
  HandedIn hand_in();
  std::optional<BlobId> draw_blob();
  // Nothing when there is no live claim.
  std::optional<std::pair<BlobId, size_t>> draw_claim();
  net::FaultRule draw_rule(const std::vector<std::string>& routes);
  bool chance(uint64_t percent) { return rng_.below(100) < percent; }
  Deadline::TimePoint now() { return network_.clock().monotonic(); }
  BlobMetadata metadata_of(const std::string& content) const;

  // Whether the node has all that it owes; no longer an emptied one, or one that lags behind, then.
  bool is_whole(size_t node);

  // Nodes that cannot be counted on now.
  bool is_bad(size_t node) const {
    return stopped_.contains(node) || faulty_.contains(node) || emptied_.contains(node);
  }
  // Shards that cannot be counted on: those of bad nodes, and those of nodes that have gained some and not got them
  // yet, unless the change runs and whoever had the shard before serves it well.
  uint32_t bad_shards() const;
  bool within_f() const { return bad_shards() <= network_.shape().f(); }
  // As if the node were bad, too.
  bool within_f_without(size_t node);
  // Whether one more bad node is allowed: as many as the network bears, or, in a reckless life, any.
  bool may_harm(size_t node);
  // In the middle of something, by a fault.
  bool epoch_may_change();

  const SimOptions options_;
  Trace trace_;
  SeededRng rng_, order_;
  const net::OneAtATime one_at_a_time_{order_};
  const bool reckless_;
  SimNetwork network_;
  Model model_;
  std::vector<std::pair<uint32_t, uint64_t>> thrown_away_;  // end and bytes of reservations whose blob was deleted
  std::set<size_t> stopped_, faulty_, emptied_;
  std::set<size_t> behind_, behind_before_;  // gained shards, and were not seen whole since: now, before the epoch
  std::set<size_t> despairing_;  // may have been right to find a blob beyond healing, and say so still
  std::set<size_t> misled_;  // what they know of themselves may be of a time when they had faults
  bool challenged_ = false;  // somebody in this epoch
  std::string failure_;
  SimCounts counts_;
};

}  // namespace walrusfs::sim
