// Names of files in a quilt, and BCS strings in general. Specification section 17.4.
#pragma once

#include <string>
#include <string_view>

#include "codec/bcs.h"

namespace walrusfs::quilt {

// With the ULEB length in front of it.
constexpr size_t kMaxIdentifierBcsBytes = 65534;

// kInvalidArgument when `identifier` is one that official readers refuse: empty, not UTF-8, with control
// characters, with white space at its end; kTooLarge when it is too long.
//
// An identifier is no path: "../x" and "/etc/passwd" pass. Whoever makes files of them must look himself.
Status check_identifier(std::string_view identifier);

size_t bcs_string_bytes(std::string_view text);
void write_string(BcsWriter& out, std::string_view text);
// UTF-8 whose BCS form takes at most `max_bytes`.
Result<std::string> read_string(BcsReader& in, size_t max_bytes);

}  // namespace walrusfs::quilt
