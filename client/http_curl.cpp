#include "client/http_curl.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/mutex.h"

namespace walrusfs {
namespace {

constexpr Millis kLongestPoll{50};  // how soon a cancelled or overdue request notices
constexpr long kMaxRedirects = 3;
constexpr size_t kMaxHeaders = 256;  // of a response; more are ignored
constexpr long kReceiveBufferBytes = 256 * 1024;
constexpr long kSendBufferBytes = 256 * 1024;

// The certificate or its name is not acceptable: no retry helps, and nobody should turn the check off silently.
bool is_trust_problem(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_INVALIDCERTSTATUS: return true;
    default: return false;
  }
}

Code code_of(CURLcode code) {
  if (is_trust_problem(code)) return Code::kPermission;
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS: return Code::kInvalidArgument;
    case CURLE_OPERATION_TIMEDOUT: return Code::kTimeout;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION: return Code::kInternal;
    default: return Code::kUnavailable;  // every other way to be cut off may pass
  }
}

bool is_loopback(const std::string& origin) {
  const size_t scheme = origin.find("://");
  const std::string host = scheme == std::string::npos ? origin : origin.substr(scheme + 3);
  return host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

// One easy handle in its own multi handle: curl_multi_poll lets us keep our own, exact timeouts, and the multi
// handle owns the kept connections.
class CurlHandle {
 public:
  static std::unique_ptr<CurlHandle> create() {
    std::unique_ptr<CurlHandle> handle(new CurlHandle);
    return handle->multi_ != nullptr && handle->easy_ != nullptr ? std::move(handle) : nullptr;
  }
  ~CurlHandle() {
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  CURL* easy() { return easy_; }
  CURLM* multi() { return multi_; }

  std::string last_origin;

 private:
  CurlHandle() : multi_(curl_multi_init()), easy_(curl_easy_init()) {}

  CURLM* multi_;
  CURL* easy_;
};

class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) {
    if (auto* longer = curl_slist_append(list_, line.c_str())) list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// One request on one handle, from set-up to result.
class Exchange {
 public:
  Exchange(Clock& clock, const CurlOptions& options, const HttpRequest& request, CurlHandle& handle)
      : clock_(clock),
        options_(options),
        request_(request),
        handle_(handle),
        deadline_(request.deadline.sooner_of(clock.in(request.timeouts.whole))),
        last_move_(clock.monotonic()) {}

  Result<HttpResponse> run();

 private:
  void set_up();
  void set_up_security();
  void set_up_body();
  CURLcode drive();
  std::optional<Error> out_of_time();
  Result<HttpResponse> finish(CURLcode outcome);

  void moved() { last_move_ = clock_.monotonic(); }
  size_t on_header(std::string_view line);
  size_t on_body(ByteView piece);
  size_t on_read(MutableByteView out);

  static size_t header_hook(char* data, size_t size, size_t count, void* self);
  static size_t body_hook(char* data, size_t size, size_t count, void* self);
  static size_t read_hook(char* data, size_t size, size_t count, void* self);
  static int seek_hook(void* self, curl_off_t offset, int origin);
  static int request_hook(void* self, char*, char*, int, int);

  Clock& clock_;
  const CurlOptions& options_;
  const HttpRequest& request_;
  CurlHandle& handle_;
  const Deadline deadline_;

  HeaderList headers_to_send_;
  char error_text_[CURL_ERROR_SIZE] = {};
  Deadline::TimePoint last_move_;
  bool connected_ = false;
  uint64_t sent_bytes_ = 0;

  HttpResponse response_;
  BodyPlan plan_;
  std::optional<BodyCollector> collector_;
  std::optional<Error> failure_;  // ours, more telling than curl's
};

void Exchange::set_up() {
  CURL* easy = handle_.easy();
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  const Millis connect = std::min(request_.timeouts.connect, clock_.left(deadline_));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<Millis::rep>(connect.count(), 1)));
  // A proxy from the environment must not see what stays on this machine.
  if (is_loopback(url_origin(request_.url))) curl_easy_setopt(easy, CURLOPT_PROXY, "");

  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::header_hook);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::body_hook);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Exchange::request_hook);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);

  for (const HttpHeader& header : request_.headers) headers_to_send_.add(header.name + ": " + header.value);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_to_send_.get());
  set_up_security();
  set_up_body();
}

