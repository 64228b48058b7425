// The local disk as an argument: every file that must survive a crash, and every cache file, goes
// through here, so that tests can fail, truncate or forget what was not synced.
//
// Safe to call from any thread; one File may be used by several threads at once (positional I/O).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

class File {
 public:
  virtual ~File() = default;

  // Reads until `out` is full or the file ends; returns the bytes read.
  virtual Result<size_t> read_at(uint64_t offset, MutableByteView out) = 0;
  // Writes all of `data`, or fails (a part may then have been written).
  virtual Status write_at(uint64_t offset, ByteView data) = 0;
  virtual Result<uint64_t> size() = 0;
  // Bytes that the file occupies on disk (holes not counted).
  virtual Result<uint64_t> allocated_bytes() = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Status punch_hole(ByteRange range) = 0;
  // Reserves disk blocks without changing the size.
  virtual Status reserve(ByteRange range) = 0;
  // Data and what is needed to read it back (fdatasync).
  virtual Status sync_data() = 0;
  // syncfs(2) of the filesystem that holds this file. Unlike Files::sync_filesystem() it also reports
  // write failures of the past, back to the moment this File was opened: hold one open for long.
  virtual Status sync_filesystem() {
    return Error(Code::kNotSupported, "this file cannot sync the filesystem that holds it");
  }
  // For splicing and mmap by code that knows it is on a real disk; -1 when there is none.
  virtual int descriptor() const { return -1; }
};

struct DiskSpace {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;  // available to this user
};

struct DirectoryItem {
  std::string name;
  bool is_directory = false;
};

class Files {
 public:
  enum class Open {
    kRead,       // existing, read only
    kReadWrite,  // existing
    kCreate,     // read-write, made if missing (mode 0600)
    kCreateNew,  // read-write, must not exist
  };

  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // replaces
  virtual Status remove(const std::string& path) = 0;                          // a file; missing is kNotFound
  virtual Status make_directories(const std::string& path) = 0;                // like mkdir -p, mode 0700
  virtual Status remove_directory(const std::string& path) = 0;
  virtual Result<std::vector<DirectoryItem>> list(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  // syncfs(2) of the filesystem that holds `path`: one call instead of thousands of sync_data().
  virtual Status sync_filesystem(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<DiskSpace> space(const std::string& path) = 0;
};

// The real disk; lives for the whole program.
Files& system_files();

// Whole-file conveniences, over any Files.
Result<Bytes> read_file(Files& files, const std::string& path, uint64_t max_bytes);
// Temporary file, sync, rename, sync of the folder: after it returns, the new content survives a
// power cut, and at every moment before, the old one does.
Status write_file_durably(Files& files, const std::string& path, ByteView content);

}  // namespace walrusfs
