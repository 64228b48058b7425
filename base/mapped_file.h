// A whole file mapped for reading. For files that nobody changes meanwhile: a pack, a blob to be hashed.
// Reading beyond a file that somebody truncates raises SIGBUS.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  ByteView bytes() const { return bytes_; }
  // Has the kernel read this part into its cache, from the disk in one go. Waits about as long as that takes.
  void prefetch(ByteRange range) const;
  // What was read so far need not stay in this process's memory: it comes back, mostly from the kernel's cache, when
  // it is read again. Any thread, also while others read.
  void let_go() const;

 private:
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace walrusfs
