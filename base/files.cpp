#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace walrusfs {
namespace {

Error last_error(const std::string& doing, const std::string& path) {
  return error_from_errno(errno, doing + " " + path);
}

class SystemFile final : public File {
 public:
  SystemFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t offset, MutableByteView out) override {
    size_t done = 0;
    while (done < out.size()) {
      ssize_t n = pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return last_error("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status write_at(uint64_t offset, ByteView data) override {
    size_t done = 0;
    while (done < data.size()) {
      ssize_t n = pwrite(fd_.get(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return last_error("write", path_);
      done += static_cast<size_t>(n);
    }
    return {};
  }

  Result<uint64_t> size() override {
    WFS_ASSIGN(struct stat info, stat_now());
    return static_cast<uint64_t>(info.st_size);
  }

  Result<uint64_t> allocated_bytes() override {
    WFS_ASSIGN(struct stat info, stat_now());
    return static_cast<uint64_t>(info.st_blocks) * 512;
  }

  Status truncate(uint64_t size) override {
    return done_or_error(ftruncate(fd_.get(), static_cast<off_t>(size)), "truncate");
  }

  Status punch_hole(ByteRange range) override {
    return done_or_error(fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                   static_cast<off_t>(range.offset), static_cast<off_t>(range.length)),
                         "punch hole in");
  }

  Status reserve(ByteRange range) override {
    return done_or_error(fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(range.offset),
                                   static_cast<off_t>(range.length)),
                         "reserve space in");
  }

  Status sync_data() override { return done_or_error(fdatasync(fd_.get()), "sync"); }

  Status sync_filesystem() override { return done_or_error(syncfs(fd_.get()), "sync the filesystem of"); }

  int descriptor() const override { return fd_.get(); }

 private:
  Status done_or_error(int outcome, const char* doing) {
    if (outcome != 0) return last_error(doing, path_);
    return {};
  }
  Result<struct stat> stat_now() {
    struct stat info {};
    if (fstat(fd_.get(), &info) != 0) return last_error("stat", path_);
    return info;
  }

  Fd fd_;
  std::string path_;
};

int open_flags(Files::Open how) {
  switch (how) {
    case Files::Open::kRead: return O_RDONLY;
    case Files::Open::kReadWrite: return O_RDWR;
    case Files::Open::kCreate: return O_RDWR | O_CREAT;
    case Files::Open::kCreateNew: return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class SystemFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    Fd fd(::open(path.c_str(), open_flags(how) | O_CLOEXEC, 0600));
    if (!fd.valid()) return last_error("open", path);
    return std::unique_ptr<File>(std::make_unique<SystemFile>(std::move(fd), path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return last_error("rename " + from + " to", to);
    return {};
  }

  Status remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) return last_error("remove", path);
    return {};
  }

  Status make_directories(const std::string& path) override {
    for (size_t slash = path.find('/', 1); ; slash = path.find('/', slash + 1)) {
      std::string part = path.substr(0, slash);
      if (!part.empty() && mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return last_error("make folder", part);
      if (slash == std::string::npos) break;
    }
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return last_error("make folder", path);
    if (!S_ISDIR(info.st_mode)) return Error(Code::kNotDirectory, path + " exists and is not a folder");
    return {};
  }

  Status remove_directory(const std::string& path) override {
    if (rmdir(path.c_str()) != 0) return last_error("remove folder", path);
    return {};
  }

  Result<std::vector<DirectoryItem>> list(const std::string& path) override {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
    if (!dir) return last_error("list", path);
    std::vector<DirectoryItem> items;
    errno = 0;
    while (dirent* entry = readdir(dir.get())) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") items.push_back({name, is_directory(*entry, path + "/" + name)});
      errno = 0;
    }
    if (errno != 0) return last_error("list", path);
    return items;
  }

  Status sync_directory(const std::string& path) override {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || fsync(fd.get()) != 0) return last_error("sync folder", path);
    return {};
  }

  Status sync_filesystem(const std::string& path) override {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || syncfs(fd.get()) != 0) return last_error("sync filesystem of", path);
    return {};
  }

  Result<bool> exists(const std::string& path) override {
    struct stat info {};
    if (lstat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return last_error("stat", path);
  }

  Result<DiskSpace> space(const std::string& path) override {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return last_error("statvfs", path);
    return DiskSpace{info.f_blocks * info.f_frsize, info.f_bavail * info.f_frsize};
  }

 private:
  static bool is_directory(const dirent& entry, const std::string& path) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  }
};

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Files& system_files() {
  static SystemFiles files;
  return files;
}

Result<Bytes> read_file(Files& files, const std::string& path, uint64_t max_bytes) {
  WFS_ASSIGN(auto file, files.open(path, Files::Open::kRead));
  WFS_ASSIGN(uint64_t size, file->size());
  if (size > max_bytes) return Error(Code::kTooLarge, path + " is larger than " + std::to_string(max_bytes) + " bytes");
  Bytes content(size);
  WFS_ASSIGN(size_t got, file->read_at(0, content));
  content.resize(got);
  return content;
}

Status write_file_durably(Files& files, const std::string& path, ByteView content) {
  const std::string temporary = path + ".new";
  {
    WFS_ASSIGN(auto file, files.open(temporary, Files::Open::kCreate));
    WFS_TRY(file->truncate(0));
    WFS_TRY(file->write_at(0, content));
    WFS_TRY(file->sync_data());
  }
  WFS_TRY(files.rename(temporary, path));
  return files.sync_directory(parent_of(path));
}

}  // namespace walrusfs
