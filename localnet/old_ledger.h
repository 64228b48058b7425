// The ledger of networks that were made before there was a chain: one file, a line per transaction (CRC-32C in hex,
// space, JSON). Read once, when such a folder gets its chain.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "localnet/ledger.h"

namespace walrusfs::localnet {

struct OldLedger {
  std::string wallet;  // an address without a key; empty when the file ended before its first line was whole
  uint32_t epoch = 1;
  std::vector<BlobObject> objects;  // those that had not been removed, expired ones as well; without events
  std::vector<BlobId> invalid;
};

// A torn last line (a crash while writing) is left out. kNotFound when there is no file, kCorrupt for damage before
// the last line, kNewerVersion for entries that no version wrote.
Result<OldLedger> read_old_ledger(Files& files, const std::string& path);

}  // namespace walrusfs::localnet
