// One mounted volume: every part of the program put together in the right order, its threads, and what
// its control socket answers.
#pragma once

#include <functional>
#include <optional>

#include "cli/network.h"
#include "cli/volume.h"
#include "codec/pack/age.h"

namespace walrusfs::cli {

struct MountRequest {
  Places places;
  Volume volume;
  std::string mountpoint;  // absolute
  bool read_only = false;
  bool allow_other = false;
  std::function<Result<std::string>()> ask_passphrase;
};

// Mounts and serves until the folder is unmounted or a signal ends the program. `on_ready` is called
// once, when the folder can be used. The calling thread must not have started others.
Status run_mount(const MountRequest& request, const std::function<void()>& on_ready);

}  // namespace walrusfs::cli
