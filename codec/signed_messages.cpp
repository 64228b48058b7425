#include "codec/signed_messages.h"

#include <algorithm>

#include "codec/bcs.h"

namespace walrusfs {
namespace {

enum class Intent : uint8_t { kProofOfPossession = 0, kStorageConfirmation = 1, kInvalidBlobId = 2, kSyncShard = 3 };

constexpr uint8_t kIntentVersion = 0, kWalrusApp = 3;
constexpr uint8_t kPermanent = 0, kDeletable = 1;
constexpr uint8_t kSyncShardV1 = 0;
constexpr uint32_t kMaxMessageBytes = 1024;  // the longest that is defined has 87
constexpr size_t kObjectIdDigits = 2 * sizeof(ObjectId);

BcsWriter begin(Intent intent, uint32_t epoch) {
  BcsWriter out;
  out.u8(static_cast<uint8_t>(intent));
  out.u8(kIntentVersion);
  out.u8(kWalrusApp);
  out.u32(epoch);
  return out;
}

// The epoch.
Result<uint32_t> read_head(BcsReader& in, Intent intent) {
  WFS_ASSIGN(uint8_t type, in.u8());
  WFS_ASSIGN(uint8_t version, in.u8());
  WFS_ASSIGN(uint8_t app, in.u8());
  if (type != static_cast<uint8_t>(intent) || version != kIntentVersion || app != kWalrusApp)
    return in.fail("its intent is another one");
  return in.u32();
}

}  // namespace

Result<ObjectId> parse_object_id(std::string_view text) {
  const Error refused(Code::kInvalidArgument, "not an object ID (0x and up to 64 hex digits expected): '" +
                                                  std::string(text.substr(0, 80)) + "'");
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 2 + kObjectIdDigits) return refused;
  const std::string digits = std::string(kObjectIdDigits + 2 - text.size(), '0') + std::string(text.substr(2));
  const auto bytes = from_hex(digits);
  if (!bytes) return refused;
  ObjectId id{};
  std::copy(bytes->begin(), bytes->end(), id.begin());
  return id;
}

std::string object_id_to_string(const ObjectId& id) { return "0x" + to_hex(id); }

Bytes StorageConfirmation::to_bytes() const {
  BcsWriter out = begin(Intent::kStorageConfirmation, epoch);
  out.raw(blob.bytes);
  out.u8(persistence.deletable ? kDeletable : kPermanent);
  if (persistence.deletable) out.raw(*persistence.deletable);
  return out.take();
}

Result<StorageConfirmation> StorageConfirmation::parse(ByteView message) {
  BcsReader in(message, "a storage confirmation");
  StorageConfirmation out;
  WFS_ASSIGN(out.epoch, read_head(in, Intent::kStorageConfirmation));
  WFS_ASSIGN(out.blob.bytes, in.digest());
  WFS_ASSIGN(uint8_t tag, in.u8());
  if (tag > kDeletable) return in.fail("it is neither permanent nor deletable");
  if (tag == kDeletable) {
    WFS_ASSIGN(out.persistence.deletable, in.digest());
  }
  WFS_TRY(in.finish());
  return out;
}

Bytes invalid_blob_id_message(uint32_t epoch, const BlobId& blob) {
  BcsWriter out = begin(Intent::kInvalidBlobId, epoch);
  out.raw(blob.bytes);
  return out.take();
}

Bytes proof_of_possession_message(uint32_t epoch, const ObjectId& operator_address, const bls::PublicKey& key) {
  BcsWriter out = begin(Intent::kProofOfPossession, epoch);
  out.raw(operator_address);
  out.raw(key.to_bytes());
  return out.take();
}

bls::Signature prove_possession(const bls::SecretKey& key, uint32_t epoch, const ObjectId& operator_address) {
  return key.sign(proof_of_possession_message(epoch, operator_address, key.public_key()));
}

bool verify_possession(const bls::PublicKey& key, uint32_t epoch, const ObjectId& operator_address,
                       const bls::Signature& proof) {
  return key.is_valid() && bls::verify(key, proof_of_possession_message(epoch, operator_address, key), proof);
}

Bytes SyncShardRequest::to_bytes() const {
  BcsWriter out = begin(Intent::kSyncShard, epoch);
  out.u8(kSyncShardV1);
  out.u16(raw(shard));
  out.u8(static_cast<uint8_t>(axis));
  out.raw(first.bytes);
  out.u64(slivers);
  out.u32(epoch);
  return out.take();
}

Result<SyncShardRequest> SyncShardRequest::parse(ByteView message) {
  BcsReader in(message, "a shard sync request");
  SyncShardRequest out;
  WFS_ASSIGN(uint32_t signed_epoch, read_head(in, Intent::kSyncShard));
  WFS_ASSIGN(uint8_t version, in.u8());
  if (version != kSyncShardV1) return in.fail("its version is unknown");
  WFS_ASSIGN(uint16_t shard, in.u16());
  WFS_ASSIGN(uint8_t axis, in.u8());
  if (axis > static_cast<uint8_t>(Axis::kSecondary)) return in.fail("the sliver type is unknown");
  out.shard = ShardIndex{shard};
  out.axis = Axis{axis};
  WFS_ASSIGN(out.first.bytes, in.digest());
  WFS_ASSIGN(out.slivers, in.u64());
  WFS_ASSIGN(out.epoch, in.u32());
  WFS_TRY(in.finish());
  if (out.epoch != signed_epoch) return in.fail("it names two epochs");
  return out;
}

SignedMessage SignedMessage::sign(const bls::SecretKey& key, Bytes message) {
  const auto signature = key.sign(message).to_bytes();
  return {std::move(message), signature};
}

bool SignedMessage::is_from(const bls::PublicKey& key) const {
  const auto point = bls::Signature::parse(signature);
  return point && bls::verify(key, message, *point);
}

Bytes SignedMessage::to_bytes() const {
  BcsWriter out;
  out.bytes(message);
  out.raw(signature);
  return out.take();
}

Result<SignedMessage> SignedMessage::parse(ByteView bcs) {
  BcsReader in(bcs, "a signed message");
  WFS_ASSIGN(ByteView message, in.bytes(kMaxMessageBytes));
  WFS_ASSIGN(ByteView signature, in.raw(bls::kSignatureBytes));
  WFS_TRY(in.finish());
  SignedMessage out{walrusfs::to_bytes(message), {}};
  std::copy(signature.begin(), signature.end(), out.signature.begin());
  return out;
}

}  // namespace walrusfs
