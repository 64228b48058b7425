#include "base/scratch_memory.h"

#include <sys/mman.h>

#include <new>

namespace walrusfs {

ScratchMemory::ScratchMemory(size_t bytes) {
  if (bytes == 0) return;
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  madvise(at, bytes, MADV_HUGEPAGE);  // a wish; without, pages are small
  bytes_ = {static_cast<uint8_t*>(at), bytes};
}

ScratchMemory::~ScratchMemory() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

}  // namespace walrusfs
