// Byte strings, views, little-endian integers and text forms (hex, URL base64 without padding).
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace walrusfs {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;
using MutableByteView = std::span<uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Little-endian integers at an unaligned place. The caller has checked that they fit.
template <typename Int>
Int load_le(const uint8_t* at) {
  Int value{};
  std::memcpy(&value, at, sizeof value);
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte swap needed on big-endian machines");
  return value;
}
template <typename Int>
void store_le(uint8_t* at, Int value) {
  std::memcpy(at, &value, sizeof value);
}
template <typename Int>
void append_le(Bytes& out, Int value) {
  uint8_t raw[sizeof value];
  store_le(raw, value);
  out.insert(out.end(), raw, raw + sizeof value);
}

std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 section 5 alphabet, no padding. Parsing refuses padding, other characters and
// non-canonical last characters.
std::string to_base64url(ByteView bytes);
Result<Bytes> from_base64url(std::string_view text);

// RFC 4648 section 4 alphabet, with padding when `pad`.
std::string to_base64(ByteView bytes, bool pad = true);
Result<Bytes> from_base64(std::string_view text, bool padded = true);

}  // namespace walrusfs
