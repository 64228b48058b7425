#include "base/crypto_derive.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace walrusfs {

Bytes hmac_sha512(ByteView key, ByteView data) {
  Bytes out(kSha512Bytes);
  unsigned size = 0;
  const uint8_t* made =
      HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size);
  WFS_CHECK(made != nullptr && size == out.size());
  return out;
}

Bytes pbkdf2_sha512(std::string_view password, ByteView salt, uint32_t rounds) {
  Bytes out(kSha512Bytes);
  const int made =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                        static_cast<int>(rounds), EVP_sha512(), static_cast<int>(out.size()), out.data());
  WFS_CHECK(made == 1);
  return out;
}

}  // namespace walrusfs
