// What was recorded of the official client and of real nodes (tests/vectors/sui), met by our node and our client.
#include <map>
#include <set>

#include "../client/fake_http.h"
#include "../sui/vectors.h"
#include "over_http.h"

namespace walrusfs::localnet::sui {
namespace {

using walrusfs::sui::Json;
using walrusfs::sui::load_vectors;

// "effects.gasUsed" as it stands on the wire.
std::string snake_case(const std::string& camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') out += '_';
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

rpc::FieldMask mask_of(const std::string& paths) {
  rpc::FieldMask mask;
  for (size_t at = 0; at < paths.size();) {
    const size_t end = std::min(paths.find(',', at), paths.size());
    mask.add_paths(snake_case(paths.substr(at, end - at)));
    at = end + 1;
  }
  return mask;
}

// A request that has nothing but that mask.
template <typename Request>
Bytes with_mask(const std::string& paths) {
  Request request;
  if constexpr (requires { request.mutable_read_mask(); }) *request.mutable_read_mask() = mask_of(paths);
  return to_bytes(as_bytes(request.SerializeAsString()));
}

const std::map<std::string, Bytes (*)(const std::string&)>& requests() {
  static const std::map<std::string, Bytes (*)(const std::string&)> all = {
      {"LedgerService/BatchGetObjects", with_mask<rpc::BatchGetObjectsRequest>},
      {"LedgerService/GetTransaction", with_mask<rpc::GetTransactionRequest>},
      {"StateService/GetBalance", with_mask<rpc::GetBalanceRequest>},
      {"StateService/ListOwnedObjects", with_mask<rpc::ListOwnedObjectsRequest>},
      {"MovePackageService/GetFunction", with_mask<rpc::GetFunctionRequest>},
      {"TransactionExecutionService/SimulateTransaction", with_mask<rpc::SimulateTransactionRequest>},
      {"TransactionExecutionService/ExecuteTransaction", with_mask<rpc::ExecuteTransactionRequest>},
  };
  return all;
}

TEST_F(OverHttp, EveryMethodAndMaskOfTheOfficialClientIsKnown) {
  std::set<std::string> asked;
  size_t masks = 0;
  for (const Json& step : load_vectors("ts_client_transcript").at("steps")) {
    for (const Json& recorded : step.at("grpc")) {
      const std::string method = recorded.at("method"), mask = recorded.at("request").value("readMask", "");
      if (!asked.insert(method + " " + mask).second) continue;
      SCOPED_TRACE(method + " " + mask);
      ASSERT_TRUE(requests().contains(method));
      const GrpcReply reply = call(method, requests().at(method)(mask));
      EXPECT_NE(reply.status.code, GrpcCode::kUnimplemented);
      EXPECT_EQ(reply.status.message.find("read_mask"), std::string::npos) << reply.status.message;
      if (mask.empty()) continue;
      const GrpcReply refused = call(method, requests().at(method)(mask + ",nonsense"));
      EXPECT_NE(refused.status.message.find("read_mask"), std::string::npos) << "so the mask above was not checked";
      ++masks;
    }
  }
  EXPECT_EQ(asked.size(), 9u);
  EXPECT_EQ(masks, 7u);
}

// Its headers, and its two forms of one request: the answer is text, too, and the same.
TEST_F(OverHttp, TheHeadersOfTheOfficialClientAreUnderstood) {
  const Json& headers = load_vectors("ts_client_transcript").at("request_headers");
  const HttpResponse answer = post("/sui.rpc.v2.LedgerService/GetServiceInfo", headers.at("content-type"),
                                   as_bytes(to_base64(grpc_frame({}))));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(find_header(answer.headers, "content-type"), grpc_content_type(GrpcWire::kWebText));
  const GrpcReply reply = parse_grpc_reply(
                              GrpcWire::kWebText, 200, [](std::string_view) { return std::string_view(); }, answer.body)
                              .value();
  rpc::GetServiceInfoResponse told;
  ASSERT_TRUE(told.ParseFromString(std::string(as_text(reply.message))));
  EXPECT_EQ(told.chain_id(), net.chain.to_string());
}

// ---- our client before answers of real nodes

class Recorded : public ::testing::Test {
 protected:
  // As if the node had sent that message of grpc.json.
  void answer_with(const std::string& name) {
    for (const Json& v : load_vectors("grpc").at("messages"))
      if (v.at("name") == name) wanted = v;
    const GrpcReply reply{{}, walrusfs::sui::hex(wanted.at("hex"))};
    transport.serve("http://node.example", [reply](const walrusfs::testing::FakeRequest&) {
      walrusfs::testing::FakeReply out;
      out.headers = {{"Content-Type", std::string(grpc_content_type(GrpcWire::kWeb))}};
      out.body = grpc_web_body(GrpcWire::kWeb, reply);
      return out;
    });
  }
  const Json& json() const { return wanted.at("json"); }

  ManualClock clock;
  walrusfs::testing::FunctionTransport transport{clock};
  SuiClient client{transport, "http://node.example"};
  Json wanted;
};

constexpr int kAbortKind = 13;

TEST_F(Recorded, FailuresOfEveryKindAreTold) {
  size_t aborts = 0, others = 0;
  for (const Json& v : load_vectors("grpc").at("messages")) {
    const std::string name = v.at("name");
    if (!name.starts_with("execute_error_")) continue;
    SCOPED_TRACE(name);
    answer_with(name);
    const auto effects = client.execute(Bytes{1}, {}, Deadline::never());
    ASSERT_TRUE(effects.ok()) << effects.error().to_string();
    ASSERT_TRUE(effects->failure.has_value());
    const Json& error = json().at("transaction").at("effects").at("status").at("error");
    EXPECT_EQ(effects->digest.to_string(), json().at("transaction").at("digest"));
    EXPECT_EQ(effects->failure->description, error.at("description"));
    EXPECT_EQ(effects->failure->command.has_value(), error.contains("command"));
    EXPECT_EQ(effects->failure->kind == kAbortKind, error.at("kind") == "MOVE_ABORT");
    EXPECT_EQ(effects->failure->abort.has_value(), error.contains("abort"));
    (effects->failure->abort ? aborts : others) += 1;
    if (!effects->failure->abort) continue;
    EXPECT_EQ(std::to_string(effects->failure->abort->code), error.at("abort").at("abortCode"));
    EXPECT_EQ(effects->failure->abort->module, error.at("abort").at("location").at("module"));
    EXPECT_EQ(effects->failure->abort->function, error.at("abort").at("location").at("functionName"));
  }
  EXPECT_EQ(aborts, 8u);
  EXPECT_EQ(others, 4u);
}

TEST_F(Recorded, EffectsOfASuccess) {
  for (const char* name : {"execute_transaction_response_ok", "get_transaction_response_ok"}) {
    answer_with(name);
    const bool executing = std::string(name).starts_with("execute");
    const auto effects = executing ? client.execute(Bytes{1}, {}, Deadline::never())
                                   : client.transaction({}, Deadline::never());
    ASSERT_TRUE(effects.ok()) << effects.error().to_string();
    EXPECT_FALSE(effects->failure.has_value());
    const Json& transaction = json().at("transaction");
    EXPECT_EQ(effects->checkpoint.has_value(), transaction.contains("checkpoint"));
    const Json& changes = transaction.at("effects").at("changedObjects");
    ASSERT_EQ(effects->changes.size(), changes.size());
    for (size_t i = 0; i < changes.size(); ++i) {
      const SuiChange& change = effects->changes[i];
      EXPECT_EQ(change.id.to_string(), changes[i].at("objectId"));
      EXPECT_EQ(change.operation == SuiChange::Operation::kCreated, changes[i].at("idOperation") == "CREATED");
      EXPECT_EQ(change.after.has_value(), changes[i].at("outputState") == "OUTPUT_OBJECT_STATE_OBJECT_WRITE");
      if (!change.after) continue;
      EXPECT_EQ(std::to_string(change.after->version), changes[i].at("outputVersion"));
      EXPECT_EQ(change.after->digest.to_string(), changes[i].at("outputDigest"));
    }
  }
}

TEST_F(Recorded, WhatANodeTellsOfItself) {
  answer_with("get_service_info_response");
  const SuiServiceInfo info = client.service_info(Deadline::never()).value();
  EXPECT_EQ(info.chain.to_string(), json().at("chainId"));
  EXPECT_EQ(std::to_string(info.epoch), json().at("epoch"));
  EXPECT_EQ(std::to_string(info.checkpoint_height), json().at("checkpointHeight"));
  answer_with("get_epoch_response");
  EXPECT_EQ(std::to_string(client.reference_gas_price(Deadline::never()).value()),
            json().at("epoch").at("referenceGasPrice"));
  answer_with("get_balance_response");
  EXPECT_EQ(std::to_string(client.balance({}, sui_coin_type(), Deadline::never()).value()),
            json().at("balance").at("balance"));
  answer_with("get_object_response_system");
  const SuiObject object = client.object({}, Deadline::never()).value();
  EXPECT_EQ(object.ref.id.to_string(), json().at("object").at("objectId"));
  EXPECT_EQ(object.ref.digest.to_string(), json().at("object").at("digest"));
  EXPECT_EQ(to_base64(object.contents), json().at("object").at("contents").at("value"));
}

}  // namespace
}  // namespace walrusfs::localnet::sui
