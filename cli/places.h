// Where things are on this machine: volumes, caches, the local network, configuration.
#pragma once

#include <string>

#include "base/result.h"

namespace walrusfs::cli {

struct Places {
  std::string data;    // volumes/ and localnet/: must not be lost
  std::string cache;   // frames/: may vanish at any time
  std::string config;  // the configuration file, which may be missing

  // WALRUSFS_HOME (everything below it) when set; else /var/lib, /var/cache and /etc for root, and the
  // XDG folders for everybody else.
  static Result<Places> from_environment();

  std::string volumes() const { return data + "/volumes"; }
  std::string volume(const std::string& name) const { return volumes() + "/" + name; }
  std::string frames(const std::string& volume) const { return cache + "/frames/" + volume; }
  std::string localnet() const { return data + "/localnet"; }
};

// One to 64 letters, digits, '-', '_' and '.', not starting with '.' or '-': a volume's name is a folder's name.
Status check_volume_name(const std::string& name);

// Absolute, without symlinks in its existing part; missing parts are kept.
std::string absolute_path(const std::string& path);

}  // namespace walrusfs::cli