void Exchange::set_up_security() {
  CURL* easy = handle_.easy();
  if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.pinned_key.empty()) {
    // Only together: without the pin nobody would look at the certificate at all.
    curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, options_.pinned_key.c_str());
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // A body or a token is never sent to where somebody else points.
  if (request_.method != "GET") return;
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kMaxRedirects);
  const bool secure = request_.url.starts_with("https:");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
}

void Exchange::set_up_body() {
  CURL* easy = handle_.easy();
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (request_.body != nullptr) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBufferBytes);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_range.length));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Exchange::read_hook);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Exchange::seek_hook);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  }
  if (request_.method != "GET" && request_.method != "HEAD") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

Result<HttpResponse> Exchange::run() {
  if (is_cancelled(request_.cancel)) return Error(Code::kCancelled, "the request was cancelled before it began");
  if (clock_.passed(deadline_)) return Error(Code::kTimeout, "no time was left for a request");
  set_up();
  const CURLMcode added = curl_multi_add_handle(handle_.multi(), handle_.easy());
  if (added != CURLM_OK) {
    return Error(Code::kInternal, fmt::format("libcurl refused a request: {}", curl_multi_strerror(added)));
  }
  const CURLcode outcome = drive();
  curl_multi_remove_handle(handle_.multi(), handle_.easy());
  return finish(outcome);
}

