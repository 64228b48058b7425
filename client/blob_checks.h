// The checks that every BlobStore makes before it works, in one place so that all of them say no alike.
#pragma once

#include "client/blob_store.h"

namespace walrusfs {

// kInvalidArgument or kTooLarge for a range or verifier that no store can serve.
Status check_read(const ByteRange& range, const Verifier& verify);
// kInvalidArgument for a request without content or with an impossible lifetime, kTooLarge beyond `max_blob_bytes`.
Status check_store(const StoreRequest& request, uint64_t max_blob_bytes);

// kInvalidArgument: `range` ends beyond a blob of `size_bytes`.
Error range_beyond_end(const BlobId& blob, const ByteRange& range, uint64_t size_bytes);
// kCorrupt: the network names what it stored differently than we do. Names both.
Error blob_id_differs(const std::string& who, const BlobId& ours, const std::string& theirs);

}  // namespace walrusfs
