#include "localnet/http_server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <limits>

#include "base/log.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

constexpr int kBacklog = 1024;
constexpr size_t kRequestsPerConnection = 1'000'000;
// Of a body that nobody wants, before the connection is closed instead.
constexpr uint64_t kMaxDroppedBytes = 64 << 20;

// One request on its way through the library, which has no place for what is ours.
struct Exchange {
  explicit Exchange(Connection& over) : connection(over) {}

  Connection& connection;
  size_t head_bytes = 0;
  bool head_read = false;    // whole, and understood
  bool misframed = false;    // nobody knows where its body ends
  bool last = false;         // the connection is not good for another request
  bool cut = false;          // nothing is to be answered
  std::string content_type;  // as sent
};
thread_local Exchange* current_exchange = nullptr;

// The library's view of a connection.
class ConnectionStream final : public httplib::Stream {
 public:
  explicit ConnectionStream(Exchange& exchange) : exchange_(exchange) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return !broken_; }
  ssize_t read(char* into, size_t size) override {
    // The library would take headers without end.
    if (!exchange_.head_read && exchange_.head_bytes >= kMaxHeadBytes) return 0;
    const size_t got = exchange_.connection.read({reinterpret_cast<uint8_t*>(into), size});
    if (!exchange_.head_read) exchange_.head_bytes += got;
    return static_cast<ssize_t>(got);
  }
  ssize_t write(const char* from, size_t size) override {
    broken_ = broken_ || exchange_.cut || !exchange_.connection.write(as_bytes({from, size}));
    return broken_ ? -1 : static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return exchange_.connection.fd(); }
  bool broken() const { return broken_; }

 private:
  Exchange& exchange_;
  bool broken_ = false;
};

class LibraryServer final : public httplib::Server {
 public:
  // Without a socket of its own the library takes itself for stopped, and sends no streams.
  LibraryServer() { svr_sock_ = 0; }
  void stop_streams() { svr_sock_ = INVALID_SOCKET; }
  bool process(httplib::Stream& stream, bool& closed, const std::function<void(httplib::Request&)>& prepare) {
    return process_request(stream, false, closed, prepare);
  }
};

bool expects_body(const std::string& method) {
  return method == "PUT" || method == "POST" || method == "PATCH" || method == "DELETE";
}

// A length that is told more than once must be the same every time (RFC 9110, section 8.6). A body of a method that has
// none would be left on the connection, and be taken for the next request.
bool framing_makes_sense(const httplib::Request& request) {
  const size_t lengths = request.get_header_value_count("Content-Length");
  const size_t encodings = request.get_header_value_count("Transfer-Encoding");
  const std::string first = request.get_header_value("Content-Length");
  if (encodings > 0)
    return encodings == 1 && lengths == 0 && request.get_header_value("Transfer-Encoding") == "chunked" &&
           expects_body(request.method);
  for (size_t i = 1; i < lengths; ++i)
    if (request.get_header_value("Content-Length", i) != first) return false;
  const auto length = parse_decimal(first);
  return lengths == 0 || (length && (*length == 0 || expects_body(request.method)));
}

// Once the head is read: takes from the library what is the handlers' business (ranges, content codings, multipart),
// and a path that it would match against patterns, one nested call for each character.
void prepare(Exchange& exchange, httplib::Request& request) {
  exchange.head_read = true;
  exchange.misframed = !framing_makes_sense(request);
  exchange.content_type = request.get_header_value("Content-Type");
  for (const char* name : {"Accept-Encoding", "Content-Encoding", "Content-Type"}) request.headers.erase(name);
  request.path = "/";
  request.ranges.clear();
  if (exchange.misframed) {
    request.headers.erase("Transfer-Encoding");
    request.headers.erase("Content-Length");
  }
  if (expects_body(request.method) && !request.has_header("Transfer-Encoding") && !request.has_header("Content-Length"))
    request.set_header("Content-Length", "0");  // the library would read until the connection ends
}

class LibraryCall final : public HttpCall {
 public:
  LibraryCall(const httplib::Request& request, const httplib::ContentReader* reader, const std::string& content_type)
      : request_(request),
        reader_(reader),
        content_type_(content_type),
        method_(request.method == "HEAD" ? "GET" : request.method) {
    size_t mark = request.target.find('?');
    path_ = request.target.substr(0, mark);
    if (mark != std::string::npos) query_ = request.target.substr(mark + 1);
  }

  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& query() const override { return query_; }

