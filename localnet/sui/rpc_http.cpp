#include "localnet/sui/rpc_http.h"

#include <nlohmann/json.hpp>

#include "localnet/sui/node_view.h"

namespace walrusfs::localnet::sui {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxFaucetBytes = 4096;
// A message in base64, with its frame.
constexpr uint64_t kMaxBodyBytes = (kMaxRpcMessageBytes + 64) * 4 / 3 + 64;

HttpAnswer json_answer(int status, const json& body) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = body.dump();
  return answer;
}

HttpAnswer refused(const std::string& why) { return json_answer(400, {{"error", why}}); }

HttpAnswer rpc_answer(GrpcWire wire, const GrpcReply& reply) {
  HttpAnswer answer;
  answer.content_type = std::string(grpc_content_type(wire));
  answer.body = grpc_web_body(wire, reply);
  return answer;
}

GrpcReply failed(const Error& error) { return {{grpc_code_of(error.code()), error.message(), {}}, {}}; }

void tell_progress(const NodeView& node, HttpAnswer& answer) {
  const Network network = node.network();
  answer.with("x-sui-chain-id", network.chain.to_string())
      .with("x-sui-chain", "localnet")
      .with("x-sui-epoch", std::to_string(network.sui_epoch))
      .with("x-sui-checkpoint-height", std::to_string(node.height()))
      .with("x-sui-lowest-available-checkpoint", "0")
      .with("x-sui-lowest-available-checkpoint-objects", std::to_string(node.height()))
      .with("x-sui-timestamp-ms", std::to_string(node.now_ms()));
}

struct Wish {
  Address recipient;
  uint64_t mist = kFaucetMist, frost = kFaucetFrost;
};

// An amount of a field that may be absent.
bool read_amount(const json& root, const char* field, uint64_t* amount) {
  if (!root.contains(field)) return true;
  if (!root[field].is_number_unsigned()) return false;
  *amount = root[field].get<uint64_t>();
  return *amount <= kFaucetMost;
}

Result<Wish> read_wish(ByteView body) {
  const json root = json::parse(body.begin(), body.end(), nullptr, false);
  if (!root.is_object() || !root.contains("recipient") || !root["recipient"].is_string())
    return Error(Code::kInvalidArgument, "the body is to be JSON with a \"recipient\"");
  Wish wish;
  WFS_ASSIGN(wish.recipient, Address::parse(root["recipient"].get<std::string>()));
  if (!read_amount(root, "sui", &wish.mist) || !read_amount(root, "wal", &wish.frost))
    return Error(Code::kInvalidArgument, "amounts are whole numbers up to " + std::to_string(kFaucetMost));
  return wish;
}

}  // namespace

HttpAnswer RpcHttp::answer(HttpCall& call, Millis behind) {
  if (call.method() == "GET" && call.path() == "/health") return text_answer(200, "up");
  if (call.method() != "POST") return text_answer(405, "");
  if (call.path() == "/v1/faucet") return answer_faucet(call);
  const auto wire = grpc_wire_of(call.header("Content-Type").value_or(""));
  // Native gRPC needs trailers of HTTP/2, which this server does not speak.
  if (!wire || *wire == GrpcWire::kNative) return text_answer(415, "this node speaks gRPC-web");
  return answer_rpc(call, *wire, behind);
}

HttpAnswer RpcHttp::answer_rpc(HttpCall& call, GrpcWire wire, Millis behind) {
  const auto body = read_whole_body(call, kMaxBodyBytes);
  if (!body) return rpc_answer(wire, {{GrpcCode::kResourceExhausted, body.error().message(), {}}, {}});
  const auto message = grpc_request_message(wire, *body, kMaxRpcMessageBytes);
  HttpAnswer answer = rpc_answer(wire, message ? service_.answer(call.path(), *message, behind)
                                                : failed(message.error()));
  tell_progress(NodeView(node_, behind), answer);
  return answer;
}

HttpAnswer RpcHttp::answer_faucet(HttpCall& call) {
  const auto body = read_whole_body(call, kMaxFaucetBytes);
  if (!body) return refused(body.error().message());
  const auto wish = read_wish(*body);
  if (!wish) return refused(wish.error().message());
  const auto granted = node_.grant(wish->recipient, wish->mist, wish->frost);
  if (!granted) return json_answer(500, {{"error", granted.error().message()}});
  json coins = json::array();
  for (const ObjectChange& change : granted->effects.changed)
    coins.push_back({{"id", change.id.to_string()}, {"type", change.type.to_string()}});
  return json_answer(200, {{"digest", granted->effects.transaction.to_string()}, {"coins", std::move(coins)}});
}

}  // namespace walrusfs::localnet::sui
