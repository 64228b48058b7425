// Forms as browsers and tools send them, and what is no form.
#include "localnet/multipart.h"

#include <gtest/gtest.h>

namespace walrusfs::localnet {
namespace {

std::string part(const std::string& name, const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"x\"\r\n\r\n" + content + "\r\n";
}

TEST(MultipartTest, ReadsPartsInOrder) {
  const std::string body = "preamble\r\n" + part("a.txt", "hello") + part("empty", "") +
                           "--b \r\nX: y\r\ncontent-disposition: form-data; name=bare; x=y\r\n\r\nline\r\n-- b\r\n" +
                           "\r\n--b--\r\nepilogue";
  const auto parts = parse_multipart("b", as_bytes(body));
  ASSERT_TRUE(parts.ok()) << parts.error().message();
  ASSERT_EQ(parts->size(), 3u);
  EXPECT_EQ((*parts)[0].name, "a.txt");
  EXPECT_EQ(as_text((*parts)[0].content), "hello");
  EXPECT_EQ((*parts)[1].content.size(), 0u);
  EXPECT_EQ((*parts)[2].name, "bare");
  EXPECT_EQ(as_text((*parts)[2].content), "line\r\n-- b\r\n");
}

TEST(MultipartTest, NamesMayHaveQuotesAndSemicolons) {
  const std::string body = part("a\\\"b;\\\\c", "x") + "--b--";
  EXPECT_EQ(parse_multipart("b", as_bytes(body)).value().at(0).name, "a\"b;\\c");
}

TEST(MultipartTest, FindsTheBoundary) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\""), "a b");
  for (const char* type : {"", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
                           "multipart/form-data; boundary=\"open", "multipart/mixed; boundary=abc"})
    EXPECT_FALSE(multipart_boundary(type).has_value()) << type;
  EXPECT_TRUE(multipart_boundary("multipart/form-data; boundary=" + std::string(70, 'x')).has_value());
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'x')).has_value());
}

TEST(MultipartTest, RefusesWhatIsNoForm) {
  const std::string good = part("a", "x");
  for (const std::string& body :
       {std::string(), std::string("--"), std::string("no boundary"), good, good.substr(0, 10), good + "--b",
        std::string("--b\r\n\r\nno headers\r\n--b--"),
        std::string("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
        std::string("--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--"),
        std::string("--b\r\nContent-Disposition: form-data; name=\"open\r\n\r\nx\r\n--b--"),
        "--b\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n\r\n--b--"}) {
    EXPECT_EQ(parse_multipart("b", as_bytes(body)).ok(), false) << body.substr(0, 60);
  }
}

TEST(MultipartTest, ThePartsAreCounted) {
  std::string body;
  for (size_t i = 0; i < kMaxFormParts; ++i) body += part("a", "");
  EXPECT_EQ(parse_multipart("b", as_bytes(body + "--b--")).value().size(), kMaxFormParts);
  EXPECT_FALSE(parse_multipart("b", as_bytes(body + part("a", "") + "--b--")).ok());
}

// Every cut and every changed byte of a form is read or refused, never more than it has.
TEST(MultipartTest, DamagedFormsAreRefusedOrRead) {
  const std::string body = part("a.txt", "hello") + part("b", "x") + "--b--";
  for (size_t at = 0; at < body.size(); ++at) {
    (void)parse_multipart("b", as_bytes(body.substr(0, at)));
    for (char other : {'\0', '\r', '\n', '-', '"'}) {
      std::string damaged = body;
      damaged[at] = other;
      const auto parts = parse_multipart("b", as_bytes(damaged));
      if (!parts) continue;
      for (const FormPart& one : *parts) EXPECT_LE(one.content.size(), body.size());
    }
  }
}

}  // namespace
}  // namespace walrusfs::localnet
