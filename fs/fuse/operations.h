// The table of callbacks, and what they share. Included by fs/fuse/*.cpp only.
#pragma once

#include "fs/fuse/fuse_api.h"
#include "fs/fuse/seek_queue.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

// The `userdata` of the session.
struct Door {
  Vfs& vfs;
  Clock& clock;
  double cache_timeout_s;
  bool read_only;
  std::unique_ptr<SeekQueue> seeks{};
};

const fuse_lowlevel_ops& fuse_operations();

}  // namespace walrusfs
