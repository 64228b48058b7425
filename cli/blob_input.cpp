#include "cli/blob_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/limits.h"
#include "cli/bus_error.h"
#include "cli/terminal.h"

namespace walrusfs::cli {
namespace {

std::string path_of(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

Status write_all(int fd, const uint8_t* from, size_t bytes, const std::string& folder) {
  while (bytes > 0) {
    const ssize_t n = write(fd, from, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, "copy it to " + folder);
    from += n;
    bytes -= static_cast<size_t>(n);
  }
  return {};
}

Status copy_all(int from, int to, const std::string& name, uint64_t max_bytes, const std::string& folder) {
  Progress progress("reading " + name, system_clock());
  Bytes chunk(limits::kMiB);
  for (uint64_t done = 0;;) {
    const ssize_t n = read(from, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno(errno, "read");
    if (n == 0) return {};
    done += static_cast<uint64_t>(n);
    if (done > max_bytes) {
      return Error(Code::kTooLarge, fmt::format("is larger than a blob can be: {} bytes", max_bytes));
    }
    WFS_TRY(write_all(to, chunk.data(), static_cast<size_t>(n), folder));
    progress.update(done, 0);
  }
}

Result<MappedFile> map_copy(const Fd& pipe, const std::string& name, uint64_t max_bytes, const std::string& folder) {
  const Fd copy(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!copy.valid()) return error_from_errno(errno, "make a file in " + folder);
  WFS_TRY(copy_all(pipe.get(), copy.get(), name, max_bytes, folder));
  return MappedFile::open(path_of(copy));
}

// The codec reads a file piece by piece; a disk gives it faster from front to back.
void read_ahead(const MappedFile& file, const std::string& name) {
  constexpr uint64_t kStepBytes = 64 * limits::kMiB;
  Progress progress("reading " + name, system_clock());
  const uint64_t size = file.bytes().size();
  for (uint64_t at = 0; at < size; at += kStepBytes) {
    progress.update(at, size);
    file.prefetch({at, kStepBytes});
  }
}

bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

Result<BlobInput> BlobInput::open(const std::string& path, uint64_t max_bytes, const std::string& scratch_folder) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const Fd fd(standard ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return error_from_errno(errno, name);
  if (S_ISDIR(info.st_mode)) return Error(Code::kIsDirectory, name + ": is a folder; a blob is one file");
  explain_bus_errors();
  if (S_ISREG(info.st_mode)) {
    auto mapped = MappedFile::open(path_of(fd));
    if (!mapped.ok()) return mapped.error().with_context(name);
    read_ahead(*mapped, name);
    return BlobInput(name, standard ? "" : path, std::move(*mapped), info);
  }
  if (!S_ISFIFO(info.st_mode) && !S_ISSOCK(info.st_mode)) {
    return Error(Code::kInvalidArgument, name + ": is neither a file nor a pipe");
  }
  auto mapped = map_copy(fd, name, max_bytes, scratch_folder);
  if (!mapped.ok()) return mapped.error().with_context(name);
  return BlobInput(name, "", std::move(*mapped), std::nullopt);
}

Status BlobInput::check_unchanged() const {
  if (!opened_) return {};
  struct stat now {};
  const bool there = (path_.empty() ? fstat(STDIN_FILENO, &now) : stat(path_.c_str(), &now)) == 0;
  if (there && same_content(*opened_, now)) return {};
  return Error(Code::kStale, name_ + ": was changed while it was read; try again when it stays as it is");
}

std::string scratch_folder_from_environment() {
  const char* value = std::getenv("TMPDIR");
  return value != nullptr && value[0] == '/' ? value : "/var/tmp";
}

}  // namespace walrusfs::cli
