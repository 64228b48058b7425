#include "cli/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

namespace walrusfs::cli {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit kByteUnits[] = {{"", 1},         {"B", 1},    {"KiB", 1024},  {"MiB", 1048576}, {"GiB", 0x1p30},
                               {"TiB", 0x1p40}, {"K", 1024}, {"M", 1048576}, {"G", 0x1p30},    {"T", 0x1p40},
                               {"KB", 1e3},     {"MB", 1e6}, {"GB", 1e9},    {"TB", 1e12}};
constexpr Unit kTimeUnits[] = {{"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};

template <size_t N>
Result<double> parse_with_unit(std::string_view text, const Unit (&units)[N], std::string_view example) {
  double number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(rest, static_cast<size_t>(text.data() + text.size() - rest));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (error == std::errc() && std::isfinite(number) && number >= 0) {
    for (const Unit& known : units) {
      if (known.name == unit) return number * known.factor;
    }
  }
  return Error(Code::kInvalidArgument, fmt::format("'{}' is not understood; write it like {}", text, example));
}

}  // namespace

Result<uint64_t> parse_bytes(std::string_view text) {
  WFS_ASSIGN(double bytes, parse_with_unit(text, kByteUnits, "64MiB or 2GiB"));
  if (bytes >= 0x1p62) return Error(Code::kInvalidArgument, fmt::format("'{}' is more bytes than there are", text));
  return static_cast<uint64_t>(bytes);
}

Result<Millis> parse_duration(std::string_view text) {
  WFS_ASSIGN(double ms, parse_with_unit(text, kTimeUnits, "30s, 5min or 2h"));
  if (ms >= 3.2e12) return Error(Code::kInvalidArgument, fmt::format("'{}' is longer than a century", text));
  return Millis(static_cast<int64_t>(ms));
}

Result<uint64_t> parse_coins(std::string_view text) {
  constexpr size_t kDecimals = 9;
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  std::string digits(whole);
  digits += fraction;
  digits.append(fraction.size() <= kDecimals ? kDecimals - fraction.size() : 0, '0');
  uint64_t units = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), units);
  const bool has_point = point != std::string_view::npos;
  const bool good = !whole.empty() && fraction.size() <= kDecimals && has_point != fraction.empty();
  if (!good || error != std::errc() || end != digits.data() + digits.size())
    return Error(Code::kInvalidArgument, fmt::format("'{}' is no amount of coins; write it like 2 or 0.5", text));
  return units;
}

uint64_t part_of(uint64_t whole, uint64_t done, uint64_t total) {
  if (done >= total) return whole;
  return static_cast<uint64_t>(static_cast<double>(whole) * static_cast<double>(done) / static_cast<double>(total));
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::string_view names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(names)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 10 ? 2 : 1, names[unit]);
}

std::string format_duration(Millis duration) {
  const int64_t seconds = duration.count() / 1000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace walrusfs::cli
