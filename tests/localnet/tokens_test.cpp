// A publisher that wants tokens, over HTTP, and the mount's own client against it (API, section 3.3).
#include "client/http_curl.h"
#include "client/http_store.h"
#include "client/token_source.h"
#include "network_fixture.h"
#include "tests/client/memory_file.h"

namespace walrusfs::localnet {
namespace {

constexpr const char* kSecret = "0x00112233445566778899aabbccddeeff";

class TokensTest : public NetworkTest {
 protected:
  void SetUp() override {
    config_.services.jwt.secret = kSecret;
    config_.services.jwt.expiry_window_seconds = 300;
    config_.services.jwt.verify_upload = true;
    start(10, 4);
  }
  std::string token(const TokenClaims& claims, const std::string& secret = kSecret) {
    return make_secret_token(system_clock(), system_rng(), {secret}).value()->token(claims, Deadline::never()).value();
  }
  Reply put_with(const std::string& token_text, const std::string& content, const std::string& query = "") {
    return send(publisher(), "PUT", "/v1/blobs" + query, content, {{"Authorization", "Bearer " + token_text}});
  }
};

TEST_F(TokensTest, OnlyGoodTokensStore) {
  EXPECT_EQ(put("hello").status, 400) << "without one, in plain text";
  const std::string good = token({1, 5, ""});
  EXPECT_EQ(put_with(good, "hello").status, 200);
  Reply again = put_with(good, "hello");
  EXPECT_EQ(again.status, 429);
  EXPECT_EQ(again.reason(), "TOKEN_ALREADY_USED");
  EXPECT_EQ(again.domain(), "auth.publisher.walrus.space");
  EXPECT_EQ(put_with(token({1, 5, ""}, "another"), "hello").reason(), "INVALID_SIGNATURE");
  EXPECT_EQ(put_with(token({2, 5, ""}), "hello").reason(), "INVALID_EPOCHS");
  EXPECT_EQ(put_with(token({1, 6, ""}), "hello").reason(), "INVALID_SIZE");
  const std::string owner = "0x" + std::string(64, 'a');
  EXPECT_EQ(put_with(token({1, 5, owner}), "hello").reason(), "INVALID_SEND_OBJECT_TO");
  EXPECT_EQ(put_with(token({1, 5, owner}), "hello", "?send_object_to=" + owner).status, 200);
  EXPECT_EQ(get(blob_id("hello").to_string()).status, 200) << "reading needs none";
}

TEST_F(TokensTest, ABodyOfUnknownLengthIsMeasuredWhenItIsThere) {
  const std::string head = "PUT /v1/blobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n";
  const auto chunked = [&](const std::string& text) {
    return send_raw(network_->state().publisher_port,
                    head + "Authorization: Bearer " + text + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  };
  EXPECT_NE(chunked(token({1, 5, ""})).find(" 200 "), std::string::npos);
  EXPECT_NE(chunked(token({1, 6, ""})).find("INVALID_SIZE"), std::string::npos);
}

TEST_F(TokensTest, AMountWithTheSecretStoresAndReads) {
  auto tokens = make_secret_token(system_clock(), system_rng(), {kSecret}).value();
  auto curl = CurlTransport::create(system_clock()).value();
  auto store = HttpStore::create(*curl, system_clock(), tokens.get(),
                                 {.aggregators = {aggregator()}, .publisher = publisher(), .shards = 10,
                                  .max_blob_bytes = 1 << 20}).value();
  const std::string text = content_of(20'000);
  const Bytes content = to_bytes(as_bytes(text));
  const Deadline deadline = system_clock().in(Millis(60'000));
  for (const uint32_t epochs : {1u, 3u}) {
    walrusfs::testing::MemoryFile file(content);
    const auto receipt = store->store(
        {.blob = blob_id(text), .content = &file, .size_bytes = content.size(), .epochs = epochs}, deadline);
    ASSERT_TRUE(receipt.ok()) << receipt.error().to_string();
  }
  expect_reads_back(blob_id(text).to_string(), text);

  auto wrong = make_secret_token(system_clock(), system_rng(), {"another secret"}).value();
  auto refused = HttpStore::create(*curl, system_clock(), wrong.get(),
                                   {.aggregators = {aggregator()}, .publisher = publisher(), .shards = 10,
                                    .max_blob_bytes = 1 << 20}).value();
  walrusfs::testing::MemoryFile file(content);
  const auto receipt =
      refused->store({.blob = blob_id(text), .content = &file, .size_bytes = content.size(), .epochs = 9}, deadline);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), Code::kPermission) << receipt.error().to_string();
}

class OpenPublisherTest : public NetworkTest {};

TEST_F(OpenPublisherTest, ATokenThatCannotBeReadIsAnInternalErrorWithoutAuthentication) {
  start(10, 4);
  Reply reply = send(publisher(), "PUT", "/v1/blobs", "hello", {{"Authorization", "Bearer nonsense"}});
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.reason(), "INTERNAL_ERROR");
  EXPECT_EQ(put("hello").status, 200);
}

TEST_F(OpenPublisherTest, ASecretThatIsNoKeyStopsTheStart) {
  config_.folder = folder_ / "net";
  config_.shards = 10;
  config_.nodes = 4;
  config_.services.jwt.secret = "0xnothex";
  EXPECT_EQ(Localnet::start(config_, real_world()).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace walrusfs::localnet
