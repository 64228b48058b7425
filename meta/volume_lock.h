// One process per volume: an advisory lock on "<index>.lock" for as long as this lives. The kernel
// lets go of it when the process ends, however that happens; the file stays.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace walrusfs {

class VolumeLock {
 public:
  // kBusy, naming the process, when another one (or this one, twice) has the volume.
  static Result<VolumeLock> acquire(const std::string& index_path);

 private:
  explicit VolumeLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace walrusfs
