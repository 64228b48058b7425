// Slivers as people name them: one ("primary:17"), and a list ("primary:0-333,secondary,pair:5").
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "codec/shape.h"

namespace walrusfs::cli {

struct SliverName {
  Axis axis = Axis::kPrimary;
  SliverIndex index{};  // on its axis; pair p has primary sliver p and secondary sliver n-1-p

  std::string to_string() const;
  auto operator<=>(const SliverName&) const = default;
};

const char* axis_name(Axis axis);  // "primary", "secondary"

// kInvalidArgument for anything but AXIS:NUMBER with a number below the number of shards.
Result<SliverName> parse_sliver_name(const CodeShape& shape, std::string_view text);

// A list, sorted, each sliver once. Items, with commas between: "all", AXIS, AXIS:N, AXIS:N-M, where AXIS is "primary",
// "secondary", or "pair" for both slivers of pairs. kInvalidArgument names the item that makes no sense.
Result<std::vector<SliverName>> parse_sliver_list(const CodeShape& shape, std::string_view text);

}  // namespace walrusfs::cli
