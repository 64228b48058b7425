#include "base/crypto_sign.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "base/crypto.h"
#include "base/crypto_openssl.h"

namespace walrusfs {
namespace {

using GroupPtr = std::unique_ptr<EC_GROUP, OpensslDeleter<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, OpensslDeleter<EC_POINT_free>>;
using ParameterBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, OpensslDeleter<OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, OpensslDeleter<OSSL_PARAM_free>>;

constexpr size_t kScalarBytes = 32;
constexpr size_t kMaxDerBytes = 72;  // two integers of at most 33 bytes, each with a header, in a sequence

Error not_a_key() { return Error(Code::kInvalidArgument, "these bytes are no secret key of this kind"); }

bool is_ecdsa(KeyScheme scheme) { return scheme != KeyScheme::kEd25519; }
int curve_of(KeyScheme scheme) { return scheme == KeyScheme::kSecp256k1 ? NID_secp256k1 : NID_X9_62_prime256v1; }
const char* curve_name(KeyScheme scheme) { return scheme == KeyScheme::kSecp256k1 ? "secp256k1" : "prime256v1"; }

NumberPtr number_from(ByteView bytes) {
  return NumberPtr(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

// Half of the group's order, rounded down: the largest s that is accepted.
NumberPtr half_order(const EC_GROUP* group) {
  NumberPtr half(BN_dup(EC_GROUP_get0_order(group)));
  BN_rshift1(half.get(), half.get());
  return half;
}

// ---- keys as OpenSSL wants them

KeyPtr ed25519_secret(ByteView secret) {
  return KeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()));
}

}  // namespace

KeyPtr ecdsa_key(KeyScheme scheme, const BIGNUM* secret, ByteView public_key) {
  const ParameterBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve_name(scheme), 0);
  if (secret != nullptr) OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_key.data(), public_key.size());
  const ParametersPtr parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  const int selection = secret != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1) return nullptr;
  return KeyPtr(key);
}

namespace {

Result<Bytes> ed25519_public(ByteView secret) {
  Bytes out(public_key_bytes(KeyScheme::kEd25519));
  size_t size = out.size();
  const KeyPtr key = ed25519_secret(secret);
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1) return not_a_key();
  return out;
}

Result<Bytes> ecdsa_public(KeyScheme scheme, ByteView secret) {
  const GroupPtr group(EC_GROUP_new_by_curve_name(curve_of(scheme)));
  const NumberPtr scalar = number_from(secret);
  if (!group || !scalar) return openssl_failed("set up a curve");
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) return not_a_key();
  const PointPtr point(EC_POINT_new(group.get()));
  Bytes out(public_key_bytes(scheme));
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_COMPRESSED, out.data(), out.size(), nullptr) !=
          out.size()) {
    return openssl_failed("compute a public key");
  }
  return out;
}

// ---- ECDSA signatures: DER inside OpenSSL, r ‖ s outside

Result<Bytes> raw_from_der(KeyScheme scheme, ByteView der) {
  const GroupPtr group(EC_GROUP_new_by_curve_name(curve_of(scheme)));
  const uint8_t* at = der.data();
  const EcdsaSignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!group || !parsed) return openssl_failed("read its own signature");
  const BIGNUM* r = ECDSA_SIG_get0_r(parsed.get());
  const NumberPtr s(BN_dup(ECDSA_SIG_get0_s(parsed.get())));
  // (r, s) and (r, n − s) are both valid; the chain takes only the smaller one.
  if (BN_cmp(s.get(), half_order(group.get()).get()) > 0) {
    BN_sub(s.get(), EC_GROUP_get0_order(group.get()), s.get());
  }
  Bytes out(kSignatureBytes);
  BN_bn2binpad(r, out.data(), kScalarBytes);
  BN_bn2binpad(s.get(), out.data() + kScalarBytes, kScalarBytes);
  return out;
}

