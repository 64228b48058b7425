#include "cli/pack_list.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <set>

#include "base/limits.h"

namespace walrusfs::cli {
namespace {

constexpr uint64_t kListBytes = limits::kGiB;  // ten million packs
constexpr char kHead[] =
    "# The packs of this volume that the network keeps: number, blob ID, bytes, UTC.\n"
    "# walrusfs pack extract --volume NAME --to DIR BLOB-ID restores the files of one, also without the index.\n";

std::string line_of(const PackRow& pack) {
  return fmt::format("{} {} {} {:%Y-%m-%dT%H:%M:%SZ}\n", raw(pack.id), pack.blob.to_string(), pack.blob_bytes,
                     fmt::gmtime(static_cast<std::time_t>(pack.certified.seconds())));
}

// The second word of every line.
std::set<std::string, std::less<>> blob_ids(std::string_view text) {
  std::set<std::string, std::less<>> ids;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t from = line.find(' ');
    if (line.starts_with('#') || from == std::string_view::npos) continue;
    ids.emplace(line.substr(from + 1, line.find(' ', from + 1) - from - 1));
  }
  return ids;
}

}  // namespace

Result<std::unique_ptr<PackList>> PackList::open(Files& files, const std::string& path,
                                                 const std::vector<PackRow>& certified) {
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kCreate));
  WFS_ASSIGN(const uint64_t size, file->size());
  if (size > kListBytes) return Error(Code::kTooLarge, path + " is too large for a list of packs");
  Bytes content(size);
  WFS_ASSIGN(const size_t got, file->read_at(0, content));
  const std::string_view text = as_text(ByteView(content).first(got));
  const auto known = blob_ids(text);
  // A power cut may have left half a line.
  std::string missing = text.empty() ? kHead : text.ends_with('\n') ? "" : "\n";
  for (const PackRow& pack : certified)
    if (!known.contains(pack.blob.to_string())) missing += line_of(pack);
  std::unique_ptr<PackList> list(new PackList(std::move(file), got));
  if (!missing.empty()) WFS_TRY(list->append(missing));
  return list;
}

Status PackList::append(std::string_view text) {
  WFS_TRY(file_->write_at(end_, as_bytes(text)));
  WFS_TRY(file_->sync_data());
  end_ += text.size();
  return {};
}

Status PackList::add(const PackRow& pack) { return append(line_of(pack)); }

}  // namespace walrusfs::cli
