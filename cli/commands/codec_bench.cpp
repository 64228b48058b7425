#include "cli/codec_bench.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands/codec.h"
#include "cli/json_output.h"
#include "cli/quantity.h"

namespace walrusfs::cli {
namespace {

Result<std::vector<const CodecEngine*>> choose_engines(const std::string& name) {
  if (name.empty()) return usable_codec_engines();
  // Also what all else in this process uses from here on; it names those that there are when this is none of them.
  WFS_TRY(set_default_codec_engine(name));
  return std::vector<const CodecEngine*>{&default_codec_engine()};
}

Result<std::vector<uint64_t>> choose_sizes(const std::vector<std::string>& texts) {
  std::vector<uint64_t> sizes;
  for (const std::string& text : texts) {
    WFS_ASSIGN(const uint64_t bytes, parse_bytes(text));
    sizes.push_back(bytes);
  }
  return sizes;
}

std::vector<std::string> or_usual(const std::vector<std::string>& given, std::vector<std::string> usual) {
  return given.empty() ? std::move(usual) : given;
}

nlohmann::json to_json(const BenchCase& one, const BenchFigures& figures) {
  return {{"engine", codec_engine_name(*one.engine)},
          {"operation", one.operation},
          {"bytes", one.blob_bytes},
          {"threads", one.threads},
          {"median_ms", figures.median_ms},
          {"fastest_ms", figures.fastest_ms},
          {"cpu_median_ms", figures.cpu_median_ms}};
}

void print_head(const BenchArguments& arguments) {
  fmt::print("{} shards, {} thread{}, median of {}\n", arguments.shards, arguments.threads,
             arguments.threads == 1 ? "" : "s", arguments.runs);
}

void print_line(const BenchCase& one, const BenchFigures& figures) {
  const double per_second = static_cast<double>(one.blob_bytes) / (figures.median_ms / 1000);
  fmt::print("{:<8} {:<8} {:>10} {:>12.2f} ms {:>10}/s\n", codec_engine_name(*one.engine), one.operation,
             format_bytes(one.blob_bytes), figures.median_ms, format_bytes(static_cast<uint64_t>(per_second)));
  std::fflush(stdout);
}

}  // namespace

Result<int> run_codec_bench(const BenchArguments& arguments, const Context& context) {
  WFS_ASSIGN(const CodeShape shape, CodeShape::create(arguments.shards));
  WFS_ASSIGN(const auto engines, choose_engines(arguments.engine));
  WFS_ASSIGN(const auto sizes, choose_sizes(or_usual(arguments.sizes, {"1MB", "32MiB"})));
  const auto operations = or_usual(arguments.operations, {"blob-id", "encode", "decode"});
  nlohmann::json results = nlohmann::json::array();
  for (const CodecEngine* engine : engines) {
    for (const std::string& operation : operations) {
      for (uint64_t bytes : sizes) {
        const BenchCase one{operation, engine, bytes, arguments.threads};
        WFS_ASSIGN(const auto work, prepare_bench(shape, one));
        const BenchFigures figures = measure(work, arguments.runs, system_clock());
        if (!context.json && results.empty()) print_head(arguments);
        if (!context.json) print_line(one, figures);
        results.push_back(to_json(one, figures));
      }
    }
  }
  if (context.json) {
    print_json({{"shards", arguments.shards}, {"runs", arguments.runs}, {"results", results}});
  }
  return 0;
}

}  // namespace walrusfs::cli
