#include "client/log_store.h"

#include "base/log.h"

namespace walrusfs {

template <typename T>
T LogStore::logged(const std::string& what, const std::function<T()>& call) {
  const auto start = clock_.monotonic();
  T outcome = call();
  const auto took = std::chrono::duration_cast<Millis>(clock_.monotonic() - start);
  log_debug("{}: {} took {} ms: {}", name_, what, took.count(), outcome.ok() ? "ok" : outcome.error().to_string());
  return outcome;
}

Result<Bytes> LogStore::read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) {
  return logged<Result<Bytes>>(
      fmt::format("read of {} bytes at {} of blob {}", range.length, range.offset, blob.to_string()),
      [&] { return inner_.read(blob, range, verify, deadline); });
}

Result<StoreReceipt> LogStore::store(const StoreRequest& request, Deadline deadline) {
  return logged<Result<StoreReceipt>>(fmt::format("upload of blob {} with {} bytes for {} epochs",
                                                  request.blob.to_string(), request.size_bytes, request.epochs),
                                      [&] { return inner_.store(request, deadline); });
}

Result<BlobStatus> LogStore::status(const BlobId& blob, Deadline deadline) {
  return logged<Result<BlobStatus>>(fmt::format("status of blob {}", blob.to_string()),
                                    [&] { return inner_.status(blob, deadline); });
}

Status LogStore::extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) {
  return logged<Status>(fmt::format("extension of {} by {} epochs", blob_object, epochs),
                        [&] { return inner_.extend(blob_object, epochs, deadline); });
}

Status LogStore::remove(const std::string& blob_object, Deadline deadline) {
  return logged<Status>(fmt::format("removal of {}", blob_object),
                        [&] { return inner_.remove(blob_object, deadline); });
}

}  // namespace walrusfs
