// The bytes of a blob that a command is to hash or encode: a file, mapped; or standard input.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "base/mapped_file.h"

namespace walrusfs::cli {

class BlobInput {
 public:
  // "-" is standard input. A pipe is first copied into a file without a name (in `scratch_folder`), because the code
  // needs the blob's length before its first byte, and its bytes in another order; more than `max_bytes` of it is
  // kTooLarge. From then on, a mapped file that somebody cuts ends the program with a sentence, not with a signal.
  static Result<BlobInput> open(const std::string& path, uint64_t max_bytes, const std::string& scratch_folder);

  ByteView bytes() const { return mapped_.bytes(); }
  // To be called now and then while the bytes are worked on, so that they do not count as memory of this process.
  void let_go() const { mapped_.let_go(); }
  // For messages: the path, or "standard input".
  const std::string& name() const { return name_; }
  // kStale when the file has been written to, or replaced, since it was opened: what was computed from it is then
  // about bytes that never were a whole.
  Status check_unchanged() const;

 private:
  BlobInput(std::string name, std::string path, MappedFile mapped, std::optional<struct stat> opened)
      : name_(std::move(name)), path_(std::move(path)), mapped_(std::move(mapped)), opened_(opened) {}

  std::string name_;
  std::string path_;
  MappedFile mapped_;
  std::optional<struct stat> opened_;  // not for copies of our own
};

// Where the copy of a pipe goes: $TMPDIR, else /var/tmp (which, unlike /tmp, is a disk nearly everywhere).
std::string scratch_folder_from_environment();

}  // namespace walrusfs::cli
