#include "codec/gf16.h"

#include <nlohmann/json.hpp>

#include "codec/error_locator.h"
#include "tests/codec/vectors.h"

namespace walrusfs::codec {
namespace {

using test::load_vectors;
using test::sha256_hex;

ByteView as_byte_view(const uint16_t* words, size_t count) {
  return {reinterpret_cast<const uint8_t*>(words), count * sizeof(uint16_t)};
}

TEST(Gf16, TablesAreThoseOfTheOfficialEncoder) {
  const auto vectors = load_vectors("gf16");
  const gf16::Tables& tables = gf16::tables();
  EXPECT_EQ(sha256_hex(as_byte_view(tables.exp, 65536)), vectors["exp_sha256"]);
  EXPECT_EQ(sha256_hex(as_byte_view(tables.log, 65536)), vectors["log_sha256"]);
}

TEST(Gf16, ProductsAreThoseOfTheOfficialEncoder) {
  const nlohmann::json vectors = load_vectors("gf16");
  for (const auto& sample : vectors["mul_a_b_product"]) {
    EXPECT_EQ(gf16::multiply(sample[0], sample[1]), sample[2].get<uint16_t>()) << sample;
  }
}

TEST(Gf16, WalshTransformOfTheLogarithms) {
  std::vector<uint16_t> entries(gf16::tables().log, gf16::tables().log + 65536);
  entries[0] = 0;
  walsh_transform(entries);
  EXPECT_EQ(sha256_hex(as_byte_view(entries.data(), entries.size())), load_vectors("gf16")["log_walsh_sha256"]);
}

TEST(Gf16, MultipliersAreThoseOfTheSkewTable) {
  std::vector<uint16_t> skew;
  for (uint32_t j = 1; j <= 65535; ++j) {
    const unsigned layer = static_cast<unsigned>(__builtin_ctz(j));
    skew.push_back(gf16::tables().log[(j >> layer) - 1]);
  }
  EXPECT_EQ(sha256_hex(as_byte_view(skew.data(), skew.size())), load_vectors("gf16")["skew_log_sha256"]);
}

TEST(Gf16, SubfieldFormIsTheSameMultiplication) {
  const auto to_subfield = [](uint16_t v) {
    return static_cast<uint16_t>(v ^ gf16::subfield_shift(static_cast<uint8_t>(v >> 8)));
  };
  const auto product = [](unsigned a, unsigned b) {
    return gf16::multiply(static_cast<uint16_t>(a), static_cast<uint16_t>(b));
  };
  for (uint32_t i = 0; i < 65536; i += 7) {
    const auto c = static_cast<uint16_t>(i * 31), v = static_cast<uint16_t>(i);
    const uint16_t cs = to_subfield(c), vs = to_subfield(v);
    const unsigned c0 = cs & 0xff, c1 = cs >> 8, p = vs & 0xff, q = vs >> 8;
    const unsigned low = product(c0, p) ^ product(128, product(c1, q));
    const unsigned high = product(c1, p) ^ product(c0 ^ c1, q);
    ASSERT_EQ(to_subfield(gf16::multiply(c, v)), low | high << 8) << c << " * " << v;
  }
}

TEST(ErrorLocator, AllThreeWaysAgree) {
  std::vector<uint32_t> known, unknown, positions;
  for (uint32_t p = 0; p < 65536; ++p) {
    const bool is_known = p < 1000 && p * 2654435761u >> 31 != 0;
    (is_known ? known : unknown).push_back(p);
    if (p < 1200) positions.push_back(p);
  }
  const auto direct = locator_directly(unknown, positions);
  EXPECT_EQ(locator_from_known(known, positions), direct);
  EXPECT_EQ(locator_by_walsh(unknown, positions), direct);
}

}  // namespace
}  // namespace walrusfs::codec
