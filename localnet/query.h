// Query strings as the real services read them: strict, so that a parameter nobody knows is refused.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace walrusfs::localnet {

class Query {
 public:
  // kInvalidArgument, with a message for the client, for a parameter that is not in `known`, for one
  // given twice that is not in `repeatable`, and for broken escapes.
  static Result<Query> parse(std::string_view text, std::initializer_list<std::string_view> known,
                             std::initializer_list<std::string_view> repeatable = {});
  // As some routes read them: parameters that nobody knows are passed over.
  static Result<Query> parse_leniently(std::string_view text, std::initializer_list<std::string_view> known);

  bool has(std::string_view name) const { return text(name).has_value(); }
  std::optional<std::string> text(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  // Nothing when absent; kInvalidArgument when it is no such value.
  Result<std::optional<bool>> boolean(std::string_view name) const;
  Result<std::optional<uint64_t>> number(std::string_view name) const;

 private:
  static Result<Query> parse(std::string_view text, std::initializer_list<std::string_view> known,
                             std::initializer_list<std::string_view> repeatable, bool strict);

  std::vector<std::pair<std::string, std::string>> items_;
};

// Decimal digits only, no sign, no overflow.
std::optional<uint64_t> parse_decimal(std::string_view text);

}  // namespace walrusfs::localnet
