#include "localnet/jwt.h"

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "localnet/committee.h"
#include "localnet/envelope.h"

namespace walrusfs::localnet {
namespace {

using nlohmann::json;

constexpr const char* kAuthDomain = "auth.publisher.walrus.space";
constexpr int64_t kLeewaySeconds = 60;
// The last second of the year 262142, the last that the official publisher can tell as a date.
constexpr int64_t kLastDateSeconds = 8'210'266'876'799;

HttpAnswer refuse(int http, const char* status, const char* reason, std::string message) {
  return error_answer({http, status, reason, kAuthDomain, std::move(message)});
}
HttpAnswer invalid(const char* reason, std::string message) {
  return refuse(400, "INVALID_ARGUMENT", reason, std::move(message));
}
HttpAnswer invalid_token(std::string message) { return invalid("INVALID_TOKEN", std::move(message)); }
HttpAnswer inconsistent(std::string message) { return invalid("INCONSISTENT_TOKEN", std::move(message)); }

struct TokenParts {
  std::string_view signed_part;
  json header, payload;
  Bytes signature;
};

Result<json> parse_part(std::string_view text) {
  WFS_ASSIGN(const Bytes bytes, from_base64url(text));
  json root = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!root.is_object()) return Error(Code::kInvalidArgument, "a part of the token is no JSON object");
  return root;
}

Result<TokenParts> split_token(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return Error(Code::kInvalidArgument, "a token has three parts");
  TokenParts parts;
  parts.signed_part = token.substr(0, second);
  WFS_ASSIGN(parts.header, parse_part(token.substr(0, first)));
  WFS_ASSIGN(parts.payload, parse_part(token.substr(first + 1, second - first - 1)));
  WFS_ASSIGN(parts.signature, from_base64url(token.substr(second + 1)));
  return parts;
}

Error bad_claim(const char* name) { return Error(Code::kInvalidArgument, std::string("bad claim: ") + name); }

Status read_number(const json& payload, const char* name, std::optional<uint64_t>* out) {
  if (!payload.contains(name) || payload[name].is_null()) return {};
  if (!payload[name].is_number_unsigned()) return bad_claim(name);
  *out = payload[name].get<uint64_t>();
  return {};
}

Status read_time(const json& payload, const char* name, std::optional<int64_t>* out) {
  if (!payload.contains(name) || payload[name].is_null()) return {};
  if (!payload[name].is_number_integer()) return bad_claim(name);
  if (payload[name].is_number_unsigned() && payload[name].get<uint64_t>() > INT64_MAX) return bad_claim(name);
  *out = payload[name].get<int64_t>();
  return {};
}

Result<JwtClaims> read_claims(const json& payload) {
  JwtClaims claims;
  std::optional<int64_t> expires;
  WFS_TRY(read_time(payload, "exp", &expires));
  WFS_TRY(read_time(payload, "iat", &claims.issued));
  if (!expires) return bad_claim("exp");
  claims.expires = *expires;
  if (!payload.contains("jti") || !payload["jti"].is_string()) return bad_claim("jti");
  claims.id = payload["jti"].get<std::string>();
  WFS_TRY(read_number(payload, "epochs", &claims.epochs));
  WFS_TRY(read_number(payload, "max_epochs", &claims.max_epochs));
  WFS_TRY(read_number(payload, "size", &claims.size));
  WFS_TRY(read_number(payload, "max_size", &claims.max_size));
  if (payload.contains("send_object_to") && !payload["send_object_to"].is_null()) {
    const json& address = payload["send_object_to"];
    claims.send_object_to = address.is_string() ? normalise_object_id(address.get<std::string>()) : std::nullopt;
    if (!claims.send_object_to) return bad_claim("send_object_to");
  }
  return claims;
}

// The token of "Bearer …"; nothing when the header is missing or of another kind.
std::optional<std::string> bearer_token(HttpCall& call) {
  constexpr std::string_view kScheme = "bearer ";
  const auto header = call.header("Authorization");
  if (!header || header->size() <= kScheme.size()) return std::nullopt;
  if (strncasecmp(header->c_str(), kScheme.data(), kScheme.size()) != 0) return std::nullopt;
  return header->substr(kScheme.size());
}

std::optional<HttpAnswer> check_epochs(const JwtClaims& claims, uint64_t epochs) {
  if (claims.epochs && claims.max_epochs) return inconsistent("the token has both epochs and max_epochs");
  if (claims.epochs && epochs != *claims.epochs)
    return invalid("INVALID_EPOCHS", "the token is for " + std::to_string(*claims.epochs) + " epochs");
  if (claims.max_epochs && epochs > *claims.max_epochs)
    return invalid("INVALID_EPOCHS", "the token is for at most " + std::to_string(*claims.max_epochs) + " epochs");
  return std::nullopt;
}

std::optional<HttpAnswer> check_upload(const JwtClaims& claims, const JwtUpload& upload) {
  if (auto refusal = check_epochs(claims, upload.epochs)) return refusal;
  if (claims.send_object_to && claims.send_object_to != upload.send_object_to)
    return invalid("INVALID_SEND_OBJECT_TO", "the token is for another owner");
  return upload.body_bytes ? check_token_size(claims, *upload.body_bytes)
                           : check_token_size(claims, claims.size.value_or(0));
}

Result<Bytes> secret_bytes(const std::string& secret) {
  if (!secret.starts_with("0x")) return to_bytes(as_bytes(secret));
  auto bytes = from_hex(std::string_view(secret).substr(2));
  if (!bytes) return Error(Code::kInvalidArgument, "the secret for tokens starts with 0x but is not hexadecimal");
  return bytes;
}

}  // namespace

