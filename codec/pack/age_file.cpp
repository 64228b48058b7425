// Whole age files: the encrypting stream, decryption in memory, and identities under a passphrase.
#include <charconv>

#include "base/crypto.h"
#include "base/limits.h"
#include "codec/pack/age.h"
#include "codec/pack/age_crypto.h"
#include "codec/pack/age_header.h"

namespace walrusfs::pack {
namespace {

constexpr std::string_view kScryptType = "scrypt";
constexpr std::string_view kScryptSaltPrefix = "age-encryption.org/v1/scrypt";
constexpr size_t kScryptSaltBytes = 16;
constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr size_t kKeyFileBytes = 64 * limits::kKiB;

Result<Key32> passphrase_key(std::string_view passphrase, ByteView salt, int log_n) {
  Bytes prefixed = to_bytes(as_bytes(kScryptSaltPrefix));
  append(prefixed, salt);
  return scrypt(passphrase, prefixed, log_n);
}

Result<Bytes> open_payload(const AgePayloadKey& key, ByteView sealed) {
  WFS_ASSIGN(uint64_t plain_bytes, age_plain_bytes(sealed.size()));
  if (plain_bytes == 0) {
    uint8_t none[kAgeTagBytes];
    if (!key.open_chunk(0, true, sealed, none)) return Error(Code::kCorrupt, "age chunk 0 does not check out");
    return Bytes{};
  }
  return key.open_range({0, plain_bytes}, plain_bytes, sealed);
}

Bytes seal_payload(const AgePayloadKey& key, ByteView plain) {
  WFS_CHECK(plain.size() <= kAgeChunkBytes);
  Bytes sealed(plain.size() + kAgeTagBytes);
  key.seal_chunk(0, true, plain, sealed.data());
  return sealed;
}

// The bytes inside "-----BEGIN AGE ENCRYPTED FILE-----"; anything else is taken as it is.
Result<Bytes> without_armor(ByteView file) {
  std::string_view text = as_text(file);
  size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || !text.substr(begin).starts_with(kArmorBegin)) return to_bytes(file);
  text.remove_prefix(begin + kArmorBegin.size());
  size_t end = text.find(kArmorEnd);
  if (end == std::string_view::npos) return Error(Code::kCorrupt, "the armored age file is cut off");
  std::string joined;
  for (char c : text.substr(0, end)) {
    if (c != '\n' && c != '\r') joined += c;
  }
  auto bytes = from_base64(joined);
  if (!bytes) return Error(Code::kCorrupt, "the armored age file is damaged: it is not base64");
  return bytes;
}

struct ScryptStanza {
  Bytes salt;
  int log_n = 0;
};

Result<ScryptStanza> read_scrypt_stanza(const AgeHeader& header) {
  const AgeStanza& stanza = header.stanzas.front();
  if (header.stanzas.size() != 1 || stanza.arguments.front() != kScryptType) {
    return Error(Code::kInvalidArgument, "this age file is not under a passphrase; open it with its key");
  }
  ScryptStanza out;
  auto salt = from_base64(stanza.arguments.size() == 3 ? stanza.arguments[1] : "", false);
  if (!salt || salt->size() != kScryptSaltBytes) {
    return Error(Code::kCorrupt, "the age header is damaged: its passphrase stanza has the wrong shape");
  }
  out.salt = std::move(*salt);
  const std::string& digits = stanza.arguments[2];
  auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), out.log_n);
  if (bad != std::errc() || end != digits.data() + digits.size() || digits.front() == '0' || out.log_n < 1) {
    return Error(Code::kCorrupt, "the age header is damaged: its work factor is not a number");
  }
  if (out.log_n > limits::kScryptLogN) {
    return Error(Code::kTooLarge, "the passphrase's work factor is beyond what this program is willing to compute");
  }
  return out;
}

}  // namespace

AgeEncryptor::AgeEncryptor(AgePayloadKey::Fresh fresh, ByteSink& out)
    : head_(std::move(fresh.head)), key_(fresh.key), out_(out) {
  plain_.reserve(kAgeChunkBytes);
}

