#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/blob_input.h"
#include "cli/commands/codec.h"
#include "cli/interrupt.h"
#include "cli/json_output.h"
#include "cli/quantity.h"
#include "cli/terminal.h"
#include "codec/encoder.h"

namespace walrusfs::cli {
namespace {

// A folder that is being filled. Unless keep() is called, what was written goes away again.
class NewFolder {
 public:
  // Missing, or empty.
  static Result<NewFolder> prepare(Files& files, const std::string& path) {
    WFS_ASSIGN(const bool there, files.exists(path));
    WFS_TRY(files.make_directories(path));
    WFS_ASSIGN(const auto items, files.list(path));
    if (!items.empty()) {
      return Error(Code::kNotEmpty, path + " is not empty; the slivers of a blob get a folder to themselves");
    }
    return NewFolder(files, path, !there);
  }
  NewFolder(NewFolder&& other) noexcept
      : files_(other.files_),
        path_(std::move(other.path_)),
        made_(other.made_),
        written_(std::exchange(other.written_, {})),
        keep_(std::exchange(other.keep_, true)) {}
  ~NewFolder() {
    if (keep_) return;
    // Best effort; whatever cannot be removed has no metadata beside it, and so counts for nothing.
    for (const std::string& path : written_) static_cast<void>(files_.remove(path).ok());
    if (made_) static_cast<void>(files_.remove_directory(path_).ok());
  }

  Status write(const Sliver& sliver) {
    const std::string path = path_ + "/" + sliver_file({sliver.axis, sliver.index});
    WFS_ASSIGN(const auto file, files_.open(path, Files::Open::kCreateNew));
    written_.push_back(path);
    return file->write_at(0, sliver_data_to_bytes(sliver));
  }
  // Metadata comes last: a folder that has it is whole. (Nothing is synced; what a power cut takes, verifying tells.)
  Status keep(const BlobMetadata& metadata) {
    const std::string path = path_ + "/" + kMetadataFile;
    WFS_ASSIGN(const auto file, files_.open(path, Files::Open::kCreateNew));
    written_.push_back(path);
    WFS_TRY(file->write_at(0, metadata_with_id_to_bytes(metadata.blob_id(), metadata)));
    keep_ = true;
    return {};
  }

 private:
  NewFolder(Files& files, std::string path, bool made) : files_(files), path_(std::move(path)), made_(made) {}

  Files& files_;
  std::string path_;
  bool made_;
  std::vector<std::string> written_;
  bool keep_ = false;
};

uint64_t bytes_of(const CodeShape& shape, uint16_t symbol_bytes, const std::vector<SliverName>& wanted) {
  uint64_t bytes = 0;
  for (const SliverName& name : wanted) bytes += shape.sliver_bytes(name.axis, symbol_bytes);
  return bytes;
}

Status check_space(const std::string& folder, uint64_t needed) {
  WFS_ASSIGN(const DiskSpace space, system_files().space(folder));
  if (space.free_bytes >= needed) return {};
  return Error(Code::kNoSpace, fmt::format("the slivers take {}, and {} has {} free", format_bytes(needed), folder,
                                           format_bytes(space.free_bytes)));
}

Result<BlobMetadata> hash(const CodeShape& shape, const BlobInput& input, unsigned threads, const Interruptible& stop) {
  Progress progress("hashing " + input.name(), system_clock());
  const uint64_t size = input.bytes().size();
  EncodeOptions options{.threads = threads};
  options.progress = [&](uint64_t done, uint64_t total) {
    progress.update(part_of(size, done, total), size);
    input.let_go();
    return !stop.requested();
  };
  auto metadata = compute_metadata(shape, input.bytes(), options);
  if (!metadata.ok()) return metadata.error().with_context(input.name());
  return metadata;
}

// Makes slivers so many at a time that those in memory stay below a budget (but one at least).
class SliverWriter {
 public:
  SliverWriter(const BlobInput& input, const SliverEncoder& encoder, NewFolder& folder, uint64_t budget_bytes,
               uint64_t total_bytes)
      : input_(input), encoder_(encoder), folder_(folder), budget_bytes_(budget_bytes), total_bytes_(total_bytes) {}

