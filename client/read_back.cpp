#include "client/read_back.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace walrusfs {
namespace {

// Into `bytes`.
Status read_local(File& local, const ByteRange& range, Bytes& bytes) {
  bytes.resize(range.length);
  auto got = local.read_at(range.offset, bytes);
  if (!got.ok()) return got.error().with_context("reading the local copy of the blob");
  if (*got == bytes.size()) return ok_status();
  return Error(Code::kStale,
               fmt::format("the local copy of the blob ends at {}, before {}", range.offset + *got, range.end()));
}

Status compare_step(BlobStore& store, const BlobId& blob, const ByteRange& range, ByteView wanted, Deadline deadline) {
  const Verifier same = [wanted](ByteView served) -> Status {
    if (equal(served, wanted)) return ok_status();
    return Error(Code::kCorrupt, "it differs from what was uploaded");
  };
  WFS_ASSIGN(const Bytes served, store.read(blob, range, same, deadline));
  return same(served);  // also where a store forgot to ask
}

}  // namespace

Status read_back(BlobStore& store, const BlobId& blob, File& local, uint64_t size_bytes, const ReadBackOptions& options,
                 Deadline deadline) {
  WFS_CHECK(options.step_bytes > 0 && options.step_bytes <= limits::kBlobReadBytes);
  Bytes wanted;  // one for all: fresh pages each time cost more than the comparison
  for (uint64_t done = 0; done < size_bytes;) {
    if (is_cancelled(options.cancel)) return Error(Code::kCancelled, "reading the blob back was cancelled");
    const ByteRange range{done, std::min(options.step_bytes, size_bytes - done)};
    WFS_TRY(read_local(local, range, wanted));
    WFS_TRY(compare_step(store, blob, range, wanted, deadline));
    done = range.end();
    if (options.on_progress) options.on_progress(done, size_bytes);
  }
  return ok_status();
}

}  // namespace walrusfs
