#include "cli/sliver_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/limits.h"
#include "cli/bus_error.h"
#include "codec/parallel.h"

namespace walrusfs::cli {
namespace {

constexpr std::string_view kSuffix = ".bcs";
constexpr size_t kMaxDigits = 5;
// Slivers verified between two looks at the outcome: enough to keep threads busy, few enough to stop soon.
constexpr uint64_t kLoadBudgetBytes = 64 * limits::kMiB;
constexpr uint64_t kMaxLoadedAtOnce = 256;

struct Numbered {
  Axis axis = Axis::kPrimary;
  uint32_t number = 0;
};

// "primary-00017.bcs"
std::optional<Numbered> parse_file_name(std::string_view file) {
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const std::string prefix = std::string(axis_name(axis)) + "-";
    if (!file.starts_with(prefix) || !file.ends_with(kSuffix) || file.size() <= prefix.size() + kSuffix.size())
      continue;
    const std::string_view digits = file.substr(prefix.size(), file.size() - prefix.size() - kSuffix.size());
    Numbered found{axis, 0};
    const auto [rest, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), found.number);
    if (problem == std::errc() && rest == digits.data() + digits.size() && digits.size() <= kMaxDigits) return found;
  }
  return std::nullopt;
}

Result<CodeShape> shape_in(ByteView metadata_with_id) {
  BcsReader in(metadata_with_id, "blob metadata with ID");
  WFS_TRY(in.raw(sizeof(Digest) + 2));  // blob ID; version and encoding type, which parsing checks
  WFS_TRY(in.u64());
  WFS_ASSIGN(const uint32_t shards, in.uleb(UINT16_MAX));
  auto shape = CodeShape::create(shards);
  if (!shape.ok()) return in.fail(shape.error().message());
  return shape;
}

Result<BlobMetadata> read_metadata(Files& files, const std::string& path, const std::optional<BlobId>& wanted) {
  WFS_ASSIGN(const CodeShape largest, CodeShape::create(kMaxShards));
  WFS_ASSIGN(const Bytes content, read_file(files, path, max_metadata_bytes(largest)));
  WFS_ASSIGN(const CodeShape shape, shape_in(content));
  BlobId own;
  std::copy_n(content.begin(), own.bytes.size(), own.bytes.begin());
  return parse_metadata_with_id(shape, wanted.value_or(own), content);
}

Error missing_metadata(const std::string& path) {
  return Error(Code::kNotFound, fmt::format("{} has no {}: it holds no slivers, or encoding into it never finished",
                                            path, kMetadataFile));
}

}  // namespace

std::string sliver_file(SliverName name) {
  return fmt::format("{}-{:05}{}", axis_name(name.axis), raw(name.index), kSuffix);
}

Result<SliverFolder> SliverFolder::open(Files& files, const std::string& path, const std::optional<BlobId>& wanted) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Error(Code::kNotFound, path + " does not exist");
  if (!std::filesystem::is_directory(path, ignored)) return Error(Code::kNotDirectory, path + " is not a folder");
  explain_bus_errors();
  const std::string metadata_path = path + "/" + kMetadataFile;
  if (!std::filesystem::is_regular_file(metadata_path, ignored)) return missing_metadata(path);
  auto metadata = read_metadata(files, metadata_path, wanted);
  if (!metadata.ok()) return metadata.error().with_context(metadata_path);
  const BlobId blob_id = metadata->blob_id();
  SliverFolder folder(files, path, blob_id, std::move(*metadata));
  WFS_TRY(folder.list());
  return folder;
}

