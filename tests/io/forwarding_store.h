// A BlobStore that passes everything on: the base of stores that misbehave in one way only.
#pragma once

#include "client/blob_store.h"

namespace walrusfs::test {

class ForwardingStore : public BlobStore {
 public:
  // `inner` must outlive this.
  explicit ForwardingStore(BlobStore& inner) : inner_(inner) {}

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override {
    return inner_.read(blob, range, verify, deadline);
  }
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override {
    return inner_.store(request, deadline);
  }
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override { return inner_.status(blob, deadline); }
  Status extend(const std::string& object, uint32_t epochs, Deadline deadline) override {
    return inner_.extend(object, epochs, deadline);
  }
  Status remove(const std::string& object, Deadline deadline) override { return inner_.remove(object, deadline); }
  uint64_t max_blob_bytes() const override { return inner_.max_blob_bytes(); }
  Result<uint32_t> shard_count(Deadline deadline) override { return inner_.shard_count(deadline); }

 private:
  BlobStore& inner_;
};

}  // namespace walrusfs::test
