// `walrusfs codec`: the command line of its actions; each does its work in a file of its own.
#include "cli/commands/codec.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

namespace walrusfs::cli {
namespace {

void add_threads(CLI::App& command, unsigned& threads, unsigned by_default) {
  threads = by_default;
  command.add_option("--threads", threads, "threads to use")->check(CLI::Range(1, 256))->capture_default_str();
}

void add_shards(CLI::App& command, uint32_t& shards) {
  command.add_option("--shards", shards, "shards of the committee")->capture_default_str();
}

void add_folder(CLI::App& command, std::string& folder, std::string& blob_id) {
  command.add_option("folder", folder, "folder with metadata.bcs and slivers")->required();
  command.add_option("blob-id,--blob-id", blob_id,
                     "the blob that must be in it (default: the one that its metadata names)");
}

// The command to add options to; `run` is what it does.
template <typename Arguments>
CLI::App* add_action(CLI::App& parent, Chosen& chosen, const std::string& name, const std::string& help,
                     std::shared_ptr<Arguments> arguments, Result<int> (*run)(const Arguments&, const Context&)) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->callback([arguments, run, &chosen] {
    chosen = [arguments, run](const Context& context) { return run(*arguments, context); };
  });
  return command;
}

void add_encode(CLI::App& parent, Chosen& chosen) {
  auto arguments = std::make_shared<EncodeArguments>();
  CLI::App* command =
      add_action(parent, chosen, "encode", "write metadata and slivers of a blob", arguments, run_codec_encode);
  command->add_option("file", arguments->file, "the blob; - for standard input")->required();
  command->add_option("-o,--output", arguments->folder, "folder to write, missing or empty (default: FILE.slivers)");
  command->add_option("--slivers", arguments->slivers, "which: all, or a list like primary:0-333,secondary:17,pair:5")
      ->capture_default_str();
  command
      ->add_option("--memory", arguments->memory,
                   "slivers held at a time, but at least one; more saves work on large blobs")
      ->capture_default_str();
  add_shards(*command, arguments->shards);
  add_threads(*command, arguments->threads, usual_threads());
  command->footer(
      "All slivers together take some 4.5 times the blob (300 times a tiny one).\n"
      "Examples:\n  walrusfs codec encode -o slivers film.mkv\n"
      "  walrusfs codec encode --shards 13 --slivers pair:5 -o pair5 film.mkv\n"
      "  tar c photos | walrusfs codec encode -o slivers -");
}

void add_decode(CLI::App& parent, Chosen& chosen) {
  auto arguments = std::make_shared<DecodeArguments>();
  CLI::App* command = add_action(parent, chosen, "decode", "get a blob back from enough slivers of one axis", arguments,
                                 run_codec_decode);
  add_folder(*command, arguments->folder, arguments->blob_id);
  command->add_option("-o,--output", arguments->file, "file to write; appears when it is whole")->required();
  command->add_flag("--force", arguments->force, "replace the file if it exists");
  command->add_flag("--strict", arguments->strict, "encode the result again and compare the whole blob ID");
  add_threads(*command, arguments->threads, usual_threads());
  command->footer(
      "Every sliver is verified before it is used; bad ones are named and passed over. Of n shards, n-2f primary or "
      "n-f\n"
      "secondary slivers are enough (f = (n-1)/3; 334 or 667 of 1000).\n"
      "Examples:\n  walrusfs codec decode slivers -o film.mkv\n"
      "  walrusfs codec decode slivers wcX6GhCMtTmJfqmrGkwj8FBDdiRaRBCoJ2f-uodQJ7M -o film.mkv");
}

void add_verify(CLI::App& parent, Chosen& chosen) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* command =
      add_action(parent, chosen, "verify", "check each file of a folder of slivers", arguments, run_codec_verify);
  add_folder(*command, arguments->folder, arguments->blob_id);
  add_threads(*command, arguments->threads, usual_threads());
  command->footer(
      "Exit status 5 when a file is bad. Missing slivers are counted, and no error.\n"
      "Examples:\n  walrusfs codec verify slivers\n  walrusfs codec verify slivers --json | jq '.files[] | "
      "select(.good | "
      "not)'");
}

