// Requests without sockets: straight into a handler, in virtual time.
//
// One thread.
#pragma once

#include <functional>
#include <map>

#include "base/rng.h"
#include "base/testing/manual_clock.h"
#include "localnet/http_server.h"
#include "localnet/node_wire.h"
#include "trace.h"

namespace walrusfs::sim {

using localnet::HttpAnswer;
using localnet::HttpCall;
using localnet::HttpHandler;
using localnet::HttpReply;
using localnet::WireRequest;

// A request whose body is in memory. It comes in pieces, as from a socket.
class InProcessCall final : public HttpCall {
 public:
  explicit InProcessCall(const WireRequest& request);

  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& query() const override { return query_; }
  std::optional<std::string> header(const std::string& name) const override;
  bool read_body(const localnet::ByteSink& sink) override;

 private:
  std::string method_, path_, query_;
  std::map<std::string, std::string> headers_;  // names in lower case
  Bytes body_;
};

// What a client of `handler` gets: the whole answer, or nothing when it is cut.
std::optional<HttpReply> ask(const HttpHandler& handler, const WireRequest& request);

// The time of one way between client and node.
struct Latency {
  Millis least{1}, most{20};
  Millis draw(Rng& rng) const { return least + Millis(rng.below(static_cast<uint64_t>((most - least).count()) + 1)); }
};

// To one node. A connection may be new or kept: when a kept one is cut, the request is sent once more, as HttpClient
// does it, so that a request may be done twice.
class InProcessWire final : public localnet::NodeWire {
 public:
  struct World {
    ManualClock& clock;
    Rng& rng;
    Trace& trace;
  };
  // `handler` is empty as long as nothing listens. All must outlive the wire.
  InProcessWire(std::string name, const HttpHandler& handler, World world)
      : name_(std::move(name)), handler_(handler), world_(world) {}

  Result<HttpReply> send(const WireRequest& request) override;
  void close_idle() override {}

 private:
  Result<HttpReply> send_once(const WireRequest& request);

  const std::string name_;
  const HttpHandler& handler_;
  const World world_;
  const Latency latency_{};
};

}  // namespace walrusfs::sim
