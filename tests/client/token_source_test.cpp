#include "client/token_source.h"

#include <nlohmann/json.hpp>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "tests/client/helpers.h"

namespace walrusfs::testing {
namespace {

using ::testing::HasSubstr;

Deadline soon() { return system_clock().in(Millis(10'000)); }

nlohmann::json part_of(const std::string& token, int index) {
  std::istringstream in(token);
  std::string part;
  for (int i = 0; i <= index; ++i) std::getline(in, part, '.');
  return nlohmann::json::parse(as_text(from_base64url(part).value()));
}

// RFC 4231, test cases 2 and 6 (a key longer than a block).
TEST(HmacSha256, AgreesWithTheStandard) {
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

class SecretTokenTest : public ::testing::Test {
 protected:
  std::string token(const std::string& secret, const TokenClaims& claims) {
    return make_secret_token(clock_, rng_, {.secret = secret, .lifetime = Millis(120'000)})
        .value()
        ->token(claims, Deadline::never())
        .value();
  }
  ManualClock clock_;
  SeededRng rng_{1};
};

TEST_F(SecretTokenTest, TheClaimsAreWhatAPublisherChecks) {
  const std::string made = token("secret", {7, 1234, "0xabc"});
  EXPECT_EQ(part_of(made, 0), (nlohmann::json{{"alg", "HS256"}, {"typ", "JWT"}}));
  const auto claims = part_of(made, 1);
  EXPECT_EQ(claims["iat"], clock_.now().seconds());
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 120) << "exactly the operator's window";
  EXPECT_EQ(claims["epochs"], 7);
  EXPECT_EQ(claims["size"], 1234);
  EXPECT_EQ(claims["send_object_to"], "0xabc");
  EXPECT_EQ(claims["jti"].get<std::string>().size(), 32u);
  EXPECT_FALSE(claims.contains("max_size")) << "size and max_size exclude each other";
  EXPECT_FALSE(part_of(token("secret", {7, 1234, ""}), 1).contains("send_object_to"));
}

TEST_F(SecretTokenTest, TheSignatureIsOverHeaderAndPayload) {
  const std::string made = token("secret", {});
  const size_t dot = made.rfind('.');
  EXPECT_EQ(made.substr(dot + 1), to_base64url(hmac_sha256(as_bytes("secret"), as_bytes(made.substr(0, dot)))));
}

TEST_F(SecretTokenTest, ASecretThatStartsWith0xIsHex) {
  const std::string made = token("0x736563726574", {});
  const size_t dot = made.rfind('.');
  EXPECT_EQ(made.substr(dot + 1), to_base64url(hmac_sha256(as_bytes("secret"), as_bytes(made.substr(0, dot)))));
}

TEST_F(SecretTokenTest, NoTokenIsMadeTwice) {
  auto source = make_secret_token(clock_, rng_, {.secret = "secret"}).value();
  EXPECT_NE(source->token({}, Deadline::never()).value(), source->token({}, Deadline::never()).value());
  EXPECT_TRUE(source->gives_fresh_tokens());
}

TEST_F(SecretTokenTest, UnusableSecretsAreRefusedWithoutShowingThem) {
  for (const char* secret : {"", "0x", "0xsesame"}) {
    auto refused = make_secret_token(clock_, rng_, {.secret = secret});
    EXPECT_CODE(refused, Code::kInvalidArgument);
    EXPECT_THAT(refused.error().message(), ::testing::Not(HasSubstr("sesame")));
  }
  EXPECT_CODE(make_secret_token(clock_, rng_, {.secret = "x", .lifetime = Millis(999)}), Code::kInvalidArgument);
}

TEST(StaticToken, IsGivenAsItIsUnlessItWouldBreakTheHeader) {
  auto source = make_static_token("abc.def.ghi");
  EXPECT_EQ(source->token({}, soon()).value(), "abc.def.ghi");
  EXPECT_FALSE(source->gives_fresh_tokens());
  for (const char* bad : {"", "a b", "\xff", "\r\nX-Evil: 1"}) {
    EXPECT_CODE(make_static_token(bad)->token({}, soon()), Code::kPermission);
  }
}

TEST(FileToken, IsReadAnewForEveryUpload) {
  TempFolder folder;
  auto source = make_file_token(system_files(), folder / "token");
  EXPECT_CODE(source->token({}, soon()), Code::kNotFound);
  for (const char* content : {"first\n", "second\r\nignored"}) {
    ASSERT_TRUE(write_file_durably(system_files(), folder / "token", as_bytes(content)).ok());
    EXPECT_THAT(content, ::testing::StartsWith(source->token({}, soon()).value()));
  }
}

TEST(CommandToken, IsTheFirstLineThatTheProgramPrints) {
  auto source = make_command_token(system_clock(), {"printf", "one.two.three\\nmore\\n"});
  EXPECT_EQ(source->token({}, soon()).value(), "one.two.three");
}

TEST(CommandToken, ArgumentsAreNotSeenByAShell) {
  EXPECT_EQ(make_command_token(system_clock(), {"printf", "%s", "$HOME;ls"})->token({}, soon()).value(), "$HOME;ls");
}

TEST(CommandToken, EveryFailureIsTold) {
  EXPECT_CODE(make_command_token(system_clock(), {})->token({}, soon()), Code::kInvalidArgument);
  EXPECT_CODE(make_command_token(system_clock(), {"/nonexistent/program"})->token({}, soon()), Code::kNotFound);
  EXPECT_CODE(make_command_token(system_clock(), {"false"})->token({}, soon()), Code::kPermission);
  EXPECT_CODE(make_command_token(system_clock(), {"true"})->token({}, soon()), Code::kPermission);
  EXPECT_CODE(make_command_token(system_clock(), {"yes"})->token({}, soon()), Code::kPermission);
}

TEST(CommandToken, AProgramThatHangsIsEndedAtTheDeadline) {
  auto source = make_command_token(system_clock(), {"sleep", "100"});
  EXPECT_CODE(source->token({}, system_clock().in(Millis(30))), Code::kTimeout);
  // One that closes its output and stays.
  auto quiet = make_command_token(system_clock(), {"sh", "-c", "echo a.b.c; exec >&-; exec sleep 100"});
  EXPECT_CODE(quiet->token({}, system_clock().in(Millis(100))), Code::kTimeout);
}

}  // namespace
}  // namespace walrusfs::testing
