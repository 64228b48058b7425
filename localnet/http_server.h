// An HTTP/1.1 server on one loopback port: the door to cpp-httplib's server.
//
// The library reads requests and writes answers; connections are kept by ConnectionFront, because the library would
// hold a thread for each of them. Bodies are not unpacked, cut or compressed by it, whatever headers say. A request
// whose framing makes no sense is answered 400 and its connection closed. CORS is open, as on the real services.
// start() and the destructor are for one owner; the handler is called from many threads.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/crypto_tls.h"
#include "localnet/connection_front.h"
#include "localnet/http_types.h"

namespace walrusfs::localnet {

using HttpHandler = std::function<HttpAnswer(HttpCall& call)>;

struct HttpServerOptions {
  std::string name;                // for messages: "aggregator", "node 3"
  std::string address = "127.0.0.1";
  uint16_t port = 0;               // 0: any free one
  bool any_port_if_taken = true;   // when `port` is in use
  size_t max_threads = 64;         // requests that are answered at a time; more wait
  size_t max_connections = 4096;   // then the one that waits longest is closed for the next
  int keep_alive_seconds = 60;     // of a connection without a request
  TransferLimits transfers;        // a slower body is answered 408, an answer that is taken slower is broken off
  Millis stop_grace{5'000};        // when stopping: for answers to be taken
  // Answer to a Range header that is no list of byte ranges at all; such a request never reaches the handler.
  HttpAnswer malformed_range;
  // HTTPS instead of HTTP.
  std::shared_ptr<const TlsIdentity> tls;
};

class HttpServer {
 public:
  // Bound and listening when it returns. kBusy when the port is taken and no other one may be used.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler handler);
  // Stops accepting, lets running requests finish (without the rest of bodies that are still on their way), breaks off
  // answers that are not taken within the grace, joins all threads.
  ~HttpServer();

  uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:1234"
  FrontCounts connections() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet
