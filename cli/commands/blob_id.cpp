#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "cli/commands/commands.h"
#include "cli/terminal.h"
#include "codec/encoder.h"

namespace walrusfs::cli {
namespace {

struct BlobIdArguments {
  std::vector<std::string> files;
  uint32_t shards = 1000;
  unsigned threads = 1;
};

Result<BlobMetadata> metadata_of(const std::string& path, const CodeShape& shape, unsigned threads) {
  WFS_ASSIGN(const MappedFile file, MappedFile::open(path));
  Progress progress("encoding " + path, system_clock());
  EncodeOptions options{.threads = threads};
  options.progress = [&](uint64_t done, uint64_t total) {
    const auto size = static_cast<double>(file.bytes().size());
    progress.update(
        static_cast<uint64_t>(size * static_cast<double>(done) / static_cast<double>(std::max<uint64_t>(total, 1))),
        file.bytes().size());
    return true;
  };
  return compute_metadata(shape, file.bytes(), options);
}

Result<int> run(const BlobIdArguments& arguments, const Context& context) {
  WFS_ASSIGN(const CodeShape shape, CodeShape::create(arguments.shards));
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& path : arguments.files) {
    auto metadata = metadata_of(path, shape, arguments.threads);
    if (!metadata.ok()) return metadata.error().with_context(path);
    const std::string id = metadata->blob_id().to_string();
    if (!context.json) fmt::print("{}  {}\n", id, path);
    all.push_back({{"path", path}, {"blob_id", id}, {"shards", arguments.shards}});
  }
  if (context.json) fmt::print("{}\n", all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

}  // namespace

void add_blob_id(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<BlobIdArguments>();
  CLI::App* command = app.add_subcommand("blob-id", "compute the Walrus blob ID of files, without a network");
  command->add_option("file", arguments->files, "files of any size")->required();
  command->add_option("--shards", arguments->shards, "shards of the committee")->capture_default_str();
  command->add_option("--threads", arguments->threads, "threads to use")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->footer("Examples:\n  walrusfs blob-id film.mkv\n  walrusfs blob-id --shards 301 pack.bin");
  command->callback(
      [arguments, &chosen] { chosen = [arguments](const Context& context) { return run(*arguments, context); }; });
}

}  // namespace walrusfs::cli
