// Who keeps which shard, in the present epoch, in the one before, and in the next.
//
// Safe to call from any thread. What was handed out does not change; whoever works long with it may ask again to see
// whether the epoch has moved on.
#pragma once

#include <memory>

#include "localnet/committee.h"

namespace walrusfs::localnet {

enum class Phase {
  kSync,          // the epoch has begun, nodes still copy the shards they gained: the previous committee serves, too
  kDone,          // a quorum has what is its own
  kNextSelected,  // and the next committee is known
};

struct EpochCommittees {
  uint32_t epoch = 1;
  Phase phase = Phase::kDone;
  std::shared_ptr<const Committee> current;   // never null
  std::shared_ptr<const Committee> previous;  // null in the first epoch
  std::shared_ptr<const Committee> next;      // null until it is selected

  // During a change, slivers may still be with who kept them before; null otherwise.
  const Committee* also_serving() const { return phase == Phase::kSync ? previous.get() : nullptr; }
};

class Membership {
 public:
  virtual ~Membership() = default;
  // Never null.
  virtual std::shared_ptr<const EpochCommittees> committees() const = 0;

  // Of the network, the same in all epochs.
  CodeShape shape() const { return committees()->current->shape(); }
};

// One committee for ever.
class FixedMembership : public Membership {
 public:
  explicit FixedMembership(Committee committee);
  std::shared_ptr<const EpochCommittees> committees() const override { return committees_; }

 private:
  const std::shared_ptr<const EpochCommittees> committees_;
};

}  // namespace walrusfs::localnet
