// A BlobStore that writes one debug line per call: what, how long, how much, how it ended. Errors are passed on and
// not logged louder: whoever handles them does that.
//
// Safe to call from any thread.
#pragma once

#include "client/blob_store.h"

namespace walrusfs {

class LogStore final : public BlobStore {
 public:
  // `inner` and `clock` must outlive the store. `name` stands in front of each line.
  LogStore(BlobStore& inner, Clock& clock, std::string name) : inner_(inner), clock_(clock), name_(std::move(name)) {}

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return inner_.max_blob_bytes(); }
  Result<uint32_t> shard_count(Deadline deadline) override { return inner_.shard_count(deadline); }

 private:
  template <typename T>
  T logged(const std::string& what, const std::function<T()>& call);

  BlobStore& inner_;
  Clock& clock_;
  const std::string name_;
};

}  // namespace walrusfs
