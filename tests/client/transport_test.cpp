#include "client/transport.h"

#include "base/testing/manual_clock.h"
#include "client/http_curl.h"
#include "tests/client/transport_suite.h"

namespace walrusfs::testing {
namespace {

class FunctionsTransportUnderTest final : public TransportUnderTest {
 public:
  Transport& transport() override { return transport_; }
  Clock& clock() override { return clock_; }
  std::string serve(FakeService service) override {
    const std::string origin = "http://service" + std::to_string(++services_);
    transport_.serve(origin, std::move(service));
    return origin;
  }

 private:
  ManualClock clock_;
  FunctionTransport transport_{clock_};
  int services_ = 0;
};

class CurlTransportUnderTest final : public TransportUnderTest {
 public:
  Transport& transport() override { return *transport_; }
  Clock& clock() override { return system_clock(); }
  std::string serve(FakeService service) override {
    servers_.push_back(std::make_unique<FakeServer>(std::move(service)));
    return servers_.back()->url();
  }

 private:
  std::vector<std::unique_ptr<FakeServer>> servers_;
  std::unique_ptr<CurlTransport> transport_ = CurlTransport::create(system_clock()).value();
};

INSTANTIATE_TEST_SUITE_P(
    , TransportSuite,
    ::testing::Values(TransportMaker{"Functions", [] { return std::make_unique<FunctionsTransportUnderTest>(); }},
                      TransportMaker{"Curl", [] { return std::make_unique<CurlTransportUnderTest>(); }}),
    [](const auto& item) { return item.param.name; });

class CurlTransportTest : public ::testing::Test {
 protected:
  HttpRequest get(const std::string& url) {
    HttpRequest request{.url = url};
    request.plan_body = [](int, const auto&) { return BodyPlan{0, 1000, BodyPlan::Excess::kRefuse}; };
    request.deadline = system_clock().in(Millis(10'000));
    return request;
  }
  std::unique_ptr<CurlTransport> curl_ = CurlTransport::create(system_clock()).value();
};

TEST_F(CurlTransportTest, AConnectionIsUsedAgain) {
  FakeServer server([](const FakeRequest&) { return FakeReply{.body = "x"}; });
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(curl_->perform(get(server.url())).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlTransportTest, AConnectionThatTheServerClosedIsReplaced) {
  int calls = 0;
  FakeServer server([&](const FakeRequest&) {
    FakeReply reply{.body = "0123456789"};
    if (++calls == 1) reply.close_after = 10;
    return reply;
  });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(curl_->perform(get(server.url())).ok());
}

TEST_F(CurlTransportTest, ARunningRequestCanBeCancelled) {
  FakeReply slow;
  slow.delay = Millis(10'000);
  FakeServer server([slow](const FakeRequest&) { return slow; });
  CancelToken cancel;
  HttpRequest request = get(server.url());
  request.cancel = &cancel;
  std::thread canceller([&] {
    system_clock().sleep_for(Millis(30));
    cancel.cancel();
  });
  const auto start = system_clock().monotonic();
  EXPECT_CODE(curl_->perform(request), Code::kCancelled);
  EXPECT_LT(system_clock().monotonic() - start, Millis(5'000));
  canceller.join();
}

TEST_F(CurlTransportTest, ABodyThatStallsTimesOut) {
  FakeReply part{.body = std::string(100, 'x'), .close_after = 10};
  part.hold = Millis(10'000);
  FakeServer server([part](const FakeRequest&) { return part; });
  HttpRequest request = get(server.url());
  request.timeouts.stall = Millis(60);
  request.deadline = system_clock().in(Millis(5'000));
  EXPECT_CODE(curl_->perform(request), Code::kTimeout);
}

TEST_F(CurlTransportTest, ReadsFollowRedirectsAndUploadsDoNot) {
  FakeServer target([](const FakeRequest&) { return FakeReply{.body = "found"}; });
  FakeServer server([&](const FakeRequest&) {
    return FakeReply{.status = 307, .headers = {{"Location", target.url() + "/x"}}, .body = "moved"};
  });
  auto response = curl_->perform(get(server.url()));
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(as_text(response->body), "found");
  EXPECT_TRUE(find_header(response->headers, "Location").empty());

  MemoryFile file(random_bytes(1, 10));
  HttpRequest put = get(server.url());
  put.method = "PUT";
  put.body = &file;
  put.body_range = {0, 10};
  EXPECT_EQ(curl_->perform(put)->status, 307);
  EXPECT_EQ(target.connections(), 1);
}

TEST_F(CurlTransportTest, ImpossibleUrlsAreRefused) {
  EXPECT_CODE(curl_->perform(get("file:///etc/passwd")), Code::kInvalidArgument);
  EXPECT_CODE(curl_->perform(get("http://:::x")), Code::kInvalidArgument);
}

TEST(BodyCollector, PiecesOfAnySizeGiveTheSame) {
  const Bytes body = random_bytes(4, 100);
  for (size_t piece = 1; piece <= 100; ++piece) {
    BodyCollector collector({30, 40, BodyPlan::Excess::kStop});
    auto verdict = BodyCollector::Verdict::kMore;
    for (size_t at = 0; at < body.size() && verdict == BodyCollector::Verdict::kMore; at += piece) {
      verdict = collector.feed(ByteView(body).subspan(at, std::min(piece, body.size() - at)));
    }
    EXPECT_EQ(verdict, BodyCollector::Verdict::kStop);
    EXPECT_EQ(collector.take(), to_bytes(ByteView(body).subspan(30, 40)));
  }
}

TEST(UrlOrigin, HasNoPathAndNoCredentials) {
  EXPECT_EQ(url_origin("https://user:pass@a.example:8443/v1?x#y"), "https://a.example:8443");
  EXPECT_EQ(url_origin("http://a"), "http://a");
  EXPECT_EQ(url_origin("http://a?x=http://b"), "http://a");
  EXPECT_EQ(url_origin("nonsense"), "nonsense");
}

}  // namespace
}  // namespace walrusfs::testing
