#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/commands/commands.h"
#include "cli/json_output.h"
#include "cli/network.h"
#include "cli/terminal.h"
#include "cli/url_source.h"
#include "cli/volume.h"
#include "codec/pack/pack_reader.h"

namespace walrusfs::cli {
namespace {

constexpr uint64_t kIdentityFileBytes = 64 * 1024;

struct PackArguments {
  std::string source;
  std::string identity_file;
  std::string volume;
  std::string passphrase_file;
  std::string target = ".";
  bool internal = false;
};

// A pack that is open, with what it leans on.
struct OpenPackFile {
  std::unique_ptr<File> file;
  std::unique_ptr<ByteSource> source;
  std::optional<pack::AgeIdentity> identity;
  std::unique_ptr<pack::PackReader> reader;
};

Result<std::optional<pack::AgeIdentity>> find_identity(const PackArguments& arguments, const Context& context) {
  if (!arguments.identity_file.empty()) {
    WFS_ASSIGN(Bytes text, read_file(system_files(), arguments.identity_file, kIdentityFileBytes));
    WFS_ASSIGN(auto identity, pack::AgeIdentity::parse(as_text(text)));
    return std::optional(identity);
  }
  if (arguments.volume.empty()) return std::optional<pack::AgeIdentity>();
  WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, arguments.volume));
  WFS_ASSIGN(const bool has_key, system_files().exists(volume.key_path()));
  WFS_ASSIGN(const bool has_wrapped_key, system_files().exists(volume.wrapped_key_path()));
  if (!has_key && !has_wrapped_key) return std::optional<pack::AgeIdentity>();  // a public one
  WFS_ASSIGN(auto identity, load_key(system_files(), volume, [&]() -> Result<std::string> {
               if (!arguments.passphrase_file.empty()) return read_secret_file(arguments.passphrase_file);
               return ask_secret("Passphrase of volume '" + volume.name + "'");
             }));
  return std::optional(identity);
}

bool is_url(const std::string& text) { return text.starts_with("http://") || text.starts_with("https://"); }

// A file, a URL, or, when a volume is named, a blob ID on its network.
Result<std::string> locate(const PackArguments& arguments, const Context& context) {
  if (is_url(arguments.source) || arguments.volume.empty()) return arguments.source;
  const auto blob = BlobId::parse(arguments.source);
  WFS_ASSIGN(const bool is_file, system_files().exists(arguments.source));
  if (is_file || !blob.ok()) return arguments.source;
  WFS_ASSIGN(const Volume volume, open_volume(system_files(), context.places, arguments.volume));
  return blob_url(system_files(), system_clock(), context.places, volume.config, *blob);
}

Result<std::unique_ptr<OpenPackFile>> open_pack(const PackArguments& arguments, const Context& context) {
  auto opened = std::make_unique<OpenPackFile>();
  WFS_ASSIGN(const std::string place, locate(arguments, context));
  if (is_url(place)) {
    WFS_ASSIGN(opened->source, open_url(place, system_clock()));
  } else {
    WFS_ASSIGN(opened->file, system_files().open(place, Files::Open::kRead));
    opened->source = std::make_unique<FileSource>(*opened->file);
  }
  WFS_ASSIGN(opened->identity, find_identity(arguments, context));
  auto reader = pack::PackReader::open(*opened->source, opened->identity ? &*opened->identity : nullptr);
  if (!reader.ok() && reader.error().code() == Code::kWrongKey && !opened->identity) {
    return Error(Code::kWrongKey, arguments.source +
                                      " is encrypted: give its key with --identity FILE, or --volume NAME of a volume "
                                      "whose key is on this machine");
  }
  if (!reader.ok()) return reader.error().with_context(arguments.source);
  opened->reader = std::move(*reader);
  return opened;
}

char type_letter(pack::MemberType type) {
  switch (type) {
    case pack::MemberType::kFile: return '-';
    case pack::MemberType::kHardLink: return 'h';
    case pack::MemberType::kSymlink: return 'l';
    case pack::MemberType::kCharDevice: return 'c';
    case pack::MemberType::kBlockDevice: return 'b';
    case pack::MemberType::kDirectory: return 'd';
    case pack::MemberType::kFifo: return 'p';
  }
  return '?';
}

