#include <fmt/format.h>
#include <sys/xattr.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_output.h"

namespace walrusfs::cli {
namespace {

Result<std::string> attribute(const std::string& path, const char* name) {
  std::string value(64 * 1024, '\0');
  const ssize_t got = lgetxattr(path.c_str(), name, value.data(), value.size());
  if (got < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) {
    return Error(Code::kNoAttribute, path + " is not in a WalrusFS mount");
  }
  if (got < 0) return error_from_errno(errno, path);
  value.resize(static_cast<size_t>(got));
  return value;
}

Result<int> run(const std::vector<std::string>& paths, const Context& context) {
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& path : paths) {
    WFS_ASSIGN(const std::string state, attribute(path, "user.walrus.state"));
    const auto pack = attribute(path, "user.walrus.pack");
    const auto blob = attribute(path, "user.walrus.blob_id");
    nlohmann::json entry = {{"path", path}, {"state", state}};
    if (pack.ok()) entry["pack"] = *pack;
    if (blob.ok()) entry["blob_id"] = *blob;
    all.push_back(entry);
    if (context.json) continue;
    fmt::print("{}: {}\n", path, state);
    if (pack.ok() && !pack->empty()) fmt::print("  pack     {}\n", *pack);
    if (blob.ok() && !blob->empty()) fmt::print("  blob ID  {}\n", *blob);
  }
  if (context.json) print_json(all);
  return 0;
}

}  // namespace

void add_info(CLI::App& app, Chosen& chosen) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("info", "how safe a file is and where its bytes are");
  command->add_option("path", *paths, "files or folders inside a mount")->required();
  command->footer(
      "States: dirty (in memory), journaled (survives a power cut here), certified (the network keeps it).\n"
      "Example:\n  walrusfs info ~/photos/2024/*.jpg");
  command->callback([paths, &chosen] { chosen = [paths](const Context& context) { return run(*paths, context); }; });
}

}  // namespace walrusfs::cli
