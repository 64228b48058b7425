// The HTTP door of the full node: gRPC-web over HTTP/1.1, binary and text, and a faucet in JSON.
//
//   POST /sui.rpc.v2.SERVICE/METHOD   content type application/grpc-web[-text][+proto]
//   GET  /health
//   POST /v1/faucet                   {"recipient": "0x…", "sui": MIST, "wal": FROST}; both amounts may be left out
#pragma once

#include "localnet/http_types.h"
#include "localnet/sui/rpc_service.h"

namespace walrusfs::localnet::sui {

class RpcHttp {
 public:
  explicit RpcHttp(FullNode& node) : node_(node), service_(node) {}

  // As a node that is so far behind; see RpcService.
  HttpAnswer answer(HttpCall& call, Millis behind = Millis(0));

 private:
  HttpAnswer answer_rpc(HttpCall& call, GrpcWire wire, Millis behind);
  HttpAnswer answer_faucet(HttpCall& call);

  FullNode& node_;
  RpcService service_;
};

// What the faucet gives when nobody says how much.
constexpr uint64_t kFaucetMist = 10'000'000'000, kFaucetFrost = 10'000'000'000;
// At most this much at once: ten million SUI or WAL.
constexpr uint64_t kFaucetMost = 10'000'000'000'000'000;

}  // namespace walrusfs::localnet::sui
