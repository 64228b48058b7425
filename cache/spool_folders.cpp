#include "cache/spool_folders.h"

#include <charconv>

#include <fmt/format.h>

namespace walrusfs {
namespace {

std::optional<uint64_t> parse_exactly(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const std::string again = base == 16 ? fmt::format("{:x}", value) : std::to_string(value);
  return again == text ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string SpoolFolders::staging(size_t folder) const { return fmt::format("{}/{:02x}", staging(), folder); }

std::optional<StagingId> SpoolFolders::parse_staging(std::string_view name, size_t folder) {
  auto value = parse_exactly(name, 16);
  if (!value || folder_of(StagingId{*value}) != folder) return std::nullopt;
  return StagingId{*value};
}

std::optional<PackId> SpoolFolders::parse_pack(std::string_view name) {
  auto value = parse_exactly(name, 10);
  return value ? std::optional(PackId{*value}) : std::nullopt;
}

}  // namespace walrusfs
