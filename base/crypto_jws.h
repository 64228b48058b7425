// Checks signatures of JSON Web Tokens (RFC 7518 section 3, RFC 8037). The door to OpenSSL for them.
//
// Immutable after construction; safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace walrusfs {

enum class JwsAlgorithm : uint8_t {
  kHs256, kHs384, kHs512, kEs256, kEs384, kRs256, kRs384, kRs512, kPs256, kPs384, kPs512, kEdDsa
};

// "HS256" … "EdDSA". Nothing for any other name, "none" among them.
std::optional<JwsAlgorithm> parse_jws_algorithm(std::string_view name);
std::string_view jws_algorithm_name(JwsAlgorithm algorithm);

class JwsKey {
 public:
  // For HMAC the secret itself, else the public key: SubjectPublicKeyInfo as PEM or DER. kInvalidArgument when it is
  // empty, or no key that goes with the algorithm (RSA: of at least 2048 bits).
  static Result<JwsKey> create(JwsAlgorithm algorithm, ByteView key);
  ~JwsKey();
  JwsKey(JwsKey&&) noexcept;
  JwsKey& operator=(JwsKey&&) noexcept;

  JwsAlgorithm algorithm() const { return algorithm_; }
  bool verify(ByteView message, ByteView signature) const;

 private:
  struct Key;
  JwsKey(JwsAlgorithm algorithm, std::unique_ptr<Key> key);
  JwsAlgorithm algorithm_;
  std::unique_ptr<Key> key_;
};

}  // namespace walrusfs