std::optional<HttpAnswer> check_token_size(const std::optional<JwtClaims>& claims, uint64_t bytes) {
  if (!claims) return std::nullopt;
  if (claims->size && claims->max_size) return inconsistent("the token has both size and max_size");
  if (claims->size && bytes != *claims->size)
    return invalid("INVALID_SIZE", "the token is for " + std::to_string(*claims->size) + " bytes");
  if (claims->max_size && bytes > *claims->max_size)
    return invalid("INVALID_SIZE", "the token is for at most " + std::to_string(*claims->max_size) + " bytes");
  return std::nullopt;
}

JwtGuard::JwtGuard(const JwtOptions& options, std::optional<JwsKey> key, Clock& clock)
    : enabled_(options.enabled()),
      verify_upload_(options.verify_upload),
      expiry_window_seconds_(options.expiry_window_seconds),
      key_(std::move(key)),
      clock_(clock) {}

Result<std::unique_ptr<JwtGuard>> JwtGuard::create(const JwtOptions& options, Clock& clock) {
  std::optional<JwsKey> key;
  if (!options.secret.empty()) {
    WFS_ASSIGN(const Bytes bytes, secret_bytes(options.secret));
    WFS_ASSIGN(key, JwsKey::create(options.algorithm, bytes));
  }
  return std::unique_ptr<JwtGuard>(new JwtGuard(options, std::move(key), clock));
}

JwtGuard::Admission JwtGuard::admit(HttpCall& call, const JwtUpload& upload) {
  Admission out;
  const auto token = bearer_token(call);
  if (!token) {
    if (enabled_) out.refusal = text_answer(400, "Header of type `authorization` was missing");
    return out;
  }
  JwtClaims claims;
  if (!enabled_) {
    const auto parts = split_token(*token);
    auto read = parts ? read_claims(parts->payload) : Result<JwtClaims>(parts.error());
    if (!read) {
      out.refusal = error_answer(internal_error("the bearer token cannot be read"));
      return out;
    }
    out.claims = std::move(*read);
    return out;
  }
  if ((out.refusal = check(*token, &claims))) return out;
  if (verify_upload_ && (out.refusal = check_upload(claims, upload))) return out;
  if (!use_up(claims.id)) {
    out.refusal = refuse(429, "RESOURCE_EXHAUSTED", "TOKEN_ALREADY_USED", "the token was used before");
    return out;
  }
  out.claims = std::move(claims);
  return out;
}

std::optional<HttpAnswer> JwtGuard::check(const std::string& token, JwtClaims* claims) const {
  const auto parts = split_token(token);
  if (!parts) return invalid_token("the token cannot be read: " + parts.error().message());
  if (key_) {
    const json& algorithm = parts->header.value("alg", json());
    if (!algorithm.is_string() || parse_jws_algorithm(algorithm.get<std::string>()) != key_->algorithm())
      return invalid_token("the token is not signed with " + std::string(jws_algorithm_name(key_->algorithm())));
    if (!key_->verify(as_bytes(parts->signed_part), parts->signature))
      return refuse(401, "UNAUTHENTICATED", "INVALID_SIGNATURE", "the signature of the token is not valid");
  }
  auto read = read_claims(parts->payload);
  if (!read) return invalid_token(read.error().message());
  *claims = std::move(*read);
  return check_times(*claims);
}

std::optional<HttpAnswer> JwtGuard::check_times(const JwtClaims& claims) const {
  if (key_ && claims.expires < clock_.now().seconds() - kLeewaySeconds)
    return refuse(504, "DEADLINE_EXCEEDED", "EXPIRED_SIGNATURE", "the token has expired");
  if (claims.expires > kLastDateSeconds || claims.expires < -kLastDateSeconds)
    return invalid("INVALID_TIMESTAMP", "the token expires at no date");
  if (expiry_window_seconds_ == 0) return std::nullopt;
  int64_t lifetime = 0;
  if (!claims.issued || __builtin_sub_overflow(claims.expires, *claims.issued, &lifetime) || lifetime < 0 ||
      static_cast<uint64_t>(lifetime) != expiry_window_seconds_)
    return invalid("INVALID_EXPIRATION",
                   "exp - iat must be exactly " + std::to_string(expiry_window_seconds_) + " seconds");
  return std::nullopt;
}

bool JwtGuard::use_up(const std::string& id) {
  // An id may be as long as a header; what is remembered of it is not.
  const std::string digest(as_text(sha256(as_bytes(id))));
  MutexLock lock(mutex_);
  if (!used_set_.insert(digest).second) return false;
  used_.push_back(digest);
  if (used_.size() > kUsedTokens) {
    used_set_.erase(used_.front());
    used_.pop_front();
  }
  return true;
}

}  // namespace walrusfs::localnet
