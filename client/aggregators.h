// Reading through aggregators, none of which is trusted: every answer goes through the caller's verifier, and the next
// one is asked while it says no. Servers that fail or lie are asked last for a while.
//
// Safe to call from any thread.
#pragma once

#include <unordered_map>

#include "base/mutex.h"
#include "client/blob_store.h"
#include "client/source_health.h"
#include "client/transport.h"

namespace walrusfs {

struct AggregatorOptions {
  std::vector<std::string> urls;  // base URLs without a slash at the end, in order of preference; not empty
  HttpTimeouts timeouts = {};
  // A blob of ours that is "not found" this soon after its upload is asked for again.
  Millis grace_after_store{120'000};
  const CancelToken* cancel = nullptr;  // ends all waiting; must outlive the object
};

class Aggregators {
 public:
  // `transport` and `clock` must outlive the object.
  Aggregators(Transport& transport, Clock& clock, AggregatorOptions options);

  // `range` is not empty. Errors as for BlobStore::read; the message names every source that was asked.
  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline);
  // The size of the blob as an aggregator tells it: there is no cheaper question, and no proof.
  Result<uint64_t> size_bytes(const BlobId& blob, Deadline deadline);

  // Opens the grace time for this blob.
  void note_stored(const BlobId& blob);

 private:
  using Attempt = std::function<Status(const std::string& url, const HttpTimeouts& timeouts)>;

  Status ask_all(const BlobId& blob, Deadline deadline, const Attempt& attempt);
  Status ask_round(const BlobId& blob, Deadline deadline, const Attempt& attempt, size_t round);
  void judge(size_t source, const Status& outcome);
  HttpTimeouts share_of(Deadline deadline, size_t sources_left);
  bool in_grace(const BlobId& blob);

  Result<HttpResponse> ranged_get(const std::string& url, const BlobId& blob, ByteRange range,
                                  const HttpTimeouts& timeouts, Deadline deadline);
  Result<Bytes> fetch(const std::string& url, const BlobId& blob, ByteRange range, const HttpTimeouts& timeouts,
                      Deadline deadline);
  Result<uint64_t> probe(const std::string& url, const BlobId& blob, const HttpTimeouts& timeouts, Deadline deadline);

  Transport& transport_;
  Clock& clock_;
  const AggregatorOptions options_;

  Mutex mutex_;
  SourceHealth health_ GUARDED_BY(mutex_);
  std::unordered_map<BlobId, Deadline> grace_ GUARDED_BY(mutex_);  // when it ends
};

}  // namespace walrusfs
