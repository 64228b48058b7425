// The kernel's door: a Vfs as a FUSE mount. No FUSE type goes further in.
//
// Requests are served by a few threads of libfuse's loop; each unpacks its arguments, calls one method of
// the Vfs and replies.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

struct MountOptions {
  std::string mountpoint;  // absolute, existing
  std::string source;      // shown by mount(8) and df(1)
  bool read_only = false;
  bool allow_other = false;         // other users may enter; permission bits are always checked
  double cache_timeout_s = 86'400;  // of names and attributes in the kernel; the volume has one writer
  unsigned threads = 4;
};

// What is at a path that somebody wants to mount on.
enum class MountpointState { kFree, kMissing, kNotFolder, kNotEmpty, kMounted, kDeadMount };
MountpointState inspect_mountpoint(const std::string& path);
// Takes away what a killed daemon left behind ("Transport endpoint is not connected").
Status clear_dead_mount(const std::string& path);
// Asks the kernel to end a mount, as umount(8) and fusermount3(1) do. `lazy`: even while in use.
Status unmount(const std::string& path, bool lazy);

class Mount {
 public:
  // Mounts at once; requests wait until serve(). `vfs` and `clock` must outlive the mount.
  static Result<std::unique_ptr<Mount>> make(Vfs& vfs, Clock& clock, const MountOptions& options);
  virtual ~Mount() = default;  // unmounts

  // Serves until the folder is unmounted, by anybody or by stop(). When it returns, the folder is
  // unmounted and every request has been answered.
  virtual Status serve() = 0;
  // Has the kernel send the pages that programs wrote to files which they still hold open, so that the
  // journal can carry them. Nothing to do, and cheap, while no file is open for writing. Call it from a
  // thread that serves no requests.
  virtual void flush_kernel() = 0;
  // Ends serve(): has the kernel send what it still holds, then unmounts. When programs use the folder: kBusy,
  // or with `even_if_busy` it is detached from under them. Call it from a thread that serves no requests.
  virtual Status stop(bool even_if_busy) = 0;
};

}  // namespace walrusfs
