// What the files behind OpenSSL's door share: its handles as owners, and its form of our keys. For base/crypto*.cpp
// only.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/crypto_sign.h"

namespace walrusfs {

template <auto Free>
struct OpensslDeleter {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using EcdsaSignaturePtr = std::unique_ptr<ECDSA_SIG, OpensslDeleter<ECDSA_SIG_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, OpensslDeleter<BN_clear_free>>;

inline Error openssl_failed(const char* what) {
  return Error(Code::kInternal, std::string("OpenSSL could not ") + what);
}

// `secret` may be null: then only the public half. Null when the bytes are no point of the curve.
KeyPtr ecdsa_key(KeyScheme scheme, const BIGNUM* secret, ByteView public_key);

}  // namespace walrusfs
