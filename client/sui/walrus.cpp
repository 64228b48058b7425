#include "client/sui/walrus.h"

#include <algorithm>

#include "base/crypto.h"

namespace walrusfs::sui {
namespace {

using Kind = TypeTag::Kind;

std::optional<uint64_t> product(uint64_t a, uint64_t b) {
  uint64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

}  // namespace

std::optional<uint64_t> storage_cost(uint64_t price_per_unit, uint64_t storage_bytes, uint32_t epochs) {
  const auto per_epoch = product(price_per_unit, storage_units(storage_bytes));
  return per_epoch ? product(*per_epoch, epochs) : std::nullopt;
}

std::optional<uint64_t> write_cost(uint64_t price_per_unit, uint64_t encoded_bytes) {
  return product(price_per_unit, storage_units(encoded_bytes));
}

std::optional<uint64_t> relay_tip(uint64_t base, uint64_t per_kib, uint64_t encoded_bytes) {
  const auto linear = product(per_kib, encoded_bytes / 1024 + (encoded_bytes % 1024 != 0 ? 1 : 0));
  uint64_t out = 0;
  if (!linear || __builtin_add_overflow(base, *linear, &out)) return std::nullopt;
  return out;
}

Bytes signers_bitmap(const std::vector<uint16_t>& signers, size_t committee_size) {
  Bytes bitmap((committee_size + 7) / 8);
  for (const uint16_t signer : signers) {
    WFS_CHECK(signer < committee_size);
    bitmap[signer / 8] |= static_cast<uint8_t>(1 << signer % 8);
  }
  return bitmap;
}

Result<std::vector<uint16_t>> signers_of_bitmap(ByteView bitmap, size_t committee_size) {
  const Error wrong(Code::kInvalidArgument, "the bitmap of signers does not fit the committee");
  if (bitmap.size() > (committee_size + 7) / 8) return wrong;
  std::vector<uint16_t> signers;
  for (size_t i = 0; i < bitmap.size() * 8; ++i) {
    if ((bitmap[i / 8] >> i % 8 & 1) == 0) continue;
    if (i >= committee_size) return wrong;
    signers.push_back(static_cast<uint16_t>(i));
  }
  return signers;
}

BlobId derive_blob_id(uint8_t encoding_type, uint64_t size, const Digest& root_hash) {
  Bytes preimage = {encoding_type};
  append_le(preimage, size);
  append(preimage, root_hash);
  return {blake2b256(preimage)};
}

Bytes relay_auth_payload(const Digest& blob_sha256, const Digest& nonce_sha256, uint64_t blob_bytes) {
  Bytes out = to_bytes(blob_sha256);
  append(out, nonce_sha256);
  append_le(out, blob_bytes);
  return out;
}

TypeTag u64_type() { return TypeTag::simple(Kind::kU64); }

Bytes attributes_key() { return bcs_encode(std::string("metadata")); }

ObjectId inner_state_id(const ObjectId& parent, uint64_t version) {
  return dynamic_field_id(parent, u64_type(), bcs_encode(version));
}

ObjectId attributes_id(const ObjectId& blob_object) {
  return dynamic_field_id(blob_object, TypeTag::vector_of(TypeTag::simple(Kind::kU8)), attributes_key());
}

ObjectId extended_field_id(const ObjectId& field, const Address& original_package) {
  const uint8_t no_fields = 0;  // a struct without fields has one byte
  return dynamic_field_id(field, TypeTag::structure(original_package, "extended_field", "Key"), {&no_fields, 1});
}

ObjectId pooled_blob_entry_id(const ObjectId& table, const BlobId& blob) {
  return dynamic_field_id(table, object_key(TypeTag::simple(Kind::kU256)), blob.bytes);
}

}  // namespace walrusfs::sui
