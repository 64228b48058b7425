#include "codec/quilt/identifier.h"

#include <bit>

#include "base/utf8.h"

namespace walrusfs::quilt {
namespace {

// Unicode's category Cc.
bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Unicode's property White_Space, without the control characters that have it.
bool is_white_space(char32_t c) {
  return c == 0x20 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
         c == 0x202f || c == 0x205f || c == 0x3000;
}

Error refused(std::string_view why) { return Error(Code::kInvalidArgument, "a name in a quilt " + std::string(why)); }

}  // namespace

Status check_identifier(std::string_view identifier) {
  if (identifier.empty()) return refused("must not be empty");
  if (bcs_string_bytes(identifier) > kMaxIdentifierBcsBytes) {
    return Error(Code::kTooLarge, "a name in a quilt is too long: it has " + std::to_string(identifier.size()) +
                                      " bytes, " + std::to_string(kMaxIdentifierBcsBytes - 3) + " are the most");
  }
  char32_t last = 0;
  while (!identifier.empty()) {
    const auto character = take_utf8_character(identifier);
    if (!character) return refused("must be UTF-8");
    if (is_control(*character)) return refused("must not have control characters");
    last = *character;
  }
  if (is_white_space(last)) return refused("must not end in white space");
  return ok_status();
}

size_t bcs_string_bytes(std::string_view text) {
  const auto bits = static_cast<size_t>(std::bit_width(text.size() | 1));
  return (bits + 6) / 7 + text.size();
}

void write_string(BcsWriter& out, std::string_view text) { out.bytes(as_bytes(text)); }

Result<std::string> read_string(BcsReader& in, size_t max_bytes) {
  WFS_ASSIGN(const ByteView bytes, in.bytes(static_cast<uint32_t>(max_bytes)));
  const std::string_view text = as_text(bytes);
  if (bcs_string_bytes(text) > max_bytes) return in.fail("a text is too long");
  if (!is_utf8(text)) return in.fail("a text is not UTF-8");
  return std::string(text);
}

}  // namespace walrusfs::quilt
