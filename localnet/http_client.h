// Keep-alive HTTP/1.1 client of one server: the door to cpp-httplib's client.
//
// Safe to call from any thread; each call borrows a connection from a small pool, or opens one. A call
// that fails before any answer arrives on a connection used before is repeated once on a new one: the
// server may have closed it as idle. All requests made through it are safe to repeat.
#pragma once

#include <memory>

#include "localnet/node_wire.h"

namespace walrusfs::localnet {

class HttpClient final : public NodeWire {
 public:
  HttpClient(std::string address, uint16_t port);
  ~HttpClient() override;

  Result<HttpReply> send(const WireRequest& request) override;
  // Closes the connections of the pool.
  void close_idle() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace walrusfs::localnet