  std::optional<std::string> header(const std::string& name) const override {
    if (strcasecmp(name.c_str(), "Content-Type") == 0)
      return content_type_.empty() ? std::nullopt : std::optional(content_type_);
    if (!request_.has_header(name)) return std::nullopt;
    return request_.get_header_value(name);
  }

  bool read_body(const ByteSink& sink) override {
    if (started_ || reader_ == nullptr) return true;
    started_ = true;
    bool wanted = true;
    uint64_t dropped = 0;
    complete_ = (*reader_)([&](const char* data, size_t size) {
      if (wanted) wanted = sink(as_bytes({data, size}));
      if (!wanted) dropped += size;
      return dropped <= kMaxDroppedBytes;
    });
    return complete_;
  }

  // A body nobody asked for would be taken for the next request. False when its end was not reached.
  bool drain() {
    read_body([](ByteView) { return false; });
    return complete_;
  }

 private:
  const httplib::Request& request_;
  const httplib::ContentReader* reader_;
  const std::string& content_type_;
  std::string method_, path_, query_;
  bool started_ = false, complete_ = true;
};

void put_chunks(httplib::Response& response, const std::string& type, HttpStream stream) {
  auto provider = [write_all = std::move(stream.write_all)](size_t, httplib::DataSink& sink) {
    const bool whole = write_all([&sink](ByteView piece) {
      return sink.is_writable() && sink.write(as_text(piece).data(), piece.size());
    });
    if (whole) sink.done();
    return whole;
  };
  response.set_chunked_content_provider(type, std::move(provider));
}

void put_stream(httplib::Response& response, const std::string& type, HttpStream stream) {
  auto provider = [write_all = std::move(stream.write_all)](size_t, size_t, httplib::DataSink& sink) {
    return write_all([&sink](ByteView piece) {
      return sink.is_writable() && sink.write(as_text(piece).data(), piece.size());
    });
  };
  response.set_content_provider(stream.length_bytes, type, std::move(provider));
}

void put_answer(HttpAnswer answer, httplib::Response& response) {
  response.status = answer.status;
  for (auto& [name, value] : answer.headers) response.set_header(name, value);
  response.set_header("Access-Control-Allow-Origin", "*");
  if (answer.stream && answer.stream->chunked)
    return put_chunks(response, answer.content_type, std::move(*answer.stream));
  if (answer.stream && answer.stream->length_bytes > 0) {
    put_stream(response, answer.content_type, std::move(*answer.stream));
    return;
  }
  response.body = std::move(answer.body);
  response.set_header("Content-Type", answer.content_type);
}

HttpAnswer unclear_body() { return text_answer(400, "the length of the body is not clear"); }

HttpAnswer preflight() {
  HttpAnswer answer;
  answer.with("Access-Control-Allow-Methods", "*").with("Access-Control-Allow-Headers", "*");
  answer.with("Access-Control-Max-Age", "86400");
  return answer;
}

Result<Fd> listen_at(const std::string& address, uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1)
    return Error(Code::kInvalidArgument, address + " is no IPv4 address");
  const int on = 1;
  // Not SO_REUSEPORT, with which two servers share one port without noticing.
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets have it from here
  if (!socket.valid() || bind(socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
      listen(socket.get(), kBacklog) != 0)
    return error_from_errno(errno, "listen on " + address + ":" + std::to_string(port));
  return socket;
}

uint16_t port_of(const Fd& listener) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

}  // namespace

struct HttpServer::Impl {
  HttpServerOptions options;
  HttpHandler handler;
  LibraryServer server;
  uint16_t port = 0;
  std::unique_ptr<ConnectionFront> front;  // goes first

  HttpAnswer handled(LibraryCall& call) {
    try {
      return handler(call);
    } catch (const std::exception& problem) {
      log_error("{}: {} {} failed: {}", options.name, call.method(), call.path(), problem.what());
      return text_answer(500, "internal error");
    }
  }

  void serve(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader* reader) {
    Exchange& exchange = *current_exchange;
    if (exchange.misframed) return put_answer(unclear_body(), response);
    LibraryCall call(request, reader, exchange.content_type);
    HttpAnswer answer = handled(call);
    exchange.cut = answer.cut;
    if (exchange.cut) return;
    exchange.last = !call.drain();
    if (answer.status >= 400 && exchange.connection.too_slow())
      answer = text_answer(408, "the body of the request did not arrive in time");
    put_answer(std::move(answer), response);
  }

