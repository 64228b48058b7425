// gRPC bodies from anybody, at both ends, and the messages in them.
#include "base/check.h"
#include "client/sui/grpc.h"
#include "client/sui/rpc.pb.h"
#include "client/sui/rpc_message.h"

namespace walrusfs::sui {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

void request(GrpcWire wire, ByteView input) {
  const auto message = grpc_request_message(wire, input, kMaxBytes);
  if (!message.ok()) return;
  rpc::SimulateTransactionRequest parsed;
  (void)parse_rpc_message(*message, &parsed);
  if (wire == GrpcWire::kNative) WFS_CHECK(equal(grpc_frame(*message), input));
}

void reply(GrpcWire wire, ByteView input) {
  const auto header = [](std::string_view) -> std::string_view { return "0"; };
  const auto answer = parse_grpc_reply(wire, 200, header, input);
  if (!answer.ok() || wire == GrpcWire::kNative) return;
  const std::string again = grpc_web_body(GrpcWire::kWeb, *answer);
  const auto second = parse_grpc_reply(GrpcWire::kWeb, 200, header, as_bytes(again));
  WFS_CHECK(second.ok() && second->message == answer->message && second->status.code == answer->status.code);
}

}  // namespace
}  // namespace walrusfs::sui

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs::sui;
  if (size == 0) return 0;
  const walrusfs::ByteView input(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0: request(GrpcWire::kNative, input); break;
    case 1: request(GrpcWire::kWeb, input); break;
    case 2: request(GrpcWire::kWebText, input); break;
    case 3: reply(GrpcWire::kNative, input); break;
    case 4: reply(GrpcWire::kWeb, input); break;
    default: reply(GrpcWire::kWebText, input); break;
  }
  return 0;
}
