// Frames, statuses and messages of gRPC against grpc.json.
#include "client/sui/grpc.h"

#include <map>
#include <set>

#include "client/sui/rpc.pb.h"
#include "vectors.h"

namespace walrusfs::sui {
namespace {

constexpr size_t kAnyLength = 1 << 20;

std::string_view no_header(std::string_view) { return {}; }

Json framing(const std::string& name) { return load_vectors("grpc").at("framing").at(name); }

Bytes message(const std::string& name) {
  for (const Json& v : load_vectors("grpc").at("messages"))
    if (v.at("name") == name) return hex(v.at("hex"));
  throw std::runtime_error("no message is named " + name);
}

TEST(Grpc, RequestsAreFramed) {
  EXPECT_EQ(to_hex(grpc_frame(message("get_object_request"))), framing("request_body").at("hex"));
  EXPECT_EQ(to_hex(grpc_frame({})), framing("empty_request_body").at("hex"));
  EXPECT_EQ(grpc_request_message(GrpcWire::kWeb, hex(framing("request_body").at("hex")), kAnyLength).value(),
            message("get_object_request"));
  EXPECT_TRUE(grpc_request_message(GrpcWire::kWeb, grpc_frame({}), kAnyLength).value().empty());
}

TEST(Grpc, RequestsHaveNoTrailers) {
  Bytes body = grpc_frame(as_bytes("a message"));
  append(body, as_bytes(grpc_web_body(GrpcWire::kWeb, {{GrpcCode::kNotFound, {}, {}}, {}})));
  EXPECT_EQ(grpc_request_message(GrpcWire::kWeb, body, kAnyLength).error().code(), Code::kCorrupt);
}

TEST(Grpc, RequestsHaveALimit) {
  const Bytes frame = grpc_frame(Bytes(100));
  EXPECT_TRUE(grpc_request_message(GrpcWire::kWeb, frame, 100).ok());
  EXPECT_EQ(grpc_request_message(GrpcWire::kWeb, frame, 99).error().code(), Code::kCorrupt);
}

TEST(Grpc, AnswersOfTheWeb) {
  const Bytes body = hex(framing("web_binary_response_ok").at("hex"));
  const GrpcReply reply = parse_grpc_reply(GrpcWire::kWeb, 200, no_header, body).value();
  EXPECT_TRUE(reply.status.ok());
  EXPECT_EQ(reply.message, message("get_object_response_system"));
  EXPECT_EQ(to_hex(as_bytes(grpc_web_body(GrpcWire::kWeb, reply))), framing("web_binary_response_ok").at("hex"));
}

TEST(Grpc, AnswersAsText) {
  for (const std::string& name : {std::string("web_text_response_ok"), std::string("web_text_response_two_segments")}) {
    const std::string text = framing(name).at("text");
    const auto reply = parse_grpc_reply(GrpcWire::kWebText, 200, no_header, as_bytes(text));
    ASSERT_TRUE(reply.ok()) << name;
    EXPECT_EQ(reply->message, message("get_object_response_system"));
  }
  const GrpcReply reply{{}, message("get_object_response_system")};
  EXPECT_EQ(grpc_web_body(GrpcWire::kWebText, reply), framing("web_text_response_ok").at("text"));
}

TEST(Grpc, TextInSeparatelyPaddedPieces) {
  const std::string whole = grpc_web_body(GrpcWire::kWeb, {{}, to_bytes(as_bytes("a message"))});
  for (size_t cut = 1; cut < whole.size(); ++cut) {
    const std::string text = to_base64(as_bytes(whole.substr(0, cut))) + to_base64(as_bytes(whole.substr(cut)));
    const auto reply = parse_grpc_reply(GrpcWire::kWebText, 200, no_header, as_bytes(text));
    ASSERT_TRUE(reply.ok()) << cut;
    EXPECT_EQ(as_text(reply->message), "a message");
  }
  for (const std::string_view broken : {"=", "A", "AAAA=", "A===", "AAA*", "====AAAA"})
    EXPECT_FALSE(grpc_request_message(GrpcWire::kWebText, as_bytes(broken), kAnyLength).ok()) << broken;
}

TEST(Grpc, ErrorsInTrailersAndInHeaders) {
  const Json in_trailers = framing("web_binary_response_error");
  const GrpcReply refused = parse_grpc_reply(GrpcWire::kWeb, 200, no_header, hex(in_trailers.at("hex"))).value();
  EXPECT_EQ(static_cast<int>(refused.status.code), in_trailers.at("status"));
  EXPECT_EQ(refused.status.message, in_trailers.at("message"));
  rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(std::string(as_text(refused.status.details))));
  EXPECT_EQ(details.code(), 3);
  EXPECT_EQ(to_hex(as_bytes(grpc_web_body(GrpcWire::kWeb, refused))), in_trailers.at("hex"));

