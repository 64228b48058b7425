// Signatures of the three key kinds that Sui knows: Ed25519 (RFC 8032) and ECDSA over secp256k1 and P-256
// (FIPS 186-4) with SHA-256. The door to OpenSSL for them.
//
// Immutable after construction; safe from any thread. Secrets are wiped by the destructor.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace walrusfs {

enum class KeyScheme : uint8_t { kEd25519 = 0, kSecp256k1 = 1, kSecp256r1 = 2 };

constexpr size_t kSecretKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;
// 32 for Ed25519, 33 (a compressed point) for the others.
constexpr size_t public_key_bytes(KeyScheme scheme) { return scheme == KeyScheme::kEd25519 ? 32 : 33; }

class SigningKey {
 public:
  // kInvalidArgument when `secret` is not 32 bytes, or no scalar of the curve.
  static Result<SigningKey> create(KeyScheme scheme, ByteView secret);
  ~SigningKey();
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;

  KeyScheme scheme() const { return scheme_; }
  const Bytes& public_key() const { return public_key_; }
  ByteView secret() const { return secret_; }
  // R ‖ S for Ed25519; r ‖ s big-endian with s <= n/2 for ECDSA, whose nonces are random.
  Result<Bytes> sign(ByteView message) const;

 private:
  SigningKey(KeyScheme scheme, Bytes secret, Bytes public_key)
      : scheme_(scheme), secret_(std::move(secret)), public_key_(std::move(public_key)) {}

  KeyScheme scheme_;
  Bytes secret_;
  Bytes public_key_;
};

// The sum of two secrets modulo the order of the curve's group, for deriving keys; `a` and the sum must be secrets
// themselves, else kInvalidArgument. ECDSA kinds only.
Result<Bytes> add_secrets(KeyScheme scheme, ByteView a, ByteView b);

// False for anything malformed, and for ECDSA signatures with s > n/2.
bool verify_signature(KeyScheme scheme, ByteView public_key, ByteView message, ByteView signature);

}  // namespace walrusfs
