// A BlobStore that tries again what may go away by itself, with growing pauses drawn at random ("full jitter"), so that
// many mounts do not come back to a tired server at the same moment.
//
// Safe to call from any thread. Only kUnavailable and kTimeout are tried again, and only read, store, status and
// shard_count: storing the same bytes twice is answered with already_certified, but extending twice is paid twice.
#pragma once

#include "base/rng.h"
#include "client/blob_store.h"

namespace walrusfs {

struct RetryOptions {
  uint32_t attempts = 5;    // in all, the first one included
  Millis first_pause{250};  // the most before the second attempt; doubles with each further one
  Millis longest_pause{15'000};
  const CancelToken* cancel = nullptr;  // must outlive the store
};

class RetryStore final : public BlobStore {
 public:
  // `inner`, `clock` and `rng` must outlive the store.
  RetryStore(BlobStore& inner, Clock& clock, Rng& rng, RetryOptions options = {});

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return inner_.max_blob_bytes(); }
  Result<uint32_t> shard_count(Deadline deadline) override;

 private:
  template <typename T>
  Result<T> retry(const char* what, Deadline deadline, const CancelToken* cancel,
                  const std::function<Result<T>()>& attempt);
  Millis pause_after(uint32_t attempt);

  BlobStore& inner_;
  Clock& clock_;
  Rng& rng_;
  const RetryOptions options_;
};

}  // namespace walrusfs
