// Tokens for the publisher (HTTP API, section 3.3).
#include "localnet/jwt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "base/testing/manual_clock.h"
#include "client/token_source.h"
#include "fake_call.h"

namespace walrusfs::localnet {
namespace {

using Json = nlohmann::ordered_json;

const std::string kSecret = "a secret that both sides know";

std::string signed_part(const Json& header, const Json& payload) {
  return to_base64url(as_bytes(header.dump())) + "." + to_base64url(as_bytes(payload.dump()));
}

std::string token(const Json& payload, const std::string& secret = kSecret) {
  const std::string text = signed_part({{"alg", "HS256"}, {"typ", "JWT"}}, payload);
  return text + "." + to_base64url(hmac_sha256(as_bytes(secret), as_bytes(text)));
}

class JwtTest : public testing::Test {
 protected:
  JwtTest() { options_.secret = kSecret; }

  Json claims() {
    const int64_t now = clock_.now().seconds();
    return {{"iat", now}, {"exp", now + 300}, {"jti", "id " + std::to_string(++ids_)}};
  }
  // "" when it passes, else "400 REASON", or "400" for plain text.
  std::string outcome(const std::optional<HttpAnswer>& refusal) {
    if (!refusal) return "";
    const Json body = Json::parse(refusal->body, nullptr, false);
    if (!body.is_object()) return std::to_string(refusal->status);
    const Json& detail = body["error"]["details"][0];
    EXPECT_EQ(detail["domain"], refusal->status == 500 ? "global" : "auth.publisher.walrus.space");
    EXPECT_EQ(body["error"]["code"], refusal->status);
    return std::to_string(refusal->status) + " " + detail["reason"].get<std::string>();
  }
  std::string admit_header(const std::optional<std::string>& authorization) {
    if (!guard_) guard_ = JwtGuard::create(options_, clock_).value();
    FakeCall call;
    if (authorization) call.headers["Authorization"] = *authorization;
    admission_ = guard_->admit(call, upload_);
    return outcome(admission_.refusal);
  }
  std::string admit_text(const std::string& text) { return admit_header("Bearer " + text); }
  std::string admit(const Json& payload) { return admit_text(token(payload)); }
  std::string admit_with(const std::string& name, const Json& value) {
    Json payload = claims();
    payload[name] = value;
    return admit(payload);
  }

