#include "client/retry_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "client/pause.h"

namespace walrusfs {
namespace {

constexpr uint32_t kMaxDoublings = 20;  // far beyond any longest_pause, and no overflow

}  // namespace

RetryStore::RetryStore(BlobStore& inner, Clock& clock, Rng& rng, RetryOptions options)
    : inner_(inner), clock_(clock), rng_(rng), options_(options) {
  WFS_CHECK(options_.attempts >= 1);
}

// Uniform between nothing and the bound: spreads better than a fixed pause with a little noise.
Millis RetryStore::pause_after(uint32_t attempt) {
  const Millis bound =
      std::min(options_.first_pause * (int64_t{1} << std::min(attempt - 1, kMaxDoublings)), options_.longest_pause);
  return Millis(static_cast<Millis::rep>(rng_.below(static_cast<uint64_t>(bound.count()) + 1)));
}

template <typename T>
Result<T> RetryStore::retry(const char* what, Deadline deadline, const CancelToken* cancel,
                            const std::function<Result<T>()>& attempt) {
  const CancelToken either(cancel, options_.cancel);
  for (uint32_t tried = 1;; ++tried) {
    Result<T> outcome = attempt();
    if (outcome.ok() || !outcome.error().retryable()) return outcome;
    const Error& error = outcome.error();
    auto told = [&] { return tried == 1 ? error : error.with_context(fmt::format("after {} attempts", tried)); };
    if (tried >= options_.attempts) return told();
    const Millis pause = pause_after(tried);
    log_debug("{} failed and is tried again in {} ms: {}", what, pause.count(), error.to_string());
    const Status waited = pause_for(clock_, pause, deadline, &either);
    if (waited.ok()) continue;
    return waited.error().code() == Code::kCancelled ? waited.error() : told();
  }
}

Result<Bytes> RetryStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  return retry<Bytes>("a read", deadline, nullptr, [&] { return inner_.read(blob, range, verify, deadline); });
}

Result<StoreReceipt> RetryStore::store(const StoreRequest& request, Deadline deadline) {
  return retry<StoreReceipt>("an upload", deadline, request.cancel, [&] { return inner_.store(request, deadline); });
}

Result<BlobStatus> RetryStore::status(const BlobId& blob, Deadline deadline) {
  return retry<BlobStatus>("a status request", deadline, nullptr, [&] { return inner_.status(blob, deadline); });
}

Status RetryStore::extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) {
  return inner_.extend(blob_object, epochs, deadline);
}

Status RetryStore::remove(const std::string& blob_object, Deadline deadline) {
  return inner_.remove(blob_object, deadline);
}

Result<uint32_t> RetryStore::shard_count(Deadline deadline) {
  return retry<uint32_t>("a question for the committee", deadline, nullptr,
                         [&] { return inner_.shard_count(deadline); });
}

}  // namespace walrusfs
