// One HTTP request and its response, whoever carries them: libcurl in the program, a function in tests.
//
// A Transport is safe to call from any thread; each call blocks its caller. Errors: kUnavailable and kTimeout may go
// away by themselves (no connection, cut off, too slow); kCorrupt: more body than was asked for; kPermission: the
// server's certificate is not trusted; kInvalidArgument: a URL that cannot be; kCancelled; or the error of the local
// file that was to be sent. An HTTP status, whatever it says, is a response and not an error.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "client/cancel.h"

namespace walrusfs {

struct HttpHeader {
  std::string name;
  std::string value;
};

// The value of the last header of that name (names compare without case), or empty.
std::string_view find_header(const std::vector<HttpHeader>& headers, std::string_view name);

// Which part of a response body is wanted. Bytes before it are thrown away as they come.
struct BodyPlan {
  // What happens when the body goes on after the part that is kept.
  enum class Excess {
    kRefuse,  // the answer is wrong: kCorrupt, nothing more is read
    kStop,    // all is well: the transfer is stopped there
  };
  uint64_t skip_bytes = 0;
  uint64_t keep_bytes = 0;
  Excess excess = Excess::kRefuse;
};

// Asked once the final response's headers are complete.
using BodyPlanner = std::function<BodyPlan(int status, const std::vector<HttpHeader>& headers)>;

struct HttpTimeouts {
  Millis connect{5'000};
  Millis first_byte{15'000};  // from the request's last byte to the response's first
  Millis stall{15'000};       // without a byte moving, in either direction
  Millis whole{300'000};
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<HttpHeader> headers = {};

  // The body: this part of a file, streamed; sent with its length. Null: no body.
  File* body = nullptr;  // borrowed for the call
  ByteRange body_range = {};
  std::function<void(uint64_t sent_bytes)> on_sent = {};

  BodyPlanner plan_body = {};  // unset: nothing may come
  HttpTimeouts timeouts = {};
  Deadline deadline = Deadline::never();
  const CancelToken* cancel = nullptr;  // borrowed for the call
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  Bytes body;            // the part that was kept; may be shorter than planned
  bool stopped = false;  // by BodyPlan::Excess::kStop, so the body went on
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<HttpResponse> perform(const HttpRequest& request) = 0;
};

// Applies a BodyPlan to a body that arrives in pieces; shared by all transports so that they agree.
class BodyCollector {
 public:
  enum class Verdict { kMore, kStop, kTooMuch };

  explicit BodyCollector(BodyPlan plan) : plan_(plan), left_to_skip_(plan.skip_bytes) {}
  Verdict feed(ByteView piece);
  Bytes take() { return std::move(kept_); }

 private:
  BodyPlan plan_;
  uint64_t left_to_skip_;
  Bytes kept_;
};

// kCorrupt: the server at `url` sent more than was asked for.
Error too_much_body(std::string_view url, uint64_t keep_bytes);

// scheme://host[:port] of a URL: fit for messages, without path, query or credentials.
std::string url_origin(std::string_view url);

}  // namespace walrusfs
