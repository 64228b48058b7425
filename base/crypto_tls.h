// TLS as storage nodes speak it: the identity of a server is its P-256 key, shown in a certificate that it signed
// itself. The door to OpenSSL for TLS.
//
// Immutable after construction; safe from any thread.
#pragma once

#include <memory>
#include <string>

#include "base/crypto_sign.h"
#include "base/wire.h"

namespace walrusfs {

// SubjectPublicKeyInfo in DER (91 bytes) of a compressed P-256 point. kInvalidArgument for what is no point.
Result<Bytes> p256_key_info(ByteView compressed);
// How curl wants a pinned key: "sha256//" and base64 of its SHA-256.
std::string curl_pin(ByteView key_info);

class TlsIdentity {
 public:
  // The certificate names `name` (also as its subject) and `host`, a DNS name or an IP address. It holds for ever:
  // whoever trusts it trusts the key. kInvalidArgument unless `key` is of P-256.
  static Result<std::shared_ptr<const TlsIdentity>> self_signed(const SigningKey& key, const std::string& name,
                                                                const std::string& host);
  virtual ~TlsIdentity() = default;

  // The server's end of a connection, of which `socket` (non-blocking) is accepted; the handshake happens with the
  // first read. Speaks TLS 1.2 and 1.3, and offers http/1.1 to who negotiates. Null when there is no memory for it.
  virtual std::unique_ptr<Wire> accept(Fd socket) const = 0;
};

}  // namespace walrusfs
