// The way to a storage node that speaks HTTPS. The key that it shows must be the one that the chain tells; nothing else
// about its certificate counts.
//
// Safe to call from any thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "client/http_curl.h"
#include "localnet/node_wire.h"

namespace walrusfs::localnet {

// Where a node is to be reached, and how.
struct NodePlace {
  std::string address;
  uint16_t port = 0;
  Bytes network_key;  // of one that speaks HTTPS; empty: it speaks HTTP
};
// kInvalidArgument for a network key that is none: such a node is not talked to at all.
Result<std::unique_ptr<NodeWire>> reach_node(const NodePlace& place, Clock& clock);

class PinnedWire final : public NodeWire {
 public:
  // `network_key` is the compressed P-256 point. kInvalidArgument when it is none: such a node is not talked to.
  // `clock` must outlive the wire.
  static Result<std::unique_ptr<NodeWire>> create(const std::string& address, uint16_t port, ByteView network_key,
                                                  Clock& clock);

  // kPermission when the node shows another key; besides as every wire.
  Result<HttpReply> send(const WireRequest& request) override;
  void close_idle() override;

 private:
  PinnedWire(std::string base_url, std::string pin, Clock& clock, std::shared_ptr<CurlTransport> transport);

  const std::string base_url_, pin_;
  Clock& clock_;
  Mutex mutex_;
  std::shared_ptr<CurlTransport> transport_ GUARDED_BY(mutex_);  // with requests that are under way
};

}  // namespace walrusfs::localnet
