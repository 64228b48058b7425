// What the parts of `walrusfs codec` share: their arguments, filled in by the command line (codec.cpp), and one
// function per action.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/sliver_folder.h"
#include "codec/engine.h"

namespace walrusfs::cli {

struct EncodeArguments {
  std::string file;
  std::string folder;
  std::string slivers = "all";
  std::string memory = "128MiB";
  uint32_t shards = 1000;
  unsigned threads = 1;
};

struct DecodeArguments {
  std::string folder;
  std::string blob_id;
  std::string file;
  unsigned threads = 1;
  bool strict = false;
  bool force = false;
};

struct VerifyArguments {
  std::string folder;
  std::string blob_id;
  unsigned threads = 1;
};

struct RecoverArguments {
  std::string folder;
  std::string blob_id;
  std::string sliver;
  std::string file;
  unsigned threads = 1;
  bool force = false;
};

struct BenchArguments {
  std::string engine;
  std::vector<std::string> operations;
  std::vector<std::string> sizes;
  uint32_t shards = 1000;
  unsigned threads = 1;
  unsigned runs = 3;
};

Result<int> run_codec_encode(const EncodeArguments& arguments, const Context& context);
Result<int> run_codec_decode(const DecodeArguments& arguments, const Context& context);
Result<int> run_codec_verify(const VerifyArguments& arguments, const Context& context);
Result<int> run_codec_recover(const RecoverArguments& arguments, const Context& context);
Result<int> run_codec_bench(const BenchArguments& arguments, const Context& context);

// The folder, verified against `blob_id`, or against the one that it names itself when that is empty.
Result<SliverFolder> open_sliver_folder(const std::string& path, const std::string& blob_id);
// Names a file that was passed over, on standard error.
void warn_of(const BadFile& bad);
nlohmann::json to_json(const std::vector<BadFile>& bad);

}  // namespace walrusfs::cli
