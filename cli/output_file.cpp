#include "cli/output_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "cli/bus_error.h"

namespace walrusfs::cli {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

Status check_target(const std::string& path, bool replace) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return {};  // what else may be wrong is told when it is made
  if (S_ISDIR(info.st_mode)) return Error(Code::kIsDirectory, path + " is a folder");
  if (!S_ISREG(info.st_mode)) return Error(Code::kInvalidArgument, path + " is not a regular file");
  if (!replace) return Error(Code::kExists, path + " exists; --force replaces it");
  return {};
}

}  // namespace

Result<OutputFile> OutputFile::create(Files& files, const std::string& path, bool replace) {
  WFS_TRY(check_target(path, replace));
  const std::string temporary = path + ".part-" + std::to_string(getpid());
  auto opened = files.open(temporary, Files::Open::kCreateNew);
  if (!opened.ok() && opened.error().code() == Code::kNotFound) {
    return Error(Code::kNotFound, fmt::format("cannot write {}: the folder {} does not exist", path, folder_of(path)));
  }
  WFS_ASSIGN(auto file, std::move(opened));
  if (file->descriptor() >= 0 && fchmod(file->descriptor(), usual_mode()) != 0) {
    return Error(Code::kIo, "cannot set the mode of " + temporary);
  }
  return OutputFile(files, path, temporary, std::move(file));
}

Result<MutableByteView> OutputFile::map(uint64_t bytes) {
  if (bytes == 0) return mapped_;
  // Space is reserved, for a mapped file that finds none is told so by a signal. Where that cannot be done, so be it.
  auto reserved = file_->reserve({0, bytes});
  if (!reserved.ok() && reserved.error().code() != Code::kNotSupported) return reserved.error();
  WFS_TRY(file_->truncate(bytes));
  explain_bus_errors();
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_->descriptor(), 0);
  if (at == MAP_FAILED) return error_from_errno(errno, "map " + temporary_);
  mapped_ = {static_cast<uint8_t*>(at), bytes};
  return mapped_;
}

void OutputFile::unmap() {
  if (!mapped_.empty()) munmap(mapped_.data(), mapped_.size());
  mapped_ = {};
}

OutputFile::~OutputFile() {
  unmap();
  if (!file_) return;
  file_.reset();
  // Best effort: what is left says by its name what it is.
  if (auto removed = files_.remove(temporary_); !removed.ok()) return;
}

Status OutputFile::commit() {
  unmap();
  WFS_TRY(file_->sync_data());
  WFS_TRY(files_.rename(temporary_, path_));
  file_.reset();
  return files_.sync_directory(folder_of(path_));
}

}  // namespace walrusfs::cli
