// Keeps two local networks from running on one folder. Released by the destructor and by the death of
// the process.
#pragma once

#include <memory>
#include <string>

#include "base/files.h"

namespace walrusfs::localnet {

class FolderLock {
 public:
  // kBusy when another process, or another part of this one, holds it; the message names its pid.
  static Result<FolderLock> take(Files& files, const std::string& folder);
  // Whether somebody holds it right now.
  static Result<bool> is_held(Files& files, const std::string& folder);

 private:
  explicit FolderLock(std::unique_ptr<File> file) : file_(std::move(file)) {}
  std::unique_ptr<File> file_;
};

}  // namespace walrusfs::localnet