  const Json in_headers = framing("web_trailers_only_headers");
  std::map<std::string, std::string> headers = in_headers.at("headers");
  const HeaderLookup header = [&](std::string_view name) -> std::string_view { return headers[std::string(name)]; };
  for (const GrpcWire wire : {GrpcWire::kNative, GrpcWire::kWeb}) {
    const GrpcReply reply = parse_grpc_reply(wire, 200, header, {}).value();
    EXPECT_EQ(static_cast<int>(reply.status.code), in_headers.at("status"));
    EXPECT_EQ(reply.status.message, in_headers.at("message"));
  }
}

TEST(Grpc, NativeTrailersAreHeaders) {
  const HeaderLookup ok = [](std::string_view name) -> std::string_view { return name == "grpc-status" ? "0" : ""; };
  const GrpcReply reply = parse_grpc_reply(GrpcWire::kNative, 200, ok, grpc_frame(as_bytes("hello"))).value();
  EXPECT_EQ(as_text(reply.message), "hello");
  EXPECT_FALSE(parse_grpc_reply(GrpcWire::kNative, 200, ok, {}).ok());
}

TEST(Grpc, WhatIsNoAnswerIsRefused) {
  const auto refused = [](const Bytes& body) {
    const auto reply = parse_grpc_reply(GrpcWire::kWeb, 200, no_header, body);
    return !reply.ok() && reply.error().code() == Code::kCorrupt;
  };
  EXPECT_TRUE(refused(hex(framing("truncated").at("hex"))));
  EXPECT_TRUE(refused(hex(framing("compressed_flag").at("hex"))));
  EXPECT_TRUE(refused(hex(framing("two_data_frames").at("hex"))));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(grpc_frame(as_bytes("no trailers"))));
  const Bytes good = hex(framing("web_binary_response_ok").at("hex"));
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_TRUE(refused(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(length)))) << length;
  Bytes more = good;
  append(more, grpc_frame({}));
  EXPECT_TRUE(refused(more));
  Bytes flags = good;
  flags[0] = 0x02;
  EXPECT_TRUE(refused(flags));
  for (const std::string_view status : {"", "x", "-1", "17", "0 1", "99999999999"}) {
    const HeaderLookup header = [&](std::string_view name) -> std::string_view {
      return name == "grpc-status" ? status : std::string_view();
    };
    EXPECT_FALSE(parse_grpc_reply(GrpcWire::kNative, 200, header, {}).ok()) << status;
  }
}

TEST(Grpc, OtherHttpStatusesAreTranslated) {
  const std::map<int, GrpcCode> meaning = {
      {401, GrpcCode::kUnauthenticated}, {403, GrpcCode::kPermissionDenied}, {404, GrpcCode::kUnimplemented},
      {429, GrpcCode::kUnavailable},     {502, GrpcCode::kUnavailable},      {503, GrpcCode::kUnavailable},
      {504, GrpcCode::kUnavailable},     {400, GrpcCode::kUnknown},          {500, GrpcCode::kUnknown}};
  for (const auto& [http, code] : meaning) {
    const GrpcReply reply = parse_grpc_reply(GrpcWire::kWeb, http, no_header, as_bytes("<html>")).value();
    EXPECT_EQ(reply.status.code, code) << http;
  }
  EXPECT_EQ(error_of({GrpcCode::kUnavailable, "busy", {}}, "node").code(), Code::kUnavailable);
  EXPECT_EQ(error_of({GrpcCode::kDeadlineExceeded, "late", {}}, "node").code(), Code::kTimeout);
  EXPECT_FALSE(error_of({GrpcCode::kInvalidArgument, "no", {}}, "node").retryable());
}

TEST(Grpc, ContentTypes) {
  EXPECT_EQ(grpc_wire_of("application/grpc"), GrpcWire::kNative);
  EXPECT_EQ(grpc_wire_of("application/grpc+proto"), GrpcWire::kNative);
  EXPECT_EQ(grpc_wire_of("application/grpc-web+proto; charset=x"), GrpcWire::kWeb);
  EXPECT_EQ(grpc_wire_of("application/grpc-web-text"), GrpcWire::kWebText);
  EXPECT_FALSE(grpc_wire_of("application/grpc+json").has_value());
  EXPECT_FALSE(grpc_wire_of("text/html").has_value());
  EXPECT_FALSE(grpc_wire_of("").has_value());
}

// ---- messages: what is read and written again is the same, so every field of them is known

