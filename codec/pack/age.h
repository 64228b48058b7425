// age v1 files (https://age-encryption.org/v1): keys, headers, and the payload in 64 KiB chunks, both
// as a stream and at any place. Any `age` program opens what this writes.
//
// Everything here is a value; a const object may be used by several threads at once. Secrets are
// overwritten when their owner goes away and never appear in an error message.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/byte_stream.h"

namespace walrusfs::pack {

// Whom a file is encrypted to: an X25519 public key, "age1…".
struct AgeRecipient {
  std::array<uint8_t, 32> public_key{};

  static Result<AgeRecipient> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const AgeRecipient&) const = default;
};

// Who can read it: the X25519 secret, "AGE-SECRET-KEY-1…".
class AgeIdentity {
 public:
  static AgeIdentity generate(Rng& rng);
  static AgeIdentity from_secret(const std::array<uint8_t, 32>& secret);
  // One identity alone, or a key file: blank lines and lines that start with '#' are passed over.
  static Result<AgeIdentity> parse(std::string_view text);

  AgeIdentity(const AgeIdentity&) = default;
  AgeIdentity& operator=(const AgeIdentity&) = default;
  ~AgeIdentity();

  // The secret in its text form; the caller keeps it out of logs and wipes it.
  std::string print() const;
  const AgeRecipient& recipient() const { return recipient_; }

  // X25519 of this secret and another public key; refused when the result is all zeros.
  Result<std::array<uint8_t, 32>> shared_secret(const std::array<uint8_t, 32>& public_key) const;

 private:
  explicit AgeIdentity(const std::array<uint8_t, 32>& secret);
  std::array<uint8_t, 32> secret_{};
  AgeRecipient recipient_;
};

// ---- Payload geometry ----

constexpr uint64_t kAgeChunkBytes = 64 * 1024;  // of plaintext
constexpr uint64_t kAgeTagBytes = 16;           // Poly1305, after each chunk
constexpr uint64_t kAgeSealedChunkBytes = kAgeChunkBytes + kAgeTagBytes;
constexpr uint64_t kAgeNonceBytes = 16;  // between header and first chunk

// How many bytes the chunks of `plain_bytes` take (an empty payload still has one chunk).
uint64_t age_sealed_bytes(uint64_t plain_bytes);
// The other way round; kCorrupt when no payload has that size.
Result<uint64_t> age_plain_bytes(uint64_t sealed_bytes);

// The key of one file's payload. "Head" is the header with the nonce behind it: all that, together
// with the identity, opens the payload.
class AgePayloadKey {
 public:
  // The head of a new file and its key, from 16 + 32 + 16 random bytes (file key, ephemeral secret, nonce).
  struct Fresh;
  static Result<Fresh> create(const AgeRecipient& recipient, Rng& rng);

  // kWrongKey when no stanza is for `identity`; kCorrupt when the header is damaged.
  static Result<AgePayloadKey> open(ByteView head, const AgeIdentity& identity);

  AgePayloadKey(const AgePayloadKey&) = default;
  AgePayloadKey& operator=(const AgePayloadKey&) = default;
  ~AgePayloadKey();

  // Seals one chunk: whole, or the last one. `out` is given kAgeTagBytes more than `plain`.
  void seal_chunk(uint64_t index, bool last, ByteView plain, uint8_t* out) const;
  // False when the tag does not fit. `out` is given kAgeTagBytes less than `sealed`.
  [[nodiscard]] bool open_chunk(uint64_t index, bool last, ByteView sealed, uint8_t* out) const;

  // Where the chunks that hold `plain` lie, counted from the first chunk's start. `plain` must lie
  // inside a payload of `plain_bytes`.
  static ByteRange sealed_range(ByteRange plain, uint64_t plain_bytes);
  // The bytes of `plain` out of exactly the sealed bytes that sealed_range() named. kCorrupt names the chunk.
  Result<Bytes> open_range(ByteRange plain, uint64_t plain_bytes, ByteView sealed) const;

  // From the file key (16 bytes) and the nonce.
  AgePayloadKey(ByteView file_key, ByteView nonce);

 private:
  std::array<uint8_t, 32> key_{};
};

struct AgePayloadKey::Fresh {
  Bytes head;
  AgePayloadKey key;
};

// The length of the head (header and nonce) at the start of `bytes`; kCorrupt when it is none,
// kRange when `bytes` ends too early to tell.
Result<size_t> age_head_bytes(ByteView bytes);
// Whether `bytes` starts like an age file.
bool looks_like_age(ByteView bytes);

// ---- Streams and whole files ----

// Encrypts what is written to it into `out`, head first. finish() writes the last chunk and must be
// called; without it the file is truncated and age says so.
class AgeEncryptor final : public ByteSink {
 public:
  // `out` must outlive it.
  static Result<std::unique_ptr<AgeEncryptor>> create(const AgeRecipient& recipient, Rng& rng, ByteSink& out);
  Status write(ByteView plain) override;
  Status finish();
  const Bytes& head() const { return head_; }

 private:
  AgeEncryptor(AgePayloadKey::Fresh fresh, ByteSink& out);
  Status flush_chunk(bool last);

  const Bytes head_;
  const AgePayloadKey key_;
  ByteSink& out_;
  uint64_t next_chunk_ = 0;
  Bytes plain_;
  Bytes sealed_;
};

Result<Bytes> age_decrypt(ByteView file, const AgeIdentity& identity);

// ---- Identities at rest ----

// scrypt with N = 2^18, as age itself chooses: about a second and 256 MiB.
constexpr int kAgeScryptLogN = 18;

// The identity's text form as an age file under a passphrase; `age -d` opens it.
Result<Bytes> wrap_identity(const AgeIdentity& identity, std::string_view passphrase, Rng& rng,
                            int scrypt_log_n = kAgeScryptLogN);
// kWrongKey for a wrong passphrase. Takes the armored form ("-----BEGIN AGE ENCRYPTED FILE-----") as well.
Result<AgeIdentity> unwrap_identity(ByteView file, std::string_view passphrase);

}  // namespace walrusfs::pack
