#include "localnet/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <deque>
#include <limits>
#include <list>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"

namespace walrusfs::localnet {
namespace {

constexpr int kReadTimeoutSeconds = 60;
constexpr int kWriteTimeoutSeconds = 60;
constexpr size_t kRequestsPerConnection = 1'000'000;
constexpr auto kIdleThreadLife = std::chrono::seconds(10);

// Threads are made when a connection finds none idle, and go after a while without work.
class GrowingPool final : public httplib::TaskQueue {
 public:
  explicit GrowingPool(size_t max_threads) : max_threads_(max_threads) {}

  void enqueue(std::function<void()> job) override {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && running_ < max_threads_) {
      ++running_;
      threads_.emplace_back();
      auto self = std::prev(threads_.end());
      *self = std::thread([this, self] { work(self); });
    }
    join(ended_);
    wake_.notify_one();
  }

  void shutdown() override {
    MutexLock lock(mutex_);
    ending_ = true;
    wake_.notify_all();
    while (running_ > 0) all_ended_.wait(mutex_);
    join(ended_);
  }

 private:
  using Threads = std::list<std::thread>;

  // Threads in `ended` need no lock any more, so waiting for them here is short.
  static void join(Threads& ended) {
    for (auto& thread : ended) thread.join();
    ended.clear();
  }

  void work(Threads::iterator self) {
    MutexLock lock(mutex_);
    while (wait_for_job()) {
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      mutex_.unlock();
      job();
      job = nullptr;
      mutex_.lock();
    }
    ended_.splice(ended_.end(), threads_, self);
    if (--running_ == 0) all_ended_.notify_all();
  }

  bool wait_for_job() REQUIRES(mutex_) {
    ++idle_;
    bool in_time = true;
    while (jobs_.empty() && !ending_ && in_time) in_time = wake_.wait_for(mutex_, kIdleThreadLife);
    --idle_;
    return !jobs_.empty();
  }

  const size_t max_threads_;
  Mutex mutex_;
  CondVar wake_, all_ended_;
  Threads threads_ GUARDED_BY(mutex_);
  Threads ended_ GUARDED_BY(mutex_);  // to be joined
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  size_t idle_ GUARDED_BY(mutex_) = 0;
  size_t running_ GUARDED_BY(mutex_) = 0;
  bool ending_ GUARDED_BY(mutex_) = false;
};

class LibraryCall final : public HttpCall {
 public:
  LibraryCall(const httplib::Request& request, const httplib::ContentReader* reader)
      : request_(request), reader_(reader), method_(request.method == "HEAD" ? "GET" : request.method) {
    size_t mark = request.target.find('?');
    path_ = request.target.substr(0, mark);
    if (mark != std::string::npos) query_ = request.target.substr(mark + 1);
  }

  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& query() const override { return query_; }

  std::optional<std::string> header(const std::string& name) const override {
    if (!request_.has_header(name)) return std::nullopt;
    return request_.get_header_value(name);
  }

  bool read_body(const ByteSink& sink) override {
    if (drained_ || reader_ == nullptr) return true;
    drained_ = true;
    bool wanted = true;
    return (*reader_)([&](const char* data, size_t size) {
      if (wanted) wanted = sink(as_bytes({data, size}));
      return true;
    });
  }

  // A body nobody asked for would be taken for the next request.
  void drain() {
    read_body([](ByteView) { return false; });
  }

 private:
  const httplib::Request& request_;
  const httplib::ContentReader* reader_;
  std::string method_, path_, query_;
  bool drained_ = false;
};

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
  if (answer.stream && answer.stream->length_bytes > 0) {
    put_stream(response, answer.content_type, std::move(*answer.stream));
    return;
  }
  response.body = std::move(answer.body);
  response.set_header("Content-Type", answer.content_type);
}

