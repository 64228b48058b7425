#include "localnet/multipart.h"

#include <strings.h>

#include <algorithm>

namespace walrusfs::localnet {
namespace {

constexpr size_t kMaxBoundaryBytes = 70;
constexpr size_t kMaxPartHeadBytes = 128 * 1024;  // identifiers may have 64 KiB

Error malformed(const char* why) { return Error(Code::kInvalidArgument, std::string("the form is malformed: ") + why); }

bool starts_with_no_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && strncasecmp(text.data(), start.data(), start.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "…" with backslash before a quote or a backslash, or a bare word; `rest` is left behind it.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string value;
  if (rest.empty() || rest.front() != '"') {
    const size_t end = std::min(rest.find(';'), rest.size());
    value = trimmed(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == '"') {
      rest.remove_prefix(1);
      return value;
    }
    const bool escaped = rest.front() == '\\' && rest.size() > 1 && (rest[1] == '"' || rest[1] == '\\');
    if (escaped) rest.remove_prefix(1);
    value.push_back(rest.front());
  }
  return std::nullopt;
}

// Of `text; name=value; …`.
std::optional<std::string> parameter(std::string_view text, std::string_view name) {
  std::string_view rest = text.substr(std::min(text.find(';'), text.size()));
  while (!rest.empty()) {
    rest = trimmed(rest.substr(1));
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trimmed(rest.substr(0, equals));
    rest.remove_prefix(equals + 1);
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    if (key.size() == name.size() && starts_with_no_case(key, name)) return value;
    rest = rest.substr(std::min(rest.find(';'), rest.size()));
  }
  return std::nullopt;
}

// The field name that the headers of a part tell.
std::optional<std::string> name_of(std::string_view head) {
  constexpr std::string_view kDisposition = "content-disposition:";
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (!starts_with_no_case(line, kDisposition)) continue;
    const std::string_view value = trimmed(line.substr(kDisposition.size()));
    if (!starts_with_no_case(value, "form-data")) return std::nullopt;
    return parameter(value, "name");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  if (!starts_with_no_case(trimmed(content_type), "multipart/form-data")) return std::nullopt;
  auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundaryBytes) return std::nullopt;
  return boundary;
}

Result<std::vector<FormPart>> parse_multipart(std::string_view boundary, ByteView body) {
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::string_view rest = as_text(body);
  std::vector<FormPart> parts;
  // What stands before the first boundary does not count.
  if (rest.starts_with(std::string_view(delimiter).substr(2))) {
    rest.remove_prefix(delimiter.size() - 2);
  } else {
    const size_t first = rest.find(delimiter);
    if (first == std::string_view::npos) return malformed("there is no boundary");
    rest.remove_prefix(first + delimiter.size());
  }
  while (!rest.starts_with("--")) {
    if (parts.size() == kMaxFormParts) return malformed("it has too many parts");
    const size_t line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos || !trimmed(rest.substr(0, line_end)).empty())
      return malformed("a boundary is followed by something else");
    rest.remove_prefix(line_end);  // the head may be empty: its end is an empty line
    const size_t head_end = rest.substr(0, kMaxPartHeadBytes).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return malformed("the headers of a part have no end");
    const auto name = name_of(rest.substr(std::min<size_t>(2, head_end), head_end - std::min<size_t>(2, head_end)));
    if (!name) return malformed("a part has no field name");
    rest.remove_prefix(head_end + 2);  // an empty content is followed by its boundary at once
    const size_t end = rest.find(delimiter);
    if (end == std::string_view::npos) return malformed("a part has no end");
    parts.push_back({*name, as_bytes(rest.substr(std::min<size_t>(2, end), end - std::min<size_t>(2, end)))});
    rest.remove_prefix(end + delimiter.size());
  }
  return parts;
}

}  // namespace walrusfs::localnet
