// The methods of the gRPC API over a FullNode, without HTTP: a path and a message go in, a reply comes out.
//
// Safe to call from any thread. Bytes from anybody: what is malformed is INVALID_ARGUMENT.
#pragma once

#include <string_view>

#include "client/sui/grpc.h"
#include "localnet/sui/full_node.h"

namespace walrusfs::localnet::sui {

class RpcService {
 public:
  explicit RpcService(FullNode& node) : node_(node) {}

  // `path` is that of the request: "/sui.rpc.v2.LedgerService/GetObject".
  // Reads are answered with what there was so long ago; what is to be executed is executed now.
  GrpcReply answer(std::string_view path, ByteView message, Millis behind = Millis(0));

 private:
  FullNode& node_;
};

// Whether a request with that path only looks.
bool reads_the_chain(std::string_view path);

// The largest request that makes sense: a transaction with its signatures, or a thousand object ids.
constexpr size_t kMaxRpcMessageBytes = 512 * 1024;

}  // namespace walrusfs::localnet::sui
