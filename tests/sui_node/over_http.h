// A local chain behind its HTTP door, and our own client in front of it.
#pragma once

#include <atomic>

#include "chain.h"
#include "client/http_curl.h"
#include "client/memory_body.h"
#include "client/sui/rpc.pb.h"
#include "client/sui_client.h"
#include "localnet/http_server.h"
#include "localnet/sui/rpc_http.h"

namespace walrusfs::localnet::sui {

namespace rpc = walrusfs::sui::rpc;

class OverHttp : public ChainTest {
 protected:
  OverHttp() {
    HttpServerOptions options;
    options.name = "full node";
    server = HttpServer::start(options, [this](HttpCall& call) { return http.answer(call, behind); }).value();
    transport = CurlTransport::create(system_clock()).value();
    client = std::make_unique<SuiClient>(*transport, server->url());
  }
  Deadline soon() { return system_clock().in(Millis(60'000)); }

  HttpResponse post(const std::string& path, const std::string& content_type, ByteView body) {
    MemoryBody file(body);
    HttpRequest request;
    request.method = "POST";
    request.url = server->url() + path;
    request.headers = {{"Content-Type", content_type}};
    request.body = &file;
    request.body_range = {0, body.size()};
    request.plan_body = [](int, const auto&) { return BodyPlan{0, 16 << 20, BodyPlan::Excess::kRefuse}; };
    request.deadline = soon();
    return transport->perform(request).value();
  }
  // One call in any wire form.
  GrpcReply call(const std::string& method, ByteView message, GrpcWire wire = GrpcWire::kWeb) {
    Bytes body = grpc_frame(message);
    if (wire == GrpcWire::kWebText) body = to_bytes(as_bytes(to_base64(body)));
    const HttpResponse answer = post("/sui.rpc.v2." + method, std::string(grpc_content_type(wire)), body);
    EXPECT_EQ(find_header(answer.headers, "content-type"), grpc_content_type(wire));
    return parse_grpc_reply(
               wire, answer.status, [](std::string_view) { return std::string_view(); }, answer.body)
        .value();
  }
  template <typename Response, typename Request>
  Response ask(const std::string& method, const Request& request) {
    const GrpcReply reply = call(method, as_bytes(request.SerializeAsString()));
    EXPECT_TRUE(reply.status.ok()) << reply.status.message;
    Response response;
    EXPECT_TRUE(response.ParseFromArray(reply.message.data(), static_cast<int>(reply.message.size())));
    return response;
  }
  // What was built, sent and signed by our client.
  SuiEffects send() {
    const Bytes transaction = finish().encode();
    const auto effects = client->execute(transaction, {me.sign_transaction(transaction).value()}, soon());
    EXPECT_TRUE(effects.ok()) << effects.error().to_string();
    EXPECT_FALSE(effects->failure.has_value()) << effects->failure->description;
    return *effects;
  }

  std::atomic<Millis> behind{Millis(0)};  // how far the node lags
  RpcHttp http{*node};
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<CurlTransport> transport;
  std::unique_ptr<SuiClient> client;
  const TestBlob poem{"a poem of some length"};
};

}  // namespace walrusfs::localnet::sui
