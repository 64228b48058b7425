#include "base/ids.h"

#include <algorithm>

namespace walrusfs {

Result<BlobId> BlobId::parse(std::string_view text) {
  auto bytes = from_base64url(text);
  BlobId id;
  if (!bytes.ok() || bytes->size() != id.bytes.size()) {
    return Error(Code::kInvalidArgument, "not a blob ID (43 characters of URL base64 expected): '" +
                                             std::string(text.substr(0, 80)) + "'");
  }
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

}  // namespace walrusfs
