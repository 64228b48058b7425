// BCS of whole structs from one description of their fields, for both directions:
//
//   struct Storage {
//     ObjectId id;
//     uint32_t start_epoch = 0;
//     static auto bcs_fields(auto& self) { return std::tie(self.id, self.start_epoch); }
//   };
//   Bytes bytes = bcs_encode(storage);
//   Result<Storage> parsed = bcs_decode<Storage>(bytes, "a Storage object");
//
// bool, integers, strings, BlobId, std::array<uint8_t, N> (raw), std::optional, std::vector, std::pair, std::variant (a
// BCS enum whose cases are the alternatives in order) and structs like the one above may be nested. A type with another
// form has two members: `void bcs_write(BcsWriter&) const` and `Status bcs_read(BcsReader&)`.
//
// Reading is for hostile input: a vector has at most as many elements as bytes are left, so what is made is bounded
// by a small multiple of the input. All errors are kCorrupt.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "codec/bcs.h"

namespace walrusfs {
namespace bcs_internal {

template <typename T>
concept Described = requires(T& value) {
  T::bcs_fields(value);
};
template <typename T>
concept HasOwnForm = requires(const T& value, BcsWriter& out) {
  value.bcs_write(out);
};
template <typename T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <typename T>
void write(BcsWriter& out, const T& value) requires(Described<T> || HasOwnForm<T>);
template <typename T>
Status read(BcsReader& in, T& value) requires(Described<T> || HasOwnForm<T>);

// ---- writing

inline void write(BcsWriter& out, bool value) { out.u8(value ? 1 : 0); }
template <Integer T>
void write(BcsWriter& out, T value) {
  uint8_t bytes[sizeof value];
  store_le(bytes, value);
  out.raw(bytes);
}
inline void write(BcsWriter& out, const std::string& text) { out.bytes(as_bytes(text)); }
inline void write(BcsWriter& out, const Bytes& bytes) { out.bytes(bytes); }
// u256 of 32 little-endian bytes: the very bytes of the id.
inline void write(BcsWriter& out, const BlobId& id) { out.raw(id.bytes); }
template <size_t N>
void write(BcsWriter& out, const std::array<uint8_t, N>& raw) {
  out.raw(raw);
}
template <typename T>
void write(BcsWriter& out, const std::optional<T>& value);
template <typename T>
void write(BcsWriter& out, const std::vector<T>& items);
template <typename A, typename B>
void write(BcsWriter& out, const std::pair<A, B>& both);
template <typename... Cases>
void write(BcsWriter& out, const std::variant<Cases...>& chosen);

template <typename T>
void write(BcsWriter& out, const std::optional<T>& value) {
  write(out, value.has_value());
  if (value) write(out, *value);
}
template <typename T>
void write(BcsWriter& out, const std::vector<T>& items) {
  out.uleb(static_cast<uint32_t>(items.size()));
  for (const T& item : items) write(out, item);
}
template <typename A, typename B>
void write(BcsWriter& out, const std::pair<A, B>& both) {
  write(out, both.first);
  write(out, both.second);
}
template <typename... Cases>
void write(BcsWriter& out, const std::variant<Cases...>& chosen) {
  out.uleb(static_cast<uint32_t>(chosen.index()));
  std::visit([&out](const auto& value) { write(out, value); }, chosen);
}
template <typename T>
void write(BcsWriter& out, const T& value) requires(Described<T> || HasOwnForm<T>) {
  if constexpr (HasOwnForm<T>) {
    value.bcs_write(out);
  } else {
    std::apply([&out](const auto&... field) { (write(out, field), ...); }, T::bcs_fields(value));
  }
}

// ---- reading

inline Status read(BcsReader& in, bool& value) {
  WFS_ASSIGN(const uint8_t byte, in.u8());
  if (byte > 1) return in.fail("a truth value is neither 0 nor 1");
  value = byte == 1;
  return ok_status();
}
template <Integer T>
Status read(BcsReader& in, T& value) {
  WFS_ASSIGN(const ByteView at, in.raw(sizeof value));
  value = load_le<T>(at.data());
  return ok_status();
}
inline Result<ByteView> read_counted(BcsReader& in) {
  return in.bytes(static_cast<uint32_t>(std::min<size_t>(in.left(), UINT32_MAX)));
}
inline Status read(BcsReader& in, std::string& text) {
  WFS_ASSIGN(const ByteView at, read_counted(in));
  text = as_text(at);
  return ok_status();
}
inline Status read(BcsReader& in, Bytes& bytes) {
  WFS_ASSIGN(const ByteView at, read_counted(in));
  bytes = to_bytes(at);
  return ok_status();
}
template <size_t N>
Status read(BcsReader& in, std::array<uint8_t, N>& raw) {
  WFS_ASSIGN(const ByteView at, in.raw(N));
  std::copy(at.begin(), at.end(), raw.begin());
  return ok_status();
}
inline Status read(BcsReader& in, BlobId& id) { return read(in, id.bytes); }
template <typename T>
Status read(BcsReader& in, std::optional<T>& value);
template <typename T>
Status read(BcsReader& in, std::vector<T>& items);
template <typename A, typename B>
Status read(BcsReader& in, std::pair<A, B>& both);
template <typename... Cases>
Status read(BcsReader& in, std::variant<Cases...>& chosen);

template <typename T>
Status read(BcsReader& in, std::optional<T>& value) {
  bool there = false;
  WFS_TRY(read(in, there));
  value.reset();
  return there ? read(in, value.emplace()) : ok_status();
}
template <typename T>
Status read(BcsReader& in, std::vector<T>& items) {
  // Every element takes at least one byte.
  WFS_ASSIGN(const uint32_t count, in.uleb(static_cast<uint32_t>(std::min<size_t>(in.left(), UINT32_MAX))));
  items.clear();
  for (uint32_t i = 0; i < count; ++i) WFS_TRY(read(in, items.emplace_back()));
  return ok_status();
}
template <typename A, typename B>
Status read(BcsReader& in, std::pair<A, B>& both) {
  WFS_TRY(read(in, both.first));
  return read(in, both.second);
}
template <size_t Case = 0, typename... Cases>
Status read_case(BcsReader& in, uint32_t wanted, std::variant<Cases...>& chosen) {
  if constexpr (Case == sizeof...(Cases)) {
    return in.fail("there is no case " + std::to_string(wanted));
  } else {
    return wanted == Case ? read(in, chosen.template emplace<Case>()) : read_case<Case + 1>(in, wanted, chosen);
  }
}
template <typename... Cases>
Status read(BcsReader& in, std::variant<Cases...>& chosen) {
  WFS_ASSIGN(const uint32_t wanted, in.uleb(UINT32_MAX));
  return read_case(in, wanted, chosen);
}
template <typename T>
Status read(BcsReader& in, T& value) requires(Described<T> || HasOwnForm<T>) {
  if constexpr (HasOwnForm<T>) {
    return value.bcs_read(in);
  } else {
    Status status;
    const auto one = [&](auto& field) { return (status = read(in, field)).ok(); };
    std::apply([&](auto&... field) { (void)(one(field) && ...); }, T::bcs_fields(value));
    return status;
  }
}

}  // namespace bcs_internal

template <typename T>
void bcs_write(BcsWriter& out, const T& value) {
  bcs_internal::write(out, value);
}
template <typename T>
Status bcs_read(BcsReader& in, T& value) {
  return bcs_internal::read(in, value);
}

template <typename T>
Bytes bcs_encode(const T& value) {
  BcsWriter out;
  bcs_write(out, value);
  return out.take();
}

// The whole of `input`, which is named `what` in messages.
template <typename T>
Result<T> bcs_decode(ByteView input, const char* what) {
  BcsReader in(input, what);
  T value{};
  WFS_TRY(bcs_read(in, value));
  WFS_TRY(in.finish());
  return value;
}

}  // namespace walrusfs
