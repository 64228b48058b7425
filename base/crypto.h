// Hashes and small primitives that every layer shares. The door to libsodium and OpenSSL for digests.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/ids.h"

namespace walrusfs {

// BLAKE2b with a 32-byte digest, unkeyed (RFC 7693). Not a truncated BLAKE2b-512.
Digest blake2b256(ByteView data);

// The same over pieces.
class Blake2b256 {
 public:
  Blake2b256();
  ~Blake2b256();
  Blake2b256(Blake2b256&&) noexcept;
  Blake2b256& operator=(Blake2b256&&) noexcept;
  void update(ByteView data);
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(ByteView data);

// Overwrites secrets in a way the compiler does not remove.
void wipe(MutableByteView secret);

}  // namespace walrusfs
