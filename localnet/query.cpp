#include "localnet/query.h"

#include <algorithm>
#include <charconv>

#include "localnet/http_types.h"

namespace walrusfs::localnet {
namespace {

Error bad_query(const std::string& why) {
  return Error(Code::kInvalidArgument, "Failed to deserialize query string: " + why);
}

bool contains(std::initializer_list<std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

Result<Query> Query::parse(std::string_view text, std::initializer_list<std::string_view> known,
                           std::initializer_list<std::string_view> repeatable) {
  return parse(text, known, repeatable, true);
}

Result<Query> Query::parse_leniently(std::string_view text, std::initializer_list<std::string_view> known) {
  return parse(text, known, {}, false);
}

Result<Query> Query::parse(std::string_view text, std::initializer_list<std::string_view> known,
                           std::initializer_list<std::string_view> repeatable, bool strict) {
  Query query;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (item.empty()) continue;
    size_t equals = item.find('=');
    auto name = percent_decode(item.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? "" : item.substr(equals + 1), true);
    if (!name || !value) return bad_query("broken percent escape");
    const bool is_known = contains(known, *name) || contains(repeatable, *name);
    if (!is_known && !strict) continue;
    if (!is_known) return bad_query("unknown field `" + *name + "`");
    if (query.has(*name) && !contains(repeatable, *name)) return bad_query("duplicate field `" + *name + "`");
    query.items_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string> Query::text(std::string_view name) const {
  for (const auto& [key, value] : items_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : items_)
    if (key == name) values.push_back(value);
  return values;
}

Result<std::optional<bool>> Query::boolean(std::string_view name) const {
  auto value = text(name);
  if (!value) return std::optional<bool>();
  if (*value == "true") return std::optional<bool>(true);
  if (*value == "false") return std::optional<bool>(false);
  return bad_query(std::string(name) + ": provided string was not `true` or `false`");
}

Result<std::optional<uint64_t>> Query::number(std::string_view name) const {
  auto value = text(name);
  if (!value) return std::optional<uint64_t>();
  auto number = parse_decimal(*value);
  if (!number) return bad_query(std::string(name) + ": invalid digit found in string");
  return std::optional<uint64_t>(*number);
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
  uint64_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace walrusfs::localnet
