#include "fs/io/recovery.h"

#include <map>

#include <fmt/format.h>

namespace walrusfs {
namespace {

Result<std::string> path_or_number(Index& index, InodeId inode) {
  auto path = index.path_of(inode);
  if (path.ok()) return path;
  if (path.error().code() == Code::kNotFound) return fmt::format("inode {}", raw(inode));
  return path.error();
}

}  // namespace

Result<RecoveryReport> recover(Index& index, Spool& spool) {
  WFS_ASSIGN(auto needed, index.staging_in_use());
  WFS_ASSIGN(auto built, index.packs(PackState::kBuilt));
  std::vector<PackId> built_ids;
  for (const PackRow& row : built) built_ids.push_back(row.id);
  WFS_ASSIGN(SpoolReport spool_report, spool.reconcile(needed, built_ids));

  RecoveryReport report;
  report.moved_to_lost = spool_report.moved_to_lost;
  report.packs_to_upload = built.size();
  report.messages = std::move(spool_report.messages);
  std::map<InodeId, std::string> damaged;
  for (const auto* stagings : {&spool_report.missing, &spool_report.too_short}) {
    for (StagingId staging : *stagings) {
      WFS_ASSIGN(std::vector<InodeId> inodes, index.inodes_using(staging));
      for (InodeId inode : inodes) {
        WFS_ASSIGN(damaged[inode], path_or_number(index, inode));
      }
    }
  }
  for (auto& [inode, path] : damaged) {
    report.messages.push_back(
        fmt::format("'{}' is damaged: bytes that were not on the network yet are gone from the "
                    "spool; write it again or restore it from elsewhere",
                    path));
    report.damaged.push_back({inode, std::move(path)});
  }
  return report;
}

}  // namespace walrusfs
