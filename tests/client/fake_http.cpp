#include "tests/client/fake_http.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/check.h"

namespace walrusfs::testing {
namespace {

std::pair<std::string, std::string> split(const std::string& text, const std::string& separator) {
  const size_t at = text.find(separator);
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + separator.size())};
}

void set_target(FakeRequest& request, const std::string& target) {
  std::tie(request.path, request.query) = split(target, "?");
}

// Hands the body to the collector as it would arrive.
BodyCollector::Verdict deliver(const FakeReply& reply, BodyCollector& collector) {
  const size_t piece = std::min(reply.body.size(), reply.close_after.value_or(SIZE_MAX));
  auto verdict = collector.feed(as_bytes(reply.body).first(piece));
  for (uint64_t sent = piece; sent < reply.endless.value_or(0) && verdict == BodyCollector::Verdict::kMore;) {
    verdict = collector.feed(as_bytes(reply.body));
    sent += reply.body.size();
  }
  return verdict;
}

bool send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

Result<std::string> body_of(const HttpRequest& request) {
  std::string body(request.body_range.length, '\0');
  if (request.body == nullptr) return body;
  WFS_ASSIGN(size_t got,
             request.body->read_at(request.body_range.offset, {reinterpret_cast<uint8_t*>(body.data()), body.size()}));
  if (got != body.size()) return Error(Code::kIo, "what is to be sent ends early");
  if (request.on_sent) request.on_sent(got);
  return body;
}

}  // namespace

Result<HttpResponse> FunctionTransport::perform(const HttpRequest& request) {
  if (is_cancelled(request.cancel)) return Error(Code::kCancelled, "the request was cancelled");
  if (clock_.passed(request.deadline)) return Error(Code::kTimeout, "no time was left for a request");
  const std::string origin = url_origin(request.url);
  auto service = services_.find(origin);
  if (service == services_.end()) return Error(Code::kUnavailable, origin + ": connection refused");

  FakeRequest asked{.method = request.method, .path = "", .query = "", .headers = request.headers, .body = ""};
  set_target(asked, request.url.substr(origin.size()));
  WFS_ASSIGN(asked.body, body_of(request));
  const FakeReply reply = service->second(asked);

  const Millis patience = std::min(request.timeouts.first_byte, clock_.left(request.deadline));
  if (reply.delay >= patience) {
    clock_.sleep_for(patience);
    return Error(Code::kTimeout, origin + " sent no answer in time");
  }
  clock_.sleep_for(reply.delay);
  if (reply.hang_up) return Error(Code::kUnavailable, origin + ": empty reply");

  HttpResponse response{.status = reply.status, .headers = reply.headers, .body = {}, .stopped = false};
  const std::string& body = reply.body;
  if (!reply.endless) response.headers.push_back({"Content-Length", std::to_string(body.size())});
  if (body.empty() || request.method == "HEAD") return response;

  const BodyPlan plan = request.plan_body ? request.plan_body(reply.status, response.headers) : BodyPlan{};
  BodyCollector collector(plan);
  const auto verdict = deliver(reply, collector);
  response.body = collector.take();
  if (verdict == BodyCollector::Verdict::kTooMuch) return too_much_body(request.url, plan.keep_bytes);
  response.stopped = verdict == BodyCollector::Verdict::kStop;
  const bool cut = reply.close_after && *reply.close_after < body.size();
  if (cut && !response.stopped && reply.status < 400) return Error(Code::kUnavailable, origin + ": cut off");
  return response;
}

FakeServer::FakeServer(FakeService service)
    : service_(std::move(service)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* raw_address = reinterpret_cast<sockaddr*>(&address);
  WFS_CHECK(::bind(listener_.get(), raw_address, length) == 0 && ::listen(listener_.get(), 64) == 0);
  WFS_CHECK(::getsockname(listener_.get(), raw_address, &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& worker : workers_) worker.join();
}

bool FakeServer::wait_readable(int socket) const {
  while (!stopping_) {
    pollfd waiting{socket, POLLIN, 0};
    if (::poll(&waiting, 1, 10) > 0) return true;
  }
  return false;
}

bool FakeServer::sleep_unless_stopped(Millis duration) const {
  for (Millis slept{0}; slept < duration && !stopping_; slept += Millis(5)) std::this_thread::sleep_for(Millis(5));
  return !stopping_;
}

void FakeServer::accept_all() {
  while (wait_readable(listener_.get())) {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connections_;
    std::lock_guard lock(mutex_);
    workers_.emplace_back([this, socket] { serve_connection(socket); });
  }
}

void FakeServer::serve_connection(int socket) {
  Fd owner(socket);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string unread;
  while (serve_one(socket, unread)) {
  }
}

bool FakeServer::serve_one(int socket, std::string& unread) {
  auto read_more = [&] {
    char piece[65536];
    if (!wait_readable(socket)) return false;
    const ssize_t got = ::recv(socket, piece, sizeof piece, 0);
    if (got > 0) unread.append(piece, static_cast<size_t>(got));
    return got > 0;
  };
  while (unread.find("\r\n\r\n") == std::string::npos) {
    if (!read_more()) return false;
  }
  FakeRequest request;
  auto [head, rest] = split(unread, "\r\n\r\n");
  unread = rest;
  auto [first_line, lines] = split(head, "\r\n");
  request.method = split(first_line, " ").first;
  set_target(request, split(split(first_line, " ").second, " ").first);
  while (!lines.empty()) {
    auto [line, others] = split(lines, "\r\n");
    auto [name, value] = split(line, ": ");
    request.headers.push_back({name, value});
    lines = others;
  }
  const std::string length_text(find_header(request.headers, "Content-Length"));
  const size_t length = length_text.empty() ? 0 : std::stoull(length_text);
  if (!find_header(request.headers, "Expect").empty() && !send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n"))
    return false;
  while (unread.size() < length) {
    if (!read_more()) return false;
  }
  request.body = unread.substr(0, length);
  unread.erase(0, length);
  return send_reply(socket, service_(request), request.method == "HEAD");
}

bool FakeServer::send_reply(int socket, const FakeReply& reply, bool head_only) {
  if (!sleep_unless_stopped(reply.delay) || reply.hang_up) return false;
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\n";
  for (const HttpHeader& header : reply.headers) head += header.name + ": " + header.value + "\r\n";
  const std::string& body = reply.body;
  head += reply.endless ? "Connection: close\r\n" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (!send_all(socket, head + "\r\n")) return false;
  if (head_only) return true;
  if (!reply.endless) {
    const size_t sent = std::min(body.size(), reply.close_after.value_or(SIZE_MAX));
    if (!send_all(socket, std::string_view(body).substr(0, sent))) return false;
    if (sent == body.size()) return true;
    sleep_unless_stopped(reply.hold);
    return false;
  }
  for (uint64_t sent = 0; sent < *reply.endless; sent += body.size()) {
    if (!send_all(socket, body)) return false;
  }
  return false;
}

}  // namespace walrusfs::testing
