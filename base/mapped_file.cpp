#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace walrusfs {

Result<MappedFile> MappedFile::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return error_from_errno(errno, path);
  if (!S_ISREG(info.st_mode)) return Error(Code::kInvalidArgument, path + " is not a regular file");
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return MappedFile(ByteView{});
  void* at = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return error_from_errno(errno, "map " + path);
  // The codec goes through columns, a piece of every row at a time. Read-ahead would bring in many times the file,
  // which a memory limit below its size then throws out again before it is used.
  madvise(at, size, MADV_RANDOM);
  return MappedFile({static_cast<const uint8_t*>(at), size});
}

void MappedFile::prefetch(ByteRange range) const {
  // Only a hint: what is not there by then is read when it is touched. (madvise wants the start of a page.)
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t begin = std::min<uint64_t>(range.offset, bytes_.size()) / page * page;
  const uint64_t end = std::min<uint64_t>(range.end(), bytes_.size());
  if (begin < end) madvise(const_cast<uint8_t*>(bytes_.data()) + begin, end - begin, MADV_WILLNEED);
}

void MappedFile::let_go() const {
  if (!bytes_.empty()) madvise(const_cast<uint8_t*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace walrusfs
