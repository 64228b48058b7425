#include "client/token_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/limits.h"

namespace walrusfs {
namespace {

constexpr size_t kHmacBlockBytes = 64;  // of SHA-256
constexpr size_t kTokenIdBytes = 16;    // random enough never to meet again

// Visible ASCII only: nothing that could break out of the header.
Result<std::string> checked_token(std::string_view text, std::string_view origin) {
  const size_t line = text.find_first_of("\r\n");
  text = text.substr(0, line);
  bool good = !text.empty();
  for (char c : text) good = good && c > 0x20 && c < 0x7f;
  if (good) return std::string(text);
  return Error(Code::kPermission, fmt::format("{} gave no usable token: one line without spaces is wanted", origin));
}

class StaticToken final : public TokenSource {
 public:
  explicit StaticToken(std::string token) : token_(std::move(token)) {}
  ~StaticToken() override { wipe({reinterpret_cast<uint8_t*>(token_.data()), token_.size()}); }
  Result<std::string> token(const TokenClaims&, Deadline) override {
    return checked_token(token_, "the configuration");
  }
  bool gives_fresh_tokens() const override { return false; }

 private:
  std::string token_;
};

class FileToken final : public TokenSource {
 public:
  FileToken(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  Result<std::string> token(const TokenClaims&, Deadline) override {
    auto content = read_file(files_, path_, limits::kHttpMessageBytes);
    if (!content.ok()) return content.error().with_context("the token file " + path_);
    return checked_token(as_text(*content), "the token file " + path_);
  }
  // Somebody else may renew it, but not between two attempts.
  bool gives_fresh_tokens() const override { return false; }

 private:
  Files& files_;
  const std::string path_;
};

class SecretToken final : public TokenSource {
 public:
  SecretToken(Clock& clock, Rng& rng, Bytes key, Millis lifetime)
      : clock_(clock), rng_(rng), key_(std::move(key)), lifetime_(lifetime) {}
  ~SecretToken() override { wipe(key_); }

  Result<std::string> token(const TokenClaims& claims, Deadline) override {
    Bytes id(kTokenIdBytes);
    rng_.fill(id);
    const int64_t now = clock_.now().seconds();
    const int64_t lifetime = std::chrono::duration_cast<std::chrono::seconds>(lifetime_).count();
    nlohmann::json payload = {{"iat", now},
                              {"exp", now + lifetime},
                              {"jti", to_hex(id)},
                              {"epochs", claims.epochs},
                              {"size", claims.size_bytes}};
    if (!claims.send_object_to.empty()) payload["send_object_to"] = claims.send_object_to;
    const std::string signed_part =
        to_base64url(as_bytes(R"({"alg":"HS256","typ":"JWT"})")) + "." + to_base64url(as_bytes(payload.dump()));
    return signed_part + "." + to_base64url(hmac_sha256(key_, as_bytes(signed_part)));
  }
  bool gives_fresh_tokens() const override { return true; }

 private:
  Clock& clock_;
  Rng& rng_;
  Bytes key_;
  const Millis lifetime_;
};

}  // namespace

Digest hmac_sha256(ByteView key, ByteView data) {
  Bytes block = to_bytes(key);
  if (key.size() > kHmacBlockBytes) {
    const Digest shorter = sha256(key);
    block.assign(shorter.begin(), shorter.end());
  }
  block.resize(kHmacBlockBytes, 0);
  Bytes inner, outer;
  for (uint8_t byte : block) {
    inner.push_back(byte ^ 0x36);
    outer.push_back(byte ^ 0x5c);
  }
  append(inner, data);
  append(outer, sha256(inner));
  const Digest mac = sha256(outer);
  for (Bytes* secret : {&block, &inner, &outer}) wipe(*secret);
  return mac;
}

std::unique_ptr<TokenSource> make_static_token(std::string token) {
  return std::make_unique<StaticToken>(std::move(token));
}

std::unique_ptr<TokenSource> make_file_token(Files& files, std::string path) {
  return std::make_unique<FileToken>(files, std::move(path));
}

Result<std::unique_ptr<TokenSource>> make_secret_token(Clock& clock, Rng& rng, const TokenSecret& secret) {
  Bytes key = to_bytes(as_bytes(secret.secret));
  if (secret.secret.starts_with("0x")) {
    auto decoded = from_hex(std::string_view(secret.secret).substr(2));
    if (!decoded.ok()) {
      return Error(Code::kInvalidArgument, "the publisher's secret starts with 0x but is not hexadecimal");
    }
    key = std::move(*decoded);
  }
  if (key.empty()) return Error(Code::kInvalidArgument, "the publisher's secret is empty");
  if (secret.lifetime < Millis(1'000)) {
    return Error(Code::kInvalidArgument, "a token must live for at least one second");
  }
  return std::unique_ptr<TokenSource>(std::make_unique<SecretToken>(clock, rng, std::move(key), secret.lifetime));
}

}  // namespace walrusfs
