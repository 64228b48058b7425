// Counts what goes over wires: bytes of targets and bodies, without HTTP's own.
#pragma once

#include <atomic>
#include <memory>

#include "localnet/node_wire.h"

namespace walrusfs::localnet {

struct Traffic {
  std::atomic<uint64_t> sent_bytes{0};
  std::atomic<uint64_t> received_bytes{0};

  uint64_t bytes() const { return sent_bytes + received_bytes; }
};

// A wire around another one. Safe to call from any thread.
class CountingWire : public NodeWire {
 public:
  // `traffic` must outlive it.
  CountingWire(std::unique_ptr<NodeWire> inner, Traffic& traffic) : inner_(std::move(inner)), traffic_(traffic) {}

  Result<HttpReply> send(const WireRequest& request) override {
    traffic_.sent_bytes += request.target.size() + (request.body ? request.body->size() : 0);
    auto reply = inner_->send(request);
    if (reply) traffic_.received_bytes += reply->body.size();
    return reply;
  }
  void close_idle() override { inner_->close_idle(); }

 private:
  const std::unique_ptr<NodeWire> inner_;
  Traffic& traffic_;
};

}  // namespace walrusfs::localnet
