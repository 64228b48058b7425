// A file that appears under its name only when it is whole; until then it is beside it under another name, and goes
// away if nobody commits it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/files.h"

namespace walrusfs::cli {

class OutputFile {
 public:
  // kExists when there is something and `replace` is false; kInvalidArgument when that is no regular file. `files`
  // must outlive this. Its mode is that of any new file (0666 without the umask).
  static Result<OutputFile> create(Files& files, const std::string& path, bool replace);
  OutputFile(OutputFile&& from) noexcept
      : files_(from.files_),
        path_(std::move(from.path_)),
        temporary_(std::move(from.temporary_)),
        file_(std::move(from.file_)),
        mapped_(std::exchange(from.mapped_, {})) {}
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  File& file() { return *file_; }
  // Makes the file `bytes` long, with disk space for all of them, and maps it for writing. The bytes are the file's
  // once it is committed; the view is good until then. Once.
  Result<MutableByteView> map(uint64_t bytes);
  // After it returns, the file survives a power cut under its name.
  Status commit();

 private:
  void unmap();
  OutputFile(Files& files, std::string path, std::string temporary, std::unique_ptr<File> file)
      : files_(files), path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  Files& files_;
  std::string path_;
  std::string temporary_;
  std::unique_ptr<File> file_;  // none once committed or moved from
  MutableByteView mapped_;
};

}  // namespace walrusfs::cli
