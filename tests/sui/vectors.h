// The golden vectors of tests/vectors/sui, and their text forms as our types.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "client/sui/transaction.h"

namespace walrusfs::sui {

using Json = nlohmann::json;

// Read once; lives for the whole program.
const Json& load_vectors(const std::string& name);
// The file as it is, for whoever needs the order of its fields.
std::string vectors_text(const std::string& name);

inline Bytes hex(const Json& text) { return from_hex(text.get<std::string>()).value(); }
inline Bytes base64(const Json& text) { return from_base64(text.get<std::string>()).value(); }
inline Address address(const Json& text) { return Address::parse(text.get<std::string>()).value(); }
inline SuiDigest digest(const Json& text) { return SuiDigest::parse(text.get<std::string>()).value(); }
inline TypeTag type(const Json& text) { return TypeTag::parse(text.get<std::string>()).value(); }
// Numbers stand as text when they may be large.
inline uint64_t number(const Json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>()) : value.get<uint64_t>();
}
inline std::optional<uint64_t> maybe_number(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return number(value);
}

// A TransactionData from the SDK's symbolic form.
TransactionData transaction_from_json(const Json& json);

}  // namespace walrusfs::sui