template <typename Message>
std::string again(const std::string& bytes) {
  Message message;
  return message.ParseFromString(bytes) ? message.SerializeAsString() : "not parsed";
}

using Again = std::string (*)(const std::string&);

const std::map<std::string, Again>& messages() {
  static const std::map<std::string, Again> all = {
      {"GetServiceInfoRequest", again<rpc::GetServiceInfoRequest>},
      {"GetServiceInfoResponse", again<rpc::GetServiceInfoResponse>},
      {"GetEpochRequest", again<rpc::GetEpochRequest>},
      {"GetEpochResponse", again<rpc::GetEpochResponse>},
      {"GetObjectRequest", again<rpc::GetObjectRequest>},
      {"GetObjectResponse", again<rpc::GetObjectResponse>},
      {"BatchGetObjectsRequest", again<rpc::BatchGetObjectsRequest>},
      {"BatchGetObjectsResponse", again<rpc::BatchGetObjectsResponse>},
      {"GetTransactionRequest", again<rpc::GetTransactionRequest>},
      {"GetTransactionResponse", again<rpc::GetTransactionResponse>},
      {"ListOwnedObjectsRequest", again<rpc::ListOwnedObjectsRequest>},
      {"ListOwnedObjectsResponse", again<rpc::ListOwnedObjectsResponse>},
      {"ListDynamicFieldsRequest", again<rpc::ListDynamicFieldsRequest>},
      {"ListDynamicFieldsResponse", again<rpc::ListDynamicFieldsResponse>},
      {"GetBalanceRequest", again<rpc::GetBalanceRequest>},
      {"GetBalanceResponse", again<rpc::GetBalanceResponse>},
      {"GetCoinInfoRequest", again<rpc::GetCoinInfoRequest>},
      {"GetCoinInfoResponse", again<rpc::GetCoinInfoResponse>},
      {"GetFunctionRequest", again<rpc::GetFunctionRequest>},
      {"GetFunctionResponse", again<rpc::GetFunctionResponse>},
      {"GetDatatypeRequest", again<rpc::GetDatatypeRequest>},
      {"GetDatatypeResponse", again<rpc::GetDatatypeResponse>},
      {"SimulateTransactionRequest", again<rpc::SimulateTransactionRequest>},
      {"SimulateTransactionResponse", again<rpc::SimulateTransactionResponse>},
      {"ExecuteTransactionRequest", again<rpc::ExecuteTransactionRequest>},
      {"ExecuteTransactionResponse", again<rpc::ExecuteTransactionResponse>},
      {"Status", again<rpc::Status>},
  };
  return all;
}

TEST(Grpc, Messages) {
  size_t seen = 0;
  std::set<std::string> unspoken;
  for (const Json& v : load_vectors("grpc").at("messages")) {
    const std::string type = v.at("type").get<std::string>();
    const auto known = messages().find(type.substr(type.rfind('.') + 1));
    if (known == messages().end()) {
      unspoken.insert(v.at("name"));
      continue;
    }
    SCOPED_TRACE(v.at("name"));
    const Bytes bytes = hex(v.at("hex"));
    EXPECT_EQ(to_hex(as_bytes(known->second(std::string(as_text(bytes))))), v.at("hex"));
    ++seen;
  }
  EXPECT_EQ(seen, 45u);
  // Both are optional: no name is looked up, and nodes are asked instead of listened to.
  EXPECT_EQ(unspoken, (std::set<std::string>{"lookup_name_request", "lookup_name_response",
                                             "subscribe_checkpoints_request"}));
}

TEST(Grpc, TheFieldsOfAnObject) {
  rpc::GetObjectResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(as_text(message("get_object_response_system")))));
  const rpc::Object& object = response.object();
  EXPECT_EQ(object.version(), 500'000'123u);
  EXPECT_EQ(object.owner().kind(), rpc::Owner::SHARED);
  EXPECT_EQ(object.owner().version(), 400'000'001u);
  EXPECT_TRUE(object.object_type().ends_with("::system::System"));
  EXPECT_EQ(object.contents().value().size(), 73u);
}

TEST(Grpc, TheFieldsOfAnAbort) {
  rpc::ExecuteTransactionResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(as_text(message("execute_error_already_certified")))));
  const rpc::ExecutionError& error = response.transaction().effects().status().error();
  EXPECT_FALSE(response.transaction().effects().status().success());
  EXPECT_EQ(error.kind(), 13);
  EXPECT_EQ(error.abort().abort_code(), 5u);
  EXPECT_EQ(error.abort().location().module(), "blob");
  EXPECT_EQ(error.abort().location().function_name(), "certify_with_certified_msg");
}

}  // namespace
}  // namespace walrusfs::sui
