// What every Transport promises, as one suite; include it in one file of a test program only. The services behind the
// transports are the same functions.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "tests/client/fake_http.h"
#include "tests/client/helpers.h"

namespace walrusfs::testing {

class TransportUnderTest {
 public:
  virtual ~TransportUnderTest() = default;
  virtual Transport& transport() = 0;
  virtual Clock& clock() = 0;
  // The base URL under which `service` can be reached from now on.
  virtual std::string serve(FakeService service) = 0;
};

struct TransportMaker {
  std::string name;
  std::function<std::unique_ptr<TransportUnderTest>()> make;
};

inline void PrintTo(const TransportMaker& maker, std::ostream* out) { *out << maker.name; }

class TransportSuite : public ::testing::TestWithParam<TransportMaker> {
 protected:
  TransportSuite() : under_test_(GetParam().make()) {}

  std::string serve(FakeReply reply) {
    return under_test_->serve([reply](const FakeRequest&) { return reply; });
  }
  HttpRequest get(const std::string& url, BodyPlan plan) {
    HttpRequest request{.url = url};
    request.plan_body = [plan](int, const auto&) { return plan; };
    request.deadline = under_test_->clock().in(Millis(10'000));
    return request;
  }
  Result<HttpResponse> perform(const HttpRequest& request) { return under_test_->transport().perform(request); }

  std::unique_ptr<TransportUnderTest> under_test_;
};

TEST_P(TransportSuite, StatusHeadersAndBodyArrive) {
  const std::string url = serve({.status = 206, .headers = {{"X-One", "a: b"}, {"x-two", ""}}, .body = "hello"});
  auto response = perform(get(url + "/path", {0, 5}));
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->status, 206);
  EXPECT_EQ(find_header(response->headers, "x-ONE"), "a: b");
  EXPECT_EQ(find_header(response->headers, "Content-Length"), "5");
  EXPECT_EQ(as_text(response->body), "hello");
  EXPECT_FALSE(response->stopped);
}

TEST_P(TransportSuite, TheRequestArrivesAsItWasMade) {
  FakeRequest seen;
  const std::string url = under_test_->serve([&](const FakeRequest& request) {
    seen = request;
    return FakeReply{};
  });
  HttpRequest request = get(url + "/v1/x?a=b&c", {});
  request.headers = {{"Range", "bytes=0-1"}};
  ASSERT_TRUE(perform(request).ok());
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.path, "/v1/x");
  EXPECT_EQ(seen.query, "a=b&c");
  EXPECT_EQ(find_header(seen.headers, "Range"), "bytes=0-1");
  EXPECT_TRUE(seen.body.empty());
}

TEST_P(TransportSuite, APartOfAFileIsSentWithItsLength) {
  const Bytes content = random_bytes(1, 3'000'000);
  MemoryFile file(content);
  std::string seen;
  std::string method;
  const std::string url = under_test_->serve([&](const FakeRequest& request) {
    seen = request.body;
    method = request.method;
    return FakeReply{.body = "done"};
  });
  uint64_t sent = 0;
  HttpRequest request = get(url, {0, 10});
  request.method = "PUT";
  request.body = &file;
  request.body_range = {1'000, 2'500'000};
  request.on_sent = [&](uint64_t bytes) { sent = bytes; };
  auto response = perform(request);
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(method, "PUT");
  EXPECT_TRUE(equal(as_bytes(seen), ByteView(content).subspan(1'000, 2'500'000)));
  EXPECT_EQ(sent, 2'500'000u);
  EXPECT_EQ(as_text(response->body), "done");
}

TEST_P(TransportSuite, AFileThatFailsIsALocalError) {
  MemoryFile file(random_bytes(2, 1'000));
  HttpRequest request = get(serve({}), {0, 10});
  request.method = "PUT";
  request.body = &file;
  request.body_range = {0, 1'001};
  EXPECT_CODE(perform(request), Code::kIo);
  file.fail_from(0);
  EXPECT_CODE(perform(request), Code::kIo);
}

TEST_P(TransportSuite, OnlyTheWantedPartOfABodyIsKept) {
  const std::string url = serve({.body = "0123456789"});
  auto middle = perform(get(url, {3, 4, BodyPlan::Excess::kStop}));
  ASSERT_TRUE(middle.ok()) << middle.error().to_string();
  EXPECT_EQ(as_text(middle->body), "3456");
  EXPECT_TRUE(middle->stopped);
  auto tail = perform(get(url, {8, 4, BodyPlan::Excess::kStop}));
  EXPECT_EQ(as_text(tail->body), "89");
  EXPECT_FALSE(tail->stopped);
  EXPECT_TRUE(perform(get(url, {10, 0}))->body.empty());
}

TEST_P(TransportSuite, OneByteTooMuchIsRefused) {
  const std::string url = serve({.body = "0123456789"});
  EXPECT_TRUE(perform(get(url, {0, 10})).ok());
  auto refused = perform(get(url, {0, 9}));
  EXPECT_CODE(refused, Code::kCorrupt);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr(url));
  HttpRequest nothing = get(url, {});
  nothing.plan_body = {};
  EXPECT_CODE(perform(nothing), Code::kCorrupt);
}

TEST_P(TransportSuite, AnEndlessBodyIsCutWhereItIsTooMuch) {
  const std::string url = serve({.body = std::string(65'536, 'x'), .endless = uint64_t{200} << 20});
  EXPECT_CODE(perform(get(url, {0, 1'000})), Code::kCorrupt);
  EXPECT_EQ(perform(get(url, {0, 1'000, BodyPlan::Excess::kStop}))->body.size(), 1'000u);
}

TEST_P(TransportSuite, ABodyThatEndsEarlyIsAPassingFault) {
  EXPECT_CODE(perform(get(serve({.body = "0123456789", .close_after = 4}), {0, 10})), Code::kUnavailable);
}

TEST_P(TransportSuite, AnErrorStatusIsAResponseEvenWhenItsBodyIsCut) {
  auto response = perform(get(serve({.status = 503, .body = "0123456789", .close_after = 4}), {0, 100}));
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(as_text(response->body), "0123");
}

TEST_P(TransportSuite, NoServerAndNoAnswerArePassingFaults) {
  FakeReply gone;
  gone.hang_up = true;
  EXPECT_CODE(perform(get(serve(gone), {0, 10})), Code::kUnavailable);
  EXPECT_CODE(perform(get("http://127.0.0.1:1", {0, 10})), Code::kUnavailable);
}

TEST_P(TransportSuite, SilenceEndsAtTheFirstByteTimeoutOrTheDeadline) {
  FakeReply slow{.body = "late"};
  slow.delay = Millis(5'000);
  const std::string url = serve(slow);
  HttpRequest request = get(url, {0, 10});
  request.timeouts.first_byte = Millis(50);
  EXPECT_CODE(perform(request), Code::kTimeout);

  request.timeouts.first_byte = Millis(5'000);
  request.deadline = under_test_->clock().in(Millis(50));
  EXPECT_CODE(perform(request), Code::kTimeout);
}

TEST_P(TransportSuite, ACancelledRequestIsNotMade) {
  CancelToken cancel;
  cancel.cancel();
  HttpRequest request = get(serve({}), {0, 10});
  request.cancel = &cancel;
  EXPECT_CODE(perform(request), Code::kCancelled);
}

TEST_P(TransportSuite, ManyThreadsMayUseOneTransport) {
  const std::string url =
      under_test_->serve([](const FakeRequest& request) { return FakeReply{.body = request.path}; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string path = "/" + std::to_string(t * 100 + i);
        auto response = perform(get(url + path, {0, 100}));
        ASSERT_TRUE(response.ok()) << response.error().to_string();
        EXPECT_EQ(as_text(response->body), path);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace walrusfs::testing
