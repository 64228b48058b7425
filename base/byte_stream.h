// Where long byte strings go to and come from: a sink that takes bytes in order, a source that is read at any place.
#pragma once

#include "base/bytes.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"

namespace walrusfs {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Takes all of `bytes`, after everything it took before, or fails.
  virtual Status write(ByteView bytes) = 0;
};

// Writes a File from `offset` on. `file` must outlive it; syncing is the caller's.
class FileSink final : public ByteSink {
 public:
  explicit FileSink(File& file, uint64_t offset = 0) : file_(file), offset_(offset) {}
  Status write(ByteView bytes) override;

 private:
  File& file_;
  uint64_t offset_;
};

class MemorySink final : public ByteSink {
 public:
  Status write(ByteView bytes) override;
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Bytes of known number, readable at any place. Implementations need not be safe for several threads.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual Result<uint64_t> size() = 0;
  // Exactly the bytes of `range`, which lies inside [0, size()).
  virtual Result<Bytes> read(ByteRange range) = 0;
};

// Reads a File; `file` must outlive it.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(File& file) : file_(file) {}
  Result<uint64_t> size() override { return file_.size(); }
  Result<Bytes> read(ByteRange range) override;

 private:
  File& file_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<uint64_t> size() override { return bytes_.size(); }
  Result<Bytes> read(ByteRange range) override;

 private:
  Bytes bytes_;
};

}  // namespace walrusfs
