// Small commands: config, version, check.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/config.h"
#include "cli/exit_code.h"
#include "cli/volume.h"
#include "meta/index.h"

namespace walrusfs::cli {
namespace {

Result<int> run_check(const std::string& name, const Context& context) {
  WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, name));
  WFS_ASSIGN(const auto index, open_index(volume));
  WFS_ASSIGN(const auto violations, index->check());
  if (context.json) {
    fmt::print("{}\n", nlohmann::json{{"volume", name}, {"violations", violations}}.dump());
  } else if (violations.empty()) {
    fmt::print("The index of '{}' is in order.\n", name);
  } else {
    for (const std::string& sentence : violations) fmt::print("{}\n", sentence);
  }
  return static_cast<int>(violations.empty() ? Exit::kOk : Exit::kCorrupt);
}

Result<int> run_config(const std::string& name, const Context& context) {
  Config config;
  if (name.empty()) {
    WFS_ASSIGN(config, load_config(context.places.config, {}));
  } else {
    WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, name));
    config = volume.config;
  }
  fmt::print("# general settings: {}\n{}", context.places.config, print_config(config));
  return 0;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check", "test every invariant of an unmounted volume's index");
  command->add_option("volume", *name, "name of the volume")->required();
  command->footer("Changes nothing. Exit status 5 when something is wrong.\nExample:\n  walrusfs check photos");
  command->callback([name, &chosen] { chosen = [name](const Context& context) { return run_check(*name, context); }; });
}

void add_config(CLI::App& app, Chosen& chosen) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("config", "print the settings in force, as TOML");
  command->add_option("volume", *name, "with this volume's own settings");
  command->footer("Examples:\n  walrusfs config\n  walrusfs config photos");
  command->callback(
      [name, &chosen] { chosen = [name](const Context& context) { return run_config(*name, context); }; });
}

void add_version(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("version", "print the version");
  command->callback([&chosen] {
    chosen = [](const Context& context) -> Result<int> {
      fmt::print("{}\n",
                 context.json ? nlohmann::json{{"version", WALRUSFS_VERSION}}.dump() : "walrusfs " WALRUSFS_VERSION);
      return 0;
    };
  });
}

}  // namespace walrusfs::cli
