#include "codec/gf16.h"

#include <memory>
#include <vector>

namespace walrusfs::codec::gf16 {
namespace {

constexpr uint32_t kPolynomial = 0x1002D;  // x^16 + x^5 + x^3 + x^2 + 1

// Bit b of a word selects kBasis[b], written in the polynomial basis.
constexpr uint16_t kBasis[16] = {0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E, 0x914C, 0x4012,
                                 0x6C98, 0x10D8, 0x6A72, 0xB900, 0xFDB8, 0xFB34, 0xFF38, 0x991E};

// subfield_shift of the single bits: 256 * 2^b = 2^(8+b) ^ kShift[b].
constexpr uint8_t kShift[8] = {0, 207, 171, 33, 138, 157, 39, 31};

uint16_t to_polynomial_basis(uint32_t word) {
  uint16_t sum = 0;
  for (unsigned bit = 0; bit < 16; ++bit) {
    if (word >> bit & 1) sum ^= kBasis[bit];
  }
  return sum;
}

std::unique_ptr<Tables> make_tables() {
  auto made = std::make_unique<Tables>();
  std::vector<uint16_t> discrete_log(65536);
  uint32_t power = 1;
  for (uint32_t i = 0; i < kModulus; ++i) {
    discrete_log[power] = static_cast<uint16_t>(i);
    power <<= 1;
    if (power >> 16) power ^= kPolynomial;
  }
  made->log[0] = kModulus;
  for (uint32_t word = 1; word <= kModulus; ++word) {
    const uint16_t log = discrete_log[to_polynomial_basis(word)];
    made->log[word] = log;
    made->exp[log] = static_cast<uint16_t>(word);
  }
  made->exp[kModulus] = made->exp[0];
  return made;
}

// The GFNI matrix of a linear byte map: byte 7-i holds the input bits that make output bit i.
template <typename Map>
uint64_t affine_of(Map map) {
  uint64_t matrix = 0;
  for (unsigned in = 0; in < 8; ++in) {
    const uint8_t image = map(static_cast<uint8_t>(1u << in));
    for (unsigned out = 0; out < 8; ++out) {
      if (image >> out & 1) matrix |= uint64_t{1} << (8 * (7 - out) + in);
    }
  }
  return matrix;
}

template <typename Map>
void fill_nibbles(uint8_t (&table)[32], Map map) {
  for (unsigned nibble = 0; nibble < 16; ++nibble) {
    table[nibble] = map(static_cast<uint8_t>(nibble));
    table[16 + nibble] = map(static_cast<uint8_t>(nibble << 4));
  }
}

std::unique_ptr<SubfieldTables> make_subfield_tables() {
  auto made = std::make_unique<SubfieldTables>();
  for (unsigned constant = 0; constant < 256; ++constant) {
    const auto times = [constant](uint8_t byte) {
      return static_cast<uint8_t>(multiply(static_cast<uint16_t>(constant), byte));
    };
    made->affine[constant] = affine_of(times);
    fill_nibbles(made->nibbles[constant], times);
    made->times_128[constant] = times(128);
    made->shift[constant] = subfield_shift(static_cast<uint8_t>(constant));
  }
  for (unsigned constant = 0; constant < 256; ++constant) {
    for (unsigned i = 0; i < 8; ++i) {
      made->across[constant][i] = made->affine[i < 4 ? made->times_128[constant] : constant];
    }
  }
  made->shift_affine = affine_of(subfield_shift);
  fill_nibbles(made->shift_nibbles, subfield_shift);
  return made;
}

}  // namespace

const Tables& tables() {
  static const std::unique_ptr<const Tables> made = make_tables();
  return *made;
}

uint16_t multiply(uint16_t a, uint16_t b) {
  if (a == 0 || b == 0) return 0;
  const Tables& t = tables();
  return t.exp[(uint32_t{t.log[a]} + t.log[b]) % kModulus];
}

uint8_t subfield_shift(uint8_t high) {
  uint8_t sum = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (high >> bit & 1) sum ^= kShift[bit];
  }
  return sum;
}

const SubfieldTables& subfield_tables() {
  static const std::unique_ptr<const SubfieldTables> made = make_subfield_tables();
  return *made;
}

}  // namespace walrusfs::codec::gf16
