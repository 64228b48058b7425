// The way to the network, whatever lies behind it: publisher and aggregators over HTTP today, storage
// nodes directly later. Wrappers for retry, limits, logging and faults implement it around another one.
//
// Safe to call from any thread. Errors: kUnavailable and kTimeout may go away by themselves; kNotFound: the
// network says the blob does not exist (right after a write it may just not know yet); kTooLarge: the
// writer refuses a blob of this size; kCorrupt: bytes were served that are not what was asked for, or the
// network names the stored blob differently; kInvalidArgument: the range reaches beyond the blob's end;
// kPermission: token refused; kNoSpace: out of money; kReadOnly: no way to write is configured;
// kCancelled: the caller's CancelToken.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "client/cancel.h"

namespace walrusfs {

// Says whether `bytes` are what was wanted. While it says no, the next source is tried.
// Must be set: an empty function is refused with kInvalidArgument, so that no read goes unchecked by mistake.
using Verifier = std::function<Status(ByteView bytes)>;

// For bytes that the caller checks by other means, and for foreign blobs that nobody can check.
inline Status accept_unverified(ByteView) { return ok_status(); }

struct StoreRequest {
  BlobId blob;              // as computed here; what the network names must equal it
  File* content = nullptr;  // borrowed for the call
  uint64_t size_bytes = 0;
  uint32_t epochs = 1;
  bool permanent = false;
  std::function<void(uint64_t sent_bytes)> on_progress = {};  // from the calling thread; may start again at 0
  const CancelToken* cancel = nullptr;                        // borrowed for the call
};

// What keeps the blob alive, as far as the writer told.
struct StoreReceipt {
  uint64_t end_epoch = 0;          // first epoch in which it may be gone; 0: not told
  std::string blob_object;         // Sui object id, empty when not told
  uint64_t cost_frost = 0;         // 1e-9 WAL
  bool already_certified = false;  // somebody kept it before
  std::string certified_by;        // "publisher" when no certificate was seen
};

struct BlobStatus {
  bool certified = false;
  uint64_t size_bytes = 0;
  uint64_t end_epoch = 0;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // The bytes of `range`, exactly that many, accepted by `verify`. The error names the sources that lied or
  // failed. An empty range is answered without asking the network. `verify` may be called more than once.
  virtual Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) = 0;
  virtual Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) = 0;
  // kNotFound when the network does not keep it.
  virtual Result<BlobStatus> status(const BlobId& blob, Deadline deadline) = 0;
  virtual Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) = 0;
  virtual Status remove(const std::string& blob_object, Deadline deadline) = 0;

  // The largest blob that store() takes, as far as known.
  virtual uint64_t max_blob_bytes() const = 0;
  // Shards of the committee: needed to compute blob IDs.
  virtual Result<uint32_t> shard_count(Deadline deadline) = 0;
};

}  // namespace walrusfs
