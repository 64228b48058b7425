// What happens to the spool's folder after a crash: what the index needs is kept and measured, what it does
// not know moves to `lost/`.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "cache/spool_on_disk.h"

namespace walrusfs {

class SpoolReconciler {
 public:
  SpoolReconciler(SpoolOnDisk& spool, const std::map<StagingId, uint64_t>& needed, const std::vector<PackId>& packs)
      : spool_(spool), folders_(spool.folders_), needed_(needed), built_packs_(packs.begin(), packs.end()) {}

  Result<SpoolReport> run() {
    WFS_TRY(scan_lost());
    for (size_t folder = 0; folder < SpoolFolders::kStagingFolders; ++folder) WFS_TRY(scan_staging(folder));
    WFS_TRY(scan_packs());
    report_missing();
    // Whatever the program before us left in the kernel's hands: what the mount now shows, it keeps.
    WFS_TRY(spool_.anchor_->sync_filesystem());
    if (report_.moved_to_lost > 0) {
      say(
          fmt::format("{} file(s) of the spool belong to nothing that was saved and were moved to {}; look whether "
                      "you miss something, then delete them",
                      report_.moved_to_lost, folders_.lost()));
    }
    return std::move(report_);
  }

 private:
  Status scan_lost() {
    WFS_ASSIGN(auto items, spool_.files_.list(folders_.lost()));
    for (const DirectoryItem& item : items) {
      ++spool_.lost_files_;
      // "1a2b" or "1a2b.3": its id was given out, whatever the index remembers.
      const std::string_view stem = std::string_view(item.name).substr(0, item.name.find('.'));
      for (size_t folder = 0; folder < SpoolFolders::kStagingFolders; ++folder) {
        if (auto id = SpoolFolders::parse_staging(stem, folder)) id_was_given(*id);
      }
    }
    return {};
  }

  Status scan_staging(size_t folder) {
    const std::string path = folders_.staging(folder);
    WFS_ASSIGN(auto items, spool_.files_.list(path));
    for (const DirectoryItem& item : items) {
      const auto id = SpoolFolders::parse_staging(item.name, folder);
      if (id) id_was_given(*id);
      auto wanted = id && !item.is_directory ? needed_.find(*id) : needed_.end();
      if (wanted == needed_.end()) {
        WFS_TRY(move_to_lost(path + "/" + item.name, item.name));
      } else {
        WFS_TRY(adopt(*id, path + "/" + item.name, wanted->second));
      }
    }
    return {};
  }

  Status adopt(StagingId id, const std::string& path, uint64_t needed_bytes) {
    WFS_ASSIGN(auto file, spool_.files_.open(path, Files::Open::kRead));
    WFS_ASSIGN(const uint64_t size, file->size());
    WFS_ASSIGN(const uint64_t on_disk, file->allocated_bytes());
    seen_.insert(id);
    if (size < needed_bytes) {
      report_.too_short.push_back(id);
      say(fmt::format("the staging file {} has {} bytes, but {} are needed: a part of a file is gone", path, size,
                      needed_bytes));
    }
    spool_.room_.correct(static_cast<int64_t>(on_disk));
    // Where holes are we do not know; the next sync measures.
    spool_.insert_found(id, {on_disk, on_disk >= size ? size : 0});
    return {};
  }

  Status scan_packs() {
    WFS_ASSIGN(auto items, spool_.files_.list(folders_.packs()));
    for (const DirectoryItem& item : items) {
      const std::string path = folders_.packs() + "/" + item.name;
      const auto id = SpoolFolders::parse_pack(item.name);
      if (item.is_directory) {
        WFS_TRY(move_to_lost(path, item.name));
      } else if (id && built_packs_.contains(*id)) {
        WFS_ASSIGN(auto file, spool_.files_.open(path, Files::Open::kRead));
        WFS_ASSIGN(const uint64_t size, file->size());
        spool_.pack_added(*id, size);
        built_packs_.erase(*id);
      } else {
        log_debug("spool: the unfinished pack {} goes; its bytes are still staged", path);
        WFS_TRY(spool_.files_.remove(path));
      }
    }
    for (PackId id : built_packs_) {
      say(fmt::format("the file {} of a finished pack is missing: it will be packed again", folders_.pack(id)));
    }
    return {};
  }

  void report_missing() {
    for (const auto& [id, bytes] : needed_) {
      if (seen_.contains(id)) continue;
      report_.missing.push_back(id);
      say(fmt::format("the staging file {}/{:x} is missing; {} bytes of a file were in it",
                      folders_.staging(SpoolFolders::folder_of(id)), raw(id), bytes));
    }
  }

  Status move_to_lost(const std::string& path, const std::string& name) {
    std::string target = folders_.lost() + "/" + name;
    for (int copy = 1;; ++copy) {
      WFS_ASSIGN(const bool taken, spool_.files_.exists(target));
      if (!taken) break;
      target = fmt::format("{}/{}.{}", folders_.lost(), name, copy);
    }
    WFS_TRY(spool_.files_.rename(path, target));
    ++report_.moved_to_lost;
    ++spool_.lost_files_;
    return {};
  }

  void id_was_given(StagingId id) {
    uint64_t next = spool_.next_id_.load();
    spool_.next_id_.store(std::max(next, raw(id) + 1));
  }

  void say(std::string sentence) { report_.messages.push_back(std::move(sentence)); }

  SpoolOnDisk& spool_;
  const SpoolFolders& folders_;
  const std::map<StagingId, uint64_t>& needed_;
  std::set<PackId> built_packs_;  // not seen yet
  std::set<StagingId> seen_;
  SpoolReport report_;
};

Result<SpoolReport> SpoolOnDisk::reconcile(const std::map<StagingId, uint64_t>& needed,
                                           const std::vector<PackId>& built_packs) {
  return SpoolReconciler(*this, needed, built_packs).run();
}

}  // namespace walrusfs
