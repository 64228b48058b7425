// Base58 with Bitcoin's alphabet: the text form of Sui digests.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs {

std::string to_base58(ByteView bytes);
// Exactly `size_bytes` bytes; kInvalidArgument for other lengths and characters.
Result<Bytes> from_base58(std::string_view text, size_t size_bytes);

}  // namespace walrusfs
