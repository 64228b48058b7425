#include "codec/pack/age_crypto.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>

#include "base/crypto.h"

namespace walrusfs::pack {
namespace {

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

Cipher chacha20_poly1305(const Key32& key, const Nonce12& nonce, bool seal) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  WFS_CHECK(cipher != nullptr);
  WFS_CHECK(EVP_CipherInit_ex(cipher.get(), EVP_chacha20_poly1305(), nullptr, key.data(), nonce.data(), seal) == 1);
  return cipher;
}

}  // namespace

Key32 hmac_sha256(ByteView key, ByteView message) {
  crypto_auth_hmacsha256_state state;
  Key32 out;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  crypto_auth_hmacsha256_final(&state, out.data());
  sodium_memzero(&state, sizeof state);
  return out;
}

Key32 hkdf_sha256(ByteView input_key, ByteView salt, std::string_view info) {
  const Key32 zeros{};
  Key32 extracted = hmac_sha256(salt.empty() ? ByteView(zeros) : salt, input_key);
  Bytes expand = to_bytes(as_bytes(info));
  expand.push_back(1);
  Key32 out = hmac_sha256(extracted, expand);
  wipe(extracted);
  return out;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void aead_seal(const Key32& key, const Nonce12& nonce, ByteView plain, uint8_t* out) {
  Cipher cipher = chacha20_poly1305(key, nonce, true);
  int length = 0;
  if (!plain.empty()) {
    WFS_CHECK(EVP_EncryptUpdate(cipher.get(), out, &length, plain.data(), static_cast<int>(plain.size())) == 1);
  }
  WFS_CHECK(EVP_EncryptFinal_ex(cipher.get(), out + plain.size(), &length) == 1);
  WFS_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kPolyTagBytes, out + plain.size()) == 1);
}

bool aead_open(const Key32& key, const Nonce12& nonce, ByteView sealed, uint8_t* out) {
  if (sealed.size() < kPolyTagBytes) return false;
  ByteView text = sealed.first(sealed.size() - kPolyTagBytes);
  std::array<uint8_t, kPolyTagBytes> tag;  // OpenSSL takes a pointer to non-const
  std::memcpy(tag.data(), sealed.data() + text.size(), tag.size());
  Cipher cipher = chacha20_poly1305(key, nonce, false);
  WFS_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kPolyTagBytes, tag.data()) == 1);
  int length = 0;
  if (!text.empty()) {
    WFS_CHECK(EVP_DecryptUpdate(cipher.get(), out, &length, text.data(), static_cast<int>(text.size())) == 1);
  }
  uint8_t none[kPolyTagBytes];
  return EVP_DecryptFinal_ex(cipher.get(), none, &length) == 1;
}

Key32 x25519_public_key(const Key32& secret) {
  Key32 out;
  WFS_CHECK(crypto_scalarmult_base(out.data(), secret.data()) == 0);
  return out;
}

Result<Key32> x25519(const Key32& secret, const Key32& public_key) {
  Key32 out;
  if (crypto_scalarmult(out.data(), secret.data(), public_key.data()) != 0) {
    return Error(Code::kInvalidArgument, "the X25519 public key is a point of low order, which nobody honest uses");
  }
  return out;
}

Result<Key32> scrypt(std::string_view passphrase, ByteView salt, int log_n) {
  Key32 out;
  ByteView secret = as_bytes(passphrase);
  if (crypto_pwhash_scryptsalsa208sha256_ll(secret.data(), secret.size(), salt.data(), salt.size(),
                                            uint64_t{1} << log_n, 8, 1, out.data(), out.size()) != 0) {
    return Error(Code::kNoSpace, "there is not enough memory to try the passphrase; it takes about " +
                                     std::to_string((uint64_t{1} << log_n) / 1024) + " MiB");
  }
  return out;
}

}  // namespace walrusfs::pack
