// TLS with the network key (storage-node API, section 2.1), against the official vectors and a stock curl.
#include "base/crypto_tls.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "localnet/http_server.h"
#include "localnet/node_keys.h"
#include "run_curl.h"
#include "temp_folder.h"

namespace walrusfs::localnet {
namespace {

using Json = nlohmann::ordered_json;

Json tls_vectors() {
  std::ifstream file(std::string(WALRUSFS_TEST_VECTORS) + "/messages.json");
  return Json::parse(file).at("tls");
}

SigningKey key_of(const Json& example) {
  const Bytes secret = from_hex(example.at("secret_key_hex").get<std::string>()).value();
  return SigningKey::create(KeyScheme::kSecp256r1, secret).value();
}

TEST(TlsTest, KeysPinsAndNamesAreThoseOfTheVectors) {
  for (const Json& example : tls_vectors()) {
    const SigningKey key = key_of(example);
    EXPECT_EQ(to_hex(key.public_key()), example.at("network_public_key_compressed_hex"));
    const Bytes info = p256_key_info(key.public_key()).value();
    EXPECT_EQ(to_hex(info), example.at("spki_der_hex"));
    EXPECT_EQ(curl_pin(info), example.at("curl_pinned"));
    EXPECT_EQ(node_server_name(key.public_key()), example.at("generated_server_name"));
  }
}

TEST(TlsTest, OtherKeysAreRefused) {
  const SigningKey ed25519 = SigningKey::create(KeyScheme::kEd25519, Bytes(32, 1)).value();
  EXPECT_EQ(TlsIdentity::self_signed(ed25519, "a.example", "localhost").error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(p256_key_info(ed25519.public_key()).ok());
  Bytes beyond(33, 0xff);
  beyond[0] = 2;
  EXPECT_FALSE(p256_key_info(beyond).ok()) << "no point of the curve";
  EXPECT_FALSE(p256_key_info({}).ok());
}

class TlsServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const SigningKey key = key_of(tls_vectors().at(1));
    pin_ = tls_vectors().at(1).at("curl_pinned");
    HttpServerOptions options;
    options.name = "test server";
    options.tls = TlsIdentity::self_signed(key, node_server_name(key.public_key()), "127.0.0.1").value();
    server_ = HttpServer::start(options, [](HttpCall& call) {
                if (call.method() != "PUT") return text_answer(200, std::string(3'000'000, 'w'));
                return text_answer(200, std::to_string(read_whole_body(call, 16 << 20).value().size()));
              }).value();
  }
  int fetch(std::vector<std::string> arguments) {
    arguments.push_back(server_->url() + "/");
    return curl(std::move(arguments), folder_ / "out");
  }

  TempFolder folder_;
  std::string pin_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsServerTest, AStockCurlWithThePinnedKeyIsServed) {
  EXPECT_TRUE(server_->url().starts_with("https://"));
  for (const char* version : {"1.2", "1.3"}) {
    SCOPED_TRACE(version);
    EXPECT_EQ(fetch({"--insecure", "--pinnedpubkey", pin_, "--tls-max", version}), 0);
    EXPECT_EQ(content_of_file(folder_ / "out").size(), 3'000'000u);
  }
}

TEST_F(TlsServerTest, BodiesPassToo) {
  std::ofstream(folder_ / "body") << std::string(5'000'000, 'b');
  EXPECT_EQ(fetch({"--insecure", "--pinnedpubkey", pin_, "--upload-file", folder_ / "body"}), 0);
  EXPECT_EQ(content_of_file(folder_ / "out"), "5000000");
}

TEST_F(TlsServerTest, AnotherPinIsNot) {
  constexpr int kPinDoesNotMatch = 90;
  const std::string other = tls_vectors().at(0).at("curl_pinned");
  EXPECT_EQ(fetch({"--insecure", "--pinnedpubkey", other}), kPinDoesNotMatch);
}

TEST_F(TlsServerTest, NobodyElseVouchesForTheKey) {
  constexpr int kNotVerified = 60;
  EXPECT_EQ(fetch({"--pinnedpubkey", pin_}), kNotVerified);
}

TEST_F(TlsServerTest, WhoSpeaksInClearIsCutOffAndOthersAreServed) {
  constexpr int kEmptyReply = 52, kReceiveFailed = 56;
  const std::string clear = "http://" + server_->url().substr(8) + "/";
  const int outcome = curl({clear}, folder_ / "clear");
  EXPECT_TRUE(outcome == kEmptyReply || outcome == kReceiveFailed || outcome == 1) << outcome;
  EXPECT_EQ(fetch({"--insecure", "--pinnedpubkey", pin_}), 0);
}

}  // namespace
}  // namespace walrusfs::localnet
