#include "fs/vfs/virtual_xattrs.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace walrusfs {

bool is_virtual_xattr(std::string_view name) { return name.starts_with("user.walrus."); }

std::string_view file_state_name(FileState state) {
  switch (state) {
    case FileState::kDirty: return "dirty";
    case FileState::kJournaled: return "journaled";
    case FileState::kCertified: return "certified";
    case FileState::kAnchored: return "anchored";
    case FileState::kDamaged: return "damaged";
  }
  return "unknown";
}

std::vector<PackId> packs_of(const std::vector<Extent>& extents) {
  std::vector<PackId> packs;
  for (const Extent& extent : extents) {
    const PackId pack{extent.source_id};
    if (extent.source == Extent::Source::kPack && std::find(packs.begin(), packs.end(), pack) == packs.end())
      packs.push_back(pack);
  }
  return packs;
}

std::string packs_text(const std::vector<PackId>& packs) {
  std::string text;
  for (PackId pack : packs) text += (text.empty() ? "" : " ") + std::to_string(raw(pack));
  return text;
}

std::string extents_text(const std::vector<Extent>& extents) {
  constexpr std::string_view kMore = "more\n";
  std::string text;
  for (const Extent& extent : extents) {
    const std::string line =
        fmt::format("{} {} {} {} {}\n", extent.file_offset, extent.length,
                    extent.source == Extent::Source::kPack ? "pack" : "spool", extent.source_id, extent.source_offset);
    if (text.size() + line.size() + kMore.size() > limits::kXattrValueBytes) return text + std::string(kMore);
    text += line;
  }
  return text;
}

}  // namespace walrusfs
