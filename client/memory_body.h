// A request body that lies in memory, as the File that a Transport wants. Read-only; borrowed bytes must outlive it.
#pragma once

#include <algorithm>

#include "base/files.h"

namespace walrusfs {

class MemoryBody final : public File {
 public:
  explicit MemoryBody(ByteView bytes) : bytes_(bytes) {}

  Result<size_t> read_at(uint64_t offset, MutableByteView out) override {
    if (offset >= bytes_.size()) return size_t{0};
    const size_t length = std::min<size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset), length, out.begin());
    return length;
  }
  Result<uint64_t> size() override { return uint64_t{bytes_.size()}; }
  Result<uint64_t> allocated_bytes() override { return uint64_t{bytes_.size()}; }
  Status write_at(uint64_t, ByteView) override { return read_only(); }
  Status truncate(uint64_t) override { return read_only(); }
  Status punch_hole(ByteRange) override { return read_only(); }
  Status reserve(ByteRange) override { return read_only(); }
  Status sync_data() override { return ok_status(); }

 private:
  static Status read_only() { return Error(Code::kReadOnly, "a request body is only read"); }
  const ByteView bytes_;
};

}  // namespace walrusfs
