#include "localnet/aggregator_answers.h"

#include <algorithm>
#include <cctype>

#include "base/log.h"

namespace walrusfs::localnet {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool has_header(const HttpAnswer& answer, const std::string& name) {
  return std::any_of(answer.headers.begin(), answer.headers.end(),
                     [&](const auto& header) { return lower(header.first) == name; });
}

}  // namespace

HttpAnswer method_not_allowed() { return text_answer(405, ""); }
HttpAnswer unknown_route() { return text_answer(404, ""); }
HttpAnswer bad_query(const Error& error) { return text_answer(400, error.message()); }

HttpAnswer blob_not_found() {
  return error_answer({404, "NOT_FOUND", "BLOB_NOT_FOUND", kDaemonDomain,
                       "the requested blob ID does not exist on Walrus, ensure that it was entered correctly"});
}

HttpAnswer object_not_resolved() {
  return error_answer({404, "NOT_FOUND", "OBJECT_ID_RESOLUTION_FAILED", kDaemonDomain,
                       "there is no blob object with this ID"});
}

HttpAnswer blob_too_large(uint64_t blob_bytes, uint64_t cap_bytes) {
  return error_answer({403, "SIZE_EXCEEDED", "BLOB_TOO_LARGE", kDaemonDomain,
                       "the blob has " + std::to_string(blob_bytes) + " bytes; this aggregator serves up to " +
                           std::to_string(cap_bytes)});
}

HttpAnswer sliver_retrieval_failed() {
  return error_answer({500, "INTERNAL", "SLIVER_RETRIEVAL_FAILED", kDaemonDomain,
                       "too few slivers of the blob can be had now; try again later"});
}

HttpAnswer bad_range(int http, std::string why) {
  return error_answer({http, http == 416 ? "RANGE_NOT_SATISFIABLE" : "INVALID_ARGUMENT", "INVALID_BYTE_RANGE",
                       kDaemonDomain, std::move(why)});
}

HttpAnswer read_failure(const Error& error, bool whole) {
  if (error.code() == Code::kNotFound) return blob_not_found();
  if (error.code() == Code::kPermission)
    return error_answer({451, "UNAVAILABLE_FOR_LEGAL_REASONS", "FORBIDDEN_BLOB", kDaemonDomain, error.message()});
  log_warn("aggregator: {}", error.to_string());
  if (error.retryable() && whole)
    return error_answer({503, "UNAVAILABLE", "BLOB_UNAVAILABLE", kDaemonDomain, error.message()});
  return error_answer(internal_error(error.message()));
}

HttpAnswer dressed(HttpCall& call, HttpAnswer answer, const std::string& etag) {
  answer.with("ETag", etag);
  answer.with("Cache-Control", "public, max-age=86400, stale-while-revalidate=3600");
  answer.with("X-Content-Type-Options", "nosniff");
  auto accept = call.header("Accept");
  if (accept && !accept->empty() && accept->find('*') == std::string::npos) {
    answer.content_type = *accept;
  } else if (call.method() == "GET") {
    answer.content_type = call.header("Content-Type").value_or("");
  }
  return answer;
}

bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void add_attributes(const Attributes& attributes, const std::set<std::string>* allowed, HttpAnswer& answer) {
  for (const auto& [key, value] : attributes) {
    const std::string name = lower(key);
    if (!is_header_name(name) || !is_header_text(value)) continue;
    if (allowed != nullptr && !allowed->contains(name)) continue;
    if (name == "content-type") {
      if (answer.content_type.empty()) answer.content_type = value;
    } else if (name != "content-length" && name != "transfer-encoding" && !has_header(answer, name)) {
      answer.with(key, value);
    }
  }
}

}  // namespace walrusfs::localnet
