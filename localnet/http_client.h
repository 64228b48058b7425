// Keep-alive HTTP/1.1 client of one server: the door to cpp-httplib's client.
//
// Safe to call from any thread; each call borrows a connection from a small pool, or opens one. A call
// that fails before any answer arrives on a connection used before is repeated once on a new one: the
// server may have closed it as idle. All requests made through it are safe to repeat.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace walrusfs::localnet {

struct HttpReply {
  int status = 0;
  std::string body;
};

using HttpHeaderList = std::vector<std::pair<std::string, std::string>>;

class HttpClient {
 public:
  HttpClient(std::string address, uint16_t port);
  ~HttpClient();

  // kUnavailable or kTimeout when no whole answer came, kTooLarge when it is longer than `max_bytes`.
  Result<HttpReply> get(const std::string& target, uint64_t max_bytes);
  Result<HttpReply> put(const std::string& target, ByteView body);
  // Any method, without a body.
  Result<HttpReply> send(const std::string& method, const std::string& target, const HttpHeaderList& headers,
                         uint64_t max_bytes);

  // The pool's connections, closed; calls open new ones.
  void close_idle();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet
