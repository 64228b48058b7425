#include "cli/usage.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

#include "cli/blob_id_words.h"

namespace walrusfs::cli {
namespace {

// The command that was named last, as far as commands were understood.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.back());
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

bool has_commands(const CLI::App& command) {
  return !command.get_subcommands([](const CLI::App*) { return true; }).empty();
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return text;
}

// Words that nobody understood come first, whatever else is missing; the rest is told by the library.
std::string describe(const CLI::App& command, const std::vector<std::string>& unknown, const CLI::ParseError& failure) {
  const bool no_command = has_commands(command) && command.get_subcommands().empty();
  if (!unknown.empty()) {
    const std::string& first = unknown.front();
    if (first.starts_with('-')) return fmt::format("'{}' has no option '{}'", full_name(command), first);
    if (no_command) return fmt::format("there is no command '{} {}'", full_name(command), first);
    return fmt::format("'{}' has no use for '{}'", full_name(command), first);
  }
  if (no_command) return fmt::format("'{}' needs a command", full_name(command));
  return one_line(failure.what());
}

}  // namespace

Error usage_error(const CLI::App& app, const CLI::ParseError& failure) {
  const CLI::App& command = deepest(app);
  const std::string what = without_marks(describe(command, app.remaining(true), failure));
  return Error(Code::kInvalidArgument, fmt::format("{} (see: {} --help)", what, full_name(command)));
}

bool asks_for_json(int argc, char** argv) {
  for (int at = 1; at < argc && std::string_view(argv[at]) != "--"; ++at) {
    if (std::string_view(argv[at]) == "--json") return true;
  }
  return false;
}

}  // namespace walrusfs::cli
