// Where things stand in a spool's folder. Names only; no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace walrusfs {

struct SpoolFolders {
  // 256 neighbours share a folder, so that one fsync makes the names of a burst of files durable.
  static constexpr size_t kStagingFolders = 256;
  static constexpr size_t folder_of(StagingId id) { return (raw(id) >> 8) % kStagingFolders; }

  explicit SpoolFolders(std::string spool_folder) : root(std::move(spool_folder)) {}

  std::string staging() const { return root + "/staging"; }
  std::string staging(size_t folder) const;
  std::string packs() const { return root + "/packs"; }
  std::string lost() const { return root + "/lost"; }
  std::string version() const { return root + "/spool.version"; }
  std::string reserve() const { return root + "/reserve"; }
  std::string pack(PackId id) const { return packs() + "/" + std::to_string(raw(id)); }

  // The id that a file's name says, if it is exactly the name we would give.
  static std::optional<StagingId> parse_staging(std::string_view name, size_t folder);
  static std::optional<PackId> parse_pack(std::string_view name);

  const std::string root;
};

}  // namespace walrusfs