  void install_routes() {
    auto plain = [this](const httplib::Request& q, httplib::Response& p) { serve(q, p, nullptr); };
    auto with_body = [this](const httplib::Request& q, httplib::Response& p, const httplib::ContentReader& r) {
      serve(q, p, &r);
    };
    server.Get("/", plain);
    server.Put("/", with_body);
    server.Post("/", with_body);
    server.Patch("/", with_body);
    server.Delete("/", with_body);
    server.Options("/", [](const httplib::Request&, httplib::Response& p) {
      put_answer(current_exchange->misframed ? unclear_body() : preflight(), p);
    });
  }

  void install_hooks() {
    server.set_error_handler(httplib::Server::HandlerWithResponse(
        [this](const httplib::Request&, httplib::Response& response) {
          if (response.status == 416 && response.body.empty()) put_answer(options.malformed_range, response);
          return httplib::Server::HandlerResponse::Unhandled;
        }));
    server.set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Accept-Ranges");  // the real services send none
      if (response.get_header_value("Content-Type").empty()) response.headers.erase("Content-Type");
      Exchange& exchange = *current_exchange;
      // Its body, if any, is still on the way; whatever the method, also one that nobody serves.
      exchange.last = exchange.last || exchange.misframed || !exchange.head_read;
      if (!exchange.last) return;
      for (const char* name : {"Connection", "Keep-Alive"}) response.headers.erase(name);
      response.set_header("Connection", "close");
    });
  }

  void configure() {
    server.set_keep_alive_max_count(kRequestsPerConnection);
    server.set_keep_alive_timeout(options.keep_alive_seconds);
    server.set_payload_max_length(std::numeric_limits<size_t>::max());  // handlers have their own limits
    install_routes();
    install_hooks();
  }

  Result<Fd> bind_somewhere() {
    if (options.port != 0) {
      auto bound = listen_at(options.address, options.port);
      if (bound.ok() || bound.error().code() == Code::kInvalidArgument) return bound;
      if (!options.any_port_if_taken)
        return Error(Code::kBusy, "port " + std::to_string(options.port) + " on " + options.address +
                                      " is in use: stop what uses it or choose another one for the " + options.name);
    }
    auto bound = listen_at(options.address, 0);
    if (!bound) return bound.error().with_context("the " + options.name);
    return bound;
  }

  bool answer(Connection& connection) {
    Exchange exchange(connection);
    current_exchange = &exchange;
    ConnectionStream stream(exchange);
    bool closed = false;
    const bool answered =
        server.process(stream, closed, [&exchange](httplib::Request& request) { prepare(exchange, request); });
    current_exchange = nullptr;
    if (answered && !stream.broken() && !closed && !exchange.last) return true;
    if (!stream.broken()) connection.finish();
    return false;
  }

  std::unique_ptr<Wire> make_wire(Fd socket) const {
    return options.tls ? options.tls->accept(std::move(socket)) : make_plain_wire(std::move(socket));
  }

  Status listen() {
    WFS_ASSIGN(Fd listener, bind_somewhere());
    port = port_of(listener);
    FrontOptions limits;
    limits.max_connections = options.max_connections;
    limits.max_threads = options.max_threads;
    limits.idle_life = std::chrono::seconds(options.keep_alive_seconds);
    limits.transfers = options.transfers;
    limits.stop_grace = options.stop_grace;
    WFS_ASSIGN(front, ConnectionFront::start(
                          std::move(listener), limits, system_clock(),
                          [this](Fd socket) { return make_wire(std::move(socket)); },
                          [this](Connection& connection) { return answer(connection); }));
    return {};
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler handler) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  if (impl->options.malformed_range.status < 400) impl->options.malformed_range = text_answer(416, "invalid Range");
  impl->handler = std::move(handler);
  impl->configure();
  WFS_TRY(impl->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->server.stop_streams();
  impl_->front.reset();
}

uint16_t HttpServer::port() const { return impl_->port; }

std::string HttpServer::url() const {
  return (impl_->options.tls ? "https://" : "http://") + impl_->options.address + ":" + std::to_string(port());
}

FrontCounts HttpServer::connections() const { return impl_->front->counts(); }

}  // namespace walrusfs::localnet
