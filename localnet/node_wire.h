// How a request gets to one storage node, and what comes back.
//
// Lives: HttpClient, over a connection; in simulations, a call of the node itself in virtual time. Safe to call from
// any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace walrusfs::localnet {

using HttpHeaderList = std::vector<std::pair<std::string, std::string>>;

// Safe to repeat: a wire may send it once more on a new connection when an old one turns out closed.
struct WireRequest {
  std::string method = "GET";
  std::string target;                   // path and query, as sent
  HttpHeaderList headers{};
  std::optional<ByteView> body{};       // sent as application/octet-stream unless a header says otherwise
  uint64_t max_answer_bytes = 1 << 20;
  Millis patience{60'000};              // of each read or write, not of the whole
};

struct HttpReply {
  int status = 0;
  std::string body;
};

class NodeWire {
 public:
  virtual ~NodeWire() = default;

  // kUnavailable or kTimeout when no whole answer came, kTooLarge when it is longer than was asked for.
  virtual Result<HttpReply> send(const WireRequest& request) = 0;
  // Lets go of what is kept for the next request; requests may follow.
  virtual void close_idle() = 0;
};

}  // namespace walrusfs::localnet
