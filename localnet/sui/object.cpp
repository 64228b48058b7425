#include "localnet/sui/object.h"

#include "base/crypto.h"

namespace walrusfs::localnet::sui {
namespace {

// MoveObjectType: the usual types have short forms.
enum : uint32_t { kOtherType = 0, kGasCoinType = 1, kCoinType = 3 };
constexpr uint32_t kMoveObject = 0;  // of the enum Data
constexpr uint64_t kOwnerAndTransactionBytes = 80;
constexpr uint64_t kVersionAndFlagBytes = 9;

void write_type(BcsWriter& out, const TypeTag& type) {
  const bool coin = type.is_struct(kSuiFramework, "coin", "Coin") && type.params.size() == 1;
  if (!coin) {
    out.uleb(kOtherType);
    return type.bcs_write_struct(out);
  }
  const bool gas = type.params[0] == sui_coin_type();
  out.uleb(gas ? kGasCoinType : kCoinType);
  if (!gas) bcs_write(out, type.params[0]);
}

uint64_t type_bytes(const TypeTag& type) {
  BcsWriter out;
  write_type(out, type);
  return out.take().size();
}

}  // namespace

std::optional<Address> owning_address(const Owner& owner) {
  if (const auto* account = std::get_if<AddressOwner>(&owner)) return account->address;
  if (const auto* object = std::get_if<ObjectOwner>(&owner)) return object->parent;
  return std::nullopt;
}

bool has_public_transfer(const TypeTag& type) {
  return !type.is_struct(kSuiFramework, "dynamic_field", "Field") && type.name != "System" && type.name != "Staking" &&
         type != clock_type();
}

bool has_key(const TypeTag& type) {
  return type.kind == TypeTag::Kind::kStruct && type.name != "Metadata" && type.name != "NodeMetadata" &&
         type.name != "Authenticated" && type.name != "Authorized";
}

TypeTag clock_type() { return TypeTag::structure(kSuiFramework, "clock", "Clock"); }

SuiDigest object_digest(ByteView chain_bcs) {
  Bytes preimage = to_bytes(as_bytes("Object::"));
  append(preimage, chain_bcs);
  return {blake2b256(preimage)};
}

SuiDigest Object::digest() const { return object_digest(to_chain_bcs()); }

Bytes Object::to_chain_bcs() const {
  BcsWriter out;
  out.uleb(kMoveObject);
  write_type(out, type);
  bcs_write(out, has_public_transfer(type));
  bcs_write(out, version);
  bcs_write(out, contents);
  bcs_write(out, owner);
  bcs_write(out, previous_transaction);
  bcs_write(out, storage_rebate);
  return out.take();
}

uint64_t Object::gas_bytes() const {
  return kOwnerAndTransactionBytes + kVersionAndFlagBytes + type_bytes(type) + contents.size();
}

}  // namespace walrusfs::localnet::sui
