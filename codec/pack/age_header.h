// The text header of an age v1 file: stanzas and their HMAC. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/pack/age_crypto.h"

namespace walrusfs::pack {

constexpr size_t kAgeFileKeyBytes = 16;

struct AgeStanza {
  std::vector<std::string> arguments;  // the type first; at least one
  Bytes body;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;  // at least one
  Key32 mac{};
  size_t mac_input_bytes = 0;  // up to and with "---"
  size_t header_bytes = 0;     // with the newline behind the HMAC
};

// `bytes` begins with a header; what follows it is not looked at. kRange when it ends too early to
// tell, kCorrupt when it is no age header.
Result<AgeHeader> parse_age_header(ByteView bytes);
// The header with its HMAC under `file_key`.
Bytes print_age_header(const std::vector<AgeStanza>& stanzas, ByteView file_key);
// kCorrupt when the HMAC does not fit.
Status check_age_header(const AgeHeader& header, ByteView bytes, ByteView file_key);

// A file key sealed under `wrap_key` as a stanza's body, and back; nothing when it does not open.
Bytes wrap_file_key(const Key32& wrap_key, ByteView file_key);
bool unwrap_file_key(const Key32& wrap_key, ByteView body, MutableByteView file_key);

// Canonical base64 without padding.
std::string age_base64(ByteView bytes);

}  // namespace walrusfs::pack
