// The BlobStore of the `http` backend: reads through aggregators, writes through a publisher.
//
// Safe to call from any thread. One attempt per call: wrap it in a RetryStore. Blobs stored here are known to be
// young: an aggregator that has not heard of one yet is asked again for about two minutes, within the deadline.
#pragma once

#include <memory>

#include "client/aggregators.h"
#include "client/publisher.h"

namespace walrusfs {

struct HttpStoreOptions {
  std::vector<std::string> aggregators = {};  // base URLs, in order of preference; at least one
  std::string publisher = {};                 // base URL; empty: nothing can be stored
  uint32_t shards = 0;                        // of the network's committee; no HTTP service tells it
  uint64_t max_blob_bytes = 8ull << 20;       // a stock publisher refuses more than 10 MiB
  std::string send_object_to = {};            // "0x" and 64 hex digits, or empty
  HttpTimeouts timeouts = {};
  const CancelToken* cancel = nullptr;  // ends everything under way; must outlive the store
};

class HttpStore final : public BlobStore {
 public:
  // `transport`, `clock` and `tokens` (may be null) must outlive the store. kInvalidArgument for options that cannot
  // be.
  static Result<std::unique_ptr<HttpStore>> create(Transport& transport, Clock& clock, TokenSource* tokens,
                                                   HttpStoreOptions options);

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  // The size is an aggregator's word; the end epoch is not told over HTTP (0).
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return options_.max_blob_bytes; }
  Result<uint32_t> shard_count(Deadline deadline) override;

 private:
  HttpStore(Transport& transport, Clock& clock, TokenSource* tokens, HttpStoreOptions options);

  const HttpStoreOptions options_;
  Aggregators aggregators_;
  Publisher publisher_;
};

}  // namespace walrusfs
