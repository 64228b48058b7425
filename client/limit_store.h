// A BlobStore that lets only so many reads and uploads through at once; the others wait, within their deadline.
//
// Safe to call from any thread. Waiters are not served in order. status, extend and remove count as reads.
#pragma once

#include "base/mutex.h"
#include "client/blob_store.h"

namespace walrusfs {

struct StoreLimits {
  uint32_t reads = 16;
  uint32_t stores = 4;
  const CancelToken* cancel = nullptr;  // must outlive the store
};

class LimitStore final : public BlobStore {
 public:
  // `inner` and `clock` must outlive the store.
  LimitStore(BlobStore& inner, Clock& clock, StoreLimits limits);

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return inner_.max_blob_bytes(); }
  Result<uint32_t> shard_count(Deadline deadline) override { return inner_.shard_count(deadline); }

 private:
  // A number of places, each held by one caller.
  class Gate {
   public:
    explicit Gate(uint32_t places) : free_(places) {}
    Status enter(Clock& clock, Deadline deadline, const CancelToken& cancel);
    void leave();

   private:
    Mutex mutex_;
    CondVar freed_;
    uint32_t free_ GUARDED_BY(mutex_);
  };
  class Place;

  BlobStore& inner_;
  Clock& clock_;
  const StoreLimits limits_;
  Gate reads_;
  Gate stores_;
};

}  // namespace walrusfs
