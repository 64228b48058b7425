// The official vectors of keys, messages and bodies (tests/vectors/messages.json).
#pragma once

#include <nlohmann/json.hpp>

#include "codec/bls/bls.h"
#include "tests/codec/vectors.h"

namespace walrusfs::test {

using Json = nlohmann::json;

inline const Json& message_vectors() {
  static const Json loaded = load_vectors("messages");
  return loaded;
}

inline Bytes hex(const Json& text) { return from_hex(text.get<std::string>()).value(); }

// The named entry of "messages".
inline const Json& message_entry(const Json& name) {
  for (const Json& m : message_vectors()["messages"])
    if (m["name"] == name) return m;
  throw std::runtime_error("no such message in the vectors");
}
inline Bytes message_bytes(const Json& name) { return hex(message_entry(name)["bcs_hex"]); }

inline bls::SecretKey secret_key(size_t id) {
  return bls::SecretKey::parse(hex(message_vectors()["keys"].at(id)["secret_key_hex"])).value();
}
inline bls::PublicKey public_key(size_t id) {
  return bls::PublicKey::parse(hex(message_vectors()["keys"].at(id)["public_key_hex"])).value();
}

}  // namespace walrusfs::test
