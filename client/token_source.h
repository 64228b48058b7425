// Where the bearer token of an upload comes from. A publisher takes each token once, so it is asked for anew
// before every attempt.
//
// Safe to call from any thread. Tokens and secrets never appear in messages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "base/rng.h"
#include "client/cancel.h"

namespace walrusfs {

// What a token is to allow.
struct TokenClaims {
  uint32_t epochs = 1;
  uint64_t size_bytes = 0;
  std::string send_object_to;  // empty: not claimed
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual Result<std::string> token(const TokenClaims& claims, Deadline deadline) = 0;
  // Whether the next call gives another token, so that trying again after a used one makes sense.
  virtual bool gives_fresh_tokens() const = 0;
};

// Always the same token: good for one upload, or for publishers behind a gateway.
std::unique_ptr<TokenSource> make_static_token(std::string token);

// The first line of a file, read for every upload. `files` must outlive it.
std::unique_ptr<TokenSource> make_file_token(Files& files, std::string path);

// The first line that a program prints; started without a shell for every upload, ended when the deadline passes.
// `clock` must outlive it. argv[0] is a path, or a name that is looked up in PATH.
std::unique_ptr<TokenSource> make_command_token(Clock& clock, std::vector<std::string> argv);

struct TokenSecret {
  std::string secret;        // as the publisher's operator wrote it: "0x..." is hex, anything else is the text
  Millis lifetime{300'000};  // of a token; publishers that set an expiry window want exactly that one
};
// Makes HS256 tokens itself. `clock` and `rng` must outlive it. kInvalidArgument for an empty or broken secret.
Result<std::unique_ptr<TokenSource>> make_secret_token(Clock& clock, Rng& rng, const TokenSecret& secret);

// HMAC-SHA-256 (RFC 2104).
Digest hmac_sha256(ByteView key, ByteView data);

}  // namespace walrusfs
