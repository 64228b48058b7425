// A Walrus with its HTTP services in memory, faithful to their quirks: closed ranges only, unknown query parameters
// refused, JSON envelopes and plain text errors, 404 until a blob has spread. Blob IDs are digest_blob_id().
//
// Safe to call from any thread.
#pragma once

#include <map>
#include <set>

#include "base/mutex.h"
#include "client/memory_store.h"
#include "tests/client/fake_http.h"

namespace walrusfs::testing {

FakeReply text_reply(int status, std::string text);
// The JSON envelope of Walrus errors.
FakeReply envelope_reply(int status, const std::string& reason, const std::string& message,
                         const std::string& domain = "daemon.walrus.space");

class FakeWalrus {
 public:
  static constexpr uint64_t kPublisherLimit = 1 << 20;

  FakeReply publisher(const FakeRequest& request);
  FakeReply aggregator(const FakeRequest& request);
  FakeService publisher_service() {
    return [this](const FakeRequest& request) { return publisher(request); };
  }
  FakeService aggregator_service() {
    return [this](const FakeRequest& request) { return aggregator(request); };
  }

  void damage(const BlobId& blob, uint64_t offset);
  // The next `count` answers about any blob are 404.
  void hide_blobs(int count);
  // From now on `Range` is ignored and 200 is the answer, as aggregators did before 2026.
  void ignore_ranges();
  int aggregator_requests() const;
  FakeRequest last_publisher_request() const;

 private:
  struct Blob {
    std::string content;
    uint64_t end_epoch = 0;
  };

  mutable Mutex mutex_;
  std::map<std::string, Blob> blobs_ GUARDED_BY(mutex_);  // by the ID's text form
  int hidden_answers_ GUARDED_BY(mutex_) = 0;
  bool ignore_ranges_ GUARDED_BY(mutex_) = false;
  int aggregator_requests_ GUARDED_BY(mutex_) = 0;
  FakeRequest last_publisher_request_ GUARDED_BY(mutex_);
};

}  // namespace walrusfs::testing
