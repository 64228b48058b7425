// Storing through a publisher, which pays and answers for the blob. It is trusted with the money, not with the bytes:
// the blob ID that it names must be the one computed here.
//
// Safe to call from any thread.
#pragma once

#include "client/blob_store.h"
#include "client/token_source.h"
#include "client/transport.h"

namespace walrusfs {

struct PublisherOptions {
  std::string url = {};             // base URL without a slash at the end
  std::string send_object_to = {};  // Sui address that is to own the blob objects; empty: the publisher's choice
  HttpTimeouts timeouts = {};       // `whole` is stretched by what the upload itself may take
  const CancelToken* cancel = nullptr;
};

class Publisher {
 public:
  // All must outlive the object; `tokens` may be null: then no Authorization header is sent, as a publisher without
  // authentication stumbles over one.
  Publisher(Transport& transport, TokenSource* tokens, PublisherOptions options)
      : transport_(transport), tokens_(tokens), options_(std::move(options)) {}

  // One attempt. A kTimeout may have stored the blob all the same: asking again is answered with already_certified.
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline);

 private:
  HttpTimeouts timeouts_for(uint64_t size_bytes) const;
  Result<std::vector<HttpHeader>> headers_for(const StoreRequest& request, Deadline deadline);

  Transport& transport_;
  TokenSource* const tokens_;
  const PublisherOptions options_;
};

}  // namespace walrusfs
