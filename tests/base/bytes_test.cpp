#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/rng.h"

namespace walrusfs {
namespace {

TEST(Bytes, LittleEndianIntegersAtAnyPlace) {
  Bytes out;
  append_le<uint32_t>(out, 0x01020304);
  append_le<uint16_t>(out, 0xA0B0);
  EXPECT_EQ(to_hex(out), "04030201b0a0");
  EXPECT_EQ(load_le<uint32_t>(out.data()), 0x01020304u);
  EXPECT_EQ(load_le<uint16_t>(out.data() + 4), 0xA0B0u);
  EXPECT_EQ(load_le<uint16_t>(out.data() + 1), 0x0203u);  // unaligned
}

TEST(Bytes, EqualComparesContent) {
  EXPECT_TRUE(equal({}, {}));
  EXPECT_TRUE(equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal(as_bytes("abc"), as_bytes("ab")));
}

TEST(Hex, BothWays) {
  EXPECT_EQ(to_hex(as_bytes(std::string_view("\0\x7f\xff", 3))), "007fff");
  EXPECT_EQ(from_hex("007fFF").value(), to_bytes(as_bytes(std::string_view("\0\x7f\xff", 3))));
  EXPECT_TRUE(from_hex("").value().empty());
  EXPECT_FALSE(from_hex("0").ok());
  EXPECT_FALSE(from_hex("0g").ok());
  EXPECT_FALSE(from_hex("0x").ok());
}

// RFC 4648 section 10.
TEST(Base64, VectorsOfTheRfc) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    EXPECT_EQ(as_text(from_base64(text).value()), plain);
    const std::string bare = text.substr(0, text.find('='));
    EXPECT_EQ(to_base64(as_bytes(plain), false), bare);
    EXPECT_EQ(as_text(from_base64(bare, false).value()), plain);
    EXPECT_EQ(to_base64url(as_bytes(plain)), bare);
    EXPECT_EQ(as_text(from_base64url(bare).value()), plain);
  }
}

TEST(Base64, TheTwoAlphabetsDiffer) {
  const Bytes bytes = {0xfb, 0xff, 0xfe};
  EXPECT_EQ(to_base64(bytes), "+//+");
  EXPECT_EQ(to_base64url(bytes), "-__-");
  EXPECT_FALSE(from_base64url("+//+").ok());
  EXPECT_FALSE(from_base64("-__-").ok());
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  EXPECT_TRUE(from_base64url("Zg").ok());
  EXPECT_FALSE(from_base64url("Zh").ok());  // bits after the last byte
  EXPECT_TRUE(from_base64url("Zm8").ok());
  EXPECT_FALSE(from_base64url("Zm9").ok());
  EXPECT_FALSE(from_base64("Zh==").ok());
}

TEST(Base64, RefusesWrongLengthsPaddingAndCharacters) {
  EXPECT_FALSE(from_base64url("Z").ok());
  EXPECT_FALSE(from_base64url("Zg==").ok());
  EXPECT_FALSE(from_base64url("Zm 9v").ok());
  EXPECT_FALSE(from_base64url("Zm9v\n").ok());
  EXPECT_FALSE(from_base64("Zg").ok());
  EXPECT_FALSE(from_base64("Zg=").ok());
  EXPECT_FALSE(from_base64("Z===").ok());
  EXPECT_FALSE(from_base64("====").ok());
  EXPECT_FALSE(from_base64("Zg==Zg==").ok());
  EXPECT_FALSE(from_base64("Zg==", false).ok());
}

TEST(Base64, AnyBytesComeBack) {
  SeededRng rng(7);
  for (size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    rng.fill(bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)).value(), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
  }
}

TEST(Checksum, KnownAnswers) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc64(as_bytes("123456789")), 0x995DC9BBDF1939FAu);
  EXPECT_EQ(crc64({}), 0u);
}

TEST(Checksum, PiecesAreTheWhole) {
  Bytes bytes(10'000);
  SeededRng(3).fill(bytes);
  for (size_t cut : {0u, 1u, 4095u, 9999u, 10'000u}) {
    const ByteView head = ByteView(bytes).first(cut);
    const ByteView tail = ByteView(bytes).subspan(cut);
    EXPECT_EQ(crc64(tail, crc64(head)), crc64(bytes));
    EXPECT_EQ(crc32c(tail, crc32c(head)), crc32c(bytes));
  }
}

TEST(Checksum, AllZeroSeesAnyOtherByte) {
  Bytes bytes(1000);
  EXPECT_TRUE(all_zero({}));
  EXPECT_TRUE(all_zero(bytes));
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = 1;
    ASSERT_FALSE(all_zero(bytes)) << i;
    bytes[i] = 0;
  }
}

}  // namespace
}  // namespace walrusfs
