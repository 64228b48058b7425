#include "base/checksum.h"

#include <isa-l/crc.h>

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

}  // namespace walrusfs
