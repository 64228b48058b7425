#include "client/blob_checks.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace walrusfs {

Status check_read(const ByteRange& range, const Verifier& verify) {
  if (!verify) return Error(Code::kInvalidArgument, "a read without a verifier was refused: every byte is checked");
  if (range.end() < range.offset) {
    return Error(Code::kInvalidArgument,
                 fmt::format("the range of {} bytes at {} does not exist in any blob", range.length, range.offset));
  }
  if (range.length > limits::kBlobReadBytes) {
    return Error(Code::kTooLarge, fmt::format("one read may ask for {} bytes at most, not {}; read in smaller ranges",
                                              limits::kBlobReadBytes, range.length));
  }
  return ok_status();
}

Status check_store(const StoreRequest& request, uint64_t max_blob_bytes) {
  if (request.content == nullptr) return Error(Code::kInvalidArgument, "a store request names no content");
  if (request.epochs == 0 || request.epochs > limits::kEpochsAhead) {
    return Error(Code::kInvalidArgument,
                 fmt::format("a blob can be stored for 1 to {} epochs, not {}", limits::kEpochsAhead, request.epochs));
  }
  if (request.size_bytes > max_blob_bytes) {
    return Error(Code::kTooLarge, fmt::format("the blob of {} bytes is larger than the {} bytes that this way to "
                                              "the network takes",
                                              request.size_bytes, max_blob_bytes));
  }
  return ok_status();
}

Error range_beyond_end(const BlobId& blob, const ByteRange& range, uint64_t size_bytes) {
  return Error(Code::kInvalidArgument, fmt::format("blob {} has {} bytes: bytes {} to {} do not exist",
                                                   blob.to_string(), size_bytes, range.offset, range.end()));
}

Error blob_id_differs(const std::string& who, const BlobId& ours, const std::string& theirs) {
  return Error(Code::kCorrupt,
               fmt::format("{} names the blob {}, but its blob ID was computed here as {}: the content was damaged on "
                           "its way, or both sides assume different numbers of shards",
                           who, theirs, ours.to_string()));
}

}  // namespace walrusfs
