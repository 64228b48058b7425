// Objects of the chain: what a transaction reads and writes.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "client/sui/transaction.h"
#include "client/sui/types.h"

namespace walrusfs::localnet::sui {

using namespace walrusfs::sui;  // NOLINT: this folder speaks the words of Sui throughout
// Words that the folders around it have, too, with other meanings.
using walrusfs::sui::ObjectId;

struct AddressOwner {
  Address address;
  bool operator==(const AddressOwner&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.address); }
};
// A child: a dynamic field of that object.
struct ObjectOwner {
  Address parent;
  bool operator==(const ObjectOwner&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.parent); }
};
struct SharedOwner {
  uint64_t initial_version = 0;
  bool operator==(const SharedOwner&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.initial_version); }
};
struct ImmutableOwner : NoFields {};
// In the order of the chain's own enum.
using Owner = std::variant<AddressOwner, ObjectOwner, SharedOwner, ImmutableOwner>;

// The address of whom an object belongs to, whether account or parent object; nothing for shared and immutable ones.
std::optional<Address> owning_address(const Owner& owner);

struct Object {
  ObjectId id;
  uint64_t version = 0;
  Owner owner;
  TypeTag type;
  Bytes contents;  // BCS of the Move struct; its first field is the id
  SuiDigest previous_transaction;
  uint64_t storage_rebate = 0;  // MIST that come back when it goes

  // The chain's own form, and its digest.
  Bytes to_chain_bcs() const;
  SuiDigest digest() const;
  ObjectRef ref() const { return {id, version, digest()}; }
  // What storage is paid for (Sui's rule: contents, type, and 80 + 9 bytes around them).
  uint64_t gas_bytes() const;
};

// Of an object in the chain's own form.
SuiDigest object_digest(ByteView chain_bcs);

// Whether TransferObjects may move it: it has the ability `store`.
bool has_public_transfer(const TypeTag& type);
// Whether values of this type are objects, with the ability `key`; the others may be dropped.
bool has_key(const TypeTag& type);

// The chain's clock, a shared object. What it says is not kept in it here: the time is an argument of what runs.
inline const ObjectId kClockId = Address::of(6);
TypeTag clock_type();

// Where a transaction finds the objects of the moment. Nothing for ids that do not exist or are wrapped.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual std::optional<Object> find(const ObjectId& id) const = 0;
};

}  // namespace walrusfs::localnet::sui
