// What a request asks and what is answered, free of any HTTP library.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs::localnet {

// Returns false to stop the transfer.
using ByteSink = std::function<bool(ByteView bytes)>;

// One request. Lives as long as its handler runs; used by the handler's thread only.
class HttpCall {
 public:
  virtual ~HttpCall() = default;

  virtual const std::string& method() const = 0;  // HEAD is told as GET
  virtual const std::string& path() const = 0;    // as sent, still percent-encoded, without the query
  virtual const std::string& query() const = 0;   // as sent, without the question mark
  virtual std::optional<std::string> header(const std::string& name) const = 0;

  // Hands the body over piece by piece, to its end. False when the sender broke off. Whatever the sink
  // says, the rest is read and dropped, so that the connection stays usable.
  virtual bool read_body(const ByteSink& sink) = 0;
};

// The whole body. kTooLarge beyond `max_bytes`, kInvalidArgument when the sender broke off.
Result<Bytes> read_whole_body(HttpCall& call, uint64_t max_bytes);

// A body that is made while it is sent. `write_all` sends through the sink and returns false on failure,
// upon which the connection is closed with fewer bytes
// than announced, or without the last chunk.
struct HttpStream {
  uint64_t length_bytes = 0;
  std::function<bool(const ByteSink& sink)> write_all;
  bool chunked = false;  // its length is not known before it is sent
};

struct HttpAnswer {
  int status = 200;
  std::string content_type;  // empty: no such header
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<HttpStream> stream;  // instead of `body`
  bool cut = false;                  // nothing is answered: the connection ends here

  HttpAnswer& with(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

HttpAnswer text_answer(int status, std::string text);
HttpAnswer bytes_answer(Bytes body);  // 200, application/octet-stream

// The pieces of a path between slashes, each percent-decoded; nothing when an escape is broken.
std::optional<std::vector<std::string>> split_path(std::string_view path);
// Percent-decoding; `plus_is_space` as in query strings.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace walrusfs::localnet
