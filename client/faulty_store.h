// A BlobStore that goes wrong on purpose, drawn from an Rng, so that what lives above it can be shown to cope. For
// tests and simulation.
//
// Safe to call from any thread (then the order of faults depends on the order of calls).
#pragma once

#include "base/mutex.h"
#include "base/rng.h"
#include "client/blob_store.h"

namespace walrusfs {

// Chances out of 1000, drawn once per call each.
struct FaultRates {
  uint32_t unavailable = 0;  // nothing happens, kUnavailable
  uint32_t timeout = 0;      // nothing happens, kTimeout
  uint32_t wrong_bytes = 0;  // read: one bit differs
  uint32_t short_bytes = 0;  // read: the verifier sees the last byte missing
  uint32_t lost_answer = 0;  // store: done, but the caller gets kTimeout
};

class FaultyStore final : public BlobStore {
 public:
  // `inner` and `rng` must outlive the store.
  FaultyStore(BlobStore& inner, Rng& rng, FaultRates rates) : inner_(inner), rng_(rng), rates_(rates) {}

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return inner_.max_blob_bytes(); }
  Result<uint32_t> shard_count(Deadline deadline) override { return inner_.shard_count(deadline); }

  void set_rates(FaultRates rates);
  // The next `count` calls fail with `code`, before any dice are rolled.
  void fail_next(uint32_t count, Code code);
  // Faults made so far.
  uint64_t faults() const;

 private:
  Status maybe_fail();
  bool happens(uint32_t FaultRates::*chance);

  BlobStore& inner_;
  Rng& rng_;

  mutable Mutex mutex_;
  FaultRates rates_ GUARDED_BY(mutex_);
  uint32_t fail_count_ GUARDED_BY(mutex_) = 0;
  Code fail_code_ GUARDED_BY(mutex_) = Code::kUnavailable;
  uint64_t faults_ GUARDED_BY(mutex_) = 0;
};

}  // namespace walrusfs
