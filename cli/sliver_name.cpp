#include "cli/sliver_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace walrusfs::cli {
namespace {

// Inclusive.
struct Numbers {
  uint16_t first = 0;
  uint16_t last = 0;
};

std::optional<uint16_t> parse_number(std::string_view text) {
  uint16_t value = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

// "17" or "0-333".
std::optional<Numbers> parse_numbers(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return Numbers{*first, *last};
}

Error not_understood(const CodeShape& shape, std::string_view item) {
  return Error(Code::kInvalidArgument,
               fmt::format("'{}' names no slivers; write it like primary:0-333, secondary:17, pair:5, primary or all, "
                           "with numbers below {}",
                           item, shape.n()));
}

Status add_item(const CodeShape& shape, std::string_view item, std::set<SliverName>& out) {
  const size_t colon = item.find(':');
  const std::string_view kind = item.substr(0, colon);
  const bool both = kind == "pair" || kind == "all";
  if (!both && kind != "primary" && kind != "secondary") return not_understood(shape, item);
  Numbers numbers{0, static_cast<uint16_t>(shape.n() - 1)};
  if (colon == std::string_view::npos && kind == "pair") return not_understood(shape, item);
  if (colon != std::string_view::npos) {
    const auto given = kind == "all" ? std::nullopt : parse_numbers(item.substr(colon + 1));
    if (!given || given->last >= shape.n()) return not_understood(shape, item);
    numbers = *given;
  }
  for (uint32_t number = numbers.first; number <= numbers.last; ++number) {
    const auto own = static_cast<uint16_t>(number);
    if (kind != "secondary") out.insert({Axis::kPrimary, SliverIndex{own}});
    if (kind == "secondary") out.insert({Axis::kSecondary, SliverIndex{own}});
    if (both) out.insert({Axis::kSecondary, shape.sliver_of(Axis::kSecondary, PairIndex{own})});
  }
  return {};
}

}  // namespace

const char* axis_name(Axis axis) { return axis == Axis::kPrimary ? "primary" : "secondary"; }

std::string SliverName::to_string() const { return fmt::format("{}:{}", axis_name(axis), raw(index)); }

Result<SliverName> parse_sliver_name(const CodeShape& shape, std::string_view text) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const std::string prefix = std::string(axis_name(axis)) + ":";
    if (!text.starts_with(prefix)) continue;
    const auto number = parse_number(text.substr(prefix.size()));
    if (number && *number < shape.n()) return SliverName{axis, SliverIndex{*number}};
  }
  return Error(Code::kInvalidArgument,
               fmt::format("'{}' is no sliver; write it like primary:17 or secondary:17, with a number below {}", text,
                           shape.n()));
}

Result<std::vector<SliverName>> parse_sliver_list(const CodeShape& shape, std::string_view text) {
  std::set<SliverName> names;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    WFS_TRY(add_item(shape, text.substr(begin, end - begin), names));
    begin = end + 1;
  }
  return std::vector<SliverName>(names.begin(), names.end());
}

}  // namespace walrusfs::cli
