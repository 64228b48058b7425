#include "base/utf8.h"

#include <cstdint>

namespace walrusfs {
namespace {

// Bytes of the character that begins with `first`; 0 for a byte that begins none.
size_t length_of(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

bool is_allowed(char32_t character, size_t length) {
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  return character >= kSmallest[length] && character <= 0x10ffff && !surrogate;
}

}  // namespace

std::optional<char32_t> take_utf8_character(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const size_t length = length_of(first);
  if (length == 0 || length > text.size()) return std::nullopt;
  char32_t character = length == 1 ? first : first & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    character = character << 6 | (next & 0x3fu);
  }
  if (!is_allowed(character, length)) return std::nullopt;
  text.remove_prefix(length);
  return character;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!take_utf8_character(text)) return false;
  }
  return true;
}

}  // namespace walrusfs
