#include "client/transport.h"

#include <algorithm>

#include <fmt/format.h>

namespace walrusfs {
namespace {

// Grown in steps at first: a server that promises much and sends little costs little.
constexpr size_t kFirstReserve = 64 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view find_header(const std::vector<HttpHeader>& headers, std::string_view name) {
  std::string_view value;
  for (const HttpHeader& header : headers) {
    if (same_name(header.name, name)) value = header.value;
  }
  return value;
}

BodyCollector::Verdict BodyCollector::feed(ByteView piece) {
  const auto skipped = static_cast<size_t>(std::min<uint64_t>(left_to_skip_, piece.size()));
  left_to_skip_ -= skipped;
  piece = piece.subspan(skipped);
  if (piece.empty()) return Verdict::kMore;

  const auto taken = static_cast<size_t>(std::min<uint64_t>(plan_.keep_bytes - kept_.size(), piece.size()));
  if (kept_.empty() && taken > 0)
    kept_.reserve(static_cast<size_t>(std::min<uint64_t>(plan_.keep_bytes, kFirstReserve)));
  append(kept_, piece.first(taken));
  if (taken == piece.size()) return Verdict::kMore;
  return plan_.excess == BodyPlan::Excess::kStop ? Verdict::kStop : Verdict::kTooMuch;
}

Error too_much_body(std::string_view url, uint64_t keep_bytes) {
  return Error(Code::kCorrupt, fmt::format("{} sent more than the {} bytes that were asked for; the rest was refused",
                                           url_origin(url), keep_bytes));
}

std::string url_origin(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t end = std::min(url.find_first_of("/?#", host), url.size());
  std::string_view authority = url.substr(host, end - host);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  return std::string(url.substr(0, host)) + std::string(authority);
}

}  // namespace walrusfs
