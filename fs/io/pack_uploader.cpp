#include "fs/io/pack_uploader.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/read_back.h"

namespace walrusfs {
namespace {

constexpr Millis kShortRequest{60'000};

}  // namespace

Result<PackRow> PackUploader::upload(const PackRow& pack, bool may_be_stored) {
  std::optional<StoreReceipt> receipt;
  if (may_be_stored) {
    WFS_ASSIGN(receipt, receipt_if_stored(pack));
  }
  WFS_ASSIGN(auto file, open_file(pack));
  if (!receipt) {
    WFS_ASSIGN(receipt, send(pack, *file));
  }
  if (receipt->certified_by.empty() || receipt->certified_by == kByPublisher) {
    receipt->certified_by = kByPublisher;
    WFS_TRY(check_stored(pack, *file));
  }
  PackRow row = pack;
  row.state = PackState::kCertified;
  row.certified = world_.clock.now();
  row.certified_by = receipt->certified_by;
  row.end_epoch = receipt->end_epoch;
  row.blob_object = receipt->blob_object;
  return row;
}

// Only a plain "no" or "yes" counts; what cannot be found out is treated as not stored, since storing
// the same blob again is harmless.
Result<std::optional<StoreReceipt>> PackUploader::receipt_if_stored(const PackRow& pack) {
  Result<BlobStatus> status = world_.store.status(pack.blob, world_.clock.in(kShortRequest));
  if (!status.ok() && status.error().code() == Code::kUnavailable) return status.error();
  if (!status.ok() || !status->certified || status->size_bytes != pack.blob_bytes) return std::optional<StoreReceipt>();
  StoreReceipt receipt;
  receipt.end_epoch = status->end_epoch;
  receipt.already_certified = true;
  return std::optional<StoreReceipt>(receipt);
}

Result<std::unique_ptr<File>> PackUploader::open_file(const PackRow& pack) {
  const std::string path = world_.spool.pack_path(pack.id);
  auto file = world_.files.open(path, Files::Open::kRead);
  if (!file.ok() && file.error().code() == Code::kNotFound) {
    return Error(Code::kStale, fmt::format("the file {} of pack {} is gone", path, raw(pack.id)));
  }
  if (!file.ok()) return file.error();
  WFS_ASSIGN(uint64_t size, (*file)->size());
  if (size == pack.blob_bytes) return std::move(*file);
  return Error(Code::kStale, fmt::format("the file {} of pack {} has {} bytes instead of {}", path, raw(pack.id), size,
                                         pack.blob_bytes));
}

Result<StoreReceipt> PackUploader::send(const PackRow& pack, File& file) {
  StoreRequest request;
  request.blob = pack.blob;
  request.content = &file;
  request.size_bytes = pack.blob_bytes;
  request.epochs = options_.epochs;
  request.permanent = options_.permanent;
  request.on_progress = [this, total = pack.blob_bytes](uint64_t sent) { world_.meter.sent(sent, total); };
  request.cancel = &world_.cancel;
  return world_.store.store(request, deadline_for(pack.blob_bytes));
}

Status PackUploader::check_stored(const PackRow& pack, File& file) {
  ReadBackOptions options;
  options.on_progress = [this](uint64_t done, uint64_t total) { world_.meter.checked(done, total); };
  options.cancel = &world_.cancel;
  const Status same = read_back(world_.store, pack.blob, file, pack.blob_bytes, options, deadline_for(pack.blob_bytes));
  if (same.ok()) return same;
  // Right after a write an aggregator may not know the blob yet.
  const Code code = same.error().code() == Code::kNotFound ? Code::kUnavailable : same.error().code();
  return Error(code, "reading back: " + same.error().message());
}

Deadline PackUploader::deadline_for(uint64_t bytes) {
  const uint64_t seconds = bytes / limits::kSlowestUploadBytesPerSecond;
  return world_.clock.in(kShortRequest + Millis(static_cast<int64_t>(seconds * 1000)));
}

}  // namespace walrusfs