  Status write(std::span<const SliverName> wanted, unsigned threads, const Interruptible& stop) {
    EncodeOptions options{.threads = threads};
    unsigned calls = 0;
    options.progress = [&](uint64_t, uint64_t) {
      if (++calls % kCallsPerLetGo == 0) input_.let_go();
      return !stop.requested();
    };
    while (!wanted.empty()) {
      const auto batch = wanted.first(next_batch(wanted));
      std::vector<SliverIndex> indices;
      for (const SliverName& name : batch) indices.push_back(name.index);
      WFS_ASSIGN(const std::vector<Sliver> slivers, encoder_.slivers(batch.front().axis, indices, options));
      for (const Sliver& sliver : slivers) {
        WFS_TRY(stop.check());
        WFS_TRY(write_one(sliver));
      }
      input_.let_go();  // copies of the blob's own symbols make no progress that is told
      wanted = wanted.subspan(batch.size());
    }
    return {};
  }

 private:
  // One column of the blob has parts in pages of every row, which the next columns share: letting go of them after each
  // would bring them all back for the next one.
  static constexpr unsigned kCallsPerLetGo = 16;

  // How many of the first, all of one axis.
  size_t next_batch(std::span<const SliverName> wanted) const {
    const Axis axis = wanted.front().axis;
    const uint64_t sliver_bytes = encoder_.shape().sliver_bytes(axis, encoder_.symbol_bytes());
    const size_t most = std::min<uint64_t>(std::max<uint64_t>(budget_bytes_ / sliver_bytes, 1), wanted.size());
    size_t count = 1;
    while (count < most && wanted[count].axis == axis) ++count;
    return count;
  }

  Status write_one(const Sliver& sliver) {
    WFS_TRY(folder_.write(sliver));
    done_bytes_ += sliver.data.size();
    progress_.update(done_bytes_, total_bytes_);
    return {};
  }

  const BlobInput& input_;
  const SliverEncoder& encoder_;
  NewFolder& folder_;
  const uint64_t budget_bytes_;
  const uint64_t total_bytes_;
  uint64_t done_bytes_ = 0;
  Progress progress_{"writing slivers", system_clock()};
};

void tell(const BlobMetadata& metadata, const std::string& folder, size_t slivers, uint64_t bytes,
          const Context& context) {
  const std::string id = metadata.blob_id().to_string();
  if (context.json) {
    print_json({{"blob_id", id},
                {"shards", metadata.shape().n()},
                {"bytes", metadata.blob_bytes()},
                {"symbol_bytes", metadata.symbol_bytes()},
                {"folder", folder},
                {"slivers", slivers},
                {"sliver_bytes", bytes}});
  } else {
    fmt::print("{}  {} slivers, {}, in {}\n", id, slivers, format_bytes(bytes), folder);
  }
}

Result<std::string> folder_for(const EncodeArguments& arguments) {
  if (!arguments.folder.empty()) return arguments.folder;
  if (arguments.file == "-") return Error(Code::kInvalidArgument, "where to? standard input needs --output FOLDER");
  return arguments.file + ".slivers";
}

}  // namespace

Result<int> run_codec_encode(const EncodeArguments& arguments, const Context& context) {
  WFS_ASSIGN(const CodeShape shape, CodeShape::create(arguments.shards));
  WFS_ASSIGN(const std::vector<SliverName> wanted, parse_sliver_list(shape, arguments.slivers));
  WFS_ASSIGN(const uint64_t budget_bytes, parse_bytes(arguments.memory));
  WFS_ASSIGN(const std::string path, folder_for(arguments));
  WFS_ASSIGN(const BlobInput input,
             BlobInput::open(arguments.file, shape.max_blob_bytes(), scratch_folder_from_environment()));
  WFS_ASSIGN(const SliverEncoder encoder, SliverEncoder::create(shape, input.bytes()));
  const Interruptible stop;  // from here on there is something to clean up
  WFS_ASSIGN(NewFolder folder, NewFolder::prepare(system_files(), path));
  const uint64_t total_bytes = bytes_of(shape, encoder.symbol_bytes(), wanted);
  WFS_TRY(check_space(path, total_bytes));
  WFS_ASSIGN(const BlobMetadata metadata, hash(shape, input, arguments.threads, stop));
  WFS_TRY(SliverWriter(input, encoder, folder, budget_bytes, total_bytes).write(wanted, arguments.threads, stop));
  WFS_TRY(input.check_unchanged());
  WFS_TRY(folder.keep(metadata));
  tell(metadata, path, wanted.size(), total_bytes, context);
  return 0;
}

}  // namespace walrusfs::cli
