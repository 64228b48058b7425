// What storage nodes sign: intent (type, version 0, app 3), epoch, body, in BCS; the signature is over these bytes as
// they are. Storage-node API, section 6.
//
// Whoever checks a message builds it himself and compares bytes; only the ledger has to read one.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "codec/bls/bls.h"
#include "codec/shape.h"

namespace walrusfs {

// 32 bytes on chain: the id of an object, or an address.
using ObjectId = Digest;

// "0x" and up to 64 hex digits (leading zeros may be missing). kInvalidArgument otherwise.
Result<ObjectId> parse_object_id(std::string_view text);
// All 64 digits.
std::string object_id_to_string(const ObjectId& id);

// What a confirmation promises: the blob as such, or on behalf of one deletable blob object.
struct Persistence {
  std::optional<ObjectId> deletable;  // nothing: permanent

  bool operator==(const Persistence&) const = default;
};

struct StorageConfirmation {
  uint32_t epoch = 0;
  BlobId blob;
  Persistence persistence;

  Bytes to_bytes() const;
  // kCorrupt for anything that is no confirmation, trailing bytes included.
  static Result<StorageConfirmation> parse(ByteView message);
  bool operator==(const StorageConfirmation&) const = default;
};

// "The metadata of this blob commits to what is no codeword."
Bytes invalid_blob_id_message(uint32_t epoch, const BlobId& blob);

// "I have the secret key to this public key", said to the chain when `operator_address` registers the node.
Bytes proof_of_possession_message(uint32_t epoch, const ObjectId& operator_address, const bls::PublicKey& key);
bls::Signature prove_possession(const bls::SecretKey& key, uint32_t epoch, const ObjectId& operator_address);
// Also false for a key that is infinity or outside the subgroup.
bool verify_possession(const bls::PublicKey& key, uint32_t epoch, const ObjectId& operator_address,
                       const bls::Signature& proof);

// What one node asks another for when a shard moves.
struct SyncShardRequest {
  ShardIndex shard{};
  Axis axis = Axis::kPrimary;
  BlobId first;  // answers begin at the first blob from here on, in order of bytes
  uint64_t slivers = 0;
  uint32_t epoch = 0;

  // The message of the request; it names the epoch twice.
  Bytes to_bytes() const;
  static Result<SyncShardRequest> parse(ByteView message);
  bool operator==(const SyncShardRequest&) const = default;
};

// A message with its signature, as it travels.
struct SignedMessage {
  Bytes message;
  std::array<uint8_t, bls::kSignatureBytes> signature{};

  static SignedMessage sign(const bls::SecretKey& key, Bytes message);
  // False for a signature that is no point, too.
  bool is_from(const bls::PublicKey& key) const;

  Bytes to_bytes() const;  // BCS
  static Result<SignedMessage> parse(ByteView bcs);
  bool operator==(const SignedMessage&) const = default;
};

}  // namespace walrusfs
