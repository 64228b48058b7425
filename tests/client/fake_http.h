// HTTP without and with a network: a request and a reply as plain values, a Transport that calls functions instead of
// servers, and a tiny server that serves the same functions on a loopback port, faults included.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "client/transport.h"

namespace walrusfs::testing {

struct FakeRequest {
  std::string method;
  std::string path;   // without the query
  std::string query;  // without the '?'
  std::vector<HttpHeader> headers;
  std::string body;
};

struct FakeReply {
  int status = 200;
  std::vector<HttpHeader> headers = {};
  std::string body = {};
  std::optional<size_t> close_after = {};  // the connection ends after so many bytes of the body
  Millis hold{0};                          // before that end (the server only)
  bool hang_up = false;                    // without any answer
  Millis delay{0};                         // before the answer (the server sleeps, the function transport does not)
  std::optional<uint64_t> endless = {};    // the body is repeated until it has this many bytes, without Content-Length
};

using FakeService = std::function<FakeReply(const FakeRequest&)>;

// Carries requests to functions by origin ("http://a.example"). An unknown origin refuses connections. Delays are
// compared with the timeouts, on the clock, so that no time passes in truth. Safe from any thread.
class FunctionTransport final : public Transport {
 public:
  explicit FunctionTransport(Clock& clock) : clock_(clock) {}
  void serve(const std::string& origin, FakeService service) { services_[origin] = std::move(service); }
  Result<HttpResponse> perform(const HttpRequest& request) override;

 private:
  Clock& clock_;
  std::map<std::string, FakeService> services_;
};

// Serves `service` on a free loopback port until destroyed. One thread per connection.
class FakeServer {
 public:
  explicit FakeServer(FakeService service);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve_connection(int socket);
  bool serve_one(int socket, std::string& unread);
  bool send_reply(int socket, const FakeReply& reply, bool head_only);
  bool wait_readable(int socket) const;
  bool sleep_unless_stopped(Millis duration) const;

  FakeService service_;
  Fd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::thread> workers_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace walrusfs::testing
