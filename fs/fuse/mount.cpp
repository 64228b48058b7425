#include "fs/fuse/mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <vector>

#include "base/fd.h"
#include "base/log.h"
#include "fs/fuse/operations.h"

namespace walrusfs {
namespace {

std::vector<std::string> session_arguments(const MountOptions& options) {
  std::string joined = "default_permissions,nosuid,nodev,fsname=" + options.source + ",subtype=walrusfs";
  if (options.allow_other) joined += ",allow_other";
  if (options.read_only) joined += ",ro";
  return {"walrusfs", "-o", joined};
}

// A descriptor of the mounted folder that does not keep anybody from unmounting it: through a detached copy of
// the mount. Users other than root have to make do with a plain one.
Fd open_aside(const std::string& path) {
  constexpr int kHow = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const Fd copy(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!copy.valid()) return Fd(::open(path.c_str(), kHow));
  return Fd(openat(copy.get(), ".", kHow));
}

class FuseMount final : public Mount {
 public:
  FuseMount(Vfs& vfs, Clock& clock, const MountOptions& options)
      : options_(options),
        door_{.vfs = vfs, .clock = clock, .cache_timeout_s = options.cache_timeout_s, .read_only = options.read_only} {}

  ~FuseMount() override {
    if (session_ == nullptr) return;
    if (mounted_) fuse_session_unmount(session_);
    door_.seeks.reset();
    fuse_session_destroy(session_);
  }

  Status mount() {
    std::vector<std::string> arguments = session_arguments(options_);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    fuse_args args = FUSE_ARGS_INIT(static_cast<int>(argv.size()), argv.data());
    session_ = fuse_session_new(&args, &fuse_operations(), sizeof(fuse_lowlevel_ops), &door_);
    fuse_opt_free_args(&args);
    if (session_ == nullptr) return Error(Code::kInternal, "libfuse refused the mount options");
    if (fuse_session_mount(session_, options_.mountpoint.c_str()) != 0) {
      return Error(Code::kNotPermitted, "could not mount on " + options_.mountpoint +
                                            ": is /dev/fuse there, the package fuse3 installed, the folder yours"
                                            " (and for --allow-other: user_allow_other set in /etc/fuse.conf)?");
    }
    mounted_ = true;
    door_.seeks = std::make_unique<SeekQueue>(door_.vfs, session_);
    return {};
  }

  Status serve() override {
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(config, options_.threads);
    fuse_loop_cfg_set_idle_threads(config, options_.threads);
    const int outcome = fuse_session_loop_mt(session_, config);
    fuse_loop_cfg_destroy(config);
    door_.seeks.reset();
    fuse_session_unmount(session_);
    mounted_ = false;
    if (outcome < 0) return error_from_errno(-outcome, "serve " + options_.mountpoint);
    return {};
  }

  void flush_kernel() override {
    if (door_.writers.load() == 0) return;
    const Fd folder = open_aside(options_.mountpoint);
    if (folder.valid() && syncfs(folder.get()) != 0) log_warn("the kernel could not write everything back");
  }

  Status stop(bool even_if_busy) override {
    flush_kernel();
    Status done = unmount(options_.mountpoint, false);
    if (done.ok() || done.error().code() != Code::kBusy || !even_if_busy) return done;
    log_warn("{} is still in use; detaching it", options_.mountpoint);
    // The loop looks at its exit flag only after a request: ask for one through a descriptor that
    // outlives the detached mountpoint.
    Fd folder(::open(options_.mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    done = unmount(options_.mountpoint, true);
    fuse_session_exit(session_);
    struct statvfs ignored {};
    if (folder.valid() && fstatvfs(folder.get(), &ignored) != 0) log_debug("the mount has ended already");
    return done;
  }

 private:
  const MountOptions options_;
  Door door_;
  fuse_session* session_ = nullptr;
  bool mounted_ = false;
};

}  // namespace

Result<std::unique_ptr<Mount>> Mount::make(Vfs& vfs, Clock& clock, const MountOptions& options) {
  auto mount = std::make_unique<FuseMount>(vfs, clock, options);
  WFS_TRY(mount->mount());
  return std::unique_ptr<Mount>(std::move(mount));
}

}  // namespace walrusfs
