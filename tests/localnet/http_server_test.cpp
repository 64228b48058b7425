// The server under many connections, and under requests that make no sense.
#include "localnet/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <vector>

#include "base/fd.h"

namespace walrusfs::localnet {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  bool connected() const { return connected_; }
  void send(const std::string& bytes) { (void)!::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void end_sending() { shutdown(fd_.get(), SHUT_WR); }

  // One answer with a Content-Length; "" when the connection ends before, or after `seconds`.
  std::string receive(int seconds = 20) {
    for (;;) {
      const size_t head = input_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t at = input_.find("Content-Length: ");
        const size_t length = at < head ? std::stoul(input_.substr(at + 16)) : 0;
        if (input_.size() >= head + 4 + length) {
          std::string answer = input_.substr(0, head + 4 + length);
          input_.erase(0, head + 4 + length);
          return answer;
        }
      }
      if (!more(seconds)) return "";
    }
  }
  // Whether an answer begins, or the connection ends, within so long.
  bool has_answer(int millis) {
    pollfd wanted{fd_.get(), POLLIN, 0};
    return poll(&wanted, 1, millis) > 0;
  }
  // All that comes until the server ends it.
  std::string receive_all() {
    while (more(20)) {
    }
    return input_;
  }
  // Whether the server ends it, within `seconds`.
  bool ends(int seconds = 20) {
    while (more(seconds)) {
    }
    return ended_;
  }

 private:
  bool more(int seconds) {
    pollfd wanted{fd_.get(), POLLIN, 0};
    if (poll(&wanted, 1, seconds * 1000) <= 0) return false;
    char buffer[4096];
    const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
    ended_ = got <= 0;
    if (got > 0) input_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }

  Fd fd_;
  bool connected_ = false, ended_ = false;
  std::string input_;
};

const std::string kEndless = "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  void start() {
    options_.name = "test server";
    server_ = HttpServer::start(options_, [this](HttpCall& call) { return answer(call); }).value();
  }
  HttpAnswer answer(HttpCall& call) {
    ++calls_;
    if (call.path() == "/echo") {
      auto body = read_whole_body(call, 1 << 20);
      if (!body) return text_answer(400, body.error().message());
      return text_answer(200, call.header("Content-Type").value_or("-") + "|" + std::string(as_text(*body)));
    }
    if (call.path() == "/endless") return endless();
    return text_answer(200, call.method() + " " + call.path());
  }
  static HttpAnswer endless() {
    HttpAnswer answer;
    answer.stream = HttpStream{0, [](const ByteSink& sink) {
                                 const Bytes piece(1 << 20);
                                 while (sink(piece)) {
                                 }
                                 return false;
                               }};
    answer.stream->chunked = true;
    return answer;
  }
  RawClient client() { return RawClient(server_->port()); }
  std::string ask(const std::string& request) {
    RawClient one = client();
    one.send(request);
    return one.receive();
  }

  HttpServerOptions options_;
  std::atomic<int> calls_{0};
  std::unique_ptr<HttpServer> server_;
};

bool answers_hello(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("GET /hello");
}

TEST_F(HttpServerTest, AThousandKeptConnectionsHoldNoThreadsAndDelayNobody) {
  constexpr size_t kConnections = 1'000;
  options_.max_threads = 8;
  start();
  std::vector<RawClient> kept;
  kept.reserve(kConnections);
  const uint64_t before = resident_bytes();
  const auto opened = steady_clock::now();
  for (size_t i = 0; i < kConnections; ++i) {
    kept.emplace_back(server_->port());
    ASSERT_TRUE(kept.back().connected()) << i;
    kept.back().send(kGet);
  }
  for (RawClient& one : kept) ASSERT_TRUE(answers_hello(one.receive()));
  RecordProperty("seconds_for_1000", std::to_string(seconds_since(opened)));
  const auto fresh = steady_clock::now();
  EXPECT_TRUE(answers_hello(ask(kGet)));
  const double fresh_seconds = seconds_since(fresh);
  EXPECT_LT(fresh_seconds, 2.0);
  EXPECT_LE(server_->connections().threads, 8u);
  EXPECT_GE(server_->connections().connections, kConnections);
  const uint64_t grown = resident_bytes() > before ? resident_bytes() - before : 0;
  EXPECT_LT(grown, 64u << 20);
  for (RawClient& one : kept) {  // all at once again, on the same connections
    one.send(kGet);
  }
  for (RawClient& one : kept) ASSERT_TRUE(answers_hello(one.receive()));
  printf("1000 kept connections: new one answered in %.1f ms, %zu threads, %.1f MiB more resident (both ends)\n",
         fresh_seconds * 1000, server_->connections().threads, static_cast<double>(grown) / (1 << 20));
}

TEST_F(HttpServerTest, HalfSentHeadsHoldNoThreads) {
  options_.max_threads = 2;
  start();
  std::vector<RawClient> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(client());
    slow.back().send("GET /hello HTTP/1.1\r\nHos");
  }
  EXPECT_TRUE(answers_hello(ask(kGet)));
  slow[7].send("t: x\r\n\r\n");
  EXPECT_TRUE(answers_hello(slow[7].receive()));
}

TEST_F(HttpServerTest, PastTheLimitTheLongestIdleConnectionGoes) {
  options_.max_connections = 10;
  start();
  std::vector<RawClient> kept;
  for (int i = 0; i < 10; ++i) {
    kept.push_back(client());
    kept.back().send(kGet);
    ASSERT_TRUE(answers_hello(kept.back().receive()));
  }
  EXPECT_TRUE(answers_hello(ask(kGet)));
  EXPECT_TRUE(kept[0].ends());
  for (size_t i = 1; i < kept.size(); ++i) {  // and nobody else
    kept[i].send(kGet);
    EXPECT_TRUE(answers_hello(kept[i].receive())) << i;
  }
}

TEST_F(HttpServerTest, InAFullHouseNobodyWhoIsAnsweredGoes) {
  options_.max_connections = 3;
  start();
  std::vector<RawClient> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(client());
    busy.back().send("PUT /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\n");
  }
  while (calls_ < 3) std::this_thread::yield();
  RawClient next = client();
  next.send(kGet);
  EXPECT_FALSE(next.ends(1)) << "it waits";
  EXPECT_EQ(server_->connections().connections, 3u);
  for (RawClient& one : busy) one.send("abc");
  for (RawClient& one : busy) EXPECT_TRUE(one.receive().ends_with("-|abc"));
  EXPECT_TRUE(answers_hello(next.receive()));
}

TEST_F(HttpServerTest, IdleConnectionsEndAfterTheirTime) {
  options_.keep_alive_seconds = 1;
  start();
  RawClient silent = client(), half = client(), polite = client();
  half.send("GET /hel");
  polite.send(kGet);
  EXPECT_TRUE(answers_hello(polite.receive()));
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(half.ends());
  EXPECT_TRUE(polite.ends());
}

TEST_F(HttpServerTest, RequestsSentAheadAreAnsweredInOrder) {
  start();
  RawClient one = client();
  one.send(kGet + "PUT /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + kGet);
  EXPECT_TRUE(answers_hello(one.receive()));
  EXPECT_TRUE(one.receive().ends_with("-|abc"));
  EXPECT_TRUE(answers_hello(one.receive()));
}

TEST_F(HttpServerTest, ABodyNobodyReadDoesNotSpoilTheNextRequest) {
  start();
  RawClient one = client();
  one.send("PUT /ignored HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + std::string(70'000, 'x') + kGet);
  EXPECT_TRUE(one.receive().ends_with("PUT /ignored"));
  EXPECT_TRUE(answers_hello(one.receive()));
}

TEST_F(HttpServerTest, APutWithoutLengthHasNoBody) {
  start();
  EXPECT_TRUE(ask("PUT /echo HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("-|"));
}

TEST_F(HttpServerTest, ALengthMayBeToldTwice) {
  start();
  EXPECT_TRUE(ask("PUT /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc").ends_with("-|abc"));
}

TEST_F(HttpServerTest, BodiesAreNotUnpackedByTheLibrary) {
  start();
  const std::string form = "multipart/form-data; boundary=b";
  EXPECT_TRUE(ask("POST /echo HTTP/1.1\r\nContent-Type: " + form + "\r\nContent-Length: 4\r\n\r\n--b!")
                  .ends_with(form + "|--b!"));
  EXPECT_TRUE(ask("POST /echo HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw").ends_with("-|raw"));
}

TEST_F(HttpServerTest, UnclearFramingIsRefusedAndEndsTheConnection) {
  start();
  for (const char* headers :
       {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: -1\r\n", "Content-Length: 3x\r\n", "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n"}) {
    SCOPED_TRACE(headers);
    RawClient one = client();
    one.send(std::string("PUT /echo HTTP/1.1\r\n") + headers + "\r\nabc" + kGet);
    EXPECT_TRUE(one.receive().starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(one.ends());
  }
  RawClient get = client();
  get.send("GET /hello HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /" + kGet);
  EXPECT_TRUE(get.receive().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(get.ends());
  EXPECT_EQ(calls_, 0);
}

// What follows the head of such a request may be anything: it must not be taken for another one.
TEST_F(HttpServerTest, ABodyWhereNoneIsExpectedEndsTheConnection) {
  start();
  const std::string hidden = kGet;
  const std::string with_length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden;
  const std::string chunked = "Transfer-Encoding: chunked\r\n\r\n" + hidden;
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"}) {
    for (const std::string& rest : {with_length, chunked}) {
      SCOPED_TRACE(std::string(method) + " " + rest);
      RawClient one = client();
      one.send(std::string(method) + " /x HTTP/1.1\r\nHost: x\r\n" + rest);
      EXPECT_TRUE(one.receive_all().starts_with("HTTP/1.1 40"));
    }
  }
  EXPECT_EQ(calls_, 0);
  RawClient preflight = client();
  preflight.send("OPTIONS /hello HTTP/1.1\r\nContent-Length: 0\r\n\r\n" + kGet);
  EXPECT_NE(preflight.receive().find("Access-Control-Allow-Methods: *"), std::string::npos);
  EXPECT_TRUE(answers_hello(preflight.receive()));
}

TEST_F(HttpServerTest, HeadsWithoutEndAreRefused) {
  start();
  std::string many = "GET /hello HTTP/1.1\r\n";
  for (int i = 0; i < 5'000; ++i) many += "X-Header-" + std::to_string(i) + ": some value\r\n";
  RawClient one = client();
  one.send(many + "\r\n");
  EXPECT_TRUE(one.receive().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(one.ends());
  EXPECT_TRUE(ask("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 414 "));
  EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(calls_, 0);
}

TEST_F(HttpServerTest, ALongPathIsNoTrouble) {
  start();
  const std::string path = "/" + std::string(8'000, 'a');
  EXPECT_TRUE(ask("GET " + path + " HTTP/1.1\r\n\r\n").ends_with("GET " + path));
}

// Limits as they are, in hundredths of a second instead of minutes.
TransferLimits short_limits() {
  TransferLimits limits;
  limits.to_begin_with = Millis(300);
  limits.bytes_per_second = 100'000;
  return limits;
}

TEST_F(HttpServerTest, ABodyThatComesByteByByteHoldsNoThreadForLong) {
  options_.transfers = short_limits();
  start();
  RawClient slow = client();
  slow.send("PUT /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
  const auto start_of_body = steady_clock::now();
  while (!slow.has_answer(5) && seconds_since(start_of_body) < 60) slow.send("x");
  EXPECT_LT(seconds_since(start_of_body), 30.0);
  const std::string answer = slow.receive();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
  EXPECT_TRUE(answer.ends_with("the body of the request did not arrive in time"));
  EXPECT_TRUE(slow.ends());
}

TEST_F(HttpServerTest, WhoeverMovesBytesHasMoreTime) {
  options_.transfers = short_limits();
  options_.transfers.bytes_per_second = 1'000;
  start();
  RawClient one = client();
  one.send("PUT /echo HTTP/1.1\r\nContent-Length: 100001\r\n\r\n" + std::string(100'000, 'x'));
  EXPECT_FALSE(one.has_answer(1'000)) << "more than the time to begin with";
  one.send("y");
  EXPECT_TRUE(one.receive().ends_with("xy"));
}

TEST_F(HttpServerTest, AWholeRequestHasItsTimeHoweverMuchArrives) {
  options_.transfers.bytes_per_second = 1;
  options_.transfers.whole_request = Millis(300);
  start();
  RawClient one = client();
  one.send("PUT /echo HTTP/1.1\r\nContent-Length: 100001\r\n\r\n" + std::string(100'000, 'x'));
  EXPECT_TRUE(one.receive().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AnAnswerThatNobodyTakesHoldsNoThreadForLong) {
  options_.transfers = short_limits();
  options_.transfers.bytes_per_second = 1'000'000'000;
  start();
  RawClient one = client();
  one.send(kEndless);
  while (calls_ < 1) std::this_thread::yield();
  const auto since = steady_clock::now();
  while (server_->connections().connections > 0 && seconds_since(since) < 60) std::this_thread::yield();
  EXPECT_LT(seconds_since(since), 30.0);
}

TEST_F(HttpServerTest, StoppingBreaksOffAnswersThatNobodyTakes) {
  options_.stop_grace = Millis(200);
  start();
  RawClient one = client();
  one.send(kEndless);
  while (calls_ < 1) std::this_thread::yield();
  const auto since = steady_clock::now();
  server_.reset();
  EXPECT_LT(seconds_since(since), 30.0);
  EXPECT_TRUE(one.ends());
}

TEST(ConnectionFrontTest, AClosedConnectionIsNotTheEndOfTheProcess) {
  ASSERT_NE(signal(SIGPIPE, SIG_DFL), SIG_ERR);
  Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ASSERT_EQ(listen(listener.get(), 1), 0);
  auto front = ConnectionFront::start(std::move(listener), {}, system_clock(),
                                      [](Fd) { return std::unique_ptr<Wire>(); }, [](Connection&) { return false; });
  ASSERT_TRUE(front.ok());
  struct sigaction now {};
  ASSERT_EQ(sigaction(SIGPIPE, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
}

TEST_F(HttpServerTest, StoppingWaitsForNobodyWhoIsSilent) {
  options_.max_threads = 4;
  start();
  RawClient idle = client(), sending = client();
  idle.send(kGet);
  EXPECT_TRUE(answers_hello(idle.receive()));
  sending.send("PUT /echo HTTP/1.1\r\nContent-Length: 1000\r\n\r\nonly this");
  while (calls_ < 2) std::this_thread::yield();
  const auto start_of_end = steady_clock::now();
  server_.reset();
  EXPECT_LT(seconds_since(start_of_end), 10.0);
  EXPECT_TRUE(idle.ends());
}

}  // namespace
}  // namespace walrusfs::localnet
