#include "client/http_store.h"

#include "base/testing/manual_clock.h"
#include "client/http_curl.h"
#include "tests/client/blob_store_suite.h"
#include "tests/client/fake_walrus.h"

namespace walrusfs::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

HttpStoreOptions options_for(std::vector<std::string> aggregators, std::string publisher) {
  return {.aggregators = std::move(aggregators),
          .publisher = std::move(publisher),
          .shards = 10,
          .max_blob_bytes = FakeWalrus::kPublisherLimit};
}

// The store over functions: no socket, no thread, a clock that stands still.
class FunctionsUnderTest : public StoreUnderTest {
 public:
  FunctionsUnderTest() {
    transport_.serve("http://aggregator", walrus_.aggregator_service());
    transport_.serve("http://publisher", walrus_.publisher_service());
    store_ =
        HttpStore::create(transport_, clock_, nullptr, options_for({"http://aggregator"}, "http://publisher")).value();
  }
  BlobStore& store() override { return *store_; }
  Clock& clock() override { return clock_; }
  BlobId id_of(ByteView content) override { return digest_blob_id(content).value(); }
  void damage(const BlobId& blob, uint64_t offset) override { walrus_.damage(blob, offset); }

 protected:
  ManualClock clock_;
  FakeWalrus walrus_;
  FunctionTransport transport_{clock_};
  std::unique_ptr<HttpStore> store_;
};

class OldAggregatorUnderTest final : public FunctionsUnderTest {
 public:
  OldAggregatorUnderTest() { walrus_.ignore_ranges(); }
};

// The same over libcurl and true sockets.
class CurlUnderTest : public StoreUnderTest {
 public:
  CurlUnderTest() {
    transport_ = CurlTransport::create(system_clock()).value();
    store_ = HttpStore::create(*transport_, system_clock(), nullptr,
                               options_for({aggregator_.url()}, publisher_.url() + "/"))
                 .value();
  }
  BlobStore& store() override { return *store_; }
  Clock& clock() override { return system_clock(); }
  BlobId id_of(ByteView content) override { return digest_blob_id(content).value(); }
  void damage(const BlobId& blob, uint64_t offset) override { walrus_.damage(blob, offset); }

 private:
  FakeWalrus walrus_;
  FakeServer aggregator_{walrus_.aggregator_service()};
  FakeServer publisher_{walrus_.publisher_service()};
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<HttpStore> store_;
};

INSTANTIATE_TEST_SUITE_P(
    Http, BlobStoreSuite,
    ::testing::Values(StoreMaker{"OverFunctions", [] { return std::make_unique<FunctionsUnderTest>(); }},
                      StoreMaker{"OldAggregator", [] { return std::make_unique<OldAggregatorUnderTest>(); }},
                      StoreMaker{"OverCurl", [] { return std::make_unique<CurlUnderTest>(); }}),
    suite_case_name);

