// The ledger as publisher and aggregator meet it while it has faults: transactions that do not get through, or of which
// the answer gets lost, reads that lag behind.
//
// Names of its calls, for rules' `route`: register, certify, invalidate, extend, remove; epoch, standing, object for
// reads, which only `stale` strikes. Safe to call from any thread.
#pragma once

#include "localnet/faults.h"
#include "localnet/lagging_registry.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

class FaultyLedger final : public Ledger {
 public:
  // Both must outlive it.
  FaultyLedger(Ledger& inner, Faults& faults) : inner_(inner), faults_(faults), seen_(inner, faults) {}

  uint32_t epoch() const override { return seen_.epoch(); }
  BlobStanding standing(const BlobId& blob) const override { return seen_.standing(blob); }
  bool object_is_live(const std::string& id, const BlobId& blob) const override {
    return seen_.object_is_live(id, blob);
  }
  std::vector<BlobId> certified_blobs() const override { return seen_.certified_blobs(); }
  ChainProgress progress() const override { return seen_.progress(); }
  // What lags has not heard of an object yet.
  std::optional<BlobObject> object(const std::string& object_id) const override;
  std::vector<BlobObject> objects_of(const BlobId& blob) const override;
  std::vector<std::pair<std::string, std::string>> attributes(const std::string& object_id) const override {
    return inner_.attributes(object_id);
  }

  bool has_heard_of(const BlobId& blob) const override { return inner_.has_heard_of(blob); }
  const std::string& wallet_address() const override { return inner_.wallet_address(); }
  Result<Registration> register_blob(const RegisterRequest& request) override;
  Result<BlobObject> certify(const std::string& object_id, const BlobCertificate& certificate,
                             const AfterStore& then = {}) override;
  Status invalidate(const BlobId& blob, const BlobCertificate& certificate) override;
  Result<uint64_t> extend(const std::string& object_id, uint32_t epochs) override;
  Status remove(const std::string& object_id) override;
  uint64_t live_bytes() const override { return inner_.live_bytes(); }

 private:
  Ledger& inner_;
  Faults& faults_;
  const LaggingRegistry seen_;
};

}  // namespace walrusfs::localnet
