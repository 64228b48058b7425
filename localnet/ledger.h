// What the chain knows about blobs: objects, epochs, prices. An honest stand-in for the Sui ledger,
// behind the interface that a true one will implement later.
//
// Safe to call from any thread. Epochs start at 1 and advance only by advance_epoch(); an object with
// end epoch e keeps its blob alive in epochs < e.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "codec/certificate.h"

namespace walrusfs::localnet {

constexpr uint32_t kMaxEpochsAhead = 53;
// FROST per started MiB of encoded length: storage per epoch, and once for writing (as on mainnet).
constexpr uint64_t kStoragePricePerUnit = 11'000;
constexpr uint64_t kWritePricePerUnit = 20'000;

struct TransactionEvent {
  std::string tx_digest;  // base58
  uint64_t event_seq = 0;
};

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
  std::string owner;      // address
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
  uint64_t size_bytes = 0;
  uint64_t encoded_length = 0;
  uint32_t epochs = 1;  // ahead; 1 = until the end of the current one
  bool deletable = true;
  std::string owner;
  bool share = false;
};

// What many nodes signed, as the transaction carries it.
struct BlobCertificate {
  Bytes message;         // a StorageConfirmation, or an invalid_blob_id_message
  Bytes signers_bitmap;  // in the order of the committee
  Bytes signature;       // of all signers, added up
};

struct Registration {
  BlobObject object;
  uint64_t cost_frost = 0;
};

// What nodes are told; they see nothing else of the ledger.
class BlobRegistry {
 public:
  virtual ~BlobRegistry() = default;
  virtual uint32_t epoch() const = 0;
  virtual BlobStanding standing(const BlobId& blob) const = 0;
  // Registered, not expired, and for that blob.
  virtual bool object_is_live(const std::string& object_id, const BlobId& blob) const = 0;
  // Those that nodes must keep: a certified object is live, and nobody found them inconsistent.
  virtual std::vector<BlobId> certified_blobs() const = 0;
};

class Ledger : public BlobRegistry {
 public:
  // The publisher's own address.
  virtual const std::string& wallet_address() const = 0;
  // kInvalidArgument unless 1 <= epochs <= kMaxEpochsAhead.
  virtual Result<Registration> register_blob(const RegisterRequest& request) = 0;
  // kNotFound for an unknown or expired object, kStale for a certificate of another epoch (collect a new one),
  // kInvalidArgument for one that does not hold. Certifying twice is not an error.
  virtual Result<BlobObject> certify(const std::string& object_id, const BlobCertificate& certificate) = 0;
  // Nobody may have the blob any more: nodes with at least one honest one among them found that its slivers are not
  // what its metadata says. kInvalidArgument for a certificate that does not hold; twice is not an error.
  virtual Status invalidate(const BlobId& blob, const BlobCertificate& certificate) = 0;
  // More epochs for a certified object; answers with the cost in FROST.
  virtual Result<uint64_t> extend(const std::string& object_id, uint32_t epochs) = 0;
  // kNotPermitted for a permanent one.
  virtual Status remove(const std::string& object_id) = 0;
  // The new epoch.
  virtual Result<uint32_t> advance_epoch() = 0;

  virtual std::optional<BlobObject> object(const std::string& object_id) const = 0;
  // Live objects of a blob, in order of registration.
  virtual std::vector<BlobObject> objects_of(const BlobId& blob) const = 0;
  // Sizes of all blobs with a live object, each counted once.
  virtual uint64_t live_bytes() const = 0;
};

uint64_t storage_units(uint64_t encoded_length);
uint64_t store_cost_frost(uint64_t encoded_length, uint32_t epochs);

// The ledger in one file of checksummed lines, each synced before the call that made it returns. A
// torn last line (a crash while writing) is cut off; damage before it is kCorrupt.
// `committee` says whose signatures count. `files` and `rng` must outlive it.
Result<std::unique_ptr<Ledger>> open_file_ledger(Files& files, Rng& rng, const std::string& path,
                                                 std::vector<Signer> committee);

}  // namespace walrusfs::localnet
