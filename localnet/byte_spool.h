// A byte string that is collected piece by piece and then read as one: in memory while it is small, in a
// mapped temporary file beyond that, so that a body of a gigabyte costs no gigabyte of memory.
//
// For one thread at a time; the view may be read by many.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/mapped_file.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

class ByteSpool {
 public:
  // `path` is where the file would go; nothing must be there. `files` must outlive the spool.
  ByteSpool(Files& files, std::string path, uint64_t memory_bytes);
  ~ByteSpool();
  ByteSpool(const ByteSpool&) = delete;
  ByteSpool& operator=(const ByteSpool&) = delete;

  Status append(ByteView piece);
  // The body of a request. kTooLarge beyond `max_bytes`, kInvalidArgument when the sender broke off.
  Status take(HttpCall& call, uint64_t max_bytes);
  uint64_t size() const { return size_; }
  // All of it; valid while the spool lives. Nothing may be appended afterwards.
  Result<ByteView> view();

 private:
  Status flush();

  Files& files_;
  const std::string path_;
  const uint64_t memory_bytes_;
  Bytes pending_;  // everything, or what is not in the file yet
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;
  std::optional<MappedFile> mapped_;
};

}  // namespace walrusfs::localnet
