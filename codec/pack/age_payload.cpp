// AgePayloadKey: from head to payload key, and chunks at any place.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "codec/pack/age.h"
#include "codec/pack/age_crypto.h"
#include "codec/pack/age_header.h"

namespace walrusfs::pack {
namespace {

constexpr std::string_view kX25519Type = "X25519";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";

using FileKey = std::array<uint8_t, kAgeFileKeyBytes>;

Key32 x25519_wrap_key(const Key32& shared, const Key32& ephemeral, const AgeRecipient& recipient) {
  Bytes salt = to_bytes(ephemeral);
  append(salt, recipient.public_key);
  return hkdf_sha256(shared, salt, kX25519Info);
}

Result<AgeStanza> x25519_stanza(const AgeRecipient& recipient, ByteView file_key, Rng& rng) {
  Key32 secret;
  rng.fill(secret);
  Key32 ephemeral = x25519_public_key(secret);
  auto shared = x25519(secret, recipient.public_key);
  wipe(secret);
  if (!shared) return shared.error();
  Key32 wrap_key = x25519_wrap_key(*shared, ephemeral, recipient);
  AgeStanza stanza{{std::string(kX25519Type), age_base64(ephemeral)}, wrap_file_key(wrap_key, file_key)};
  wipe(*shared);
  wipe(wrap_key);
  return stanza;
}

// Whether the stanza is for `identity`; then `file_key` is filled in.
Result<bool> open_x25519_stanza(const AgeStanza& stanza, const AgeIdentity& identity, MutableByteView file_key) {
  if (stanza.arguments.front() != kX25519Type) return false;
  auto share = from_base64(stanza.arguments.size() == 2 ? stanza.arguments[1] : "", false);
  Key32 ephemeral;
  if (!share || share->size() != ephemeral.size() || stanza.body.size() != kAgeFileKeyBytes + kPolyTagBytes) {
    return Error(Code::kCorrupt, "the age header is damaged: its X25519 stanza has the wrong shape");
  }
  std::copy(share->begin(), share->end(), ephemeral.begin());
  auto shared = identity.shared_secret(ephemeral);
  if (!shared) return Error(Code::kCorrupt, "the age header is damaged: " + shared.error().message());
  Key32 wrap_key = x25519_wrap_key(*shared, ephemeral, identity.recipient());
  bool opened = unwrap_file_key(wrap_key, stanza.body, file_key);
  wipe(*shared);
  wipe(wrap_key);
  return opened;
}

Nonce12 chunk_nonce(uint64_t index, bool last) {
  Nonce12 nonce{};
  for (size_t i = 0; i < 8; ++i) nonce[10 - i] = static_cast<uint8_t>(index >> (8 * i));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

uint64_t chunk_count(uint64_t plain_bytes) { return plain_bytes == 0 ? 1 : (plain_bytes - 1) / kAgeChunkBytes + 1; }

}  // namespace

static_assert(kAgeTagBytes == kPolyTagBytes);

uint64_t age_sealed_bytes(uint64_t plain_bytes) { return plain_bytes + chunk_count(plain_bytes) * kAgeTagBytes; }

Result<uint64_t> age_plain_bytes(uint64_t sealed_bytes) {
  uint64_t chunks = sealed_bytes / kAgeSealedChunkBytes + (sealed_bytes % kAgeSealedChunkBytes != 0);
  uint64_t last = chunks == 0 ? 0 : sealed_bytes - (chunks - 1) * kAgeSealedChunkBytes;
  if (last < kAgeTagBytes || (last == kAgeTagBytes && chunks > 1)) {
    return Error(Code::kCorrupt, "the age payload has an impossible length; the file is cut off or was appended to");
  }
  return sealed_bytes - chunks * kAgeTagBytes;
}

Result<size_t> age_head_bytes(ByteView bytes) {
  WFS_ASSIGN(AgeHeader header, parse_age_header(bytes));
  return header.header_bytes + kAgeNonceBytes;
}

bool looks_like_age(ByteView bytes) { return as_text(bytes).starts_with("age-encryption.org/"); }

AgePayloadKey::AgePayloadKey(ByteView file_key, ByteView nonce) : key_(hkdf_sha256(file_key, nonce, "payload")) {}

AgePayloadKey::~AgePayloadKey() { wipe(key_); }

Result<AgePayloadKey::Fresh> AgePayloadKey::create(const AgeRecipient& recipient, Rng& rng) {
  FileKey file_key;
  rng.fill(file_key);
  auto stanza = x25519_stanza(recipient, file_key, rng);
  if (!stanza) return stanza.error();
  Bytes head = print_age_header({*stanza}, file_key);
  std::array<uint8_t, kAgeNonceBytes> nonce;
  rng.fill(nonce);
  append(head, nonce);
  Fresh fresh{std::move(head), AgePayloadKey(file_key, nonce)};
  wipe(file_key);
  return fresh;
}

Result<AgePayloadKey> AgePayloadKey::open(ByteView head, const AgeIdentity& identity) {
  auto header = parse_age_header(head);
  if (!header || head.size() < header->header_bytes + kAgeNonceBytes) {
    return Error(Code::kCorrupt, header || header.error().code() == Code::kRange ? "the age header is cut off"
                                                                                 : header.error().message());
  }
  FileKey file_key;
  for (const AgeStanza& stanza : header->stanzas) {
    WFS_ASSIGN(bool mine, open_x25519_stanza(stanza, identity, file_key));
    if (!mine) continue;
    AgePayloadKey key(file_key, head.subspan(header->header_bytes, kAgeNonceBytes));
    Status checked = check_age_header(*header, head, file_key);
    wipe(file_key);
    if (!checked) return checked.error();
    return key;
  }
  return Error(Code::kWrongKey, "it is encrypted to another key; use the key of the volume that it belongs to");
}

void AgePayloadKey::seal_chunk(uint64_t index, bool last, ByteView plain, uint8_t* out) const {
  WFS_CHECK(plain.size() <= kAgeChunkBytes && (last || plain.size() == kAgeChunkBytes));
  aead_seal(key_, chunk_nonce(index, last), plain, out);
}

bool AgePayloadKey::open_chunk(uint64_t index, bool last, ByteView sealed, uint8_t* out) const {
  return aead_open(key_, chunk_nonce(index, last), sealed, out);
}

ByteRange AgePayloadKey::sealed_range(ByteRange plain, uint64_t plain_bytes) {
  WFS_CHECK(plain.length <= plain_bytes && plain.offset <= plain_bytes - plain.length);
  uint64_t first = plain.offset / kAgeChunkBytes;
  uint64_t chunks = plain.empty() ? 0 : (plain.end() - 1) / kAgeChunkBytes - first + 1;
  uint64_t start = first * kAgeSealedChunkBytes;
  uint64_t stop = std::min(start + chunks * kAgeSealedChunkBytes, age_sealed_bytes(plain_bytes));
  return {start, std::max(stop, start) - start};
}

Result<Bytes> AgePayloadKey::open_range(ByteRange plain, uint64_t plain_bytes, ByteView sealed) const {
  if (sealed.size() != sealed_range(plain, plain_bytes).length) {
    return Error(Code::kCorrupt, fmt::format("{} bytes of age chunks were expected, and {} came",
                                             sealed_range(plain, plain_bytes).length, sealed.size()));
  }
  if (plain.empty()) return Bytes{};
  const uint64_t first = plain.offset / kAgeChunkBytes;
  const uint64_t last_of_file = chunk_count(plain_bytes) - 1;
  Bytes out(sealed.size());
  size_t filled = 0;
  for (uint64_t index = first; !sealed.empty(); ++index) {
    ByteView chunk = sealed.first(std::min<size_t>(sealed.size(), kAgeSealedChunkBytes));
    if (!open_chunk(index, index == last_of_file, chunk, out.data() + filled)) {
      return Error(Code::kCorrupt, fmt::format("age chunk {} does not check out: its bytes are damaged, swapped or "
                                               "another file's",
                                               index));
    }
    filled += chunk.size() - kAgeTagBytes;
    sealed = sealed.subspan(chunk.size());
  }
  const uint64_t skip = plain.offset - first * kAgeChunkBytes;
  WFS_CHECK(skip + plain.length <= filled);
  if (skip > 0) std::memmove(out.data(), out.data() + skip, plain.length);
  out.resize(plain.length);
  return out;
}

}  // namespace walrusfs::pack
