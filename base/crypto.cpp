#include "base/crypto.h"

#include <sodium.h>

namespace walrusfs {

struct Blake2b256::State {
  crypto_generichash_blake2b_state raw;
};

Digest blake2b256(ByteView data) {
  Digest out;
  crypto_generichash_blake2b(out.data(), out.size(), data.data(), data.size(), nullptr, 0);
  return out;
}

Blake2b256::Blake2b256() : state_(std::make_unique<State>()) {
  crypto_generichash_blake2b_init(&state_->raw, nullptr, 0, sizeof(Digest));
}
Blake2b256::~Blake2b256() = default;
Blake2b256::Blake2b256(Blake2b256&&) noexcept = default;
Blake2b256& Blake2b256::operator=(Blake2b256&&) noexcept = default;

void Blake2b256::update(ByteView data) { crypto_generichash_blake2b_update(&state_->raw, data.data(), data.size()); }

Digest Blake2b256::finish() {
  Digest out;
  crypto_generichash_blake2b_final(&state_->raw, out.data(), out.size());
  return out;
}

Digest sha256(ByteView data) {
  Digest out;
  crypto_hash_sha256(out.data(), data.data(), data.size());
  return out;
}

void wipe(MutableByteView secret) { sodium_memzero(secret.data(), secret.size()); }

}  // namespace walrusfs