Status SliverFolder::list() {
  WFS_ASSIGN(std::vector<DirectoryItem> items, files_.list(path_));
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const DirectoryItem& item : items) {
    if (item.name == kMetadataFile) continue;
    const auto numbered = parse_file_name(item.name);
    std::error_code ignored;
    if (!numbered) {
      strangers_.push_back(item.name);
    } else if (numbered->number >= metadata_.shape().n()) {
      const auto reason = fmt::format("{}: there are only {} shards", path_of(item.name), metadata_.shape().n());
      impossible_.push_back({item.name, reason});
    } else if (!std::filesystem::is_regular_file(path_of(item.name), ignored)) {
      impossible_.push_back({item.name, path_of(item.name) + " is not a regular file"});
    } else {
      auto& axis = numbered->axis == Axis::kPrimary ? primary_ : secondary_;
      axis.push_back({item.name, {numbered->axis, SliverIndex{static_cast<uint16_t>(numbered->number)}}});
    }
  }
  const auto by_number = [](const SliverFile& a, const SliverFile& b) { return a.name < b.name; };
  std::stable_sort(primary_.begin(), primary_.end(), by_number);
  std::stable_sort(secondary_.begin(), secondary_.end(), by_number);
  return {};
}

Result<MappedSliver> SliverFolder::load_unverified(const SliverFile& from) const {
  const Axis axis = from.name.axis;
  const std::string path = path_of(from.file);
  WFS_ASSIGN(MappedFile file, MappedFile::open(path));
  file.prefetch({0, file.bytes().size()});
  const auto sliver = view_sliver_data(metadata_.shape(), axis, file.bytes());
  if (!sliver.ok()) return sliver.error().with_context(path);
  if (sliver->index != from.name.index) {
    return Error(Code::kCorrupt, fmt::format("{} holds {} sliver {}", path, axis_name(axis), raw(sliver->index)));
  }
  return MappedSliver{std::move(file), *sliver};
}

Result<MappedSliver> SliverFolder::load(const SliverFile& from) const {
  WFS_ASSIGN(MappedSliver sliver, load_unverified(from));
  if (auto verified = verify_sliver(sliver.view, metadata_); !verified.ok()) {
    return verified.error().with_context(path_of(from.file));
  }
  return sliver;
}

Result<Bytes> SliverFolder::load_symbol(const SliverFile& from, size_t at) const {
  const Axis axis = from.name.axis;
  const uint64_t data_bytes = metadata_.sliver_bytes(axis);
  BcsWriter head;
  head.uleb(static_cast<uint32_t>(data_bytes));
  BcsWriter tail;
  tail.u16(metadata_.symbol_bytes());
  tail.u16(raw(from.name.index));
  const Bytes wanted_head = head.take();
  const Bytes wanted_tail = tail.take();

  WFS_ASSIGN(const auto file, files_.open(path_of(from.file), Files::Open::kRead));
  WFS_ASSIGN(const uint64_t size, file->size());
  const uint64_t wanted_size = wanted_head.size() + data_bytes + wanted_tail.size();
  if (size != wanted_size) {
    return Error(Code::kCorrupt, fmt::format("{} has {} bytes, where a {} sliver of this blob has {}",
                                             path_of(from.file), size, axis_name(axis), wanted_size));
  }
  Bytes got_head(wanted_head.size()), got_tail(wanted_tail.size()), symbol(metadata_.symbol_bytes());
  WFS_TRY(file->read_at(0, got_head));
  WFS_TRY(file->read_at(wanted_head.size() + data_bytes, got_tail));
  if (got_head != wanted_head || got_tail != wanted_tail) {
    return Error(Code::kCorrupt, path_of(from.file) + " is not the sliver that its name tells");
  }
  WFS_TRY(file->read_at(wanted_head.size() + at * symbol.size(), symbol));
  return symbol;
}

void SliverFolder::load_all(std::span<const SliverFile> from, unsigned threads, const Take& take) const {
  while (!from.empty()) {
    const uint64_t affordable = kLoadBudgetBytes / metadata_.sliver_bytes(from.front().name.axis);
    const uint64_t batch = std::clamp<uint64_t>(affordable, threads, kMaxLoadedAtOnce);
    const auto now = from.first(std::min<size_t>(from.size(), batch));
    std::vector<std::unique_ptr<Result<MappedSliver>>> loaded(now.size());
    codec::parallel_for(threads, now.size(), [&](unsigned, size_t at) {
      loaded[at] = std::make_unique<Result<MappedSliver>>(load(now[at]));
    });
    for (size_t at = 0; at < now.size(); ++at) {
      if (!take(now[at], std::move(*loaded[at]))) return;
    }
    from = from.subspan(now.size());
  }
}

}  // namespace walrusfs::cli
