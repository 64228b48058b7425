// Bech32 (BIP 173) without its limit of 90 characters, as age and Sui write keys.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs {

// Lower case; `prefix` is lower case.
std::string to_bech32(std::string_view prefix, ByteView data);
// Accepts all lower or all upper case. `prefix` (lower case) must be the one found. Messages never
// repeat the text, which may be a secret.
Result<Bytes> from_bech32(std::string_view prefix, std::string_view text);

}  // namespace walrusfs
