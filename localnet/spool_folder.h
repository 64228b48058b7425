// Where a service keeps byte strings while it works on them, bodies of uploads above all: small ones in memory, larger
// ones in files of its folder, and of all together so much at the most. A body needs no place at work while it is on
// its way, so that whoever sends slowly keeps nobody waiting.
//
// Safe to call from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "localnet/byte_spool.h"

namespace walrusfs::localnet {

struct SpoolLimits {
  uint64_t memory_bytes = 1 << 20;  // of one; what is larger goes into a temporary file
  uint64_t all_bytes = 0;
};

class SpoolFolder {
 public:
  // `folder` exists, and files whose names begin with `prefix` are the caller's own there. `files` must outlive it.
  SpoolFolder(Files& files, const std::string& folder, const std::string& prefix, SpoolLimits limits)
      : files_(files), path_(folder + "/" + prefix), limits_(limits), room_(limits.all_bytes) {}

  // Makes `folder`, and takes away what spools left there when the process died; files that are nobody's spool stay.
  static Status prepare(Files& files, const std::string& folder);

  // Empty; must not outlive the folder.
  std::unique_ptr<ByteSpool> spool();

 private:
  Files& files_;
  const std::string path_;
  const SpoolLimits limits_;
  SpoolRoom room_;
  std::atomic<uint64_t> spools_{0};
};

// The answer to a body that ByteSpool::take() refused; nothing when the trouble is not the sender's.
std::optional<HttpAnswer> refusal_of_body(const Error& error);

}  // namespace walrusfs::localnet
