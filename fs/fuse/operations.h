// The table of callbacks, and what they share. Included by fs/fuse/*.cpp only.
#pragma once

#include <atomic>

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
  std::atomic<int64_t> writers{0};  // openings for writing: only these can have dirty pages in the kernel
};

const fuse_lowlevel_ops& fuse_operations();

}  // namespace walrusfs
