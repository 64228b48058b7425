#include "meta/volume_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

#include <fmt/format.h>

namespace walrusfs {
namespace {

// What the holder wrote, or nothing when it has not got round to it.
std::string holder_of(int fd) {
  char text[32];
  const ssize_t got = pread(fd, text, sizeof text, 0);
  std::string pid(text, got > 0 ? static_cast<size_t>(got) : 0);
  pid.erase(std::find_if_not(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); }), pid.end());
  return pid;
}

Status write_pid(int fd, const std::string& path) {
  const std::string text = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return error_from_errno(errno, "write " + path);
  return {};
}

}  // namespace

Result<VolumeLock> VolumeLock::acquire(const std::string& index_path) {
  const std::string path = index_path + ".lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return error_from_errno(errno, "open " + path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return error_from_errno(errno, "lock " + path);
    const std::string pid = holder_of(fd.get());
    return Error(Code::kBusy, fmt::format("the volume {} is in use by {}; unmount it there first", index_path,
                                          pid.empty() ? "another process" : "process " + pid));
  }
  WFS_TRY(write_pid(fd.get(), path));
  return VolumeLock(std::move(fd));
}

}  // namespace walrusfs
