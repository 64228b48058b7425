// A File whose bytes live in memory.
#pragma once

#include <algorithm>

#include "base/files.h"

namespace walrusfs::testing {

// Not for several threads that write; reading from several is fine.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes content) : content_(std::move(content)) {}

  Result<size_t> read_at(uint64_t offset, MutableByteView out) override {
    if (fail_at_ <= offset) return Error(Code::kIo, "this read was told to fail");
    if (offset >= content_.size()) return size_t{0};
    const size_t length = std::min<size_t>(out.size(), content_.size() - offset);
    std::copy_n(content_.begin() + static_cast<ptrdiff_t>(offset), length, out.begin());
    return length;
  }
  Status write_at(uint64_t, ByteView) override { return read_only(); }
  Result<uint64_t> size() override { return uint64_t{content_.size()}; }
  Result<uint64_t> allocated_bytes() override { return uint64_t{content_.size()}; }
  Status truncate(uint64_t) override { return read_only(); }
  Status punch_hole(ByteRange) override { return read_only(); }
  Status reserve(ByteRange) override { return read_only(); }
  Status sync_data() override { return ok_status(); }

  void fail_from(uint64_t offset) { fail_at_ = offset; }

 private:
  static Status read_only() { return Error(Code::kReadOnly, "this file is only read"); }

  Bytes content_;
  uint64_t fail_at_ = UINT64_MAX;
};

}  // namespace walrusfs::testing