// The library cuts answers by Range and compresses on its own account; both are the handlers' business.
// It hands the request over as const although it is its own variable.
httplib::Server::HandlerResponse take_over(const httplib::Request& request, httplib::Response&) {
  auto& ours = const_cast<httplib::Request&>(request);
  ours.ranges.clear();
  ours.headers.erase("Accept-Encoding");
  return httplib::Server::HandlerResponse::Unhandled;
}

HttpAnswer preflight() {
  HttpAnswer answer;
  answer.with("Access-Control-Allow-Methods", "*").with("Access-Control-Allow-Headers", "*");
  answer.with("Access-Control-Max-Age", "86400");
  return answer;
}

}  // namespace

struct HttpServer::Impl {
  HttpServerOptions options;
  HttpHandler handler;
  httplib::Server server;
  int port = 0;
  std::thread acceptor;

  void serve(const httplib::Request& request, httplib::Response& response, const httplib::ContentReader* reader) {
    LibraryCall call(request, reader);
    HttpAnswer answer;
    try {
      answer = handler(call);
    } catch (const std::exception& problem) {
      log_error("{}: {} {} failed: {}", options.name, call.method(), call.path(), problem.what());
      answer = text_answer(500, "internal error");
    }
    call.drain();
    put_answer(std::move(answer), response);
  }

  void install_routes() {
    auto plain = [this](const httplib::Request& q, httplib::Response& p) { serve(q, p, nullptr); };
    auto with_body = [this](const httplib::Request& q, httplib::Response& p, const httplib::ContentReader& r) {
      serve(q, p, &r);
    };
    server.Get(".*", plain);
    server.Put(".*", with_body);
    server.Post(".*", with_body);
    server.Patch(".*", with_body);
    server.Delete(".*", with_body);
    server.Options(".*", [](const httplib::Request&, httplib::Response& p) { put_answer(preflight(), p); });
  }

  void install_hooks() {
    server.set_pre_routing_handler(take_over);
    server.set_error_handler(httplib::Server::HandlerWithResponse(
        [this](const httplib::Request&, httplib::Response& response) {
          if (response.status == 416 && response.body.empty()) put_answer(options.malformed_range, response);
          return httplib::Server::HandlerResponse::Unhandled;
        }));
    server.set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Accept-Ranges");  // the real services send none
      if (response.get_header_value("Content-Type").empty()) response.headers.erase("Content-Type");
    });
  }

  void configure() {
    server.new_task_queue = [this] { return new GrowingPool(options.max_threads); };  // the server deletes it
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(kRequestsPerConnection);
    server.set_keep_alive_timeout(options.keep_alive_seconds);
    server.set_read_timeout(kReadTimeoutSeconds);
    server.set_write_timeout(kWriteTimeoutSeconds);
    server.set_payload_max_length(std::numeric_limits<size_t>::max());  // handlers have their own limits
    // Not the library's SO_REUSEPORT, with which two servers share one port without noticing.
    server.set_socket_options([](socket_t socket) {
      int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    install_routes();
    install_hooks();
  }

  Status bind() {
    if (options.port != 0 && server.bind_to_port(options.address, options.port)) {
      port = options.port;
      return {};
    }
    if (options.port != 0 && !options.any_port_if_taken)
      return Error(Code::kBusy, "port " + std::to_string(options.port) + " on " + options.address +
                                    " is in use: stop what uses it or choose another one for the " + options.name);
    port = server.bind_to_any_port(options.address);
    if (port <= 0) return Error(Code::kUnavailable, "the " + options.name + " cannot listen on " + options.address);
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
  WFS_TRY(impl->bind());
  impl->acceptor = std::thread([server = &impl->server] { server->listen_after_bind(); });
  // stop() before the acceptor runs would be lost.
  while (!impl->server.is_running()) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->server.stop();
  impl_->acceptor.join();
}

uint16_t HttpServer::port() const { return static_cast<uint16_t>(impl_->port); }

std::string HttpServer::url() const { return "http://" + impl_->options.address + ":" + std::to_string(port()); }

}  // namespace walrusfs::localnet
