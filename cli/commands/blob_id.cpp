#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/blob_input.h"
#include "cli/commands/commands.h"
#include "cli/exit_code.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "codec/encoder.h"

namespace walrusfs::cli {
namespace {

struct BlobIdArguments {
  std::vector<std::string> files;
  uint32_t shards = 1000;
  unsigned threads = 1;
};

// What a line of the answer says.
struct Named {
  std::string blob_id;
  uint64_t bytes = 0;
};

Result<Named> name_blob(const std::string& path, const CodeShape& shape, unsigned threads) {
  WFS_ASSIGN(const BlobInput input, BlobInput::open(path, shape.max_blob_bytes(), scratch_folder_from_environment()));
  const uint64_t size = input.bytes().size();
  Progress progress("hashing " + input.name(), system_clock());
  EncodeOptions options{.threads = threads};
  options.progress = [&](uint64_t done, uint64_t total) {
    progress.update(part_of(size, done, total), size);
    input.let_go();
    return true;
  };
  const auto metadata = compute_metadata(shape, input.bytes(), options);
  if (!metadata.ok()) return metadata.error().with_context(input.name());
  WFS_TRY(input.check_unchanged());
  return Named{metadata->blob_id().to_string(), size};
}

// Every file gets its line; the exit status is that of the first one that failed.
Result<int> run(const BlobIdArguments& arguments, const Context& context) {
  WFS_ASSIGN(const CodeShape shape, CodeShape::create(arguments.shards));
  nlohmann::json all = nlohmann::json::array();
  int exit = static_cast<int>(Exit::kOk);
  for (const std::string& path : arguments.files) {
    const auto named = name_blob(path, shape, arguments.threads);
    if (!named.ok()) {
      const Error& error = named.error();
      all.push_back({{"path", path}, {"error", {{"code", code_name(error.code())}, {"message", error.message()}}}});
      fmt::print(stderr, "walrusfs: {}\n", error.message());
      if (exit == static_cast<int>(Exit::kOk)) exit = to_exit(error.code());
      continue;
    }
    all.push_back({{"path", path}, {"blob_id", named->blob_id}, {"bytes", named->bytes}, {"shards", shape.n()}});
    if (!context.json) fmt::print("{}  {}\n", named->blob_id, path);
  }
  if (context.json) print_json(all);
  return exit;
}

}  // namespace

void add_blob_id(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<BlobIdArguments>();
  CLI::App* command = app.add_subcommand("blob-id", "compute the Walrus blob ID of files, without a network");
  command->add_option("file", arguments->files, "files of any size; - for standard input")->required();
  command->add_option("--shards", arguments->shards, "shards of the committee")->capture_default_str();
  arguments->threads = usual_threads();
  command->add_option("--threads", arguments->threads, "threads to use")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->footer(
      "A file is mapped, not loaded. A pipe is copied to a file without a name first, in $TMPDIR or /var/tmp: a blob "
      "ID\n"
      "depends on the length from its first byte on.\n"
      "Examples:\n  walrusfs blob-id film.mkv\n  walrusfs blob-id --shards 301 pack.bin *.iso\n"
      "  tar c photos | walrusfs blob-id -");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](const Context& context) { return run(*arguments, context); }; });
}

}  // namespace walrusfs::cli
