// The primitives of age v1, as small functions. The door to OpenSSL (ChaCha20-Poly1305) and libsodium
// (HMAC, X25519, scrypt). Internal to this folder.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs::pack {

using Key32 = std::array<uint8_t, 32>;
using Nonce12 = std::array<uint8_t, 12>;

constexpr size_t kPolyTagBytes = 16;

Key32 hmac_sha256(ByteView key, ByteView message);
// RFC 5869 with 32 bytes of output.
Key32 hkdf_sha256(ByteView input_key, ByteView salt, std::string_view info);
bool equal_in_constant_time(ByteView a, ByteView b);

// RFC 8439, no associated data; the tag follows the text.
void aead_seal(const Key32& key, const Nonce12& nonce, ByteView plain, uint8_t* out);
[[nodiscard]] bool aead_open(const Key32& key, const Nonce12& nonce, ByteView sealed, uint8_t* out);

Key32 x25519_public_key(const Key32& secret);
// kInvalidArgument for a point of low order.
Result<Key32> x25519(const Key32& secret, const Key32& public_key);

// r = 8, p = 1. kNoSpace when there is no memory for it.
Result<Key32> scrypt(std::string_view passphrase, ByteView salt, int log_n);

}  // namespace walrusfs::pack
