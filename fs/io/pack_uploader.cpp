#include "fs/io/pack_uploader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

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
    WFS_TRY(read_back(pack, *file));
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
  request.cancel = &world_.cancel;
  return world_.store.store(request, deadline_for(pack.blob_bytes));
}

Status PackUploader::read_back(const PackRow& pack, File& file) {
  Bytes ours;  // one for all: fresh pages each time cost more than the comparison
  for (uint64_t at = 0; at < pack.blob_bytes; at += limits::kReadBackBytes) {
    if (world_.cancel.cancelled()) return Error(Code::kCancelled, "reading back was cancelled");
    ours.resize(std::min(limits::kReadBackBytes, pack.blob_bytes - at));
    WFS_ASSIGN(size_t got, file.read_at(at, ours));
    if (got != ours.size()) return Error(Code::kStale, "the pack's file was cut short while it was read back");
    auto same = [&ours](ByteView theirs) -> Status {
      if (equal(ours, theirs)) return ok_status();
      return Error(Code::kCorrupt, "these are not the bytes that were stored");
    };
    auto read = world_.store.read(pack.blob, {at, ours.size()}, same, deadline_for(ours.size()));
    if (read.ok() && !equal(ours, *read))
      return Error(Code::kCorrupt, "reading back gave other bytes than were stored");
    if (read.ok()) continue;
    // Right after a write an aggregator may not know the blob yet.
    const Code code = read.error().code() == Code::kNotFound ? Code::kUnavailable : read.error().code();
    return Error(code, "reading back: " + read.error().message());
  }
  return ok_status();
}

Deadline PackUploader::deadline_for(uint64_t bytes) {
  const uint64_t seconds = bytes / limits::kSlowestUploadBytesPerSecond;
  return world_.clock.in(kShortRequest + Millis(static_cast<int64_t>(seconds * 1000)));
}

}  // namespace walrusfs
