// The one way in which commands print JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace walrusfs::cli {

// One line on standard output. Bytes that are no UTF-8 (in paths) become U+FFFD.
void print_json(const nlohmann::json& value);

}  // namespace walrusfs::cli
