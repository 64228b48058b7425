// The one program: finds out what was asked for and does it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/blob_id_words.h"
#include "cli/commands/commands.h"
#include "cli/exit_code.h"
#include "cli/json_output.h"
#include "cli/usage.h"
#include "codec/engine.h"

namespace walrusfs::cli {
namespace {

constexpr const char* kFooter =
    "A first folder, on a Walrus network inside this machine:\n"
    "  walrusfs format photos\n"
    "  walrusfs mount photos ~/photos\n"
    "  cp -a Pictures ~/photos/\n"
    "  walrusfs sync ~/photos          wait until the network keeps everything\n"
    "  walrusfs umount ~/photos\n\n"
    "Each command has its own --help with examples.\n"
    "Exit status: 0 done, 1 failed, 2 usage or configuration, 3 not found, 4 busy, 5 corrupt, 6 network unavailable,\n"
    "7 wrong key, 8 no space, 9 made by a newer version.";

void add_commands(CLI::App& app, Chosen& chosen) {
  for (auto* add : {add_format, add_mount, add_umount, add_status, add_sync, add_info, add_blob_id, add_codec, add_pack,
                    add_check, add_localnet, add_config, add_version}) {
    add(app, chosen);
  }
}

void parse(CLI::App& app, std::vector<std::string> words) {
  words.erase(words.begin());  // the program's name
  std::reverse(words.begin(), words.end());
  app.parse(std::move(words));
}

int report(const Error& error, bool as_json) {
  if (as_json) {
    const nlohmann::json text = {{"error", {{"code", code_name(error.code())}, {"message", error.message()}}}};
    print_json(text);
  }
  fmt::print(stderr, "walrusfs: {}\n", error.message());
  return to_exit(error.code());
}

int run(int argc, char** argv) {
  CLI::App app("WalrusFS mounts Walrus, a decentralised store, as a folder.", "walrusfs");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  bool verbose = false;
  app.add_flag("--json", context.json, "print the answer as JSON on standard output");
  app.add_flag("-v,--verbose", verbose, "say more on standard error");
  Chosen chosen;
  add_commands(app, chosen);
  unmark_values(app);
  try {
    parse(app, mark_blob_ids(argc, argv));
  } catch (const CLI::ParseError& stop) {
    if (stop.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(stop);  // --help
    // Nothing has been set from a command line that makes no sense.
    return report(usage_error(app, stop), asks_for_json(argc, argv));
  }
  log_setup(verbose ? LogLevel::kDebug : LogLevel::kWarn);
  if (const char* engine = std::getenv("WALRUSFS_CODEC"); engine != nullptr) {
    if (auto set = set_default_codec_engine(engine); !set.ok()) return report(set.error(), context.json);
  }
  auto places = Places::from_environment();
  if (!places.ok()) return report(places.error(), context.json);
  context.places = *places;
  const Result<int> outcome = chosen(context);
  return outcome.ok() ? *outcome : report(outcome.error(), context.json);
}

}  // namespace
}  // namespace walrusfs::cli

int main(int argc, char** argv) {
  try {
    return walrusfs::cli::run(argc, argv);
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "walrusfs: unexpected failure: %s\n", thrown.what());
    return 1;
  }
}
