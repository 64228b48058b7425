#include "base/crypto_jws.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "base/crypto.h"
#include "base/crypto_openssl.h"

namespace walrusfs {
namespace {

constexpr int kMinRsaBits = 2048;

enum class Family : uint8_t { kHmac, kEcdsa, kRsa, kRsaPss, kEdDsa };

struct Traits {
  std::string_view name;
  Family family;
  const EVP_MD* (*digest)();
  const char* curve;     // of ECDSA
  size_t scalar_bytes;   // of ECDSA
};

constexpr std::array<Traits, 12> kTraits = {{
    {"HS256", Family::kHmac, EVP_sha256, "", 0},
    {"HS384", Family::kHmac, EVP_sha384, "", 0},
    {"HS512", Family::kHmac, EVP_sha512, "", 0},
    {"ES256", Family::kEcdsa, EVP_sha256, "prime256v1", 32},
    {"ES384", Family::kEcdsa, EVP_sha384, "secp384r1", 48},
    {"RS256", Family::kRsa, EVP_sha256, "", 0},
    {"RS384", Family::kRsa, EVP_sha384, "", 0},
    {"RS512", Family::kRsa, EVP_sha512, "", 0},
    {"PS256", Family::kRsaPss, EVP_sha256, "", 0},
    {"PS384", Family::kRsaPss, EVP_sha384, "", 0},
    {"PS512", Family::kRsaPss, EVP_sha512, "", 0},
    {"EdDSA", Family::kEdDsa, nullptr, "", 0},
}};

const Traits& traits_of(JwsAlgorithm algorithm) { return kTraits[static_cast<size_t>(algorithm)]; }

KeyPtr read_public_key(ByteView bytes) {
  const std::unique_ptr<BIO, OpensslDeleter<BIO_free_all>> source(
      BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (!source) return nullptr;
  if (as_text(bytes).find("-----BEGIN") != std::string_view::npos)
    return KeyPtr(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr));
  return KeyPtr(d2i_PUBKEY_bio(source.get(), nullptr));
}

bool goes_with(const Traits& traits, const EVP_PKEY& key) {
  if (traits.family == Family::kEdDsa) return EVP_PKEY_is_a(&key, "ED25519") == 1;
  if (traits.family != Family::kEcdsa) return EVP_PKEY_is_a(&key, "RSA") == 1 && EVP_PKEY_get_bits(&key) >= kMinRsaBits;
  std::array<char, 64> curve{};
  size_t size = 0;
  return EVP_PKEY_is_a(&key, "EC") == 1 && EVP_PKEY_get_group_name(&key, curve.data(), curve.size(), &size) == 1 &&
         std::string_view(curve.data(), size) == traits.curve;
}

// A JWS has r and s as they are, OpenSSL wants them in DER.
Bytes der_of(ByteView raw, size_t scalar_bytes) {
  if (raw.size() != 2 * scalar_bytes) return {};
  const EcdsaSignaturePtr signature(ECDSA_SIG_new());
  const int size = static_cast<int>(scalar_bytes);
  NumberPtr r(BN_bin2bn(raw.data(), size, nullptr)), s(BN_bin2bn(raw.data() + scalar_bytes, size, nullptr));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.release(), s.release()) != 1) return {};
  unsigned char* der = nullptr;
  const int der_bytes = i2d_ECDSA_SIG(signature.get(), &der);
  if (der_bytes <= 0) return {};
  Bytes out(der, der + der_bytes);
  OPENSSL_free(der);
  return out;
}

bool verify_hmac(const Traits& traits, ByteView key, ByteView message, ByteView signature) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const bool made = HMAC(traits.digest(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
                         mac.data(), &size) != nullptr;
  return made && signature.size() == size && CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

bool verify_public(const Traits& traits, EVP_PKEY* key, ByteView message, ByteView signature) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // the context's own
  const EVP_MD* digest = traits.digest != nullptr ? traits.digest() : nullptr;
  if (!context || EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) != 1) return false;
  if (traits.family == Family::kRsaPss &&
      (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  const Bytes form = traits.family == Family::kEcdsa ? der_of(signature, traits.scalar_bytes) : to_bytes(signature);
  return !form.empty() &&
         EVP_DigestVerify(context.get(), form.data(), form.size(), message.data(), message.size()) == 1;
}

}  // namespace

struct JwsKey::Key {
  Bytes secret;       // of HMAC
  KeyPtr public_key;  // of the others
  ~Key() { wipe(secret); }
};

JwsKey::JwsKey(JwsAlgorithm algorithm, std::unique_ptr<Key> key) : algorithm_(algorithm), key_(std::move(key)) {}
JwsKey::~JwsKey() = default;
JwsKey::JwsKey(JwsKey&&) noexcept = default;
JwsKey& JwsKey::operator=(JwsKey&&) noexcept = default;

std::optional<JwsAlgorithm> parse_jws_algorithm(std::string_view name) {
  for (size_t i = 0; i < kTraits.size(); ++i)
    if (kTraits[i].name == name) return static_cast<JwsAlgorithm>(i);
  return std::nullopt;
}

std::string_view jws_algorithm_name(JwsAlgorithm algorithm) { return traits_of(algorithm).name; }

Result<JwsKey> JwsKey::create(JwsAlgorithm algorithm, ByteView key) {
  const Traits& traits = traits_of(algorithm);
  auto made = std::make_unique<Key>();
  if (key.empty()) return Error(Code::kInvalidArgument, "the key for tokens is empty");
  if (traits.family == Family::kHmac) {
    made->secret = to_bytes(key);
    return JwsKey(algorithm, std::move(made));
  }
  made->public_key = read_public_key(key);
  if (!made->public_key || !goes_with(traits, *made->public_key))
    return Error(Code::kInvalidArgument,
                 "the key for tokens is no public key (PEM or DER) for " + std::string(traits.name));
  return JwsKey(algorithm, std::move(made));
}

bool JwsKey::verify(ByteView message, ByteView signature) const {
  const Traits& traits = traits_of(algorithm_);
  if (traits.family == Family::kHmac) return verify_hmac(traits, key_->secret, message, signature);
  return verify_public(traits, key_->public_key.get(), message, signature);
}

}  // namespace walrusfs
