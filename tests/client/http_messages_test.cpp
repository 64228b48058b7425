#include "client/http_messages.h"

#include "client/source_health.h"
#include "tests/client/helpers.h"

namespace walrusfs::testing {
namespace {

TEST(RangeHeader, IsClosed) {
  EXPECT_EQ(range_header({0, 1}), "bytes=0-0");
  EXPECT_EQ(range_header({100, 50}), "bytes=100-149");
}

TEST(ContentRangeHeader, IsParsedStrictly) {
  auto parsed = parse_content_range("bytes 10-19/1234");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->range, (ByteRange{10, 10}));
  EXPECT_EQ(parsed->total_bytes, 1234u);
  EXPECT_EQ(parse_content_range("bytes 0-0/*")->total_bytes, std::nullopt);
  for (const char* bad : {"", "bytes", "bytes 1-0/5", "bytes 0-5/5", "bytes 0-1/", "0-1/5", "bytes -1/5", "bytes 0-/5",
                          "bytes 0-1", "bytes a-b/c", "bytes 0-18446744073709551615/*", "bytes 0 - 1/5",
                          "bytes 0-99999999999999999999/*", "bytes */5"}) {
    EXPECT_FALSE(parse_content_range(bad)) << bad;
  }
}

TEST(ErrorEnvelopes, AreFoundAndEverythingElseIsNot) {
  auto envelope = parse_error_envelope(as_bytes(
      R"({"error":{"status":"NOT_FOUND","code":404,"message":"gone","details":[{"reason":"R","domain":"D"}]}})"));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->message, "gone");
  EXPECT_EQ(envelope->reason, "R");
  EXPECT_EQ(envelope->domain, "D");
  EXPECT_TRUE(parse_error_envelope(as_bytes(R"({"error":{}})")));
  EXPECT_TRUE(parse_error_envelope(as_bytes(R"({"error":{"message":7,"details":{"a":1}}})")));
  for (const char* bad : {"", "{", "[]", "7", "null", R"({"error":"x"})", R"({"error":null})", "<html>"}) {
    EXPECT_FALSE(parse_error_envelope(as_bytes(bad))) << bad;
  }
}

TEST(Excerpt, IsShortPrintableAndOnOneLine) {
  EXPECT_EQ(excerpt(as_bytes("  a \r\n\t b\x01\xff ")), "a b??");
  EXPECT_EQ(excerpt({}), "");
  EXPECT_LE(excerpt(Bytes(1'000'000, 'x')).size(), 200u);
}

TEST(ParseStoreAnswer, SharedObjectsAndNumbersAsTextAreUnderstood) {
  StoreRequest request{.blob = BlobId{}, .size_bytes = 5};
  const std::string id = request.blob.to_string();
  auto receipt = parse_store_answer("p", request,
                                    as_bytes(R"({"newlyCreated":{"blobObject":{"id":"0x1","blobId":")" + id +
                                             R"(","size":"5","certifiedEpoch":null,)"
                                             R"("storage":{"endEpoch":"12"}},"cost":"99","sharedBlobObject":"0x2"}})"));
  ASSERT_TRUE(receipt.ok()) << receipt.error().to_string();
  EXPECT_EQ(receipt->blob_object, "0x2");
  EXPECT_EQ(receipt->end_epoch, 12u);
  EXPECT_EQ(receipt->cost_frost, 99u);
  EXPECT_CODE(parse_store_answer("p", request, as_bytes(R"({"markedInvalid":{}})")), Code::kCorrupt);
}

// Parsers meet hostile bytes: cut and mutated answers must give a Result, whatever it says.
TEST(ParseStoreAnswer, MutatedAnswersNeverCrash) {
  StoreRequest request{.blob = BlobId{}, .size_bytes = 5};
  const std::string good = R"({"newlyCreated":{"blobObject":{"id":"0x1","blobId":")" + request.blob.to_string() +
                           R"(","size":5,"storage":{"endEpoch":12}},"cost":99}})";
  ASSERT_TRUE(parse_store_answer("p", request, as_bytes(good)).ok());
  SeededRng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = to_bytes(as_bytes(good));
    if (rng.below(2) == 0) bytes.resize(rng.below(bytes.size()));
    for (uint64_t n = rng.below(4); n > 0 && !bytes.empty(); --n) {
      bytes[rng.below(bytes.size())] = static_cast<uint8_t>(rng.below(256));
    }
    auto receipt = parse_store_answer("p", request, bytes);
    EXPECT_TRUE(receipt.ok() || !receipt.error().message().empty());
    (void)parse_error_envelope(bytes);
    (void)parse_content_range(as_text(bytes));
  }
}

class SourceHealthTest : public ::testing::Test {
 protected:
  std::vector<size_t> order() { return health_.order(now_); }
  Deadline::TimePoint now_{std::chrono::hours(1)};
  SourceHealth health_{3};
};

TEST_F(SourceHealthTest, WellSourcesKeepTheConfiguredOrder) { EXPECT_EQ(order(), (std::vector<size_t>{0, 1, 2})); }

TEST_F(SourceHealthTest, AFailureRestsAndEachFurtherOneRestsLonger) {
  health_.failed(0, now_);
  EXPECT_EQ(order(), (std::vector<size_t>{1, 2, 0}));
  now_ += SourceHealth::kFirstRest;
  EXPECT_EQ(order(), (std::vector<size_t>{0, 1, 2}));
  health_.failed(0, now_);
  now_ += SourceHealth::kFirstRest;
  EXPECT_EQ(order(), (std::vector<size_t>{1, 2, 0}));
  for (int i = 0; i < 100; ++i) health_.failed(0, now_);
  now_ += SourceHealth::kLongestRest;
  EXPECT_EQ(order(), (std::vector<size_t>{0, 1, 2}));
}

TEST_F(SourceHealthTest, SuccessEndsTheRest) {
  health_.failed(0, now_);
  health_.succeeded(0);
  EXPECT_EQ(order(), (std::vector<size_t>{0, 1, 2}));
}

TEST_F(SourceHealthTest, AmongTheFailingTheLongestAgoComesFirst) {
  for (size_t source : {2, 0, 1}) {
    health_.failed(source, now_);
    now_ += Millis(10);
  }
  EXPECT_EQ(order(), (std::vector<size_t>{2, 0, 1}));
}

TEST_F(SourceHealthTest, ALiarIsLastWhateverElseItDoes) {
  health_.lied(0, now_);
  health_.failed(1, now_);
  health_.failed(2, now_);
  health_.succeeded(0);
  EXPECT_EQ(order(), (std::vector<size_t>{1, 2, 0}));
  now_ += SourceHealth::kShame;
  EXPECT_EQ(order(), (std::vector<size_t>{0, 1, 2}));
}

}  // namespace
}  // namespace walrusfs::testing
