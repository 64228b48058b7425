#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "cli/commands/commands.h"
#include "cli/terminal.h"
#include "cli/volume.h"

namespace walrusfs::cli {
namespace {

struct FormatArguments {
  std::string volume;
  bool is_public = false;
  bool ask_passphrase = false;
  std::string passphrase_file;
  std::string identity_file;
  std::string backend = "local";
  std::vector<std::string> aggregators;
  std::string publisher;
  uint32_t shards = 1000;
};

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }  // JSON strings are TOML strings

Result<std::string> settings_text(const FormatArguments& arguments) {
  if (arguments.backend == "local") return std::string("[network]\nbackend = \"local\"\n");
  if (arguments.aggregators.empty()) {
    return Error(Code::kInvalidArgument, "--backend http needs at least one --aggregator URL to read from");
  }
  std::string list;
  for (const std::string& url : arguments.aggregators) list += (list.empty() ? "" : ", ") + quoted(url);
  return fmt::format("[network]\nbackend = \"http\"\naggregators = [{}]\npublisher = {}\nshards = {}\n", list,
                     quoted(arguments.publisher), arguments.shards);
}

Result<std::optional<std::string>> passphrase_for(const FormatArguments& arguments) {
  if (!arguments.passphrase_file.empty()) {
    WFS_ASSIGN(std::string secret, read_secret_file(arguments.passphrase_file));
    return std::optional(secret);
  }
  if (!arguments.ask_passphrase) return std::optional<std::string>();
  WFS_ASSIGN(std::string first, ask_secret("Passphrase for the key of '" + arguments.volume + "'"));
  WFS_ASSIGN(std::string second, ask_secret("The same again"));
  if (first != second) return Error(Code::kInvalidArgument, "the two passphrases differ; nothing was made");
  return std::optional(first);
}

void show_key(const std::string& volume, pack::AgeIdentity& identity) {
  std::string key = identity.print();
  fmt::print(
      "\nThis key reads everything in '{}'. It is shown once, now:\n\n    {}\n\n"
      "Write it on paper or keep it in a password manager, away from this machine. With it, the age program\n"
      "opens every pack of the volume; without it, nobody does, and nobody can make it again.\n\n",
      volume, key);
  wipe({reinterpret_cast<uint8_t*>(key.data()), key.size()});
}

Result<int> run(const FormatArguments& arguments, const Context& context) {
  FormatOptions options{.name = arguments.volume, .is_public = arguments.is_public};
  WFS_ASSIGN(options.settings, settings_text(arguments));
  if (!arguments.identity_file.empty()) {
    WFS_ASSIGN(Bytes text, read_file(system_files(), arguments.identity_file, 64 * 1024));
    WFS_ASSIGN(options.identity, pack::AgeIdentity::parse(as_text(text)));
  }
  WFS_ASSIGN(options.passphrase, passphrase_for(arguments));
  WFS_ASSIGN(auto identity, format_volume(system_files(), system_rng(), context.places, options));
  const std::string folder = context.places.volume(arguments.volume);
  if (context.json) {
    const nlohmann::json answer = {
        {"volume", arguments.volume},
        {"folder", folder},
        {"recipient", identity ? nlohmann::json(identity->recipient().to_string()) : nullptr}};
    fmt::print("{}\n", answer.dump());
    return 0;
  }
  fmt::print("Volume '{}' is ready, in {}.\n", arguments.volume, folder);
  if (identity && arguments.identity_file.empty()) show_key(arguments.volume, *identity);
  if (arguments.is_public) fmt::print("It is public: whoever learns a blob ID of it can read that blob.\n");
  fmt::print("Next: walrusfs mount {} FOLDER\n", arguments.volume);
  return 0;
}

}  // namespace

void add_format(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<FormatArguments>();
  CLI::App* command = app.add_subcommand("format", "make a new volume");
  command->add_option("volume", arguments->volume, "its name: letters, digits, '-', '_', '.'")->required();
  command->add_flag("--public", arguments->is_public, "do not encrypt: anybody can read what is stored");
  command->add_flag("--passphrase", arguments->ask_passphrase,
                    "ask for a passphrase that protects the key on this disk");
  command->add_option("--passphrase-file", arguments->passphrase_file,
                      "take the passphrase from a file's first line ('-': standard input)");
  command->add_option("--identity", arguments->identity_file, "use this age identity file instead of a new key");
  command
      ->add_option("--backend", arguments->backend,
                   "local: a Walrus inside this machine; http: aggregators and a publisher")
      ->check(CLI::IsMember({"local", "http"}));
  command->add_option("--aggregator", arguments->aggregators, "http: URL to read from; may be given several times");
  command->add_option("--publisher", arguments->publisher, "http: URL to write to");
  command->add_option("--shards", arguments->shards,
                      "http: shards of the network's committee (mainnet and testnet: 1000)");
  command->footer(
      "Examples:\n  walrusfs format photos\n  walrusfs format --passphrase diary\n"
      "  walrusfs format --public --backend http --aggregator https://aggregator.example \\\n"
      "                  --publisher https://publisher.example archive");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](const Context& context) { return run(*arguments, context); }; });
}

}  // namespace walrusfs::cli