  ManualClock clock_;
  JwtOptions options_;
  JwtUpload upload_;
  std::unique_ptr<JwtGuard> guard_;
  JwtGuard::Admission admission_;
  int ids_ = 0;
};

TEST_F(JwtTest, AGoodTokenPassesOnce) {
  const Json payload = claims();
  EXPECT_EQ(admit(payload), "");
  EXPECT_EQ(admission_.claims->id, payload["jti"]);
  EXPECT_EQ(admit(payload), "429 TOKEN_ALREADY_USED");
  EXPECT_EQ(admit(claims()), "");
}

TEST_F(JwtTest, MissingAndOddHeadersArePlainText) {
  EXPECT_EQ(admit_header(std::nullopt), "400");
  EXPECT_EQ(admit_header("Basic YTpi"), "400");
  EXPECT_EQ(admit_header("Bearer"), "400");
  EXPECT_EQ(admit_header("bearer " + token(claims())), "");
}

TEST_F(JwtTest, WhatIsNoTokenIsInvalid) {
  const std::string good = token(claims());
  for (const std::string& bad : {std::string("x"), std::string("a.b.c"), good + ".d", good.substr(1),
                                 good.substr(0, good.rfind('.')), std::string("..")})
    EXPECT_EQ(admit_text(bad), "400 INVALID_TOKEN") << bad;
  for (const char* name : {"exp", "jti"}) {
    Json payload = claims();
    payload.erase(name);
    EXPECT_EQ(admit(payload), "400 INVALID_TOKEN") << name;
  }
  EXPECT_EQ(admit_with("exp", 1.5), "400 INVALID_TOKEN");
  EXPECT_EQ(admit_with("exp", "soon"), "400 INVALID_TOKEN");
  EXPECT_EQ(admit_with("jti", 5), "400 INVALID_TOKEN");
  EXPECT_EQ(admit_with("size", -1), "400 INVALID_TOKEN");
  EXPECT_EQ(admit_with("send_object_to", "nobody"), "400 INVALID_TOKEN");
}

TEST_F(JwtTest, SignaturesAreChecked) {
  EXPECT_EQ(admit_text(token(claims(), "another secret")), "401 INVALID_SIGNATURE");
  std::string changed = token(claims());
  changed.back() = changed.back() == 'A' ? 'E' : 'A';
  EXPECT_EQ(admit_text(changed), "401 INVALID_SIGNATURE");
  const std::string unsigned_text = signed_part({{"alg", "none"}}, claims());
  EXPECT_EQ(admit_text(unsigned_text + "."), "400 INVALID_TOKEN");
  const std::string other = signed_part({{"alg", "HS512"}}, claims());
  const std::string mac = to_base64url(hmac_sha256(as_bytes(kSecret), as_bytes(other)));
  EXPECT_EQ(admit_text(other + "." + mac), "400 INVALID_TOKEN");
}

TEST_F(JwtTest, ExpiryHasALeewayOfAMinute) {
  const int64_t now = clock_.now().seconds();
  EXPECT_EQ(admit_with("exp", now - 60), "");
  EXPECT_EQ(admit_with("exp", now - 61), "504 EXPIRED_SIGNATURE");
  EXPECT_EQ(admit_with("exp", int64_t{8'210'266'876'799}), "");
  EXPECT_EQ(admit_with("exp", int64_t{8'210'266'876'800}), "400 INVALID_TIMESTAMP");
}

TEST_F(JwtTest, TheWindowIsExact) {
  options_.expiry_window_seconds = 300;
  EXPECT_EQ(admit(claims()), "");
  const int64_t now = clock_.now().seconds();
  EXPECT_EQ(admit_with("exp", now + 299), "400 INVALID_EXPIRATION");
  EXPECT_EQ(admit_with("exp", now + 301), "400 INVALID_EXPIRATION");
  Json payload = claims();
  payload.erase("iat");
  EXPECT_EQ(admit(payload), "400 INVALID_EXPIRATION");
}

TEST_F(JwtTest, UploadsAreComparedOnlyWhenAsked) {
  upload_ = {5, std::nullopt, 1000};
  EXPECT_EQ(admit_with("epochs", 4), "");
  guard_.reset();
  options_.verify_upload = true;
  EXPECT_EQ(admit_with("epochs", 4), "400 INVALID_EPOCHS");
  EXPECT_EQ(admit_with("epochs", 5), "");
  EXPECT_EQ(admit_with("max_epochs", 4), "400 INVALID_EPOCHS");
  EXPECT_EQ(admit_with("max_epochs", 5), "");
  EXPECT_EQ(admit_with("size", 999), "400 INVALID_SIZE");
  EXPECT_EQ(admit_with("size", 1000), "");
  EXPECT_EQ(admit_with("max_size", 999), "400 INVALID_SIZE");
  EXPECT_EQ(admit_with("max_size", 1000), "");
  EXPECT_EQ(admit_with("send_object_to", "0xab"), "400 INVALID_SEND_OBJECT_TO");
  upload_.send_object_to = "0x" + std::string(62, '0') + "ab";
  EXPECT_EQ(admit_with("send_object_to", "0xab"), "");
}

TEST_F(JwtTest, ContradictoryClaimsAreInconsistent) {
  options_.verify_upload = true;
  Json payload = claims();
  payload["epochs"] = 1;
  payload["max_epochs"] = 2;
  EXPECT_EQ(admit(payload), "400 INCONSISTENT_TOKEN");
  payload = claims();
  payload["size"] = 1;
  payload["max_size"] = 2;
  EXPECT_EQ(admit(payload), "400 INCONSISTENT_TOKEN");
  upload_.body_bytes = 1;
  EXPECT_EQ(admit(payload), "400 INCONSISTENT_TOKEN");
}

TEST_F(JwtTest, ARefusedTokenStaysUsable) {
  options_.verify_upload = true;
  Json payload = claims();
  payload["epochs"] = 2;
  EXPECT_EQ(admit(payload), "400 INVALID_EPOCHS");
  upload_.epochs = 2;
  EXPECT_EQ(admit(payload), "");
}

TEST_F(JwtTest, SizesOfTheRealBodyAreCheckedInAnyCase) {
  EXPECT_EQ(admit_with("max_size", 10), "");
  EXPECT_EQ(outcome(check_token_size(admission_.claims, 10)), "");
  EXPECT_EQ(outcome(check_token_size(admission_.claims, 11)), "400 INVALID_SIZE");
  EXPECT_EQ(outcome(check_token_size(std::nullopt, 11)), "");
}

TEST_F(JwtTest, WithoutASecretSignatureAndExpiryAreNotChecked) {
  options_.secret.clear();
  options_.verify_upload = true;
  Json payload = claims();
  payload["exp"] = 1;
  EXPECT_EQ(admit_text(token(payload, "whatever")), "");
  EXPECT_EQ(admit_header(std::nullopt), "400");
}

TEST_F(JwtTest, WithoutAuthenticationATokenIsReadAllTheSame) {
  options_.secret.clear();
  EXPECT_EQ(admit_header(std::nullopt), "");
  EXPECT_FALSE(admission_.claims.has_value());
  EXPECT_EQ(admit_text("nonsense"), "500 INTERNAL_ERROR");
  EXPECT_EQ(admit_with("size", 7), "");
  EXPECT_EQ(outcome(check_token_size(admission_.claims, 8)), "400 INVALID_SIZE");
}

TEST_F(JwtTest, TenThousandUsedTokensAreRemembered) {
  const Json first = claims();
  EXPECT_EQ(admit(first), "");
  const Json second = claims();
  EXPECT_EQ(admit(second), "");
  for (size_t i = 0; i + 2 < kUsedTokens; ++i) ASSERT_EQ(admit(claims()), "");
  EXPECT_EQ(admit(first), "429 TOKEN_ALREADY_USED");
  EXPECT_EQ(admit(claims()), "");
  EXPECT_EQ(admit(first), "") << "the oldest is forgotten first";
  EXPECT_EQ(admit(claims()), "");
}

TEST_F(JwtTest, SecretsMayBeHex) {
  options_.secret = "0x" + to_hex(as_bytes(kSecret));
  EXPECT_EQ(admit(claims()), "");
  options_.secret = "0xzz";
  EXPECT_EQ(JwtGuard::create(options_, clock_).error().code(), Code::kInvalidArgument);
}

// What a mount sends is what the publisher takes.
TEST_F(JwtTest, TheClientsOwnTokensPass) {
  options_.expiry_window_seconds = 300;
  options_.verify_upload = true;
  const std::string owner = "0x" + std::string(64, 'a');
  upload_ = {3, owner, 4096};
  for (const std::string& secret : {kSecret, std::string("0x00112233445566778899aabbccddeeff")}) {
    options_.secret = secret;
    guard_.reset();
    auto source = make_secret_token(clock_, system_rng(), {secret, Millis(300'000)}).value();
    const TokenClaims wanted{3, 4096, owner};
    EXPECT_EQ(admit_text(source->token(wanted, Deadline::never()).value()), "");
    EXPECT_EQ(admit_text(source->token(wanted, Deadline::never()).value()), "") << "every token is a fresh one";
    EXPECT_EQ(admit_text(source->token({2, 4096, owner}, Deadline::never()).value()), "400 INVALID_EPOCHS");
  }
}

// RFC 8037, appendix A.4; the key is that of A.2.
TEST(JwsTest, Ed25519IsThatOfTheRfc) {
  const Bytes raw = from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").value();
  Bytes info = from_hex("302a300506032b6570032100").value();
  append(info, raw);
  const JwsKey key = JwsKey::create(JwsAlgorithm::kEdDsa, info).value();
  const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const Bytes signature = from_base64url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg").value();
  EXPECT_TRUE(key.verify(as_bytes(text), signature));
  EXPECT_FALSE(key.verify(as_bytes(text + "x"), signature));
  EXPECT_FALSE(key.verify(as_bytes(text), ByteView(signature).first(63)));
}

// RFC 7515, appendix A.1 and A.3.
TEST(JwsTest, Hs256AndEs256AreThoseOfTheRfc) {
  const std::string payload =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const Bytes secret = from_base64url(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow").value();
  const JwsKey hs256 = JwsKey::create(JwsAlgorithm::kHs256, secret).value();
  const Bytes mac = from_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").value();
  EXPECT_TRUE(hs256.verify(as_bytes("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload), mac));
  EXPECT_FALSE(hs256.verify(as_bytes("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiK9." + payload), mac));

  Bytes info = from_hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004").value();
  append(info, from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").value());
  append(info, from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").value());
  const JwsKey es256 = JwsKey::create(JwsAlgorithm::kEs256, info).value();
  Bytes signature = from_base64url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q").value();
  EXPECT_TRUE(es256.verify(as_bytes("eyJhbGciOiJFUzI1NiJ9." + payload), signature));
  signature[5] ^= 1;
  EXPECT_FALSE(es256.verify(as_bytes("eyJhbGciOiJFUzI1NiJ9." + payload), signature));
  EXPECT_FALSE(JwsKey::create(JwsAlgorithm::kEs384, info).ok()) << "another curve";
  EXPECT_FALSE(JwsKey::create(JwsAlgorithm::kRs256, info).ok());
  EXPECT_FALSE(JwsKey::create(JwsAlgorithm::kRs256, as_bytes("a text secret")).ok());
}

// Made with the openssl program: keys, and their signatures of "header.payload".
const char* const kRsaKey =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnptps9p1hMLF0Ai267mdJfdR3RTjWwQ89qYqYQCiUYoPyObk_EPyXGWde5fZ"
    "pLv5_rG7C3dTzFy7RMojrdQ8qQNymw5n2szaUkAu0WyRcjeISB2udDSEtcXWsRYMZ7r4SY4Rf4dtC55WpkJckay9cItjqykYrZPvnjOA"
    "nAMh4qgNlxER_dkT4-e3NFCERi0uVt7f1g-"
    "pYX9ZHIcltX9sq11lT_uDeBDr2fe3P2Jqn9mTpitvPeyvksu5btT7n3RUBwDuQPXP7dtfZUJUl8Cbn4qjE60w-"
    "ucIoZkygeMew12sy8IyTOXT5dvzLGY4y7nnI_kgUueGVE5IWG1rCD-bCwIDAQAB";
const char* const kRs256 =
    "ikELEJkZ9xqZgWCyzYdVGfUE-VGBjDupLqrKdMcrI3vtvnWTH6vi5WU5pyMIlqOsOOsKwdwsktwh0bfFT2dn47WjHy2MAcXUW24v_6VT"
    "ATXaNpMWHQk0npiuEUoU2mBYuR2o1gL7nTj-Fr0IL8O3001v0L69M0vtgW7ae725k1IG_wqnK9Ac8v6hLR3lvcD9xEJ4PyeVtbFgTbnr"
    "A3VPYBehZLdy46Zsa-2zGN0Q_dEyiYLHCvTNFLb5xyP-"
    "aqrjlTfxhFNJMzHBjiihDJokCNpvAFB8-lPhyP99nJHmrYhpmdMLVEj7-AnlRMC8bs59R-krkuaA1TnmmEy00kpebw";
const char* const kPs512 =
    "Yd3Lomr66H209J60yJPWX8lq_IxEUFzmaXQ2p87cK_W0cguwyM2brCV1dj9mJFoWbrP-1dJNrOxjgR0QKtKRJo3Oel0BnXP-"
    "B86XF7Ebm2VXt5iOZBWimPsCzciWYGtF6hTK8mAY7cyUmPAv-AJVaXhEAzOfvpdqDAhYVc5Tmm9L1aeV-Q5W1E4A-"
    "RqGbkDDpHB6IXipASRNa_0m5TUhOi8fTgqbTwEAWJ2ZOwTLqFIBhG5Aaeyjhi4jSC9EfKOnPiTUQL0uGzYa_4muM2Y5G-"
    "RUYw8yKf3OuHSXlsURmLIDgrQDsE8RCfRjkPDRU0bOuyZm6AF81g0PBaBR97FZog";
const char* const kEs384Key =
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEwRvKrGer0lKfnp9Ehj4GXyaEl9-"
    "DyLCrCQEEw_Rdq8bVvST_hWBxg7vb509WGDJEdN3J3yiGj0e3w4etMXnFACN70Roo7YNisZwoM_scPUmYE5Nv5KphPaH6b6alUFq8";
const char* const kEs384 =
    "C2GJ_ybRNp3468NciZV58b-qZahZj2LgcTkuqKpnbKDycv_2bCJx7Y8Tk9IRCm_EJOZ-Sy_J8437LAa-"
    "Os6s7zUPnVLqhJ2icDqwmTO2kKeGOstvZD6HGiHlU73JDerT";
const char* const kSmallRsaKey =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDj9_Oj7nvvGraIhgEfmaEwdXoVuGOPfdNesY2qIVmCgTv-isnUMze1a5YTDIunvIck"
    "TBYKpwlzO7R4ZgBKjXRN4_8_kearVuI234mkHGPpO3Ks-0qZknxABj8jKoMbMSOaDTP-"
    "4sbwDzrBfnxGBEJSAa7ADejbwNzExWAfFRbHpwIDAQAB";

TEST(JwsTest, RsaAndTheLargerCurveAreThoseOfOpenssl) {
  const ByteView text = as_bytes("header.payload");
  const auto check = [&](JwsAlgorithm algorithm, const char* key_text, const char* signature_text) {
    const JwsKey key = JwsKey::create(algorithm, from_base64url(key_text).value()).value();
    Bytes signature = from_base64url(signature_text).value();
    EXPECT_TRUE(key.verify(text, signature)) << jws_algorithm_name(algorithm);
    EXPECT_FALSE(key.verify(as_bytes("header.payloae"), signature));
    signature[20] ^= 1;
    EXPECT_FALSE(key.verify(text, signature));
  };
  check(JwsAlgorithm::kRs256, kRsaKey, kRs256);
  check(JwsAlgorithm::kPs512, kRsaKey, kPs512);
  check(JwsAlgorithm::kEs384, kEs384Key, kEs384);
  const JwsKey other = JwsKey::create(JwsAlgorithm::kPs256, from_base64url(kRsaKey).value()).value();
  EXPECT_FALSE(other.verify(text, from_base64url(kRs256).value())) << "another padding";
  EXPECT_FALSE(JwsKey::create(JwsAlgorithm::kRs256, from_base64url(kSmallRsaKey).value()).ok()) << "1024 bits";
}

TEST(JwsTest, KeysMayBePem) {
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n" + to_base64(from_base64url(kRsaKey).value()) + "\n-----END PUBLIC KEY-----\n";
  EXPECT_TRUE(JwsKey::create(JwsAlgorithm::kRs512, as_bytes(pem)).ok());
}

TEST(JwsTest, NamesAreThoseOfTheRfc) {
  for (const char* name : {"HS256", "HS384", "HS512", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384",
                           "PS512", "EdDSA"})
    EXPECT_EQ(jws_algorithm_name(parse_jws_algorithm(name).value()), name);
  EXPECT_FALSE(parse_jws_algorithm("none").has_value());
  EXPECT_FALSE(parse_jws_algorithm("hs256").has_value());
}

}  // namespace
}  // namespace walrusfs::localnet
