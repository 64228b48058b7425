// Forms with files (multipart/form-data, RFC 7578): the parts of a body that is there as a whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace walrusfs::localnet {

constexpr size_t kMaxFormParts = 10'000;

struct FormPart {
  std::string name;
  ByteView content;
};

// The boundary that a Content-Type of multipart/form-data names; nothing for any other type.
std::optional<std::string> multipart_boundary(std::string_view content_type);
// In their order; views into `body`. kInvalidArgument for what is no form: a part without a name, headers without an
// end, no last boundary, more than kMaxFormParts parts.
Result<std::vector<FormPart>> parse_multipart(std::string_view boundary, ByteView body);

}  // namespace walrusfs::localnet
