// Keys from other secrets: HMAC and PBKDF2 with SHA-512. The door to OpenSSL for them.
#pragma once

#include "base/bytes.h"

namespace walrusfs {

constexpr size_t kSha512Bytes = 64;

// RFC 2104. Wipe what comes out when it is a secret.
Bytes hmac_sha512(ByteView key, ByteView data);
// RFC 8018: 64 bytes.
Bytes pbkdf2_sha512(std::string_view password, ByteView salt, uint32_t rounds);

}  // namespace walrusfs
