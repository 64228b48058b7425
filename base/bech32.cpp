#include "base/bech32.h"

#include <array>

namespace walrusfs {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t kChecksumDigits = 6;

uint32_t polymod(const Bytes& digits) {
  constexpr std::array<uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  uint32_t check = 1;
  for (uint8_t digit : digits) {
    uint32_t top = check >> 25;
    check = (check & 0x1ffffff) << 5 ^ digit;
    for (size_t i = 0; i < kGenerator.size(); ++i) {
      if (top >> i & 1) check ^= kGenerator[i];
    }
  }
  return check;
}

Bytes expanded(std::string_view prefix) {
  Bytes out;
  for (char c : prefix) out.push_back(static_cast<uint8_t>(c) >> 5);
  out.push_back(0);
  for (char c : prefix) out.push_back(static_cast<uint8_t>(c) & 31);
  return out;
}

// Groups of `from` bits to groups of `to` bits, the last one filled up with zeros.
Bytes regroup(ByteView in, unsigned from, unsigned to) {
  Bytes out;
  uint32_t held = 0;
  unsigned bits = 0;
  for (uint8_t group : in) {
    held = (held << from | group) & 0xfff;
    for (bits += from; bits >= to; bits -= to) out.push_back(held >> (bits - to) & ((1U << to) - 1));
  }
  if (bits > 0) out.push_back(held << (to - bits) & ((1U << to) - 1));
  return out;
}

Error not_a_key(std::string_view why) {
  return Error(Code::kInvalidArgument, "this is not a key: " + std::string(why));
}

// All lower case, or nothing when the cases are mixed.
Result<std::string> lowered(std::string_view text) {
  std::string out(text);
  bool upper = false, lower = false;
  for (char& c : out) {
    upper |= c >= 'A' && c <= 'Z';
    lower |= c >= 'a' && c <= 'z';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (upper && lower) return not_a_key("it mixes upper and lower case");
  return out;
}

}  // namespace

std::string to_bech32(std::string_view prefix, ByteView data) {
  Bytes digits = regroup(data, 8, 5);
  Bytes summed = expanded(prefix);
  append(summed, digits);
  summed.resize(summed.size() + kChecksumDigits);
  uint32_t check = polymod(summed) ^ 1;
  for (size_t i = 0; i < kChecksumDigits; ++i) digits.push_back(check >> (5 * (kChecksumDigits - 1 - i)) & 31);
  std::string out = std::string(prefix) + "1";
  for (uint8_t digit : digits) out += kAlphabet[digit];
  return out;
}

Result<Bytes> from_bech32(std::string_view prefix, std::string_view text) {
  WFS_ASSIGN(std::string low, lowered(text));
  if (!low.starts_with(std::string(prefix) + "1")) return not_a_key("it does not start with the right word");
  Bytes digits;
  for (char c : std::string_view(low).substr(prefix.size() + 1)) {
    size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return not_a_key("it has a character that keys never have");
    digits.push_back(static_cast<uint8_t>(digit));
  }
  Bytes summed = expanded(prefix);
  append(summed, digits);
  if (digits.size() < kChecksumDigits || polymod(summed) != 1) {
    return not_a_key("its checksum does not fit; it was mistyped or cut off");
  }
  digits.resize(digits.size() - kChecksumDigits);
  Bytes data = regroup(digits, 5, 8);
  // What is left over must be fewer than five bits, all zero: then the data gives the digits back.
  if (digits.size() * 5 % 8 != 0) data.pop_back();
  if (regroup(data, 8, 5) != digits) return not_a_key("its length is wrong");
  return data;
}

}  // namespace walrusfs
