#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/commands/commands.h"
#include "cli/local_network.h"
#include "cli/quantity.h"

namespace walrusfs::cli {
namespace {

struct LocalnetArguments {
  std::string folder;
  LocalNetworkOptions options;
  std::string max_body;
};

Result<LocalNetworkOptions> resolve(const LocalnetArguments& arguments, const Context& context) {
  LocalNetworkOptions options = arguments.options;
  options.folder = arguments.folder.empty() ? context.places.localnet() : absolute_path(arguments.folder);
  if (!arguments.max_body.empty()) {
    WFS_ASSIGN(options.max_body_bytes, parse_bytes(arguments.max_body));
  }
  return options;
}

void print_network(const LocalNetworkState& state, const Context& context) {
  if (context.json) {
    fmt::print("{}\n", state.json);
    return;
  }
  fmt::print("The local network runs (process {}).\n  aggregator {}\n  publisher  {}\n", state.pid, state.aggregator_url,
             state.publisher_url);
}

Result<int> run_start(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const auto state, ensure_local_network(system_files(), system_clock(), options));
  print_network(state, context);
  return 0;
}

Result<int> run_run(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  log_setup(LogLevel::kInfo);
  WFS_TRY(serve_local_network(options));
  return 0;
}

Result<int> run_stop(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_TRY(stop_local_network(system_files(), system_clock(), options.folder));
  fmt::print("The local network is stopped; what it stores stays in {}.\n", options.folder);
  return 0;
}

Result<int> run_status(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const auto state, local_network_state(system_files(), system_clock(), options.folder));
  print_network(state, context);
  return 0;
}

using Runner = Result<int> (*)(const LocalnetArguments&, const Context&);

void add_action(CLI::App& parent, Chosen& chosen, const std::string& name, const std::string& help, Runner runner, bool starts) {
  auto arguments = std::make_shared<LocalnetArguments>();
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("--folder", arguments->folder, "where its state is kept (default: beside the volumes)");
  if (starts) {
    command->add_option("--nodes", arguments->options.nodes, "storage nodes, for a new network")->capture_default_str();
    command->add_option("--shards", arguments->options.shards, "shards together, for a new network")->capture_default_str();
    command->add_option("--max-body", arguments->max_body, "largest blob the publisher takes (default: 10MiB, as official)");
  }
  command->callback([arguments, runner, &chosen] {
    chosen = [arguments, runner](const Context& context) { return runner(*arguments, context); };
  });
}

}  // namespace

void add_localnet(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("localnet", "the embedded Walrus network of this machine");
  command->require_subcommand(1);
  command->footer("A mount of a volume with backend 'local' starts it by itself and leaves it running.\n"
                  "Examples:\n  walrusfs localnet start\n  walrusfs localnet status --json | jq .nodes\n  walrusfs localnet stop");
  add_action(*command, chosen, "start", "start it in the background, unless it runs", run_start, true);
  add_action(*command, chosen, "run", "run it in the foreground", run_run, true);
  add_action(*command, chosen, "stop", "stop it; what is stored stays", run_stop, false);
  add_action(*command, chosen, "status", "URLs, nodes, bytes", run_status, false);
}

}  // namespace walrusfs::cli
