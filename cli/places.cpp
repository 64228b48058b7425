#include "cli/places.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>

namespace walrusfs::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string or_default(const std::string& value, const std::string& fallback) {
  return value.empty() || value[0] != '/' ? fallback : value;  // XDG: relative values count as unset
}

}  // namespace

Result<Places> Places::from_environment() {
  if (const std::string home = variable("WALRUSFS_HOME"); !home.empty()) {
    const std::string base = absolute_path(home);
    return Places{base + "/data", base + "/cache", base + "/config.toml"};
  }
  if (geteuid() == 0) return Places{"/var/lib/walrusfs", "/var/cache/walrusfs", "/etc/walrusfs/config.toml"};
  const std::string home = variable("HOME");
  if (home.empty()) {
    return Error(Code::kInvalidArgument, "neither HOME nor WALRUSFS_HOME is set: nowhere to keep the volume");
  }
  return Places{or_default(variable("XDG_DATA_HOME"), home + "/.local/share") + "/walrusfs",
                or_default(variable("XDG_CACHE_HOME"), home + "/.cache") + "/walrusfs",
                or_default(variable("XDG_CONFIG_HOME"), home + "/.config") + "/walrusfs/config.toml"};
}

Status check_volume_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.size() > 64 || name[0] == '.' || name[0] == '-' ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return Error(
        Code::kInvalidArgument,
        "'" + name +
            "' is no volume name: use 1 to 64 letters, digits, '-', '_' and '.', not starting with '.' or '-'");
  }
  return {};
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  auto resolved = std::filesystem::weakly_canonical(path, failed);
  if (failed) resolved = std::filesystem::absolute(path, failed);
  std::string text = resolved.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace walrusfs::cli
