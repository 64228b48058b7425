// Randomness as an argument, so that simulations and tests can replay it.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/bytes.h"

namespace walrusfs {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableByteView out) = 0;

  uint64_t next() {
    uint8_t raw[8];
    fill(raw);
    return load_le<uint64_t>(raw);
  }
  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
};

// Cryptographically secure; safe from any thread; lives for the whole program.
Rng& system_rng();

// Repeatable, not secure; for tests and simulation. Safe from any thread.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(uint64_t seed) : state_(seed) {}
  void fill(MutableByteView out) override;

 private:
  std::mutex mutex_;
  uint64_t state_;
};

}  // namespace walrusfs
