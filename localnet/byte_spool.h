// A byte string that is collected piece by piece and then read as one: in memory while it is small, in a
// mapped temporary file beyond that, so that a body of a gigabyte costs no gigabyte of memory.
//
// For one thread at a time; the view may be read by many.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/mapped_file.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

// What several spools may hold together. Safe from any thread.
class SpoolRoom {
 public:
  explicit SpoolRoom(uint64_t most_bytes) : most_bytes_(most_bytes) {}
  // False when there is no room for so much.
  bool take(uint64_t bytes);
  void give_back(uint64_t bytes) { taken_bytes_ -= bytes; }
  uint64_t taken_bytes() const { return taken_bytes_; }

 private:
  const uint64_t most_bytes_;
  std::atomic<uint64_t> taken_bytes_{0};
};

class ByteSpool {
 public:
  // `path` is where the file would go; nothing must be there. `files` and `room` must outlive the spool.
  ByteSpool(Files& files, std::string path, uint64_t memory_bytes, SpoolRoom& room);
  ~ByteSpool();
  ByteSpool(const ByteSpool&) = delete;
  ByteSpool& operator=(const ByteSpool&) = delete;

  // kBusy when other spools have taken all room.
  Status append(ByteView piece);
  // The body of a request. kTooLarge beyond `max_bytes`, kInvalidArgument when the sender broke off, kBusy as above.
  Status take(HttpCall& call, uint64_t max_bytes);
  uint64_t size() const { return size_; }
  // All of it; valid while the spool lives. Nothing may be appended afterwards.
  Result<ByteView> view();

 private:
  Status flush();

  Files& files_;
  const std::string path_;
  const uint64_t memory_bytes_;
  SpoolRoom& room_;
  Bytes pending_;  // everything, or what is not in the file yet
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;
  std::optional<MappedFile> mapped_;
};

}  // namespace walrusfs::localnet
