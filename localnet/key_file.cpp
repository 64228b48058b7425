#include "localnet/key_file.h"

#include "base/crypto.h"

namespace walrusfs::localnet {
namespace {

constexpr uint64_t kMaxKeyFileBytes = 256;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

Error no_key(const std::string& path) {
  return Error(Code::kCorrupt, path + " holds no key of its kind: delete it, and a new one is made");
}

// Nearly all 32 bytes are a scalar of a curve; the others are drawn again.
SigningKey generate(Rng& rng, KeyScheme scheme) {
  for (;;) {
    Bytes secret(kSecretKeyBytes);
    rng.fill(secret);
    auto key = SigningKey::create(scheme, secret);
    wipe(secret);
    if (key) return std::move(*key);
  }
}

}  // namespace

Result<Bytes> read_key_file(Files& files, const std::string& path, uint8_t flag) {
  WFS_ASSIGN(Bytes text, read_file(files, path, kMaxKeyFileBytes));
  auto tagged = from_base64(trimmed(as_text(text)));
  wipe(text);
  if (!tagged) return no_key(path);
  const bool good = tagged->size() == 1 + kSecretKeyBytes && tagged->front() == flag;
  Bytes secret = good ? Bytes(tagged->begin() + 1, tagged->end()) : Bytes();
  wipe(*tagged);
  if (!good) return no_key(path);
  return secret;
}

Status write_key_file(Files& files, const std::string& path, uint8_t flag, ByteView secret) {
  Bytes tagged = {flag};
  tagged.reserve(1 + secret.size());
  append(tagged, secret);
  std::string text = to_base64(tagged) + "\n";
  Status written = write_file_durably(files, path, as_bytes(text));
  wipe(tagged);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return written;
}

Result<SigningKey> load_or_create_key(Files& files, Rng& rng, const std::string& path, KeyScheme scheme) {
  const auto flag = static_cast<uint8_t>(scheme);
  WFS_ASSIGN(const bool exists, files.exists(path));
  if (!exists) {
    SigningKey fresh = generate(rng, scheme);
    WFS_TRY(write_key_file(files, path, flag, fresh.secret()));
    return fresh;
  }
  WFS_ASSIGN(Bytes secret, read_key_file(files, path, flag));
  auto key = SigningKey::create(scheme, secret);
  wipe(secret);
  if (!key) return no_key(path);
  return key;
}

}  // namespace walrusfs::localnet