// Two aggregators and a publisher whose behaviour each test sets.
class HttpStoreTest : public ::testing::Test {
 protected:
  HttpStoreTest() : content_(random_bytes(1, 10'000)), id_(digest_blob_id(content_).value()), file_(content_) {
    transport_.serve("http://one", walrus_.aggregator_service());
    transport_.serve("http://two", walrus_.aggregator_service());
    transport_.serve("http://publisher", walrus_.publisher_service());
    open(options_for({"http://one", "http://two"}, "http://publisher"));
    walrus_.publisher({.method = "PUT",
                       .path = "/v1/blobs",
                       .query = "epochs=1",
                       .headers = {},
                       .body = std::string(as_text(content_))});
  }

  void open(HttpStoreOptions options, TokenSource* tokens = nullptr) {
    store_ = HttpStore::create(transport_, clock_, tokens, std::move(options)).value();
  }
  void answer(const std::string& origin, FakeReply reply) {
    transport_.serve(origin, [reply](const FakeRequest&) { return reply; });
  }
  Deadline in(int64_t seconds) { return clock_.in(std::chrono::seconds(seconds)); }
  Result<Bytes> read(Deadline deadline) {
    return store_->read(id_, {1000, 2000}, expect_bytes(ByteView(content_).subspan(1000, 2000)), deadline);
  }
  Result<Bytes> read() { return read(in(60)); }
  Result<StoreReceipt> put() {
    return store_->store({.blob = id_, .content = &file_, .size_bytes = content_.size(), .epochs = 5}, in(60));
  }
  // The bytes that read() wants, one bit off.
  FakeReply lie() {
    FakeReply reply{.status = 206, .headers = {{"Content-Range", "bytes 1000-2999/10000"}}, .body = {}};
    reply.body = as_text(ByteView(content_).subspan(1000, 2000));
    reply.body[5] = static_cast<char>(reply.body[5] ^ 1);
    return reply;
  }

  ManualClock clock_;
  FakeWalrus walrus_;
  FunctionTransport transport_{clock_};
  std::unique_ptr<HttpStore> store_;
  const Bytes content_;
  const BlobId id_;
  MemoryFile file_;
};

TEST_F(HttpStoreTest, ALiarIsPassedOverAndTheTrueBytesComeFromTheNext) {
  answer("http://one", lie());
  auto got = read();
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  EXPECT_EQ(*got, to_bytes(ByteView(content_).subspan(1000, 2000)));
}

TEST_F(HttpStoreTest, ALiarIsAskedLastForAWhile) {
  int asked = 0;
  const FakeReply wrong = lie();
  transport_.serve("http://one", [&](const FakeRequest&) {
    ++asked;
    return wrong;
  });
  ASSERT_TRUE(read().ok());
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(asked, 1);
  clock_.advance(SourceHealth::kShame);
  ASSERT_TRUE(read().ok());
  EXPECT_EQ(asked, 2);
}

TEST_F(HttpStoreTest, WhenAllLieTheErrorNamesThemAll) {
  answer("http://one", lie());
  answer("http://two", lie());
  auto got = read();
  EXPECT_CODE(got, Code::kCorrupt);
  EXPECT_THAT(got.error().message(), AllOf(HasSubstr("http://one"), HasSubstr("http://two"), HasSubstr("wrong bytes")));
}

TEST_F(HttpStoreTest, OneLiarAndOneThatIsAwayIsWorthAnotherTry) {
  answer("http://one", lie());
  answer("http://two", text_reply(503, "down"));
  auto got = read();
  EXPECT_CODE(got, Code::kUnavailable);
  EXPECT_THAT(got.error().message(), AllOf(HasSubstr("http://one"), HasSubstr("http://two")));
}

TEST_F(HttpStoreTest, EveryKindOfTroubleAtOneAggregatorIsOvercomeByTheOther) {
  FakeReply wrong_range{
      .status = 206, .headers = {{"Content-Range", "bytes 0-1999/10000"}}, .body = std::string(2000, 'x')};
  FakeReply too_long = lie();
  too_long.body += "more";
  FakeReply too_short = lie();
  too_short.body.pop_back();
  FakeReply cut = lie();
  cut.close_after = 100;
  FakeReply endless{.status = 206, .headers = {}, .body = std::string(1000, 'x'), .endless = 1'000'000};
  FakeReply slow = lie();
  slow.delay = std::chrono::minutes(2);
  FakeReply gone;
  gone.hang_up = true;
  const std::vector<FakeReply> troubles = {text_reply(500, "<html>oops</html>"),
                                           text_reply(502, "Bad Gateway"),
                                           text_reply(429, "Too many requests"),
                                           text_reply(404, "nginx"),
                                           text_reply(200, "<html>Please log in</html>"),
                                           text_reply(301, ""),
                                           text_reply(206, ""),
                                           text_reply(400, "bad query"),
                                           text_reply(403, "no"),
                                           text_reply(451, "blocked"),
                                           envelope_reply(404, "BLOB_NOT_FOUND", "not here"),
                                           envelope_reply(403, "BLOB_TOO_LARGE", "cap"),
                                           envelope_reply(416, "INVALID_BYTE_RANGE", "no"),
                                           text_reply(416, "no"),
                                           wrong_range,
                                           too_long,
                                           too_short,
                                           cut,
                                           endless,
                                           slow,
                                           gone};
  for (size_t i = 0; i < troubles.size(); ++i) {
    answer("http://one", troubles[i]);
    auto got = read();
    EXPECT_TRUE(got.ok()) << "trouble " << i << ": " << (got.ok() ? "" : got.error().to_string());
    clock_.advance(SourceHealth::kShame);  // asked first again
  }
}

TEST_F(HttpStoreTest, ASilentAggregatorDoesNotUseUpTheTimeOfTheNext) {
  FakeReply slow = lie();
  slow.delay = std::chrono::hours(1);
  answer("http://one", slow);
  const Deadline deadline = in(8);
  EXPECT_TRUE(read(deadline).ok());
  EXPECT_FALSE(clock_.passed(deadline));
}

TEST_F(HttpStoreTest, SilenceEverywhereEndsAtTheDeadline) {
  FakeReply slow = lie();
  slow.delay = std::chrono::hours(1);
  answer("http://one", slow);
  answer("http://two", slow);
  const auto start = clock_.monotonic();
  EXPECT_CODE(read(in(8)), Code::kTimeout);
  EXPECT_LE(clock_.monotonic() - start, std::chrono::seconds(8));
}

TEST_F(HttpStoreTest, A404WithoutTheEnvelopeOfWalrusProvesNothing) {
  answer("http://one", text_reply(404, "<html>nginx</html>"));
  answer("http://two", text_reply(404, "<html>nginx</html>"));
  auto got = read();
  EXPECT_CODE(got, Code::kUnavailable);
  EXPECT_THAT(got.error().message(), HasSubstr("URL"));
}

TEST_F(HttpStoreTest, ABlobStoredAMomentAgoIsAskedForAgainWithGrowingPauses) {
  ASSERT_TRUE(put().ok());
  walrus_.hide_blobs(6);  // three rounds of two aggregators
  const auto start = clock_.monotonic();
  auto got = read();
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  EXPECT_EQ(clock_.monotonic() - start, std::chrono::seconds(1 + 2 + 4));
}

TEST_F(HttpStoreTest, NotFoundIsBelievedAtOnceWhenWeDidNotStoreTheBlobLately) {
  walrus_.hide_blobs(2);
  EXPECT_CODE(read(), Code::kNotFound);

  ASSERT_TRUE(put().ok());
  clock_.advance(std::chrono::seconds(121));
  walrus_.hide_blobs(2);
  const auto start = clock_.monotonic();
  EXPECT_CODE(read(), Code::kNotFound);
  EXPECT_EQ(clock_.monotonic(), start);
}

TEST_F(HttpStoreTest, TheGraceTimeAndTheDeadlineBothEnd) {
  ASSERT_TRUE(put().ok());
  walrus_.hide_blobs(1'000'000);
  const auto start = clock_.monotonic();
  EXPECT_CODE(read(in(10)), Code::kNotFound);
  EXPECT_LE(clock_.monotonic() - start, std::chrono::seconds(10));
  EXPECT_CODE(read(in(100'000)), Code::kNotFound);
  EXPECT_LE(clock_.monotonic() - start, std::chrono::seconds(160));
}

TEST_F(HttpStoreTest, StatusSurvivesOneAggregatorAndAsksAgainForAYoungBlob) {
  answer("http://one", text_reply(500, "broken"));
  EXPECT_EQ(store_->status(id_, in(5))->size_bytes, 10'000u);
  ASSERT_TRUE(put().ok());
  walrus_.hide_blobs(1);
  answer("http://one", envelope_reply(404, "BLOB_NOT_FOUND", "not here"));
  EXPECT_TRUE(store_->status(id_, in(5)).ok());
}

TEST_F(HttpStoreTest, AnOldAggregatorTellsTheSizeInContentLength) {
  walrus_.ignore_ranges();
  EXPECT_EQ(store_->status(id_, in(5))->size_bytes, 10'000u);
}

TEST_F(HttpStoreTest, CancellingEndsReadsAndWaits) {
  CancelToken cancel;
  auto options = options_for({"http://one"}, "http://publisher");
  options.cancel = &cancel;
  open(options);
  cancel.cancel();
  EXPECT_CODE(read(), Code::kCancelled);
  EXPECT_CODE(put(), Code::kCancelled);
}

// --- storing

TEST_F(HttpStoreTest, WhatIsAskedOfThePublisherIsWhatTheSpecificationNames) {
  auto options = options_for({"http://one"}, "http://publisher");
  options.send_object_to = "0x" + std::string(64, 'a');
  open(options);
  StoreRequest request{.blob = id_, .content = &file_, .size_bytes = content_.size(), .epochs = 7, .permanent = true};
  ASSERT_TRUE(store_->store(request, in(5)).ok());
  const FakeRequest asked = walrus_.last_publisher_request();
  EXPECT_EQ(asked.method, "PUT");
  EXPECT_EQ(asked.query, "epochs=7&permanent=true&send_object_to=0x" + std::string(64, 'a'));
  EXPECT_EQ(as_bytes(asked.body).size(), content_.size());
  EXPECT_TRUE(find_header(asked.headers, "Authorization").empty()) << "only when a token is configured";
}

TEST_F(HttpStoreTest, ReceiptsAreReadFromBothKindsOfSuccess) {
  auto made = put();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->end_epoch, 15u);
  EXPECT_EQ(made->cost_frost, 132'300u);
  EXPECT_THAT(made->blob_object, ::testing::StartsWith("0x0000"));
  EXPECT_EQ(made->certified_by, "publisher");
  auto known = put();
  ASSERT_TRUE(known.ok());
  EXPECT_TRUE(known->already_certified);
  EXPECT_EQ(known->end_epoch, 15u);
}

TEST_F(HttpStoreTest, AnErrorInside200IsAFailure) {
  answer("http://publisher",
         text_reply(200, R"({"error":{"blobId":null,"failurePhase":"certify","errorMsg":"nodes were slow"}})"));
  auto receipt = put();
  EXPECT_CODE(receipt, Code::kUnavailable);
  EXPECT_THAT(receipt.error().message(), AllOf(HasSubstr("certify"), HasSubstr("nodes were slow")));
}

TEST_F(HttpStoreTest, AnEmptyWalletIsNoSpaceWhereverItIsSaid) {
  answer("http://publisher", text_reply(200, R"({"error":{"blobId":null,"failurePhase":"register",)"
                                             R"("errorMsg":"could not find WAL coins with sufficient balance"}})"));
  EXPECT_CODE(put(), Code::kNoSpace);
  answer("http://publisher", envelope_reply(500, "INTERNAL_ERROR", "could not find SUI coins with sufficient balance"));
  EXPECT_CODE(put(), Code::kNoSpace);
}

TEST_F(HttpStoreTest, APublisherThatStoredOtherBytesIsFoundOut) {
  const std::string other = digest_blob_id(as_bytes("other")).value().to_string();
  answer("http://publisher", text_reply(200, R"({"alreadyCertified":{"blobId":")" + other + R"(","endEpoch":35}})"));
  auto receipt = put();
  EXPECT_CODE(receipt, Code::kCorrupt);
  EXPECT_THAT(receipt.error().message(), AllOf(HasSubstr(other), HasSubstr(id_.to_string())));

  answer("http://publisher", text_reply(200, R"({"newlyCreated":{"blobObject":{"blobId":")" + id_.to_string() +
                                                 R"(","size":9999,"id":"0x1"},"cost":1}})"));
  EXPECT_CODE(put(), Code::kCorrupt);
  answer("http://publisher", text_reply(200, R"({"newlyCreated":{"blobObject":{"size":10000}}})"));
  EXPECT_CODE(put(), Code::kCorrupt);
}

TEST_F(HttpStoreTest, NonsenseFromAPublisherIsShownInShort) {
  for (const std::string& nonsense :
       {std::string("<html>\x01 hello</html>"), std::string("{\"newlyCreated\":{\"blobOb"), std::string(),
        std::string("[]"), std::string("{\"newlyCreated\":7}"), std::string(200'000, '['), std::string("null")}) {
    answer("http://publisher", text_reply(200, nonsense));
    auto receipt = put();
    EXPECT_CODE(receipt, Code::kUnavailable);
    EXPECT_THAT(receipt.error().message(), AllOf(HasSubstr("http://publisher"), Not(HasSubstr("\x01"))));
    EXPECT_LT(receipt.error().message().size(), 500u);
  }
}

TEST_F(HttpStoreTest, EveryStatusOfAPublisherHasItsMeaning) {
  const std::string auth = "auth.publisher.walrus.space";
  const std::vector<std::pair<FakeReply, Code>> cases = {
      {text_reply(413, "length limit exceeded"), Code::kTooLarge},
      {text_reply(429, "overloaded"), Code::kUnavailable},
      {envelope_reply(429, "TOKEN_ALREADY_USED", "used", auth), Code::kPermission},
      {envelope_reply(504, "INSUFFICIENT_CONFIRMATIONS", "slow"), Code::kUnavailable},
      {envelope_reply(504, "EXPIRED_SIGNATURE", "expired", auth), Code::kPermission},
      {envelope_reply(401, "INVALID_SIGNATURE", "bad", auth), Code::kPermission},
      {envelope_reply(400, "INVALID_EPOCHS", "bad", auth), Code::kPermission},
      {envelope_reply(400, "INVALID_BLOB_PERSISTENCE", "both"), Code::kInvalidArgument},
      {text_reply(400, "Header of type `authorization` was missing"), Code::kPermission},
      {text_reply(400, "Failed to deserialize query string"), Code::kInvalidArgument},
      {envelope_reply(451, "FORBIDDEN_BLOB", "no"), Code::kNotPermitted},
      {text_reply(404, "nothing here"), Code::kNotSupported},
      {text_reply(405, ""), Code::kNotSupported},
      {text_reply(403, "<html>"), Code::kPermission},
      {text_reply(402, "pay"), Code::kNoSpace},
      {text_reply(308, ""), Code::kInvalidArgument},
      {envelope_reply(500, "INTERNAL_ERROR", "oops"), Code::kUnavailable},
      {text_reply(502, "<html>Bad Gateway</html>"), Code::kUnavailable},
      {text_reply(524, "<html>timeout</html>"), Code::kUnavailable},
  };
  for (const auto& [reply, code] : cases) {
    answer("http://publisher", reply);
    SCOPED_TRACE(reply.status);
    EXPECT_CODE(put(), code);
  }
}

TEST_F(HttpStoreTest, APublisherThatIsAwayOrSlowFailsInTime) {
  FakeReply gone;
  gone.hang_up = true;
  answer("http://publisher", gone);
  EXPECT_CODE(put(), Code::kUnavailable);

  FakeReply slow;
  slow.delay = std::chrono::hours(1);
  answer("http://publisher", slow);
  const auto start = clock_.monotonic();
  EXPECT_CODE(put(), Code::kTimeout);
  EXPECT_LE(clock_.monotonic() - start, std::chrono::seconds(60));

  open(options_for({"http://one"}, "http://nobody"));
  EXPECT_CODE(put(), Code::kUnavailable);
}

TEST_F(HttpStoreTest, APublisherMayTakeAMinuteToAnswer) {
  transport_.serve("http://publisher", [this](const FakeRequest& request) {
    FakeReply reply = walrus_.publisher(request);
    reply.delay = std::chrono::seconds(59);
    return reply;
  });
  EXPECT_TRUE(put().ok());
}

TEST_F(HttpStoreTest, EveryUploadCarriesAFreshToken) {
  SeededRng rng(3);
  auto tokens = make_secret_token(clock_, rng, {.secret = "secret"}).value();
  open(options_for({"http://one"}, "http://publisher"), tokens.get());
  ASSERT_TRUE(put().ok());
  const std::string first(find_header(walrus_.last_publisher_request().headers, "Authorization"));
  ASSERT_TRUE(put().ok());
  const std::string second(find_header(walrus_.last_publisher_request().headers, "Authorization"));
  EXPECT_THAT(first, ::testing::StartsWith("Bearer eyJ"));
  EXPECT_NE(first, second);

  answer("http://publisher", envelope_reply(429, "TOKEN_ALREADY_USED", "used", "auth.publisher.walrus.space"));
  EXPECT_CODE(put(), Code::kUnavailable);  // the next one is another token
}

// --- options

TEST_F(HttpStoreTest, ImpossibleOptionsAreRefusedInWords) {
  auto refused = [&](HttpStoreOptions options) {
    auto made = HttpStore::create(transport_, clock_, nullptr, std::move(options));
    EXPECT_CODE(made, Code::kInvalidArgument);
  };
  refused({});
  refused(options_for({"aggregator.example"}, ""));
  refused(options_for({"ftp://aggregator.example"}, ""));
  refused(options_for({"http://a?x=1"}, ""));
  refused(options_for({"http://a"}, "publisher.example"));
  auto options = options_for({"http://a"}, "http://p");
  for (const char* address : {"0x12", "x", "0", "0xzz"}) {
    options.send_object_to = address;
    refused(options);
  }
}

TEST_F(HttpStoreTest, WithoutAPublisherNothingIsStored) {
  open(options_for({"http://one"}, ""));
  EXPECT_CODE(put(), Code::kReadOnly);
}

TEST_F(HttpStoreTest, UnknownShardsAreSaidSo) {
  auto options = options_for({"http://one"}, "");
  options.shards = 0;
  open(options);
  EXPECT_CODE(store_->shard_count(in(1)), Code::kNotSupported);
}

}  // namespace
}  // namespace walrusfs::testing
