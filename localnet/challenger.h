// Challenges storage nodes during an epoch: each time one node for one random symbol of a random certified blob, with
// the proof that it belongs to a sliver which the node has to keep. What does not arrive or does not verify is a
// failure; nodes that fail too often get no rewards for the epoch.
//
// step() is called by one thread; the rest is safe from any. While shards move nobody is challenged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "localnet/challenge_pace.h"
#include "localnet/ledger.h"
#include "localnet/membership.h"
#include "localnet/node_directory.h"

namespace walrusfs::localnet {

struct ChallengeScore {
  uint64_t passed = 0, failed = 0;

  // More than half of at least kFewest challenges.
  static constexpr uint64_t kFewest = 4;
  bool too_bad() const { return passed + failed >= kFewest && failed > passed; }
};

class Challenger {
 public:
  // All must outlive it.
  Challenger(const Membership& membership, const NodeDirectory& nodes, const BlobRegistry& registry, Clock& clock,
             Rng& rng, ChallengePace pace = {});

  // One challenge. When it wants to be called next.
  Millis step();
  // In this epoch, by node id.
  std::map<std::string, ChallengeScore> scores() const;
  // Whose score is too bad.
  std::vector<std::string> failed_nodes() const;

 private:
  // Somebody's sliver of some blob, and where in it.
  struct Challenge {
    std::string node;
    BlobId blob;
    Axis axis = Axis::kPrimary;
    SliverIndex sliver{}, crossing{};
  };
  std::optional<Challenge> draw(const EpochCommittees& now);
  Status put_to(const Challenge& challenge, const BlobMetadata& metadata);
  Result<BlobMetadata> metadata_of(const BlobId& blob);
  void count(const Challenge& challenge, const Status& answer);
  void begin_epoch(uint32_t epoch);

  const Membership& membership_;
  const CodeShape shape_;
  const NodeDirectory& nodes_;
  const BlobRegistry& registry_;
  Clock& clock_;
  Rng& rng_;
  const ChallengePace pace_;

  // Of the thread that steps: when a blob was first seen certified; nobody is asked before uploads have come to an end.
  std::map<BlobId, Deadline::TimePoint> seen_;

  mutable Mutex mutex_;
  uint32_t epoch_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, ChallengeScore> scores_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
