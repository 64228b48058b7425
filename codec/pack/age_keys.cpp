// AgeRecipient and AgeIdentity: keys in their text forms.
#include "base/bech32.h"
#include "base/crypto.h"
#include "codec/pack/age.h"
#include "codec/pack/age_crypto.h"

namespace walrusfs::pack {
namespace {

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "age-secret-key-";

std::string_view without_spaces(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// The one line that is neither blank nor a comment.
Result<std::string_view> only_line(std::string_view text) {
  std::string_view found;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = without_spaces(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (!found.empty()) {
      return Error(Code::kInvalidArgument, "the key file holds more than one key; keep only the volume's");
    }
    found = line;
  }
  if (found.empty()) return Error(Code::kInvalidArgument, "the key file holds no key (AGE-SECRET-KEY-1…)");
  return found;
}

Result<Key32> key_from_bech32(std::string_view prefix, std::string_view text) {
  WFS_ASSIGN(Bytes raw_key, from_bech32(prefix, text));
  Key32 key;
  if (raw_key.size() != key.size()) {
    wipe(raw_key);
    return Error(Code::kInvalidArgument, "this is not a key: its length is wrong");
  }
  std::copy(raw_key.begin(), raw_key.end(), key.begin());
  wipe(raw_key);
  return key;
}

}  // namespace

Result<AgeRecipient> AgeRecipient::parse(std::string_view text) {
  WFS_ASSIGN(Key32 key, key_from_bech32(kRecipientPrefix, without_spaces(text)));
  return AgeRecipient{key};
}

std::string AgeRecipient::to_string() const { return to_bech32(kRecipientPrefix, public_key); }

AgeIdentity::AgeIdentity(const std::array<uint8_t, 32>& secret)
    : secret_(secret), recipient_{x25519_public_key(secret)} {}

AgeIdentity::~AgeIdentity() { wipe(secret_); }

AgeIdentity AgeIdentity::generate(Rng& rng) {
  Key32 secret;
  rng.fill(secret);
  AgeIdentity identity(secret);
  wipe(secret);
  return identity;
}

AgeIdentity AgeIdentity::from_secret(const std::array<uint8_t, 32>& secret) { return AgeIdentity(secret); }

Result<AgeIdentity> AgeIdentity::parse(std::string_view text) {
  WFS_ASSIGN(std::string_view line, only_line(text));
  WFS_ASSIGN(Key32 secret, key_from_bech32(kIdentityPrefix, line));
  AgeIdentity identity(secret);
  wipe(secret);
  return identity;
}

std::string AgeIdentity::print() const {
  std::string text = to_bech32(kIdentityPrefix, secret_);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

Result<std::array<uint8_t, 32>> AgeIdentity::shared_secret(const std::array<uint8_t, 32>& public_key) const {
  return x25519(secret_, public_key);
}

}  // namespace walrusfs::pack
