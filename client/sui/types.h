// The words of Sui: addresses, object references, digests, Move types. Layouts: BCS, as on the chain.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "codec/bcs_struct.h"

namespace walrusfs::sui {

// 32 bytes that name an account, an object or a package: one space on Sui. Text: "0x" and 64 hex digits.
struct Address {
  Digest bytes{};

  // "0x" and 1 to 64 hex digits; leading zeros may be left out.
  static Result<Address> parse(std::string_view text);
  // The small numbers that Sui's own packages and objects have: 0x2, 0x6.
  static Address of(uint8_t number);
  std::string to_string() const;
  auto operator<=>(const Address&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.bytes); }
};
using ObjectId = Address;

// 32 bytes of BLAKE2b-256, base58 as text: of a transaction, an object version, a checkpoint. In BCS with a length.
struct SuiDigest {
  Digest bytes{};

  static Result<SuiDigest> parse(std::string_view text);
  std::string to_string() const;
  auto operator<=>(const SuiDigest&) const = default;
  void bcs_write(BcsWriter& out) const { out.bytes(bytes); }
  Status bcs_read(BcsReader& in);
};

// One version of an object.
struct ObjectRef {
  ObjectId id;
  uint64_t version = 0;
  SuiDigest digest;
  bool operator==(const ObjectRef&) const = default;
  static auto bcs_fields(auto& self) { return std::tie(self.id, self.version, self.digest); }
};

// A Move type. `params` are the type arguments of a struct, or the element of a vector.
struct TypeTag {
  enum class Kind : uint8_t {
    kBool = 0,
    kU8,
    kU64,
    kU128,
    kAddress,
    kSigner,
    kVector,
    kStruct,
    kU16,
    kU32,
    kU256,
  };
  Kind kind = Kind::kBool;
  Address address;  // this and the names: of structs only
  std::string module, name;
  std::vector<TypeTag> params;

  static TypeTag simple(Kind kind) { return {kind, {}, {}, {}, {}}; }
  static TypeTag vector_of(TypeTag element) { return {Kind::kVector, {}, {}, {}, {std::move(element)}}; }
  static TypeTag structure(Address address, std::string module, std::string name, std::vector<TypeTag> params = {});
  // "u64", "vector<u8>", "0x2::coin::Coin<0x2::sui::SUI>"; spaces around type arguments are ignored.
  static Result<TypeTag> parse(std::string_view text);
  // Addresses in their long form, type arguments divided by ", ".
  std::string to_string() const;
  bool is_struct(const Address& package, std::string_view module_name, std::string_view type_name) const;

  // Not defaulted: comparing a struct with vectors of itself is ill-formed before it is complete.
  friend bool operator==(const TypeTag& a, const TypeTag& b);
  void bcs_write(BcsWriter& out) const;
  Status bcs_read(BcsReader& in);
  // Without the tag of the case: how a struct stands where nothing else may.
  void bcs_write_struct(BcsWriter& out) const;
};

// Type arguments nested deeper than this are refused, as by Sui.
constexpr int kMaxTypeDepth = 16;
constexpr size_t kMaxIdentifierBytes = 128;
// A letter or underscore, then letters, digits and underscores.
bool is_identifier(std::string_view text);

inline const Address kMoveStdlib = Address::of(1);
inline const Address kSuiFramework = Address::of(2);
TypeTag sui_coin_type();                       // 0x2::sui::SUI
TypeTag coin_of(TypeTag coin_type);            // 0x2::coin::Coin<T>
TypeTag field_of(TypeTag key, TypeTag value);  // 0x2::dynamic_field::Field<K, V>
TypeTag object_key(TypeTag key);               // 0x2::dynamic_object_field::Wrapper<K>

// ---- derived ids

// The object that holds the dynamic field `key` of `parent`.
ObjectId dynamic_field_id(const Address& parent, const TypeTag& key_type, ByteView key_bcs);
// The index-th object that a transaction creates.
ObjectId created_object_id(const SuiDigest& transaction, uint64_t index);

}  // namespace walrusfs::sui