// Nothing when s is above n/2.
Bytes der_from_raw(KeyScheme scheme, ByteView raw) {
  const GroupPtr group(EC_GROUP_new_by_curve_name(curve_of(scheme)));
  NumberPtr r = number_from(raw.first(kScalarBytes));
  NumberPtr s = number_from(raw.subspan(kScalarBytes));
  if (!group || BN_cmp(s.get(), half_order(group.get()).get()) > 0) return {};
  const EcdsaSignaturePtr signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), r.release(), s.release());
  Bytes out(kMaxDerBytes);
  uint8_t* at = out.data();
  const int size = i2d_ECDSA_SIG(signature.get(), &at);
  out.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return out;
}

KeyPtr public_key_of(KeyScheme scheme, ByteView bytes) {
  if (is_ecdsa(scheme)) return ecdsa_key(scheme, nullptr, bytes);
  return KeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
}

}  // namespace

Result<SigningKey> SigningKey::create(KeyScheme scheme, ByteView secret) {
  if (secret.size() != kSecretKeyBytes) return not_a_key();
  WFS_ASSIGN(Bytes public_key, is_ecdsa(scheme) ? ecdsa_public(scheme, secret) : ed25519_public(secret));
  return SigningKey(scheme, to_bytes(secret), std::move(public_key));
}

SigningKey::~SigningKey() { wipe(secret_); }
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  std::swap(scheme_, other.scheme_);
  std::swap(secret_, other.secret_);
  std::swap(public_key_, other.public_key_);
  return *this;
}

Result<Bytes> SigningKey::sign(ByteView message) const {
  const bool ecdsa = is_ecdsa(scheme_);
  const NumberPtr scalar = number_from(secret_);
  const KeyPtr key = ecdsa ? ecdsa_key(scheme_, scalar.get(), public_key_) : ed25519_secret(secret_);
  const DigestContextPtr context(EVP_MD_CTX_new());
  const EVP_MD* digest = ecdsa ? EVP_sha256() : nullptr;
  Bytes out(ecdsa ? kMaxDerBytes : kSignatureBytes);
  size_t size = out.size();
  if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1) {
    return openssl_failed("sign");
  }
  out.resize(size);
  if (!ecdsa) return out;
  return raw_from_der(scheme_, out);
}

Result<Bytes> add_secrets(KeyScheme scheme, ByteView a, ByteView b) {
  const GroupPtr group(is_ecdsa(scheme) ? EC_GROUP_new_by_curve_name(curve_of(scheme)) : nullptr);
  const NumberPtr left = number_from(a), right = number_from(b), sum(BN_new());
  const std::unique_ptr<BN_CTX, OpensslDeleter<BN_CTX_free>> context(BN_CTX_secure_new());
  if (!group || !left || !right || !sum || !context || a.size() != kScalarBytes || b.size() != kScalarBytes)
    return not_a_key();
  const BIGNUM* order = EC_GROUP_get0_order(group.get());
  if (BN_cmp(left.get(), order) >= 0) return not_a_key();
  if (BN_mod_add(sum.get(), left.get(), right.get(), order, context.get()) != 1)
    return openssl_failed("add two secrets");
  if (BN_is_zero(sum.get())) return not_a_key();
  Bytes out(kScalarBytes);
  BN_bn2binpad(sum.get(), out.data(), static_cast<int>(out.size()));
  return out;
}

bool verify_signature(KeyScheme scheme, ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != public_key_bytes(scheme) || signature.size() != kSignatureBytes) return false;
  const bool ecdsa = is_ecdsa(scheme);
  const Bytes form = ecdsa ? der_from_raw(scheme, signature) : to_bytes(signature);
  const KeyPtr key = public_key_of(scheme, public_key);
  const DigestContextPtr context(EVP_MD_CTX_new());
  const EVP_MD* digest = ecdsa ? EVP_sha256() : nullptr;
  if (form.empty() || !key || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), form.data(), form.size(), message.data(), message.size()) == 1;
}

}  // namespace walrusfs