// Until curl is done, or we are: then failure_ is set.
CURLcode Exchange::drive() {
  int running = 1;
  while (true) {
    if (curl_multi_perform(handle_.multi(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (running == 0) break;
    if ((failure_ = out_of_time())) return CURLE_ABORTED_BY_CALLBACK;
    const Millis wait = std::min(kLongestPoll, clock_.left(deadline_));
    curl_multi_poll(handle_.multi(), nullptr, 0, static_cast<int>(std::max<Millis::rep>(wait.count(), 1)), nullptr);
  }
  int queued = 0;
  while (CURLMsg* message = curl_multi_info_read(handle_.multi(), &queued)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return CURLE_FAILED_INIT;
}

std::optional<Error> Exchange::out_of_time() {
  if (is_cancelled(request_.cancel)) return Error(Code::kCancelled, "the request was cancelled");
  if (clock_.passed(deadline_)) {
    return Error(Code::kTimeout, fmt::format("{} did not finish in time", url_origin(request_.url)));
  }
  if (!connected_) return std::nullopt;  // curl watches the connect timeout itself
  const bool waiting = sent_bytes_ >= request_.body_range.length && response_.status == 0;
  const Millis limit = waiting ? request_.timeouts.first_byte : request_.timeouts.stall;
  if (clock_.monotonic() - last_move_ < limit) return std::nullopt;
  return Error(Code::kTimeout, fmt::format("{} {} for {} ms", url_origin(request_.url),
                                           waiting ? "sent no answer" : "stalled", limit.count()));
}

Result<HttpResponse> Exchange::finish(CURLcode outcome) {
  if (collector_) response_.body = collector_->take();
  if (response_.stopped) return std::move(response_);
  if (failure_) return *failure_;
  if (outcome == CURLE_OK) return std::move(response_);
  // The server's own words, also when it closed the connection on a body that it would not read.
  if (response_.status >= 400) return std::move(response_);
  const char* text = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(outcome);
  return Error(code_of(outcome), fmt::format("{}: {}", url_origin(request_.url), text));
}

size_t Exchange::on_header(std::string_view line) {
  moved();
  if (collector_) return line.size();  // trailers
  if (line.starts_with("HTTP/")) {     // also after a 100 or a redirect
    response_.headers.clear();
    const size_t space = line.find(' ');
    int status = 0;
    if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
    response_.status = status < 200 ? 0 : status;
    return line.size();
  }
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos && response_.headers.size() < kMaxHeaders) {
    response_.headers.push_back({std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
  }
  return line.size();
}

size_t Exchange::on_body(ByteView piece) {
  moved();
  if (!collector_) {
    if (request_.plan_body) plan_ = request_.plan_body(response_.status, response_.headers);
    collector_.emplace(plan_);
  }
  switch (collector_->feed(piece)) {
    case BodyCollector::Verdict::kMore: return piece.size();
    case BodyCollector::Verdict::kStop: response_.stopped = true; break;
    case BodyCollector::Verdict::kTooMuch: failure_ = too_much_body(request_.url, plan_.keep_bytes); break;
  }
  return CURL_WRITEFUNC_ERROR;
}

size_t Exchange::on_read(MutableByteView out) {
  moved();
  const uint64_t left = request_.body_range.length - sent_bytes_;
  out = out.first(static_cast<size_t>(std::min<uint64_t>(left, out.size())));
  auto got = request_.body->read_at(request_.body_range.offset + sent_bytes_, out);
  if (!got.ok()) {
    failure_ = got.error().with_context("reading what is to be sent");
    return CURL_READFUNC_ABORT;
  }
  if (*got != out.size()) {
    failure_ = Error(Code::kIo, fmt::format("what is to be sent ends after {} of {} bytes", sent_bytes_ + *got,
                                            request_.body_range.length));
    return CURL_READFUNC_ABORT;
  }
  sent_bytes_ += *got;
  if (request_.on_sent) request_.on_sent(sent_bytes_);
  return *got;
}

size_t Exchange::header_hook(char* data, size_t size, size_t count, void* self) {
  return static_cast<Exchange*>(self)->on_header({data, size * count});
}
size_t Exchange::body_hook(char* data, size_t size, size_t count, void* self) {
  return static_cast<Exchange*>(self)->on_body(as_bytes({data, size * count}));
}
size_t Exchange::read_hook(char* data, size_t size, size_t count, void* self) {
  return static_cast<Exchange*>(self)->on_read({reinterpret_cast<uint8_t*>(data), size * count});
}
// curl sends a body again from its start when a kept connection turns out to be dead.
int Exchange::seek_hook(void* self, curl_off_t offset, int origin) {
  auto* exchange = static_cast<Exchange*>(self);
  const auto at = static_cast<uint64_t>(offset);
  if (origin != SEEK_SET || offset < 0 || at > exchange->request_.body_range.length) return CURL_SEEKFUNC_FAIL;
  exchange->sent_bytes_ = at;
  return CURL_SEEKFUNC_OK;
}
int Exchange::request_hook(void* self, char*, char*, int, int) {
  auto* exchange = static_cast<Exchange*>(self);
  exchange->connected_ = true;
  exchange->moved();
  return CURL_PREREQFUNC_OK;
}

}  // namespace

// Idle handles, the most recently used last: its connection is the likeliest to be alive.
class CurlTransport::Pool {
 public:
  explicit Pool(size_t idle_limit) : idle_limit_(idle_limit) {}

  std::unique_ptr<CurlHandle> take(const std::string& origin) {
    {
      MutexLock lock(mutex_);
      auto found =
          std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& handle) { return handle->last_origin == origin; });
      if (found != idle_.rend()) {
        auto handle = std::move(*found);
        idle_.erase(std::next(found).base());
        return handle;
      }
    }
    auto handle = CurlHandle::create();
    if (handle) handle->last_origin = origin;
    return handle;
  }

  void give_back(std::unique_ptr<CurlHandle> handle) {
    std::unique_ptr<CurlHandle> oldest;  // destroyed after the lock: that closes connections
    MutexLock lock(mutex_);
    idle_.push_back(std::move(handle));
    if (idle_.size() <= idle_limit_) return;
    oldest = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }

 private:
  const size_t idle_limit_;
  Mutex mutex_;
  std::vector<std::unique_ptr<CurlHandle>> idle_ GUARDED_BY(mutex_);
};

Result<std::unique_ptr<CurlTransport>> CurlTransport::create(Clock& clock, CurlOptions options) {
  static std::once_flag once;
  static CURLcode started = CURLE_OK;
  std::call_once(once, [] { started = curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (started != CURLE_OK) {
    return Error(Code::kInternal, fmt::format("libcurl cannot be used: {}", curl_easy_strerror(started)));
  }
  auto pool = std::make_unique<Pool>(options.idle_handles);
  return std::unique_ptr<CurlTransport>(new CurlTransport(clock, std::move(options), std::move(pool)));
}

CurlTransport::CurlTransport(Clock& clock, CurlOptions options, std::unique_ptr<Pool> pool)
    : clock_(clock), options_(std::move(options)), pool_(std::move(pool)) {}
CurlTransport::~CurlTransport() = default;

Result<HttpResponse> CurlTransport::perform(const HttpRequest& request) {
  auto handle = pool_->take(url_origin(request.url));
  if (!handle) return Error(Code::kInternal, "libcurl gave no handle: out of memory or file descriptors");
  auto response = Exchange(clock_, options_, request, *handle).run();
  pool_->give_back(std::move(handle));
  return response;
}

}  // namespace walrusfs
