#include "codec/error_locator.h"

#include "base/check.h"
#include "codec/gf16.h"

namespace walrusfs::codec {
namespace {

using gf16::kModulus;
constexpr size_t kDomain = 65536;

uint32_t add_mod(uint32_t a, uint32_t b) {
  const uint32_t sum = a + b;
  return (sum + (sum >> 16)) & 0xffff;
}

uint32_t subtract_mod(uint32_t a, uint32_t b) {
  const uint32_t difference = a - b;
  return (difference + (difference >> 16)) & 0xffff;
}

uint32_t sum_of_logs(uint32_t position, std::span<const uint32_t> others) {
  const uint16_t* log = gf16::tables().log;
  uint64_t sum = 0;
  for (uint32_t point : others) {
    if (point != position) sum += log[position ^ point];
  }
  return static_cast<uint32_t>(sum % kModulus);
}

// The transform of the logarithms; the same for every locator.
const std::vector<uint16_t>& log_walsh() {
  static const std::vector<uint16_t> made = [] {
    std::vector<uint16_t> entries(gf16::tables().log, gf16::tables().log + kDomain);
    entries[0] = 0;
    walsh_transform(entries);
    return entries;
  }();
  return made;
}

}  // namespace

std::vector<uint16_t> locator_directly(std::span<const uint32_t> unknown, std::span<const uint32_t> positions) {
  std::vector<uint16_t> sums;
  sums.reserve(positions.size());
  for (uint32_t p : positions) sums.push_back(static_cast<uint16_t>(sum_of_logs(p, unknown)));
  return sums;
}

std::vector<uint16_t> locator_from_known(std::span<const uint32_t> known, std::span<const uint32_t> positions) {
  std::vector<uint16_t> sums;
  sums.reserve(positions.size());
  for (uint32_t p : positions) sums.push_back(static_cast<uint16_t>((kModulus - sum_of_logs(p, known)) % kModulus));
  return sums;
}

std::vector<uint16_t> locator_by_walsh(std::span<const uint32_t> unknown, std::span<const uint32_t> positions) {
  std::vector<uint16_t> entries(kDomain, 0);
  for (uint32_t point : unknown) entries[point] = 1;
  walsh_transform(entries);
  const std::vector<uint16_t>& logs = log_walsh();
  for (size_t i = 0; i < kDomain; ++i) {
    entries[i] = static_cast<uint16_t>(uint32_t{entries[i]} * logs[i] % kModulus);
  }
  walsh_transform(entries);
  std::vector<uint16_t> sums;
  sums.reserve(positions.size());
  for (uint32_t p : positions) sums.push_back(static_cast<uint16_t>(entries[p] % kModulus));
  return sums;
}

void walsh_transform(std::span<uint16_t> entries) {
  WFS_CHECK(entries.size() == kDomain);
  for (size_t d = 1; d < kDomain; d *= 2) {
    for (size_t r = 0; r < kDomain; r += 2 * d) {
      for (size_t i = r; i < r + d; ++i) {
        const uint32_t a = entries[i];
        const uint32_t b = entries[i + d];
        entries[i] = static_cast<uint16_t>(add_mod(a, b));
        entries[i + d] = static_cast<uint16_t>(subtract_mod(a, b));
      }
    }
  }
}

}  // namespace walrusfs::codec
