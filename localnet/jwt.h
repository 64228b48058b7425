// Who may store at the publisher: JSON Web Tokens, each good for one upload, with the quirks of the official publisher.
// HTTP API, section 3.3.
//
// Safe to call from any thread. Tokens and secrets never appear in messages.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "base/crypto_jws.h"
#include "base/mutex.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

// How many tokens are remembered as used; the official number.
constexpr size_t kUsedTokens = 10'000;

struct JwtOptions {
  std::string secret;  // "0x…" is hex, anything else the text; empty: signatures and expiry are not checked
  JwsAlgorithm algorithm = JwsAlgorithm::kHs256;
  uint64_t expiry_window_seconds = 0;  // exp - iat must be exactly this; 0: whatever it is
  bool verify_upload = false;          // what the query asks for is compared with what the token allows

  // Any of them asks for tokens.
  bool enabled() const { return !secret.empty() || expiry_window_seconds > 0 || verify_upload; }
};

struct JwtClaims {
  int64_t expires = 0;  // seconds since 1970
  std::string id;
  std::optional<int64_t> issued;
  std::optional<uint64_t> epochs, max_epochs, size, max_size;
  std::optional<std::string> send_object_to;  // in its long form
};

// What an upload asks for, before its body is read.
struct JwtUpload {
  uint64_t epochs = 1;
  std::optional<std::string> send_object_to;  // in its long form
  std::optional<uint64_t> body_bytes;         // as announced
};

class JwtGuard {
 public:
  struct Admission {
    std::optional<JwtClaims> claims;  // of a request that carried a token
    std::optional<HttpAnswer> refusal;
  };

  // `clock` must outlive it. kInvalidArgument when the secret is no key for the algorithm.
  static Result<std::unique_ptr<JwtGuard>> create(const JwtOptions& options, Clock& clock);

  // A token that passes is used up by it, whatever becomes of the upload. Without authentication, claims are read
  // from a token that is sent nevertheless, and one that cannot be read is an internal error, as officially.
  Admission admit(HttpCall& call, const JwtUpload& upload);

 private:
  JwtGuard(const JwtOptions& options, std::optional<JwsKey> key, Clock& clock);

  std::optional<HttpAnswer> check(const std::string& token, JwtClaims* claims) const;
  std::optional<HttpAnswer> check_times(const JwtClaims& claims) const;
  // False when that token was seen before.
  bool use_up(const std::string& id);

  const bool enabled_, verify_upload_;
  const uint64_t expiry_window_seconds_;
  const std::optional<JwsKey> key_;
  Clock& clock_;
  Mutex mutex_;
  std::list<std::string> used_ GUARDED_BY(mutex_);  // the oldest first
  std::unordered_set<std::string> used_set_ GUARDED_BY(mutex_);
};

// Whether what arrived has the size that the token allows.
std::optional<HttpAnswer> check_token_size(const std::optional<JwtClaims>& claims, uint64_t bytes);

}  // namespace walrusfs::localnet