void add_recover(CLI::App& parent, Chosen& chosen) {
  auto arguments = std::make_shared<RecoverArguments>();
  CLI::App* command =
      add_action(parent, chosen, "recover", "rebuild one sliver from one symbol of each of the other axis", arguments,
                 run_codec_recover);
  add_folder(*command, arguments->folder, arguments->blob_id);
  command->add_option("--sliver", arguments->sliver, "which, like primary:17 or secondary:17")->required();
  command->add_option("-o,--output", arguments->file, "file to write (default: its place in the folder)");
  command->add_flag("--force", arguments->force, "replace that file if it exists");
  add_threads(*command, arguments->threads, usual_threads());
  command->footer(
      "A primary sliver is rebuilt from n-f secondary slivers, a secondary one from n-2f primary slivers. The result\n"
      "is verified; if a symbol was false, slivers are verified one by one, and bad ones are named and passed over.\n"
      "Examples:\n  walrusfs codec recover slivers --sliver primary:17\n"
      "  walrusfs codec recover slivers --sliver secondary:3 -o /tmp/secondary-3.bcs");
}

void add_bench(CLI::App& parent, Chosen& chosen) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command =
      add_action(parent, chosen, "bench", "measure the codec on this machine", arguments, run_codec_bench);
  command->add_option("--engine", arguments->engine, "only this one (default: every one that this CPU can run)");
  command
      ->add_option("--operation", arguments->operations,
                   "only this one (repeat for more): blob-id, encode, decode, recover, verify")
      ->allow_extra_args(false);
  command->add_option("--size", arguments->sizes, "size of the blob (repeat for more; default: 1MB and 32MiB)")
      ->allow_extra_args(false);
  command->add_option("--runs", arguments->runs, "runs of each, after one that does not count; the median is told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_shards(*command, arguments->shards);
  add_threads(*command, arguments->threads, 1);
  command->footer(
      "Examples:\n  walrusfs codec bench\n  walrusfs codec bench --engine avx2 --operation blob-id --size 256MiB "
      "--json");
}

}  // namespace

unsigned usual_threads() { return std::clamp(std::thread::hardware_concurrency(), 1u, 256u); }

Result<SliverFolder> open_sliver_folder(const std::string& path, const std::string& blob_id) {
  std::optional<BlobId> wanted;
  if (!blob_id.empty()) {
    WFS_ASSIGN(wanted, BlobId::parse(blob_id));
  }
  return SliverFolder::open(system_files(), path, wanted);
}

void warn_of(const BadFile& bad) { fmt::print(stderr, "walrusfs: bad: {}\n", bad.reason); }

nlohmann::json to_json(const std::vector<BadFile>& bad) {
  nlohmann::json list = nlohmann::json::array();
  for (const BadFile& one : bad) list.push_back({{"file", one.file}, {"reason", one.reason}});
  return list;
}

void add_codec(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("codec", "encode, decode, verify and rebuild slivers, without a network");
  command->require_subcommand(1);
  command->footer(
      "A folder of slivers holds metadata.bcs and files like primary-00017.bcs and secondary-00982.bcs: the bodies "
      "that\n"
      "storage nodes answer with, numbered by sliver.\n"
      "Examples:\n  walrusfs codec encode -o slivers film.mkv\n  walrusfs codec verify slivers\n"
      "  walrusfs codec decode slivers -o film.mkv\n  walrusfs codec recover slivers --sliver primary:17\n"
      "  walrusfs codec bench");
  for (auto* add : {add_encode, add_decode, add_verify, add_recover, add_bench}) add(*command, chosen);
}

}  // namespace walrusfs::cli
