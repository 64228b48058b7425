#include "base/rng.h"

#include <sodium.h>

#include <algorithm>

namespace walrusfs {
namespace {

class SystemRng final : public Rng {
 public:
  SystemRng() { WFS_CHECK(sodium_init() >= 0); }
  void fill(MutableByteView out) override { randombytes_buf(out.data(), out.size()); }
};

}  // namespace

uint64_t Rng::below(uint64_t bound) {
  WFS_CHECK(bound > 0);
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

Rng& system_rng() {
  static SystemRng rng;
  return rng;
}

// splitmix64 (Steele, Lea, Flood 2014).
void SeededRng::fill(MutableByteView out) {
  std::lock_guard lock(mutex_);
  for (size_t at = 0; at < out.size(); at += 8) {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    std::memcpy(out.data() + at, &z, std::min<size_t>(8, out.size() - at));
  }
}

}  // namespace walrusfs
