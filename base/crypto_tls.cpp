#include "base/crypto_tls.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/crypto.h"
#include "base/crypto_openssl.h"

namespace walrusfs {
namespace {

using State = WireProgress::State;
using CertificatePtr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, OpensslDeleter<SSL_CTX_free>>;
using SessionPtr = std::unique_ptr<SSL, OpensslDeleter<SSL_free>>;

constexpr const char* kValidFrom = "19750101000000Z";
constexpr const char* kValidUntil = "40960101000000Z";

// ---- the certificate

Status add_extension(X509& certificate, int kind, const std::string& value) {
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  if (!extension || X509_add_ext(&certificate, extension.get(), -1) != 1) return openssl_failed("make a certificate");
  return {};
}

std::string alternative_names(const std::string& name, const std::string& host) {
  uint8_t address[sizeof(in6_addr)];
  const bool is_ip = inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
  return "DNS:" + name + (is_ip ? ",IP:" : ",DNS:") + host;
}

Result<CertificatePtr> make_certificate(EVP_PKEY& key, const std::string& name, const std::string& host) {
  CertificatePtr made(X509_new());
  if (!made) return openssl_failed("make a certificate");
  X509_NAME* subject = X509_get_subject_name(made.get());
  const bool filled =
      X509_set_version(made.get(), X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1) == 1 &&
      ASN1_TIME_set_string(X509_getm_notBefore(made.get()), kValidFrom) == 1 &&
      ASN1_TIME_set_string(X509_getm_notAfter(made.get()), kValidUntil) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(made.get(), subject) == 1 && X509_set_pubkey(made.get(), &key) == 1;
  if (!filled) return openssl_failed("make a certificate");
  WFS_TRY(add_extension(*made, NID_subject_alt_name, alternative_names(name, host)));
  if (X509_sign(made.get(), &key, EVP_sha256()) == 0) return openssl_failed("sign a certificate");
  return made;
}

// ---- connections

class TlsWire final : public Wire {
 public:
  TlsWire(SessionPtr session, Fd socket) : socket_(std::move(socket)), session_(std::move(session)) {}

  int fd() const override { return socket_.get(); }
  WireProgress read(MutableByteView into) override {
    size_t moved = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(session_.get(), into.data(), into.size(), &moved);
    return outcome(done, moved);
  }
  WireProgress write(ByteView from) override {
    size_t moved = 0;
    ERR_clear_error();
    const int done = SSL_write_ex(session_.get(), from.data(), from.size(), &moved);
    return outcome(done, moved);
  }
  void finish() override {
    if (broken_) return;
    ERR_clear_error();
    SSL_shutdown(session_.get());
  }

 private:
  WireProgress outcome(int done, size_t moved) {
    if (done == 1) return {State::kMoved, moved};
    switch (SSL_get_error(session_.get(), done)) {
      case SSL_ERROR_WANT_READ:
        return {State::kWaitsToRead, 0};
      case SSL_ERROR_WANT_WRITE:
        return {State::kWaitsToWrite, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {State::kClosed, 0};
      default:
        broken_ = true;  // no call but the destructor is allowed any more
        return {State::kClosed, 0};
    }
  }

  const Fd socket_;  // outlives the session
  const SessionPtr session_;
  bool broken_ = false;
};

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, chosen_bytes, kProtocols, sizeof kProtocols - 1, offered,
                                            offered_bytes);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

class OpensslIdentity final : public TlsIdentity {
 public:
  explicit OpensslIdentity(ContextPtr context) : context_(std::move(context)) {}

  std::unique_ptr<Wire> accept(Fd socket) const override {
    SessionPtr session(SSL_new(context_.get()));
    if (!session || SSL_set_fd(session.get(), socket.get()) != 1) return nullptr;
    SSL_set_accept_state(session.get());
    return std::make_unique<TlsWire>(std::move(session), std::move(socket));
  }

 private:
  const ContextPtr context_;
};

}  // namespace

Result<Bytes> p256_key_info(ByteView compressed) {
  const KeyPtr key = compressed.size() == public_key_bytes(KeyScheme::kSecp256r1)
                         ? ecdsa_key(KeyScheme::kSecp256r1, nullptr, compressed)
                         : nullptr;
  if (!key) return Error(Code::kInvalidArgument, "these bytes are no compressed P-256 point");
  // OpenSSL keeps the form in which the point came; the certificate has the whole one.
  EVP_PKEY_set_utf8_string_param(key.get(), "point-format", "uncompressed");
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return openssl_failed("encode a public key");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

std::string curl_pin(ByteView key_info) {
  const Digest digest = sha256(key_info);
  return "sha256//" + to_base64(ByteView(digest));
}

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::self_signed(const SigningKey& key, const std::string& name,
                                                                    const std::string& host) {
  if (key.scheme() != KeyScheme::kSecp256r1)
    return Error(Code::kInvalidArgument, "a network key must be of the curve P-256");
  const NumberPtr secret(BN_bin2bn(key.secret().data(), static_cast<int>(key.secret().size()), nullptr));
  const KeyPtr pair = secret ? ecdsa_key(key.scheme(), secret.get(), key.public_key()) : nullptr;
  if (!pair) return openssl_failed("take a key");
  EVP_PKEY_set_utf8_string_param(pair.get(), "point-format", "uncompressed");
  WFS_ASSIGN(const CertificatePtr certificate, make_certificate(*pair, name, host));
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), pair.get()) != 1)
    return openssl_failed("set up TLS");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return std::shared_ptr<const TlsIdentity>(std::make_shared<OpensslIdentity>(std::move(context)));
}

}  // namespace walrusfs
