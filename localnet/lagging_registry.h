// What somebody sees of the chain whose view may lag: the truth, or, when the fault `stale` strikes, what was seen
// last of the same thing before. What was never looked at is then not there yet. (Each answer is one that was true
// once, but not all of them at one moment: the chain's past is kept for its RPC only.)
//
// Safe to call from any thread. Remembers a bounded number of blobs.
#pragma once

#include <map>

#include "base/mutex.h"
#include "localnet/faults.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

class LaggingRegistry final : public BlobRegistry {
 public:
  // Both must outlive it.
  LaggingRegistry(const BlobRegistry& truth, Faults& faults) : truth_(truth), faults_(faults) {}

  uint32_t epoch() const override;
  BlobStanding standing(const BlobId& blob) const override;
  bool object_is_live(const std::string& object_id, const BlobId& blob) const override;
  std::vector<BlobId> certified_blobs() const override;
  ChainProgress progress() const override;

 private:
  bool lags(std::string_view what) const { return faults_.strike(FaultKind::kStale, what).has_value(); }

  const BlobRegistry& truth_;
  Faults& faults_;
  mutable Mutex mutex_;
  mutable uint32_t epoch_ GUARDED_BY(mutex_) = 1;
  mutable std::map<BlobId, BlobStanding> standings_ GUARDED_BY(mutex_);
  mutable std::map<std::string, bool> live_ GUARDED_BY(mutex_);  // by object
  mutable std::vector<BlobId> certified_ GUARDED_BY(mutex_);
  mutable ChainProgress progress_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::localnet
