// Who keeps which shard, as the chain says: committees and phase out of System, Staking and the nodes' pools.
//
// Safe to call from any thread. Asking costs little while the chain does not move, and one look at Staking when it
// does; committees are made anew only when epoch or phase are others.
#pragma once

#include "base/mutex.h"
#include "localnet/membership.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet {

class ChainMembership final : public Membership {
 public:
  // Of a chain that has a committee: in epoch 0 there is none yet. The chain must outlive it.
  explicit ChainMembership(const sui::FullNode& chain);

  std::shared_ptr<const EpochCommittees> committees() const override;

 private:
  const sui::FullNode& chain_;
  mutable Mutex mutex_;
  mutable uint64_t height_ GUARDED_BY(mutex_);
  mutable std::shared_ptr<const EpochCommittees> committees_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
