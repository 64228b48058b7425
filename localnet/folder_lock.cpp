#include "localnet/folder_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace walrusfs::localnet {
namespace {

std::string lock_path(const std::string& folder) { return folder + "/localnet.lock"; }

}  // namespace

Result<FolderLock> FolderLock::take(Files& files, const std::string& folder) {
  WFS_ASSIGN(auto file, files.open(lock_path(folder), Files::Open::kCreate));
  if (flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return error_from_errno(errno, "lock " + lock_path(folder));
    Bytes holder(16);
    WFS_ASSIGN(size_t got, file->read_at(0, holder));
    std::string pid(as_text(ByteView(holder).first(got)));
    const std::string holding = pid.empty() ? "" : " (process " + pid + ")";
    return Error(Code::kBusy, "a local network already runs in " + folder + holding + ": use it, or stop it first");
  }
  WFS_TRY(file->truncate(0));
  WFS_TRY(file->write_at(0, as_bytes(std::to_string(getpid()))));
  return FolderLock(std::move(file));
}

Result<bool> FolderLock::is_held(Files& files, const std::string& folder) {
  auto file = files.open(lock_path(folder), Files::Open::kRead);
  if (!file && file.error().code() == Code::kNotFound) return false;
  if (!file) return file.error();
  if (flock((*file)->descriptor(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno != EWOULDBLOCK) return error_from_errno(errno, "look at " + lock_path(folder));
  return true;
}

}  // namespace walrusfs::localnet
