// What a mount does first: the spool is compared with the index, and what a crash or a hand in the
// folder has damaged is put in words, with the paths that are concerned.
#pragma once

#include <string>
#include <vector>

#include "cache/spool.h"
#include "meta/index.h"

namespace walrusfs {

struct DamagedFile {
  InodeId inode{};
  std::string path;  // one of its names; "inode N" when it has none
};

struct RecoveryReport {
  std::vector<DamagedFile> damaged;   // bytes of these are missing from the spool
  uint64_t moved_to_lost = 0;         // staging files that nothing names
  uint64_t packs_to_upload = 0;       // finished, not certified
  std::vector<std::string> messages;  // sentences for the user; empty when all is well
};

// Call once, before the tree is opened.
Result<RecoveryReport> recover(Index& index, Spool& spool);

}  // namespace walrusfs
