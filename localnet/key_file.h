// Secret keys in files as the official tools write them: base64 of a flag, which tells the kind, and 32 bytes; mode
// 0600.
#pragma once

#include <string>

#include "base/crypto_sign.h"
#include "base/files.h"
#include "base/rng.h"

namespace walrusfs::localnet {

// The secret; wipe it. kNotFound when there is no file, kCorrupt when it holds no key with that flag.
Result<Bytes> read_key_file(Files& files, const std::string& path, uint8_t flag);
Status write_key_file(Files& files, const std::string& path, uint8_t flag, ByteView secret);

// A key of that scheme, whose number is its flag: the one in the file, or a new one that is put there.
Result<SigningKey> load_or_create_key(Files& files, Rng& rng, const std::string& path, KeyScheme scheme);

}  // namespace walrusfs::localnet
