#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/background.h"
#include "cli/commands/commands.h"
#include "cli/mounted_volume.h"
#include "cli/terminal.h"
#include "fs/fuse/mount.h"

namespace walrusfs::cli {
namespace {

struct MountArguments {
  std::string volume;
  std::string mountpoint;
  bool foreground = false;
  bool read_only = false;
  bool allow_other = false;
  std::string passphrase_file;
};

// The mountpoint can be used when this returns; what a killed mount left there is cleared away.
Status prepare_mountpoint(const std::string& path) {
  switch (inspect_mountpoint(path)) {
    case MountpointState::kFree: return {};
    case MountpointState::kDeadMount:
      log_info("{} is left from a mount that was killed; clearing it", path);
      WFS_TRY(clear_dead_mount(path));
      return prepare_mountpoint(path);
    case MountpointState::kMissing:
      return Error(Code::kNotFound, path + " does not exist; make it with: mkdir -p " + path);
    case MountpointState::kNotFolder: return Error(Code::kNotDirectory, path + " is not a folder");
    case MountpointState::kNotEmpty:
      return Error(Code::kNotEmpty,
                   path + " is not empty, and mounting would hide what is in it; choose an empty folder");
    case MountpointState::kMounted: return Error(Code::kBusy, "something is mounted on " + path + " already");
  }
  return Error(Code::kInternal, "unknown state of " + path);
}

// Empty when the key is not under a passphrase.
Result<std::string> passphrase_for(const MountArguments& arguments, const Volume& volume) {
  WFS_ASSIGN(const bool wrapped, system_files().exists(volume.wrapped_key_path()));
  if (!wrapped) return std::string();
  if (!arguments.passphrase_file.empty()) return read_secret_file(arguments.passphrase_file);
  return ask_secret("Passphrase of volume '" + volume.name + "'");
}

Result<int> run(const MountArguments& arguments, const Context& context) {
  WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, arguments.volume));
  MountRequest request{context.places,        volume, absolute_path(arguments.mountpoint), arguments.read_only,
                       arguments.allow_other, {}};
  WFS_TRY(prepare_mountpoint(request.mountpoint));
  // Asked for now: in the background there is no terminal any more.
  WFS_ASSIGN(std::string passphrase, passphrase_for(arguments, volume));
  request.ask_passphrase = [&passphrase]() -> Result<std::string> { return passphrase; };
  if (arguments.foreground) {
    log_setup(LogLevel::kInfo);
    WFS_TRY(run_mount(request, [&] { log_info("'{}' is mounted on {}", volume.name, request.mountpoint); }));
    return 0;
  }
  WFS_TRY(run_in_background(volume.log_path(),
                            [&](const std::function<void()>& on_ready) { return run_mount(request, on_ready); }));
  if (context.json) {
    fmt::print("{}\n", nlohmann::json{{"volume", volume.name}, {"mountpoint", request.mountpoint}}.dump());
  } else {
    fmt::print("'{}' is mounted on {}.\n", volume.name, request.mountpoint);
  }
  return 0;
}

}  // namespace

void add_mount(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<MountArguments>();
  CLI::App* command = app.add_subcommand("mount", "mount a volume on an empty folder");
  command->add_option("volume", arguments->volume, "name of the volume")->required();
  command->add_option("folder", arguments->mountpoint, "where to mount it")->required();
  command->add_flag("-f,--foreground", arguments->foreground, "stay in the foreground; Ctrl-C unmounts");
  command->add_flag("--read-only", arguments->read_only, "refuse every change");
  command->add_flag("--allow-other", arguments->allow_other,
                    "let other users of this machine in (permission bits still count)");
  command->add_option("--passphrase-file", arguments->passphrase_file,
                      "take the passphrase of the key from a file ('-': standard input)");
  command->footer(
      "Examples:\n  walrusfs mount photos ~/photos\n  walrusfs mount --read-only --foreground archive /mnt/archive\n\n"
      "After a crash just mount again: what was synced is there, and uploads go on where they were.");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](const Context& context) { return run(*arguments, context); }; });
}

}  // namespace walrusfs::cli
