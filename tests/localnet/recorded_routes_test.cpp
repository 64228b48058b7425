// What the official clients were recorded to ask of nodes and relay, and what was recorded of their answers
// (tests/vectors), met by nodes and relay that run.
#include <set>

#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

const httplib::Headers kOctets = {{"Content-Type", "application/octet-stream"}};

Json vectors(const std::string& name) {
  return Json::parse(std::ifstream(std::string(WALRUSFS_TEST_VECTORS) + "/" + name + ".json"));
}

std::string with(std::string text, const std::string& name, const std::string& value) {
  if (const size_t at = text.find(name); at != std::string::npos) text.replace(at, name.size(), value);
  return text;
}

class RecordedRoutes : public NetworkTest {};

// Every route that the official TypeScript client uses is there; what is stored is read on it.
TEST_F(RecordedRoutes, NodesHaveEveryRouteOfTheOfficialClient) {
  start(10, 1);
  const std::string content = content_of(1'000), other = content_of(1'000, 2);
  const Json stored = put(content, "?deletable=true").json().at("newlyCreated").at("blobObject");
  const Json permanent = put(other, "?permanent=true").json().at("newlyCreated").at("blobObject");
  const Json transcript = vectors("sui/ts_client_transcript");
  std::set<std::string> seen;
  for (const auto& step : transcript.at("steps")) {
    for (const auto& [route, count] : step.at("storage_node_calls").items()) {
      if (!seen.insert(route).second) continue;
      SCOPED_TRACE(route);
      const std::string method = route.substr(0, route.find(' '));
      const Json& blob = route.find("permanent") != std::string::npos ? permanent : stored;
      std::string path = with(route.substr(method.size() + 1), "{blob}", blob.at("blobId"));
      path = with(with(path, "{pair}", "0"), "{object}", blob.at("id"));
      const Reply reply = send(node(0), method, path, "", method == "PUT" ? kOctets : httplib::Headers{});
      if (method == "GET") {
        EXPECT_EQ(reply.status, 200) << reply.body;
      } else {  // no body: refused, for a reason that a storage node has
        EXPECT_EQ(reply.status, 400) << reply.body;
        EXPECT_FALSE(reply.reason().empty());
      }
    }
  }
  EXPECT_EQ(seen.size(), 8u);
}

// Types and names of all that `wanted` has, in its order; of lists their first item.
void expect_same_shape(const Json& told, const Json& wanted) {
  ASSERT_EQ(told.type_name(), std::string(wanted.type_name()));
  if (wanted.is_array()) {
    if (wanted.empty()) return;
    ASSERT_FALSE(told.empty());
    expect_same_shape(told.front(), wanted.front());
  }
  if (!wanted.is_object()) return;
  ASSERT_EQ(told.size(), wanted.size());
  for (auto a = told.begin(), b = wanted.begin(); b != wanted.end(); ++a, ++b) {
    EXPECT_EQ(a.key(), b.key());
    expect_same_shape(a.value(), b.value());
  }
}

TEST_F(RecordedRoutes, TheRelayAnswersAsTheOfficialOne) {
  start(10, 4);
  const std::string relay = network_->state().relay_url, content = content_of(700);
  std::set<std::string> calls;
  const Json transcript = vectors("sui/ts_client_transcript");
  for (const auto& step : transcript.at("steps"))
    if (step.contains("relay_calls"))
      for (const auto& call : step.at("relay_calls")) calls.insert(call.get<std::string>());
  EXPECT_EQ(calls, (std::set<std::string>{"GET /v1/tip-config", "POST /v1/blob-upload-relay",
                                          "query blob_id,nonce,tx_id,deletable_blob_object,encoding_type"}));
  EXPECT_EQ(send(relay, "GET", "/v1/tip-config").status, 200);

  const Json recorded = vectors("messages").at("upload_relay");
  const BlobObject object = register_blob(content, true);
  const std::string query = "?blob_id=" + object.blob.to_string() +
                            "&nonce=" + recorded.at("nonce_query_value").get<std::string>() +
                            "&tx_id=11111111111111111111111111111111&deletable_blob_object=" + object.id +
                            "&encoding_type=RS2";
  const Reply reply = send(relay, "POST", "/v1/blob-upload-relay" + query, content);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json& wanted = recorded.at("response_json");
  expect_same_shape(reply.json(), wanted);
  const auto bytes_of = [](const Json& answer) {
    const std::string text = answer.at("confirmation_certificate").at("signature");
    return from_base64(text).value().size();
  };
  EXPECT_EQ(bytes_of(reply.json()), bytes_of(wanted));
  EXPECT_EQ(reply.json().at("blob_id").size(), wanted.at("blob_id").size());
}

// A node that holds the secondary slivers 1 and 3 of seven answers with the recorded bytes.
TEST_F(RecordedRoutes, DecodingSymbolsAreTheRecordedBytes) {
  start(7, 1);
  const Json recorded = vectors("messages").at("bcs_bodies");
  const std::string content = recorded.at("unencoded_ascii");
  const std::string path = "/v1/blobs/" + recorded.at("blob_id").get<std::string>();
  const BlobObject object = register_blob(content, true);
  ASSERT_EQ(object.blob.to_string(), recorded.at("blob_id"));
  const auto body = [](const Json& hex) { return std::string(as_text(from_hex(hex.get<std::string>()).value())); };
  ASSERT_EQ(send(node(0), "PUT", path + "/metadata", body(recorded.at("metadata_put_body_hex")), kOctets).status, 201);
  for (const size_t sliver : {1, 3}) {
    const size_t pair = 6 - sliver;
    const std::string target = path + "/slivers/" + std::to_string(pair) + "/secondary";
    const Json& bytes = recorded.at("secondary_sliver_bodies_hex_by_pair_index").at(pair);
    ASSERT_EQ(send(node(0), "PUT", target, body(bytes), kOctets).status, 201);
  }
  const Reply reply =
      send(node(0), "GET", path + "/decodingSymbols?targetSlivers=0&targetSlivers=2&targetType=primary");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(to_hex(as_bytes(reply.body)), recorded.at("decoding_symbols_response").at("bcs_hex"));
}

}  // namespace
}  // namespace walrusfs::localnet
