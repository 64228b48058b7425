#include "base/base58.h"

#include <algorithm>

namespace walrusfs {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// `number` (digits of base `base`, least significant first) becomes number × factor + carry.
void multiply_add(Bytes& number, uint32_t base, uint32_t factor, uint32_t carry) {
  for (uint8_t& digit : number) {
    carry += uint32_t{digit} * factor;
    digit = static_cast<uint8_t>(carry % base);
    carry /= base;
  }
  for (; carry > 0; carry /= base) number.push_back(static_cast<uint8_t>(carry % base));
}

Error malformed(std::string_view why) {
  return Error(Code::kInvalidArgument, "this is no base58 text: " + std::string(why));
}

}  // namespace

std::string to_base58(ByteView bytes) {
  Bytes digits;
  for (uint8_t byte : bytes) multiply_add(digits, 58, 256, byte);
  // Each leading zero byte is one digit zero.
  const auto first = std::find_if(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte != 0; });
  std::string text(static_cast<size_t>(first - bytes.begin()), kAlphabet[0]);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text.push_back(kAlphabet[*digit]);
  return text;
}

Result<Bytes> from_base58(std::string_view text, size_t size_bytes) {
  if (text.size() > size_bytes * 2) return malformed("it is too long");  // and the loop below is quadratic
  Bytes number;
  for (char c : text) {
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return malformed("it has a character that the alphabet lacks");
    multiply_add(number, 256, 58, static_cast<uint32_t>(digit));
  }
  const size_t zeros = std::min(text.find_first_not_of(kAlphabet[0]), text.size());
  number.resize(number.size() + zeros, 0);
  if (number.size() != size_bytes) return malformed("its length is wrong");
  std::reverse(number.begin(), number.end());
  return number;
}

}  // namespace walrusfs
