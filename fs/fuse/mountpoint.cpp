// What is at a mountpoint, and how a mount there ends.
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "fs/fuse/mount.h"

extern char** environ;

namespace walrusfs {
namespace {

// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_mounted(const std::string& path) {
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string skipped, target;
    for (int i = 0; i < 4; ++i) fields >> skipped;
    fields >> target;
    if (unescape(target) == path) return true;
  }
  return false;
}

// The kernel answers stat(2) of a killed mount from its cache; statfs(2) it does not.
bool is_dead(const std::string& path) {
  struct statvfs info {};
  return statvfs(path.c_str(), &info) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

bool is_empty_folder(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

// Users other than root may end their FUSE mounts only through the set-uid helper.
Status run_fusermount(const std::string& path, bool lazy) {
  const char* argv_lazy[] = {"fusermount3", "-u", "-z", "-q", path.c_str(), nullptr};
  const char* argv_plain[] = {"fusermount3", "-u", "-q", path.c_str(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "fusermount3", nullptr, nullptr,
                                  const_cast<char* const*>(lazy ? argv_lazy : argv_plain), environ);
  if (failed != 0) return error_from_errno(failed, "start fusermount3 (package fuse3)");
  int outcome = 0;
  while (waitpid(child, &outcome, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0) return {};
  return Error(Code::kBusy, path + " could not be unmounted: some program still uses it (see: fuser -m " + path + ")");
}

}  // namespace

MountpointState inspect_mountpoint(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOTCONN || errno == ECONNABORTED) return MountpointState::kDeadMount;
    return MountpointState::kMissing;
  }
  if (!S_ISDIR(info.st_mode)) return MountpointState::kNotFolder;
  if (is_mounted(path)) return is_dead(path) ? MountpointState::kDeadMount : MountpointState::kMounted;
  return is_empty_folder(path) ? MountpointState::kFree : MountpointState::kNotEmpty;
}

Status clear_dead_mount(const std::string& path) { return unmount(path, true); }

Status unmount(const std::string& path, bool lazy) {
  if (umount2(path.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) return {};
  if (errno == EPERM) return run_fusermount(path, lazy);
  if (errno == EINVAL) return Error(Code::kNotFound, path + " is not mounted");
  if (errno == EBUSY) {
    return Error(Code::kBusy, path + " is in use by some program (see: fuser -m " + path + ")");
  }
  return error_from_errno(errno, "unmount " + path);
}

}  // namespace walrusfs
