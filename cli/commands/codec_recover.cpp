#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands/codec.h"
#include "cli/json_output.h"
#include "cli/output_file.h"
#include "cli/quantity.h"
#include "codec/recovery.h"

namespace walrusfs::cli {
namespace {

// Rebuilds one sliver from the slivers of the other axis that lie in the folder.
class Rebuilder {
 public:
  Rebuilder(const SliverFolder& folder, SliverName target, unsigned threads)
      : folder_(folder), target_(target), threads_(threads), sources_(folder.slivers(other(target.axis))) {}

  // First from symbols as they are; when the result does not verify, from slivers that do.
  Result<Sliver> rebuild() {
    auto quick = rebuild_from(sources_);
    if (!quick.ok() && quick.error().code() != Code::kCorrupt) return quick;
    if (quick.ok() && verify_sliver(*quick, folder_.metadata()).ok()) return quick;
    WFS_ASSIGN(Sliver sliver, rebuild_from(good_sources()));
    WFS_TRY(verify_sliver(sliver, folder_.metadata()));
    return sliver;
  }

  size_t symbols() const { return folder_.metadata().shape().symbols_per_sliver(target_.axis); }
  uint64_t bytes_read() const { return bytes_read_; }
  const std::vector<BadFile>& bad() const { return bad_; }

 private:
  // A sliver's own symbols are read alone; what the code adds to it takes the whole sliver.
  Result<DecodingSymbol> symbol_from(const SliverFile& source) {
    const BlobMetadata& metadata = folder_.metadata();
    const CodeShape& shape = metadata.shape();
    if (raw(target_.index) < shape.symbols_per_sliver(source.name.axis)) {
      WFS_ASSIGN(Bytes symbol, folder_.load_symbol(source, raw(target_.index)));
      bytes_read_ += symbol.size();
      return DecodingSymbol{target_.axis, source.name.index, std::move(symbol)};
    }
    WFS_ASSIGN(const MappedSliver mapped, folder_.load_unverified(source));
    const SliverView& sliver = mapped.view;
    bytes_read_ += sliver.data.size();
    if (sliver.symbol_bytes != metadata.symbol_bytes()) {
      return Error(Code::kCorrupt, folder_.path_of(source.file) + " has symbols of another size");
    }
    return decoding_symbol_for(shape, sliver, target_.index);
  }

  Result<Sliver> rebuild_from(const std::vector<SliverFile>& sources) {
    std::vector<DecodingSymbol> found;
    for (const SliverFile& source : sources) {
      if (found.size() == symbols()) break;
      if (!found.empty() && found.back().source_index == source.name.index) continue;
      auto symbol = symbol_from(source);
      if (symbol.ok()) {
        found.push_back(std::move(*symbol));
      } else {
        pass_over(source, symbol.error());
      }
    }
    if (found.size() < symbols()) return too_few(found.size());
    const BlobMetadata& metadata = folder_.metadata();
    return recover_sliver(metadata.shape(), target_.axis, target_.index, metadata.symbol_bytes(), found,
                          {.threads = threads_});
  }

  std::vector<SliverFile> good_sources() {
    std::vector<SliverFile> good;
    folder_.load_all(sources_, threads_, [&](const SliverFile& from, Result<MappedSliver> sliver) {
      if (sliver.ok()) {
        bytes_read_ += sliver->view.data.size();
        good.push_back(from);
      } else {
        pass_over(from, sliver.error());
      }
      return good.size() < symbols();
    });
    return good;
  }

  void pass_over(const SliverFile& source, const Error& error) {
    for (const BadFile& known : bad_) {
      if (known.file == source.file) return;
    }
    bad_.push_back({source.file, error.message()});
    warn_of(bad_.back());
  }

  Error too_few(size_t found) const {
    return Error(bad_.empty() ? Code::kNotFound : Code::kCorrupt,
                 fmt::format("rebuilding {} takes a symbol from each of {} {} slivers, and there are {}",
                             target_.to_string(), symbols(), axis_name(other(target_.axis)), found));
  }

  const SliverFolder& folder_;
  const SliverName target_;
  const unsigned threads_;
  const std::vector<SliverFile>& sources_;
  uint64_t bytes_read_ = 0;
  std::vector<BadFile> bad_;
};

struct Costs {
  uint64_t symbols_bytes = 0;  // what nodes would have sent
  uint64_t decode_bytes = 0;   // what decoding the whole blob takes
};

Costs costs_of(const BlobMetadata& metadata, const Rebuilder& rebuilder, Axis axis) {
  return {uint64_t{rebuilder.symbols()} * metadata.symbol_bytes(),
          metadata.sliver_bytes(axis) * metadata.shape().systematic_slivers(axis)};
}

void tell(const SliverFolder& folder, SliverName target, const Rebuilder& rebuilder, const std::string& file,
          const Context& context) {
  const Costs costs = costs_of(folder.metadata(), rebuilder, target.axis);
  if (context.json) {
    print_json({{"blob_id", folder.blob_id().to_string()},
                {"sliver", target.to_string()},
                {"file", file},
                {"symbols", rebuilder.symbols()},
                {"symbol_bytes", costs.symbols_bytes},
                {"read_bytes", rebuilder.bytes_read()},
                {"decode_bytes", costs.decode_bytes},
                {"bad", to_json(rebuilder.bad())}});
    return;
  }
  fmt::print("{} is rebuilt and verified: {}\n", target.to_string(), file);
  fmt::print("  needed  {} symbols, {} (decoding the whole blob: {})\n", rebuilder.symbols(),
             format_bytes(costs.symbols_bytes), format_bytes(costs.decode_bytes));
  fmt::print("  read    {}\n", format_bytes(rebuilder.bytes_read()));
}

// A good sliver is never replaced.
Status check_not_there(const SliverFolder& folder, SliverName target) {
  for (const SliverFile& have : folder.slivers(target.axis)) {
    if (have.name == target && folder.load(have).ok()) {
      return Error(Code::kExists, folder.path_of(have.file) + " is there already, and good");
    }
  }
  return {};
}

}  // namespace

Result<int> run_codec_recover(const RecoverArguments& arguments, const Context& context) {
  WFS_ASSIGN(const SliverFolder folder, open_sliver_folder(arguments.folder, arguments.blob_id));
  WFS_ASSIGN(const SliverName target, parse_sliver_name(folder.metadata().shape(), arguments.sliver));
  const bool in_place = arguments.file.empty();
  if (in_place) WFS_TRY(check_not_there(folder, target));
  const std::string file = in_place ? folder.path_of(sliver_file(target)) : arguments.file;
  WFS_ASSIGN(OutputFile output, OutputFile::create(system_files(), file, in_place || arguments.force));
  Rebuilder rebuilder(folder, target, arguments.threads);
  WFS_ASSIGN(const Sliver sliver, rebuilder.rebuild());
  WFS_TRY(output.file().write_at(0, sliver_data_to_bytes(sliver)));
  WFS_TRY(output.commit());
  tell(folder, target, rebuilder, file, context);
  return 0;
}

}  // namespace walrusfs::cli