Result<int> run_list(const PackArguments& arguments, const Context& context) {
  WFS_ASSIGN(auto opened, open_pack(arguments, context));
  nlohmann::json all = nlohmann::json::array();
  WFS_TRY(opened->reader->for_each_member([&](const pack::MemberPlace& place) -> Status {
    const pack::Member& member = place.member;
    if (context.json) {
      all.push_back({{"path", member.path},
                     {"type", std::string(1, type_letter(member.type))},
                     {"mode", member.mode},
                     {"size", member.size},
                     {"t_offset", place.t_content}});
    } else {
      fmt::print("{}{:04o} {:>6} {:>6} {:>12}  {}\n", type_letter(member.type), member.mode, member.uid, member.gid,
                 member.size, member.path);
    }
    return {};
  }));
  if (context.json) print_json(all);
  return 0;
}

Result<int> run_extract(const PackArguments& arguments, const Context& context) {
  WFS_ASSIGN(auto opened, open_pack(arguments, context));
  WFS_TRY(system_files().make_directories(arguments.target));
  const pack::ExtractOptions options{
      .folder = arguments.target, .owners_and_devices = geteuid() == 0, .internal = arguments.internal};
  WFS_ASSIGN(const pack::ExtractReport report, pack::extract_pack(*opened->reader, options));
  if (context.json) {
    fmt::print("{}\n", nlohmann::json{{"members", report.members}, {"bytes", report.bytes}}.dump());
  } else {
    fmt::print("{} members, {} bytes, under {}\n", report.members, report.bytes, arguments.target);
  }
  return 0;
}

Result<int> run_verify(const PackArguments& arguments, const Context& context) {
  WFS_ASSIGN(auto opened, open_pack(arguments, context));
  WFS_TRY(opened->reader->verify());
  const size_t frames = opened->reader->frames().size();
  if (context.json) {
    fmt::print("{}\n", nlohmann::json{{"frames", frames},
                                      {"t_bytes", opened->reader->t_bytes()},
                                      {"encrypted", opened->reader->encrypted()}}
                           .dump());
  } else {
    fmt::print("{}: {} frames and every member check out\n", arguments.source, frames);
  }
  return 0;
}

using Runner = Result<int> (*)(const PackArguments&, const Context&);

CLI::App* add_action(CLI::App& parent, Chosen& chosen, const std::string& name, const std::string& help, Runner runner,
                     std::shared_ptr<PackArguments> arguments) {
  CLI::App* command = parent.add_subcommand(name, help);
  command
      ->add_option("pack", arguments->source,
                   "a file, the http(s) URL of a blob on an aggregator, or with --volume its blob ID")
      ->required();
  command->add_option("--identity", arguments->identity_file, "age identity file with the volume's key");
  command->add_option("--volume", arguments->volume, "take the key and the network of this volume on this machine");
  command->add_option("--passphrase-file", arguments->passphrase_file, "take the passphrase of that key from a file");
  command->callback([arguments, runner, &chosen] {
    chosen = [arguments, runner](const Context& context) { return runner(*arguments, context); };
  });
  return command;
}

}  // namespace

void add_pack(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("pack", "look into one pack, from a file or straight from the network");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  walrusfs pack list --volume photos BLOB-ID\n"
      "  walrusfs pack extract --identity key.txt --to restored pack.bin\n"
      "  walrusfs pack verify http://127.0.0.1:31415/v1/blobs/BLOB-ID\n\n"
      "'walrusfs info FILE' tells a file's pack, packs.txt in a volume's folder lists all of them.\n"
      "The same without this program:\n"
      "  curl -s URL | age -d -i key.txt | zstd -d | tar x");
  add_action(*command, chosen, "list", "list its members", run_list, std::make_shared<PackArguments>());
  add_action(*command, chosen, "verify", "check every frame and member", run_verify, std::make_shared<PackArguments>());
  auto extract = std::make_shared<PackArguments>();
  CLI::App* action = add_action(*command, chosen, "extract", "restore its files", run_extract, extract);
  action->add_option("--to", extract->target, "folder to restore into; made if missing")->capture_default_str();
  action->add_flag("--internal", extract->internal, "the members under .walrusfs/ as well");
}

}  // namespace walrusfs::cli
