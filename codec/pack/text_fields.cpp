#include "codec/pack/text_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace walrusfs::pack {
namespace {

bool stands_for_itself(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("._-/+,:@=").find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// No sign but a minus where the type has one, no leading zeros.
template <typename Int>
bool parse_exact(std::string_view word, int base, Int& value) {
  auto [end, bad] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (bad != std::errc() || end != word.data() + word.size()) return false;
  std::string_view digits = word.substr(word.front() == '-');
  return digits.front() != '0' || word.size() == 1;
}

}  // namespace

std::string percent_encode(std::string_view bytes) {
  if (bytes.empty()) return "%";
  std::string out;
  out.reserve(bytes.size());
  for (char c : bytes) {
    if (stands_for_itself(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  if (text == "%") return "";
  if (text.empty()) return std::nullopt;
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (stands_for_itself(text[at])) {
      out += text[at];
      continue;
    }
    if (text[at] != '%' || at + 2 >= text.size()) return std::nullopt;
    int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
    char byte = static_cast<char>(high * 16 + low);
    if (high < 0 || low < 0 || stands_for_itself(byte)) return std::nullopt;
    out += byte;
    at += 2;
  }
  return out;
}

std::string printable(std::string_view name) {
  constexpr size_t kMostBytes = 300;
  return name.size() <= kMostBytes ? percent_encode(name) : percent_encode(name.substr(0, kMostBytes)) + "...";
}

std::string_view LineFields::word() {
  if (ended_ || failed_) {
    failed_ = true;
    return {};
  }
  size_t end = std::min(rest_.find(' '), rest_.size());
  std::string_view out = rest_.substr(0, end);
  ended_ = end == rest_.size();
  rest_.remove_prefix(ended_ ? end : end + 1);
  if (out.empty()) failed_ = true;
  return out;
}

uint64_t LineFields::number(uint64_t most) {
  std::string_view field = word();
  uint64_t value = 0;
  if (failed_ || !parse_exact(field, 10, value) || value > most) {
    fail();
    return 0;
  }
  return value;
}

uint32_t LineFields::octal32() {
  std::string_view field = word();
  uint32_t value = 0;
  if (failed_ || !parse_exact(field, 8, value)) {
    fail();
    return 0;
  }
  return value;
}

Timestamp LineFields::time() {
  std::string_view field = word();
  int64_t value = 0;
  if (failed_ || !parse_exact(field, 10, value)) {
    fail();
    return {};
  }
  return {value};
}

Digest LineFields::digest() {
  std::string_view field = word();
  auto bytes = from_hex(field);
  Digest digest{};
  if (failed_ || !bytes || bytes->size() != digest.size() || to_hex(*bytes) != field) {
    fail();
    return {};
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

BlobId LineFields::blob_id() {
  auto id = BlobId::parse(word());
  if (failed_ || !id) {
    fail();
    return {};
  }
  return *id;
}

std::string LineFields::text() {
  auto decoded = percent_decode(word());
  if (failed_ || !decoded) {
    fail();
    return {};
  }
  return std::move(*decoded);
}

FramesPlace LineFields::place() {
  FramesPlace out;
  out.z_offset = number();
  out.z_length = number();
  out.hash = digest();
  if (out.z_length > UINT64_MAX - out.z_offset) fail();
  return out;
}

Bytes LineFields::base64_or_dash() {
  std::string_view field = word();
  if (field == "-") return {};
  auto bytes = from_base64url(field);
  if (failed_ || !bytes) {
    fail();
    return {};
  }
  return std::move(*bytes);
}

std::optional<std::string_view> Lines::next() {
  size_t end = rest_.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  ++number_;
  return line;
}

std::string place_fields(const FramesPlace& place) {
  return fmt::format("{} {} {}", place.z_offset, place.z_length, to_hex(place.hash));
}

}  // namespace walrusfs::pack
