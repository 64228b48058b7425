// The plain values of something, one after the other as they stand in it: how a decoded object of ours and the SDK's
// JSON of the same object are compared, whatever wrappers either has around them.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "client/sui/objects.h"

namespace walrusfs::sui {

using Leaves = std::vector<std::string>;
// Keeps the order of fields.
using OrderedJson = nlohmann::ordered_json;

// 32 bytes, the lowest first, as a decimal number.
inline std::string u256_text(Digest number) {
  std::string digits;
  while (std::any_of(number.begin(), number.end(), [](uint8_t byte) { return byte != 0; })) {
    unsigned rest = 0;
    for (size_t i = number.size(); i-- > 0;) {
      const unsigned value = rest * 256 + number[i];
      number[i] = static_cast<uint8_t>(value / 10);
      rest = value % 10;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + rest));
  }
  return digits.empty() ? "0" : digits;
}

class LeafList {
 public:
  void add(const Address& id) { leaves_.push_back(id.to_string()); }
  void add(const BlobId& blob) { leaves_.push_back(u256_text(blob.bytes)); }
  void add(const std::string& text) { leaves_.push_back(text); }
  void add(bool yes) { leaves_.push_back(yes ? "true" : "false"); }
  // A case of an enum that says nothing more.
  void add(const NoFields&) { add(true); }
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  void add(T number) {
    leaves_.push_back(std::to_string(number));
  }
  template <typename T>
  void add(const std::vector<T>& list) {
    for (const T& item : list) add(item);
  }
  template <typename K, typename V>
  void add(const std::pair<K, V>& pair) {
    add(pair.first);
    add(pair.second);
  }
  template <typename T>
  void add(const std::optional<T>& maybe) {
    if (maybe) return add(*maybe);
    leaves_.push_back("null");
  }
  template <typename... Cases>
  void add(const std::variant<Cases...>& one) {
    std::visit([this](const auto& value) { add(value); }, one);
  }
  template <typename T>
    requires requires(const T& value) { T::bcs_fields(value); } && (!std::is_base_of_v<NoFields, T>)
  void add(const T& value) {
    std::apply([this](const auto&... field) { (add(field), ...); }, T::bcs_fields(value));
  }

  void add_json(const OrderedJson& json) {
    if (json.is_structured()) {
      for (const OrderedJson& item : json) add_json(item);
    } else {
      leaves_.push_back(json.is_string() ? json.get<std::string>() : json.dump());
    }
  }

  Leaves take() { return std::move(leaves_); }

 private:
  Leaves leaves_;
};

template <typename T>
Leaves leaves_of(const T& value) {
  LeafList list;
  list.add(value);
  return list.take();
}
inline Leaves leaves_of_json(const OrderedJson& json) {
  LeafList list;
  list.add_json(json);
  return list.take();
}

}  // namespace walrusfs::sui
