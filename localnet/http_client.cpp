#include "localnet/http_client.h"

#include <httplib.h>

#include "base/mutex.h"

namespace walrusfs::localnet {
namespace {

constexpr int kConnectSeconds = 2;
constexpr size_t kIdleConnections = 16;

// The library has one error for a connection that was closed and one that nothing came over; the time tells.
Error transport_error(httplib::Error error, const std::string& where, bool waited) {
  if (error == httplib::Error::Read && waited) return Error(Code::kTimeout, where + ": no answer in time");
  const Code code = error == httplib::Error::ConnectionTimeout ? Code::kTimeout : Code::kUnavailable;
  return Error(code, where + ": " + httplib::to_string(error));
}

// Not as request.body, which the library copies more than once.
void put_body(httplib::Request& request, ByteView body) {
  if (!request.has_header("Content-Type")) request.set_header("Content-Type", "application/octet-stream");
  request.content_length_ = body.size();
  request.content_provider_ = [body](size_t offset, size_t length, httplib::DataSink& sink) {
    return sink.write(as_text(body).data() + offset, length);
  };
}

}  // namespace

struct HttpClient::Impl {
  using Connection = std::unique_ptr<httplib::Client>;
  struct Outcome {
    Result<HttpReply> reply;
    bool may_repeat;  // nothing came, and at once: the server had closed the connection
  };

  const std::string address;
  const uint16_t port;
  Mutex mutex;
  std::vector<Connection> idle GUARDED_BY(mutex);

  Impl(std::string to, uint16_t at) : address(std::move(to)), port(at) {}

  Connection connect() const {
    auto client = std::make_unique<httplib::Client>(address, port);
    client->set_keep_alive(true);
    client->set_tcp_nodelay(true);
    client->set_decompress(false);
    client->set_connection_timeout(kConnectSeconds);
    return client;
  }

  Connection borrow() {
    MutexLock lock(mutex);
    if (idle.empty()) return nullptr;
    Connection taken = std::move(idle.back());
    idle.pop_back();
    return taken;
  }

  void give_back(Connection connection) {
    MutexLock lock(mutex);
    if (idle.size() < kIdleConnections) idle.push_back(std::move(connection));
  }

  Outcome run(httplib::Client& client, httplib::Request request, const WireRequest& wanted) const {
    client.set_read_timeout(wanted.patience);
    client.set_write_timeout(wanted.patience);
    const Deadline deadline = system_clock().in(wanted.patience);
    HttpReply reply;
    bool answered = false, too_large = false;
    request.response_handler = [&](const httplib::Response& head) {
      answered = true;
      reply.status = head.status;
      return true;
    };
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      too_large = reply.body.size() + size > wanted.max_answer_bytes;
      if (!too_large) reply.body.append(data, size);
      return !too_large;
    };
    const std::string where = address + ":" + std::to_string(port);
    auto result = client.send(request);
    if (too_large) return {Error(Code::kTooLarge, where + ": the answer is longer than expected"), false};
    const bool waited = system_clock().passed(deadline);
    if (!result) return {transport_error(result.error(), where, waited), !answered && !waited};
    return {std::move(reply), false};
  }

  Result<HttpReply> call(const httplib::Request& request, const WireRequest& wanted) {
    if (Connection used = borrow()) {
      Outcome outcome = run(*used, request, wanted);
      if (outcome.reply) give_back(std::move(used));
      if (!outcome.may_repeat) return std::move(outcome.reply);
    }
    Connection fresh = connect();
    Outcome outcome = run(*fresh, request, wanted);
    if (outcome.reply) give_back(std::move(fresh));
    return std::move(outcome.reply);
  }
};

HttpClient::HttpClient(std::string address, uint16_t port)
    : impl_(std::make_unique<Impl>(std::move(address), port)) {}

HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::send(const WireRequest& wanted) {
  httplib::Request request;
  request.method = wanted.method;
  request.path = wanted.target;
  for (const auto& [name, value] : wanted.headers) request.set_header(name, value);
  if (wanted.body) {
    put_body(request, *wanted.body);
  } else if (wanted.method == "POST" || wanted.method == "PUT") {
    request.set_header("Content-Length", "0");
  }
  return impl_->call(request, wanted);
}

void HttpClient::close_idle() {
  MutexLock lock(impl_->mutex);
  impl_->idle.clear();
}

}  // namespace walrusfs::localnet
