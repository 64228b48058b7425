// A small Walrus in memory, for tests and simulation: keeps blobs with their lifetimes, counts what was
// asked of it, and can be told to be away, to forget or to damage a blob.
//
// Safe to call from any thread. Holds whole blobs in memory.
#pragma once

#include <map>
#include <vector>

#include "base/mutex.h"
#include "client/blob_store.h"

namespace walrusfs {

// Computes the ID of a blob from its content.
using BlobIdFunction = std::function<Result<BlobId>(ByteView content)>;

// A quick stand-in where true Walrus IDs do not matter: BLAKE2b-256 of the content.
Result<BlobId> digest_blob_id(ByteView content);

// True Walrus blob IDs for a committee of so many shards. kInvalidArgument, from the function, for impossible ones.
BlobIdFunction walrus_blob_ids(uint32_t shards);

struct MemoryStoreOptions {
  uint32_t shards = 10;
  uint64_t max_blob_bytes = uint64_t{256} << 20;
  uint64_t first_epoch = 1;
  BlobIdFunction blob_id = digest_blob_id;
  const char* certified_by = "memory";
};

class MemoryStore final : public BlobStore {
 public:
  struct Counters {
    uint64_t reads = 0;
    uint64_t read_bytes = 0;
    uint64_t stores = 0;           // that made a new object
    uint64_t stores_of_known = 0;  // answered with already_certified
    uint64_t stored_bytes = 0;
  };

  explicit MemoryStore(MemoryStoreOptions options = {});

  Result<Bytes> read(const BlobId& blob, ByteRange range, const Verifier& verify, Deadline deadline) override;
  Result<StoreReceipt> store(const StoreRequest& request, Deadline deadline) override;
  Result<BlobStatus> status(const BlobId& blob, Deadline deadline) override;
  Status extend(const std::string& blob_object, uint32_t epochs, Deadline deadline) override;
  Status remove(const std::string& blob_object, Deadline deadline) override;
  uint64_t max_blob_bytes() const override { return options_.max_blob_bytes; }
  Result<uint32_t> shard_count(Deadline deadline) override;

  // What tests turn.
  void set_available(bool available);                // false: everything fails with kUnavailable
  void advance_epochs(uint32_t epochs);              // blobs whose end has come are gone
  bool forget(const BlobId& blob);                   // as if it had expired; false when it was not there
  bool damage(const BlobId& blob, uint64_t offset);  // flips one bit of what is served
  std::vector<BlobId> blobs() const;
  Result<Bytes> content(const BlobId& blob) const;
  Counters counters() const;

 private:
  struct Blob {
    Bytes content;
    std::string object;
    uint64_t end_epoch = 0;
    bool permanent = false;
  };
  using BlobMap = std::map<BlobId, Blob>;

  Status check_available() const REQUIRES(mutex_);
  BlobMap::iterator find_object(const std::string& blob_object) REQUIRES(mutex_);

  const MemoryStoreOptions options_;

  mutable Mutex mutex_;
  BlobMap blobs_ GUARDED_BY(mutex_);
  Counters counters_ GUARDED_BY(mutex_);
  uint64_t epoch_ GUARDED_BY(mutex_);
  uint64_t next_object_ GUARDED_BY(mutex_) = 1;
  bool available_ GUARDED_BY(mutex_) = true;
};

}  // namespace walrusfs
