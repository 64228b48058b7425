// An HTTP/1.1 server on one loopback port: the door to cpp-httplib's server.
//
// Every connection holds a thread of a pool that grows on demand up to a limit; connections beyond it
// wait. Keep-alive is short, so that idle clients give their threads back. CORS is open, as on the
// real services. start() and stop() are for one owner; the handler is called from many threads.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "localnet/http_types.h"

namespace walrusfs::localnet {

using HttpHandler = std::function<HttpAnswer(HttpCall& call)>;

struct HttpServerOptions {
  std::string name;                // for messages: "aggregator", "node 3"
  std::string address = "127.0.0.1";
  uint16_t port = 0;               // 0: any free one
  bool any_port_if_taken = true;   // when `port` is in use
  size_t max_threads = 64;
  int keep_alive_seconds = 2;
  // Answer to a Range header that is no list of byte ranges at all; such a request never reaches the handler.
  HttpAnswer malformed_range;
};

class HttpServer {
 public:
  // Bound and listening when it returns. kBusy when the port is taken and no other one may be used.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler handler);
  // Stops accepting, lets running requests finish, joins all threads.
  ~HttpServer();

  uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:1234"

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet
