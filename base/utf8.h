// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <optional>
#include <string_view>

namespace walrusfs {

// Takes the first character off `text`, which is not empty. Nothing when it is not UTF-8.
std::optional<char32_t> take_utf8_character(std::string_view& text);

bool is_utf8(std::string_view text);

}  // namespace walrusfs
