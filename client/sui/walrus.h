// Walrus on Sui without any network: prices, the certificate, ids of the fields behind its objects.
// Formulas: spec "Walrus control plane on Sui" sections 6 to 8.
#pragma once

#include <optional>

#include "client/sui/objects.h"

namespace walrusfs::sui {

// ---- prices, in FROST

constexpr uint64_t kStorageUnitBytes = uint64_t{1} << 20;
// Started MiB.
constexpr uint64_t storage_units(uint64_t bytes) {
  return bytes / kStorageUnitBytes + (bytes % kStorageUnitBytes != 0 ? 1 : 0);
}
// Nothing where the contract would overflow.
std::optional<uint64_t> storage_cost(uint64_t price_per_unit, uint64_t storage_bytes, uint32_t epochs);
std::optional<uint64_t> write_cost(uint64_t price_per_unit, uint64_t encoded_bytes);

// Tip of an upload relay in MIST: base + per_kib × started KiB of the encoded size.
std::optional<uint64_t> relay_tip(uint64_t base, uint64_t per_kib, uint64_t encoded_bytes);

// ---- certificates

// Shards whose signatures certify: the contract wants 3w >= 2n + 1.
constexpr bool is_quorum(uint64_t weight, uint64_t n_shards) { return 3 * weight >= 2 * n_shards + 1; }

// Shards among whose nodes is an honest one: enough to say that a blob is not what its ID says.
constexpr bool has_one_correct(uint64_t weight, uint64_t n_shards) { return 3 * weight >= n_shards + 1; }

// A blob is kept until its end, or until the owner of this object deletes it.
struct Permanent : NoFields {};
struct Deletable {
  ObjectId object;
  bool operator==(const Deletable&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.object); }
};
using Persistence = std::variant<Permanent, Deletable>;

constexpr uint8_t kConfirmationMessage = 1, kInvalidBlobMessage = 2;
constexpr uint8_t kMessageVersion = 0, kMessageApp = 3;

// What a node signs when it keeps a blob.
struct Confirmation {
  uint8_t type = kConfirmationMessage, version = kMessageVersion, app = kMessageApp;
  uint32_t epoch = 0;
  BlobId blob_id;
  Persistence persistence;
  bool operator==(const Confirmation&) const = default;
  static auto bcs_fields(auto& self) {
    return std::tie(self.type, self.version, self.app, self.epoch, self.blob_id, self.persistence);
  }
};

// Bit i, lowest first in byte i / 8, for member i of the committee.
Bytes signers_bitmap(const std::vector<uint16_t>& signers, size_t committee_size);
// kInvalidArgument when it is longer than the committee needs or names somebody beyond it.
Result<std::vector<uint16_t>> signers_of_bitmap(ByteView bitmap, size_t committee_size);

// BLAKE2b-256 of encoding, size and root hash.
BlobId derive_blob_id(uint8_t encoding_type, uint64_t size, const Digest& root_hash);

// The 72 bytes that a transaction shows to an upload relay.
Bytes relay_auth_payload(const Digest& blob_sha256, const Digest& nonce_sha256, uint64_t blob_bytes);

// ---- where things are

TypeTag u64_type();
// "metadata" as vector<u8>, under which the attributes of a blob hang.
Bytes attributes_key();
// The field named by a version: inner states of System, Staking and StoragePool.
ObjectId inner_state_id(const ObjectId& parent, uint64_t version);
ObjectId attributes_id(const ObjectId& blob_object);
ObjectId extended_field_id(const ObjectId& field, const Address& original_package);
// The entry of a pool's table; its value is the id of the PooledBlob.
ObjectId pooled_blob_entry_id(const ObjectId& table, const BlobId& blob);

}  // namespace walrusfs::sui
