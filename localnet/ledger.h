// What the chain knows about blobs, as storage nodes, aggregator and publisher see it: which ones are registered and
// certified and until when, and the transactions by which the publisher stores. chain_ledger.h is its life.
//
// Safe to call from any thread. An object with end epoch e keeps its blob alive in epochs < e.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace walrusfs::localnet {

constexpr uint32_t kMaxEpochsAhead = 53;

struct TransactionEvent {
  std::string tx_digest;  // base58
  uint64_t event_seq = 0;
};

// A Blob object, or an entry of a storage pool.
struct BlobObject {
  std::string id;
  BlobId blob;
  uint64_t size_bytes = 0;
  uint64_t encoded_length = 0;
  std::string storage_id;
  uint32_t registered_epoch = 0;
  std::optional<uint32_t> certified_epoch;
  uint32_t start_epoch = 0;
  uint32_t end_epoch = 0;  // exclusive
  bool deletable = false;
  std::string owner;      // address; empty when shared, burned, or in a pool
  std::string shared_id;  // of the shared wrapper; empty when not shared
  TransactionEvent last_event;  // registration, or certification once there is one
};

// What the network may say about a blob ID, over all live objects that name it.
struct BlobStanding {
  enum class Kind { kNonexistent, kDeletable, kPermanent, kInvalid } kind = Kind::kNonexistent;
  bool certified = false;
  uint32_t end_epoch = 0;  // the latest of the permanent objects of this kind; 0 when deletable
  uint32_t deletable_total = 0;
  uint32_t deletable_certified = 0;
  std::optional<uint32_t> initial_certified_epoch;
  TransactionEvent event;  // of the permanent object with that end epoch, or of the invalidation

  // Nodes take and serve it.
  bool registered() const { return kind == Kind::kDeletable || kind == Kind::kPermanent; }
};

struct RegisterRequest {
  BlobId blob;
  Digest root_hash{};  // of its metadata: with the size, it makes the blob ID
  uint64_t size_bytes = 0;
  uint64_t encoded_length = 0;
  uint32_t epochs = 1;  // ahead; 1 = until the end of the current one
  bool deletable = true;
};

// What many nodes signed, as the transaction carries it.
struct BlobCertificate {
  Bytes message;         // a StorageConfirmation, or an invalid_blob_id_message
  Bytes signers_bitmap;  // in the order of the chain's committee: by node id (Committee::chain_index)
  Bytes signature;       // of all signers, added up
};

// What becomes of a blob object once it is certified: it stays with the wallet unless one of these is set.
struct AfterStore {
  std::optional<std::string> send_to;  // an address
  bool share = false;
};

struct Registration {
  BlobObject object;
  uint64_t cost_frost = 0;
};

// How far the chain has been read.
struct ChainProgress {
  uint64_t events = 0;   // those that were read
  uint64_t pending = 0;  // those that are there and were not
  uint64_t checkpoint = 0;
};

// What nodes are told; they see nothing else of the ledger.
class BlobRegistry {
 public:
  virtual ~BlobRegistry() = default;
  virtual uint32_t epoch() const = 0;
  virtual BlobStanding standing(const BlobId& blob) const = 0;
  // Registered, not expired, and for that blob.
  virtual bool object_is_live(const std::string& object_id, const BlobId& blob) const = 0;
  // What nodes have to keep: blobs with a live, certified object, and not marked as invalid.
  virtual std::vector<BlobId> certified_blobs() const = 0;
  virtual ChainProgress progress() const = 0;
};

class Ledger : public BlobRegistry {
 public:
  // Whether the blob was ever registered, as far back as the ledger knows. What it never heard of nobody may erase: the
  // ledger may be an old backup.
  virtual bool has_heard_of(const BlobId& blob) const = 0;
  // The publisher's own address.
  virtual const std::string& wallet_address() const = 0;
  // For the wallet, which pays. kInvalidArgument unless 1 <= epochs <= kMaxEpochsAhead.
  virtual Result<Registration> register_blob(const RegisterRequest& request) = 0;
  // kNotFound for an unknown or expired object, kStale for a certificate of another epoch (collect a new one),
  // kInvalidArgument for one that does not hold. Certifying twice is not an error.
  virtual Result<BlobObject> certify(const std::string& object_id, const BlobCertificate& certificate,
                                     const AfterStore& then = {}) = 0;
  // Nobody may have the blob any more: nodes with at least one honest one among them found that its slivers are not
  // what its metadata says. kInvalidArgument for a certificate that does not hold; twice is not an error.
  virtual Status invalidate(const BlobId& blob, const BlobCertificate& certificate) = 0;
  // More epochs for a certified object; answers with the cost in FROST.
  virtual Result<uint64_t> extend(const std::string& object_id, uint32_t epochs) = 0;
  // kNotPermitted for one that is permanent, or not the wallet's.
  virtual Status remove(const std::string& object_id) = 0;

  // Live ones only.
  virtual std::optional<BlobObject> object(const std::string& object_id) const = 0;
  // What its owner wrote beside it, in order; empty when there is no such object.
  virtual std::vector<std::pair<std::string, std::string>> attributes(const std::string& object_id) const = 0;
  // Live objects of a blob, in order of registration.
  virtual std::vector<BlobObject> objects_of(const BlobId& blob) const = 0;
  // Sizes of all blobs with a live object, each counted once.
  virtual uint64_t live_bytes() const = 0;
};

}  // namespace walrusfs::localnet
