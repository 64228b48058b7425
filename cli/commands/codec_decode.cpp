#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands/codec.h"
#include "cli/interrupt.h"
#include "cli/json_output.h"
#include "cli/output_file.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "codec/decoder.h"

namespace walrusfs::cli {
namespace {

// Good slivers of one axis, and what was bad on the way to them.
struct Collected {
  Axis axis = Axis::kPrimary;
  std::vector<MappedSliver> slivers;
};

// As many good slivers of one axis as decoding needs, or fewer.
Result<Collected> collect(const SliverFolder& folder, Axis axis, unsigned threads, const Interruptible& stop,
                          std::vector<BadFile>& bad) {
  const size_t needed = folder.metadata().shape().systematic_slivers(axis);
  Collected collected{axis, {}};
  Progress progress(fmt::format("verifying {} slivers", axis_name(axis)), system_clock());
  const uint64_t sliver_bytes = folder.metadata().sliver_bytes(axis);
  SliverIndex last{};
  folder.load_all(folder.slivers(axis), threads, [&](const SliverFile& from, Result<MappedSliver> sliver) {
    if (!sliver.ok()) {
      bad.push_back({from.file, sliver.error().message()});
      warn_of(bad.back());
    } else if (collected.slivers.empty() || from.name.index != last) {
      last = from.name.index;
      collected.slivers.push_back(std::move(*sliver));
    }
    progress.update(collected.slivers.size() * sliver_bytes, needed * sliver_bytes);
    return collected.slivers.size() < needed && !stop.requested();
  });
  WFS_TRY(stop.check());
  return collected;
}

Error too_few(const SliverFolder& folder, const std::vector<BadFile>& bad) {
  const CodeShape& shape = folder.metadata().shape();
  return Error(bad.empty() ? Code::kNotFound : Code::kCorrupt,
               fmt::format("too few good slivers: decoding takes {} primary or {} secondary ones; there are {} and {} "
                           "files{}",
                           shape.systematic_slivers(Axis::kPrimary), shape.systematic_slivers(Axis::kSecondary),
                           folder.slivers(Axis::kPrimary).size(), folder.slivers(Axis::kSecondary).size(),
                           bad.empty() ? "" : fmt::format(", {} of them bad", bad.size())));
}

// Primary slivers first: those that are plain pieces of the blob cost least.
Result<Collected> collect_enough(const SliverFolder& folder, unsigned threads, const Interruptible& stop,
                                 std::vector<BadFile>& bad) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const size_t needed = folder.metadata().shape().systematic_slivers(axis);
    if (folder.slivers(axis).size() < needed) continue;
    WFS_ASSIGN(Collected collected, collect(folder, axis, threads, stop, bad));
    if (collected.slivers.size() >= needed) return collected;
  }
  return too_few(folder, bad);
}

// From mapped slivers into a mapped file: memory of its own does not grow with the blob.
Status decode_to(OutputFile& output, const SliverFolder& folder, const Collected& collected,
                 const DecodeArguments& arguments, const Interruptible& stop) {
  const BlobMetadata& metadata = folder.metadata();
  WFS_ASSIGN(const MutableByteView out, output.map(metadata.blob_bytes()));
  std::vector<SliverView> views;
  for (const MappedSliver& sliver : collected.slivers) views.push_back(sliver.view);
  Progress progress("decoding", system_clock());
  DecodeOptions options{.threads = arguments.threads};
  if (arguments.strict) options.check = ConsistencyCheck::kStrict;
  options.progress = [&](uint64_t done, uint64_t total) {
    progress.update(part_of(out.size(), done, total), out.size());
    return !stop.requested();
  };
  return decode_blob_into(metadata, collected.axis, views, out, options);
}

void tell(const SliverFolder& folder, const Collected& used, const std::vector<BadFile>& bad, const std::string& file,
          const Context& context) {
  const BlobMetadata& metadata = folder.metadata();
  if (context.json) {
    print_json({{"blob_id", folder.blob_id().to_string()},
                {"bytes", metadata.blob_bytes()},
                {"file", file},
                {"axis", axis_name(used.axis)},
                {"slivers", used.slivers.size()},
                {"bad", to_json(bad)}});
    return;
  }
  fmt::print("{}  {}, {}\n", folder.blob_id().to_string(), format_bytes(metadata.blob_bytes()), file);
}

}  // namespace

Result<int> run_codec_decode(const DecodeArguments& arguments, const Context& context) {
  WFS_ASSIGN(const SliverFolder folder, open_sliver_folder(arguments.folder, arguments.blob_id));
  WFS_ASSIGN(OutputFile output, OutputFile::create(system_files(), arguments.file, arguments.force));
  const Interruptible stop;
  std::vector<BadFile> bad = folder.impossible();
  for (const BadFile& file : bad) warn_of(file);
  WFS_ASSIGN(const Collected collected, collect_enough(folder, arguments.threads, stop, bad));
  WFS_TRY(decode_to(output, folder, collected, arguments, stop));
  WFS_TRY(output.commit());
  tell(folder, collected, bad, arguments.file, context);
  return 0;
}

}  // namespace walrusfs::cli
