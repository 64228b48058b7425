#include "base/checksum.h"

#include <isa-l/crc.h>
#include <isa-l/crc64.h>
#include <isa-l/mem_routines.h>

#include <algorithm>

namespace walrusfs {

uint32_t crc32c(ByteView data, uint32_t before) {
  constexpr size_t kMostPerCall = size_t{1} << 30;  // ISA-L takes an int
  uint32_t state = ~before;
  while (!data.empty()) {
    size_t count = std::min(data.size(), kMostPerCall);
    // ISA-L only reads; its prototype lacks the const.
    state = crc32_iscsi(const_cast<uint8_t*>(data.data()), static_cast<int>(count), state);
    data = data.subspan(count);
  }
  return ~state;
}

uint64_t crc64(ByteView data, uint64_t before) { return crc64_ecma_refl(before, data.data(), data.size()); }

bool all_zero(ByteView data) {
  return data.empty() || isal_zero_detect(const_cast<uint8_t*>(data.data()), data.size()) == 0;
}

}  // namespace walrusfs