Result<std::unique_ptr<AgeEncryptor>> AgeEncryptor::create(const AgeRecipient& recipient, Rng& rng, ByteSink& out) {
  WFS_ASSIGN(AgePayloadKey::Fresh fresh, AgePayloadKey::create(recipient, rng));
  std::unique_ptr<AgeEncryptor> encryptor(new AgeEncryptor(std::move(fresh), out));
  WFS_TRY(out.write(encryptor->head_));
  return encryptor;
}

Status AgeEncryptor::write(ByteView plain) {
  while (!plain.empty()) {
    // A full chunk waits for the next byte: only then it is known not to be the last.
    if (plain_.size() == kAgeChunkBytes) WFS_TRY(flush_chunk(false));
    ByteView part = plain.first(std::min<size_t>(plain.size(), kAgeChunkBytes - plain_.size()));
    append(plain_, part);
    plain = plain.subspan(part.size());
  }
  return ok_status();
}

Status AgeEncryptor::finish() { return flush_chunk(true); }

Status AgeEncryptor::flush_chunk(bool last) {
  sealed_.resize(plain_.size() + kAgeTagBytes);
  key_.seal_chunk(next_chunk_++, last, plain_, sealed_.data());
  plain_.clear();
  return out_.write(sealed_);
}

Result<Bytes> age_decrypt(ByteView file, const AgeIdentity& identity) {
  WFS_ASSIGN(Bytes raw_file, without_armor(file));
  WFS_ASSIGN(AgePayloadKey key, AgePayloadKey::open(raw_file, identity));
  WFS_ASSIGN(size_t head_bytes, age_head_bytes(raw_file));
  return open_payload(key, ByteView(raw_file).subspan(head_bytes));
}

Result<Bytes> wrap_identity(const AgeIdentity& identity, std::string_view passphrase, Rng& rng, int scrypt_log_n) {
  if (passphrase.empty()) return Error(Code::kInvalidArgument, "an empty passphrase protects nothing; give another");
  WFS_CHECK(scrypt_log_n >= 1 && scrypt_log_n <= limits::kScryptLogN);
  std::array<uint8_t, kAgeFileKeyBytes> file_key;
  std::array<uint8_t, kScryptSaltBytes> salt;
  std::array<uint8_t, kAgeNonceBytes> nonce;
  rng.fill(file_key);
  rng.fill(salt);
  rng.fill(nonce);
  WFS_ASSIGN(Key32 wrap_key, passphrase_key(passphrase, salt, scrypt_log_n));
  AgeStanza stanza{{std::string(kScryptType), age_base64(salt), std::to_string(scrypt_log_n)},
                   wrap_file_key(wrap_key, file_key)};
  Bytes file = print_age_header({stanza}, file_key);
  append(file, nonce);
  Bytes plain = to_bytes(as_bytes(identity.print() + "\n"));
  append(file, seal_payload(AgePayloadKey(file_key, nonce), plain));
  wipe(plain);
  wipe(wrap_key);
  wipe(file_key);
  return file;
}

Result<AgeIdentity> unwrap_identity(ByteView file, std::string_view passphrase) {
  if (file.size() > kKeyFileBytes) return Error(Code::kTooLarge, "this is too large to be a key file");
  WFS_ASSIGN(Bytes raw_file, without_armor(file));
  auto header = parse_age_header(raw_file);
  if (!header || raw_file.size() < header->header_bytes + kAgeNonceBytes) {
    return Error(Code::kCorrupt, "this is not a whole age file; take the key file from a backup");
  }
  WFS_ASSIGN(ScryptStanza stanza, read_scrypt_stanza(*header));
  WFS_ASSIGN(Key32 wrap_key, passphrase_key(passphrase, stanza.salt, stanza.log_n));
  std::array<uint8_t, kAgeFileKeyBytes> file_key;
  bool opened = unwrap_file_key(wrap_key, header->stanzas.front().body, file_key);
  wipe(wrap_key);
  if (!opened) return Error(Code::kWrongKey, "the passphrase is wrong");
  WFS_TRY(check_age_header(*header, raw_file, file_key));
  ByteView payload = ByteView(raw_file).subspan(header->header_bytes);
  AgePayloadKey key(file_key, payload.first(kAgeNonceBytes));
  wipe(file_key);
  WFS_ASSIGN(Bytes text, open_payload(key, payload.subspan(kAgeNonceBytes)));
  auto identity = AgeIdentity::parse(as_text(text));
  wipe(text);
  return identity;
}

}  // namespace walrusfs::pack
