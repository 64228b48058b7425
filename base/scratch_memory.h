// Memory for intermediate results: zeros in whole pages, large pages where the kernel has them, touched only
// when it is used. Megabytes of it cost several threads less than a vector, which one thread fills with zeros
// first, and walking through it with wide strides misses fewer translations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace walrusfs {

class ScratchMemory {
 public:
  ScratchMemory() = default;
  // Throws std::bad_alloc, as containers do.
  explicit ScratchMemory(size_t bytes);
  ScratchMemory(ScratchMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  ScratchMemory& operator=(ScratchMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ScratchMemory();

  uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  // As many Items as there is room for; for types that zero bytes are valid objects of.
  template <typename Item>
  Item* as() const {
    return reinterpret_cast<Item*>(bytes_.data());
  }

 private:
  std::span<uint8_t> bytes_;
};

}  // namespace walrusfs
