// A blob behind a URL as a source of bytes, read by closed ranges.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/byte_stream.h"

namespace walrusfs::cli {

// Asks the server for the size. kNotSupported when it does not serve ranges.
Result<std::unique_ptr<ByteSource>> open_url(const std::string& url, Clock& clock);

}  // namespace walrusfs::cli
