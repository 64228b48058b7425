#include "codec/pack/age_header.h"

#include "base/limits.h"

namespace walrusfs::pack {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::string_view kStanzaMark = "-> ";
constexpr std::string_view kMacMark = "---";
constexpr size_t kBodyColumns = 64;

Error damaged(std::string_view what) {
  return Error(Code::kCorrupt, "the age header is damaged: " + std::string(what));
}

// Takes lines off the front of a text that may be cut off.
class LineReader {
 public:
  explicit LineReader(ByteView bytes) : text_(as_text(bytes.first(std::min(bytes.size(), limits::kAgeHeaderBytes)))) {}

  Result<std::string_view> next() {
    size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) {
      if (text_.size() >= limits::kAgeHeaderBytes) return damaged("it is longer than 64 KiB");
      return Error(Code::kRange, "the age header is cut off");
    }
    std::string_view line = text_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }
  size_t at() const { return at_; }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

Result<std::vector<std::string>> split_arguments(std::string_view line) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= line.size();) {
    size_t end = std::min(line.find(' ', at), line.size());
    if (end == at) return damaged("a stanza has an empty word");
    out.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  for (const std::string& word : out) {
    for (unsigned char c : word) {
      if (c < 33 || c > 126) return damaged("a stanza has a character that is not allowed");
    }
  }
  return out;
}

// The body ends with the first line that is not full; that one may be empty.
Result<Bytes> read_body(LineReader& lines) {
  std::string joined;
  for (;;) {
    WFS_ASSIGN(std::string_view line, lines.next());
    if (line.size() > kBodyColumns) return damaged("a line is too long");
    joined += line;
    if (line.size() < kBodyColumns) break;
  }
  auto body = from_base64(joined, false);
  if (!body) return damaged("a stanza's body is not base64");
  return body;
}

}  // namespace

std::string age_base64(ByteView bytes) { return to_base64(bytes, false); }

Result<AgeHeader> parse_age_header(ByteView bytes) {
  LineReader lines(bytes);
  WFS_ASSIGN(std::string_view version, lines.next());
  if (version != kVersionLine) return damaged("it does not begin with age-encryption.org/v1");
  AgeHeader header;
  for (;;) {
    size_t line_start = lines.at();
    WFS_ASSIGN(std::string_view line, lines.next());
    if (line.starts_with(kStanzaMark)) {
      AgeStanza stanza;
      WFS_ASSIGN(stanza.arguments, split_arguments(line.substr(kStanzaMark.size())));
      WFS_ASSIGN(stanza.body, read_body(lines));
      header.stanzas.push_back(std::move(stanza));
      continue;
    }
    if (!line.starts_with("--- ")) return damaged("a line is neither a stanza nor the end");
    auto mac = from_base64(line.substr(4), false);
    if (!mac || mac->size() != header.mac.size()) return damaged("its HMAC is not 32 bytes of base64");
    std::copy(mac->begin(), mac->end(), header.mac.begin());
    header.mac_input_bytes = line_start + kMacMark.size();
    header.header_bytes = lines.at();
    if (header.stanzas.empty()) return damaged("it names no recipient");
    return header;
  }
}

Bytes print_age_header(const std::vector<AgeStanza>& stanzas, ByteView file_key) {
  std::string text = std::string(kVersionLine) + "\n";
  for (const AgeStanza& stanza : stanzas) {
    text += "->";
    for (const std::string& argument : stanza.arguments) text += " " + argument;
    text += "\n";
    std::string body = age_base64(stanza.body);
    for (size_t at = 0; at <= body.size(); at += kBodyColumns) text += body.substr(at, kBodyColumns) + "\n";
  }
  text += kMacMark;
  Key32 mac = hmac_sha256(hkdf_sha256(file_key, {}, "header"), as_bytes(text));
  text += " " + age_base64(mac) + "\n";
  return to_bytes(as_bytes(text));
}

Status check_age_header(const AgeHeader& header, ByteView bytes, ByteView file_key) {
  Key32 mac = hmac_sha256(hkdf_sha256(file_key, {}, "header"), bytes.first(header.mac_input_bytes));
  if (!equal_in_constant_time(mac, header.mac)) return damaged("its HMAC does not fit; somebody changed it");
  return ok_status();
}

Bytes wrap_file_key(const Key32& wrap_key, ByteView file_key) {
  Bytes body(file_key.size() + kPolyTagBytes);
  aead_seal(wrap_key, Nonce12{}, file_key, body.data());
  return body;
}

bool unwrap_file_key(const Key32& wrap_key, ByteView body, MutableByteView file_key) {
  if (body.size() != kAgeFileKeyBytes + kPolyTagBytes || file_key.size() != kAgeFileKeyBytes) return false;
  return aead_open(wrap_key, Nonce12{}, body, file_key.data());
}

}  // namespace walrusfs::pack
