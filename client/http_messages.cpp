#include "client/http_messages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/blob_checks.h"

namespace walrusfs {
namespace {

using Json = nlohmann::json;

constexpr size_t kExcerptBytes = 160;

// Null on anything that is not JSON; never throws.
Json parse_json(ByteView body) { return Json::parse(body.begin(), body.end(), nullptr, false); }

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_member(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? excerpt(as_bytes(value.get_ref<const std::string&>())) : std::string();
}

// Numbers come as JSON numbers, from some gateways as decimal strings.
std::optional<uint64_t> number_member(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_string()) return parse_decimal(value.get_ref<const std::string&>());
  return std::nullopt;
}

bool mentions(std::string_view text, std::string_view word) {
  auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// The publisher has no code for "my wallet is empty"; its SDK says it in one of these ways.
bool is_out_of_money(std::string_view message) {
  constexpr std::array<std::string_view, 5> kPhrases = {"insufficient balance", "insufficientcoinbalance",
                                                        "sufficient balance", "sufficient total balance",
                                                        "no compatible"};
  return std::any_of(kPhrases.begin(), kPhrases.end(), [&](auto phrase) { return mentions(message, phrase); });
}

std::string words_of(const HttpResponse& response, const std::optional<ErrorEnvelope>& envelope) {
  if (envelope) {
    return fmt::format("HTTP {} {}: {}", response.status, envelope->reason.empty() ? "error" : envelope->reason,
                       envelope->message);
  }
  const std::string text = excerpt(response.body);
  return text.empty() ? fmt::format("HTTP {}", response.status) : fmt::format("HTTP {}: {}", response.status, text);
}

Error token_error(const std::string& origin, const ErrorEnvelope& envelope, const std::string& words,
                  bool fresh_tokens) {
  if (envelope.reason == "TOKEN_ALREADY_USED" && fresh_tokens) {
    return Error(Code::kUnavailable, fmt::format("{} had seen the token of this upload before ({})", origin, words));
  }
  const char* advice =
      envelope.reason == "TOKEN_ALREADY_USED"  ? "every upload needs a new token: configure a token command or a secret"
      : envelope.reason == "EXPIRED_SIGNATURE" ? "the token has expired: get a new one, or set the clock"
                                               : "check the configured token or secret";
  return Error(Code::kPermission, fmt::format("{} refused the token ({}); {}", origin, words, advice));
}

Error error_in_success(const std::string& origin, const Json& error) {
  const std::string phase = text_member(error, "failurePhase");
  const std::string message = text_member(error, "errorMsg");
  if (is_out_of_money(message)) {
    return Error(Code::kNoSpace, fmt::format("{} cannot pay for the blob: {}", origin, message));
  }
  return Error(Code::kUnavailable,
               fmt::format("{} could not store the blob (phase \"{}\"): {}", origin, phase.empty() ? "unknown" : phase,
                           message.empty() ? "no reason given" : message));
}

Error not_an_answer(const std::string& origin, ByteView body) {
  return Error(Code::kUnavailable,
               fmt::format("{} answered an upload with something that is no Walrus publisher's answer (\"{}\"); check "
                           "the publisher's URL",
                           origin, excerpt(body)));
}

// A blob ID as the publisher writes it; anything else is shown as it is, and equals nothing.
Status check_named_blob(const std::string& origin, const StoreRequest& request, const Json& holder) {
  const std::string named = text_member(holder, "blobId");
  if (named == request.blob.to_string()) return ok_status();
  return blob_id_differs(origin, request.blob, named.empty() ? "(nothing)" : named);
}

Result<StoreReceipt> newly_created(const std::string& origin, const StoreRequest& request, const Json& answer) {
  const Json& object = member(answer, "blobObject");
  WFS_TRY(check_named_blob(origin, request, object));
  const auto size = number_member(object, "size");
  if (size && *size != request.size_bytes) {
    return Error(Code::kCorrupt,
                 fmt::format("{} stored {} bytes of the {} that were sent", origin, *size, request.size_bytes));
  }
  StoreReceipt receipt;
  receipt.certified_by = "publisher";
  receipt.end_epoch = number_member(member(object, "storage"), "endEpoch").value_or(0);
  receipt.cost_frost = number_member(answer, "cost").value_or(0);
  receipt.blob_object = text_member(answer, "sharedBlobObject");
  if (receipt.blob_object.empty()) receipt.blob_object = text_member(object, "id");
  return receipt;
}

Result<StoreReceipt> already_certified(const std::string& origin, const StoreRequest& request, const Json& answer) {
  WFS_TRY(check_named_blob(origin, request, answer));
  StoreReceipt receipt;
  receipt.certified_by = "publisher";
  receipt.already_certified = true;
  receipt.end_epoch = number_member(answer, "endEpoch").value_or(0);
  receipt.blob_object = text_member(answer, "object");
  return receipt;
}

}  // namespace

std::string range_header(const ByteRange& range) { return fmt::format("bytes={}-{}", range.offset, range.end() - 1); }

std::optional<uint64_t> parse_decimal(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  if (!text.starts_with(kUnit) || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = parse_decimal(text.substr(kUnit.size(), dash - kUnit.size()));
  const auto last = parse_decimal(text.substr(dash + 1, slash - dash - 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  ContentRange parsed{{*first, *last - *first + 1}, std::nullopt};
  if (text.substr(slash + 1) == "*") return parsed;
  parsed.total_bytes = parse_decimal(text.substr(slash + 1));
  if (!parsed.total_bytes || *parsed.total_bytes <= *last) return std::nullopt;
  return parsed;
}

std::optional<ErrorEnvelope> parse_error_envelope(ByteView body) {
  const Json json = parse_json(body);
  const Json& error = member(json, "error");
  if (!error.is_object()) return std::nullopt;
  ErrorEnvelope envelope;
  envelope.message = text_member(error, "message");
  const Json& details = member(error, "details");
  if (details.is_array() && !details.empty()) {
    envelope.reason = text_member(details.front(), "reason");
    envelope.domain = text_member(details.front(), "domain");
  }
  return envelope;
}

std::string excerpt(ByteView body) {
  std::string text;
  for (uint8_t byte : body.first(std::min(body.size(), kExcerptBytes))) {
    const bool printable = byte >= 0x20 && byte < 0x7f;
    const char c = printable ? static_cast<char>(byte) : byte == '\n' || byte == '\r' || byte == '\t' ? ' ' : '?';
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text.push_back(c);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (body.size() > kExcerptBytes) text += "...";
  return text;
}

Error aggregator_error(const std::string& origin, const BlobId& blob, const HttpResponse& response) {
  const auto envelope = parse_error_envelope(response.body);
  const std::string words =
      fmt::format("{} answered for blob {}: {}", origin, blob.to_string(), words_of(response, envelope));
  switch (response.status) {
    case 400: return Error(Code::kNotSupported, words);
    case 401:
    case 402:
    case 407: return Error(Code::kPermission, words);
    case 403: {
      const bool capped = envelope && envelope->reason == "BLOB_TOO_LARGE";
      return Error(capped ? Code::kTooLarge : Code::kPermission, words);
    }
    case 404:
      if (envelope) return Error(Code::kNotFound, words);
      return Error(Code::kUnavailable, words + " (no Walrus error: check the aggregator's URL)");
    case 416:
      if (envelope) return Error(Code::kInvalidArgument, words);
      return Error(Code::kUnavailable, words);
    case 451: return Error(Code::kNotPermitted, words);
    default: return Error(Code::kUnavailable, words);
  }
}

Error publisher_error(const std::string& origin, const HttpResponse& response, bool fresh_tokens) {
  const auto envelope = parse_error_envelope(response.body);
  const std::string words = words_of(response, envelope);
  if (envelope && envelope->domain == "auth.publisher.walrus.space") {
    return token_error(origin, *envelope, words, fresh_tokens);
  }
  const std::string said = fmt::format("{} refused the upload: {}", origin, words);
  switch (response.status) {
    case 400:
      if (mentions(words, "authorization")) {
        return Error(Code::kPermission, said + "; configure a token for this publisher");
      }
      return Error(Code::kInvalidArgument, said);
    case 401:
    case 403:
    case 407: return Error(Code::kPermission, said + "; check the configured token or secret");
    case 402: return Error(Code::kNoSpace, said);
    case 404:
    case 405: return Error(Code::kNotSupported, said + "; check the publisher's URL");
    case 413: return Error(Code::kTooLarge, said);
    case 451: return Error(Code::kNotPermitted, said);
    default: break;
  }
  if (response.status >= 300 && response.status < 400) {
    return Error(Code::kInvalidArgument, said + "; uploads follow no redirect: configure the final URL");
  }
  if (envelope && is_out_of_money(envelope->message)) {
    return Error(Code::kNoSpace, fmt::format("{} cannot pay for the blob: {}", origin, envelope->message));
  }
  return Error(Code::kUnavailable, said);
}

Result<StoreReceipt> parse_store_answer(const std::string& origin, const StoreRequest& request, ByteView body) {
  const Json answer = parse_json(body);
  if (const Json& made = member(answer, "newlyCreated"); made.is_object()) return newly_created(origin, request, made);
  if (const Json& known = member(answer, "alreadyCertified"); known.is_object()) {
    return already_certified(origin, request, known);
  }
  if (const Json& error = member(answer, "error"); error.is_object()) return error_in_success(origin, error);
  if (member(answer, "markedInvalid").is_object()) {
    return Error(Code::kCorrupt, fmt::format("{} says that blob {} is marked invalid on the network", origin,
                                             request.blob.to_string()));
  }
  return not_an_answer(origin, body);
}

std::string blob_path(const BlobId& blob) { return "/v1/blobs/" + blob.to_string(); }

std::string store_path(const StoreRequest& request, const std::string& send_object_to) {
  std::string path = fmt::format("/v1/blobs?epochs={}", request.epochs);
  if (request.permanent) path += "&permanent=true";
  if (!send_object_to.empty()) path += "&send_object_to=" + send_object_to;
  return path;
}

}  // namespace walrusfs
