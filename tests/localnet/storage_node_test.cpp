// The storage-node API as its clients see it (storage-node API, sections 3 to 5).
#include <algorithm>
#include <future>
#include <latch>

#include "codec/recovery.h"
#include "localnet/envelope.h"
#include "localnet/node_json.h"
#include "fake_call.h"
#include "network_fixture.h"
#include "node_ring.h"

namespace walrusfs::localnet {
namespace {

const httplib::Headers kOctets = {{"Content-Type", "application/octet-stream"}};

class StorageNodeTest : public NetworkTest {
 protected:
  void SetUp() override {
    start(10, 1);  // one node: every shard is here
    content_ = content_of(1'000);
    encoded_ = encode_blob(*shape_, as_bytes(content_)).value();
    blob_ = encoded_->metadata.blob_id();
  }

  // Lets the ledger know the blob, without any data going to the node.
  std::string register_blob(bool deletable = true) { return register_blob_for(1, deletable); }
  std::string register_blob_for(uint32_t epochs, bool deletable = true) {
    RegisterRequest request;
    request.epochs = epochs;
    request.blob = blob_;
    request.root_hash = encoded_->metadata.root();
    request.size_bytes = content_.size();
    request.encoded_length = shape_->encoded_length(content_.size()).value();
    request.deletable = deletable;
    return network_->ledger().register_blob(request).value().object.id;
  }
  // Well-formed symbols of primary sliver 0, which prove nothing.
  std::string honest_proof() {
    InconsistencyProof made{Axis::kPrimary, SliverIndex{0}, {}};
    for (uint16_t pair = 0; pair < shape_->symbols_per_sliver(Axis::kPrimary); ++pair)
      made.symbols.push_back(recovery_symbol_for(*shape_, encoded_->pairs[pair].secondary, made.target));
    return std::string(as_text(ByteView(made.to_bytes()).subspan(1)));
  }
  bls::PublicKey health_key() {
    Json data = send(node(0), "GET", "/v1/health").json()["success"]["data"];
    return bls::PublicKey::parse(from_base64(data["publicKey"].get<std::string>()).value()).value();
  }
  std::string path(const std::string& rest) { return "/v1/blobs/" + blob_.to_string() + rest; }
  Reply ask(const std::string& rest) { return send(node(0), "GET", path(rest)); }
  Reply put_metadata(const std::string& query = "") {
    std::string body(as_text(encoded_->metadata.to_bytes()));
    return send(node(0), "PUT", path("/metadata" + query), body, kOctets);
  }
  std::string sliver_path(Axis axis, PairIndex pair) {
    return "/slivers/" + std::to_string(raw(pair)) + (axis == Axis::kPrimary ? "/primary" : "/secondary");
  }
  const Sliver& sliver(Axis axis, uint16_t pair) {
    return axis == Axis::kPrimary ? encoded_->pairs[pair].primary : encoded_->pairs[pair].secondary;
  }
  Reply put_sliver(const Sliver& s, std::optional<PairIndex> pair = {}, const std::string& query = "") {
    PairIndex at = pair.value_or(shape_->pair_of(s.axis, s.index));
    return send(node(0), "PUT", path(sliver_path(s.axis, at) + query), std::string(as_text(sliver_data_to_bytes(s))),
                kOctets);
  }
  void put_everything() {
    EXPECT_EQ(put_metadata().status, 201);
    put_everything_but_metadata();
  }
  void put_everything_but_metadata() {
    for (uint16_t pair = 0; pair < 10; ++pair)
      for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) EXPECT_EQ(put_sliver(sliver(axis, pair)).status, 201);
  }

  std::string content_;
  std::optional<EncodedBlob> encoded_;
  BlobId blob_;
};

TEST_F(StorageNodeTest, MetadataGoesInAndComesBackWithItsId) {
  register_blob();
  EXPECT_EQ(ask("/metadata").status, 404);
  EXPECT_EQ(ask("/metadata").reason(), "METADATA_NOT_FOUND");
  EXPECT_EQ(ask("/metadata/status").json()["success"]["data"], "nonexistent");
  Reply fresh = put_metadata();
  EXPECT_EQ(fresh.status, 201);
  EXPECT_EQ(fresh.json(), Json::parse(R"({"success":{"code":201,"data":"metadata successfully stored"}})"));
  Reply again = put_metadata();
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json()["success"]["data"], "metadata already stored");
  Reply back = ask("/metadata");
  EXPECT_EQ(back.status, 200);
  EXPECT_EQ(back.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(as_bytes(back.body).size(), 32 + encoded_->metadata.to_bytes().size());
  EXPECT_EQ(parse_metadata_with_id(*shape_, blob_, as_bytes(back.body)).value(), encoded_->metadata);
  EXPECT_EQ(ask("/metadata/status").json()["success"]["data"], "stored");
}

TEST_F(StorageNodeTest, NothingIsTakenBeforeRegistration) {
  EXPECT_EQ(put_metadata().reason(), "NOT_REGISTERED");
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0)).reason(), "NOT_REGISTERED");
  EXPECT_EQ(ask("/confirmation/permanent").reason(), "NOT_REGISTERED");
  EXPECT_EQ(ask("/status").json()["success"]["data"], "nonexistent");
}

TEST_F(StorageNodeTest, WrongMetadataIsRefused) {
  register_blob();
  std::string good(as_text(encoded_->metadata.to_bytes()));
  auto put_raw = [&](const std::string& body, const httplib::Headers& headers = kOctets, const std::string& q = "") {
    return send(node(0), "PUT", path("/metadata" + q), body, headers);
  };
  std::string flipped = good, other_type = good;
  flipped[40] = static_cast<char>(flipped[40] ^ 1);
  other_type[1] = 0;
  EXPECT_EQ(put_raw(flipped).reason(), "INVALID_METADATA");
  std::string other_network = good.substr(0, good.size() - 66);  // one pair fewer
  other_network[10] = static_cast<char>(other_network[10] - 1);
  EXPECT_EQ(put_raw(other_network).reason(), "INVALID_METADATA");
  EXPECT_EQ(put_raw(good.substr(0, 100)).reason(), "INVALID_CONTENT_TYPE") << "no BCS of metadata";
  EXPECT_EQ(put_raw(good + '\0').reason(), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(put_raw(other_type).reason(), "UNSUPPORTED_ENCODING_TYPE");
  EXPECT_EQ(put_raw(good, {{"Content-Type", "text/plain"}}).reason(), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(put_raw(std::string((2 << 20) + 1, 'x')).reason(), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(put_raw(good, kOctets, "?surprise=1").status, 400);
  EXPECT_EQ(put_raw(good, kOctets, "?pending=2").status, 400);
}

TEST_F(StorageNodeTest, AnAbsentContentTypeIsFineAndABrokenOffBodyIsNot) {
  register_blob();
  std::string body(as_text(encoded_->metadata.to_bytes()));
  std::string head = "PUT " + path("/metadata") + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n";
  uint16_t port = network_->state().nodes[0].port;
  EXPECT_EQ(send_raw(port, head + body.substr(0, 50), true).find(" 201 "), std::string::npos);
  EXPECT_EQ(ask("/metadata").status, 404);
  EXPECT_NE(send_raw(port, head + body).find(" 201 "), std::string::npos);
}

TEST_F(StorageNodeTest, SliversGoInAndComeBack) {
  register_blob();
  put_metadata();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    const Sliver& s = sliver(axis, 3);
    EXPECT_EQ(ask(sliver_path(axis, PairIndex{3}) + "/status").json()["success"]["data"], "nonexistent");
    EXPECT_EQ(ask(sliver_path(axis, PairIndex{3})).reason(), "SLIVER_NOT_FOUND");
    Reply fresh = put_sliver(s);
    EXPECT_EQ(fresh.status, 201);
    EXPECT_EQ(fresh.json()["success"]["data"], "sliver stored successfully");
    EXPECT_EQ(put_sliver(s).status, 200);
    EXPECT_EQ(put_sliver(s).json()["success"]["data"], "sliver already stored");
    Reply back = ask(sliver_path(axis, PairIndex{3}));
    EXPECT_EQ(back.status, 200);
    EXPECT_TRUE(equal(as_bytes(back.body), sliver_data_to_bytes(s)));
    EXPECT_EQ(ask(sliver_path(axis, PairIndex{3}) + "/status").json()["success"]["data"], "stored");
  }
}

TEST_F(StorageNodeTest, WrongSliversAreRefused) {
  register_blob();
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0)).reason(), "METADATA_NOT_FOUND");
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0)).status, 400);
  put_metadata();
  Sliver bad = sliver(Axis::kPrimary, 0);
  bad.data[5] ^= 1;
  EXPECT_EQ(put_sliver(bad).reason(), "INVALID_SLIVER");
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0), PairIndex{1}).reason(), "SLIVER_INDEX_MISMATCH");
  EXPECT_EQ(put_sliver(sliver(Axis::kSecondary, 0), PairIndex{9}).reason(), "SLIVER_INDEX_MISMATCH");
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0), PairIndex{10}).reason(), "INDEX_OUT_OF_RANGE");
  std::string body(as_text(sliver_data_to_bytes(sliver(Axis::kPrimary, 0))));
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), body.substr(0, body.size() - 3), kOctets).reason(),
            "INVALID_CONTENT_TYPE");
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), body, {{"Content-Type", "text/plain"}}).reason(),
            "INVALID_CONTENT_TYPE");
  std::string odd_symbols = body, no_such_index = body;
  odd_symbols[body.size() - 4] = static_cast<char>(odd_symbols[body.size() - 4] ^ 1);
  no_such_index[body.size() - 1] = '\x7f';
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), odd_symbols, kOctets).reason(), "INVALID_SLIVER");
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), no_such_index, kOctets).reason(),
            "SLIVER_INDEX_MISMATCH");
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), std::string(7 * 65'534 + 129, 'x'), kOctets).status, 413);
  const size_t most = encoded_->metadata.sliver_bytes(Axis::kPrimary) + 128;
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), std::string(most, 'x'), kOctets).reason(),
            "INVALID_CONTENT_TYPE") << "it is read, and makes no sense";
  EXPECT_EQ(send(node(0), "PUT", path("/slivers/0/primary"), std::string(most + 1, 'x'), kOctets).reason(),
            "INVALID_SLIVER") << "it is not even read";
  EXPECT_EQ(ask("/slivers/0/primary").status, 404) << "nothing of that was kept";
}

TEST_F(StorageNodeTest, APageTellsTheRoutes) {
  Reply page = send(node(0), "GET", "/v1/api");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("/v1/blobs/{blob_id}/decodingSymbols"), std::string::npos);
  EXPECT_EQ(send(node(0), "POST", "/v1/api", "").status, 405);
}

TEST_F(StorageNodeTest, BadPathsAreRefusedInPlainText) {
  for (const char* rest : {"/slivers/65536/primary", "/slivers/-1/primary", "/slivers/0/tertiary"})
    EXPECT_EQ(ask(rest).status, 400) << rest;
  EXPECT_EQ(ask("/slivers/10/primary").reason(), "INDEX_OUT_OF_RANGE");
  EXPECT_EQ(ask("/unknown").status, 404);
  EXPECT_EQ(send(node(0), "GET", "/v1/blobs/short/metadata").status, 400);
  EXPECT_EQ(send(node(0), "DELETE", path("/metadata")).status, 405);
}

TEST_F(StorageNodeTest, ConfirmationsComeInTheirOrderOfChecks) {
  EXPECT_EQ(ask("/confirmation/deletable/no-object").status, 400);
  EXPECT_EQ(ask("/confirmation/permanent").reason(), "NOT_REGISTERED");
  std::string object = register_blob();
  put_metadata();
  EXPECT_EQ(ask("/confirmation/permanent").reason(), "MISSING_SLIVERS");
  EXPECT_EQ(ask("/confirmation/deletable/0x1").reason(), "MISSING_SLIVERS") << "looked at before the object";
  put_everything_but_metadata();
  EXPECT_EQ(ask("/confirmation/deletable/0x1").reason(), "NOT_REGISTERED");
  EXPECT_EQ(ask("/confirmation/deletable/" + object).status, 200);
}

TEST_F(StorageNodeTest, ConfirmationsAreSignedForWhatTheLedgerKnows) {
  std::string object = register_blob();
  put_everything();
  const bls::PublicKey key = health_key();
  for (const Persistence& persistence : {Persistence{}, Persistence{parse_object_id(object).value()}}) {
    Reply reply = ask(persistence.deletable ? "/confirmation/deletable/" + object : "/confirmation/permanent");
    ASSERT_EQ(reply.status, 200) << reply.body;
    SignedMessage answer = parse_confirmation_answer(reply.body).value();
    EXPECT_EQ(answer.message, (StorageConfirmation{1, blob_, persistence}.to_bytes()));
    EXPECT_TRUE(answer.is_from(key));
  }
  std::string longer = register_blob_for(2);
  ASSERT_TRUE(network_->advance_epoch().ok());
  EXPECT_EQ(ask("/confirmation/deletable/" + object).reason(), "NOT_REGISTERED") << "it has expired";
  SignedMessage later = parse_confirmation_answer(ask("/confirmation/deletable/" + longer).body).value();
  EXPECT_EQ(StorageConfirmation::parse(later.message).value().epoch, 2u);
  EXPECT_TRUE(later.is_from(key));
}

TEST_F(StorageNodeTest, AFormedConfirmationIsTheOfficialJson) {
  const Json forms = Json::parse(std::ifstream(WALRUSFS_TEST_VECTORS "/messages.json")).at("api_forms");
  const std::string confirmation = forms["confirmation_response_json"]["body"].dump();
  SignedMessage message = parse_confirmation_answer(confirmation).value();
  EXPECT_EQ(success_answer(200, confirmation_to_json(message)).body, confirmation);
  const Json attestation = forms["attestation_response_json"]["body"];
  SignedMessage other{from_base64(attestation["success"]["data"]["serializedMessage"].get<std::string>()).value(), {}};
  Bytes signature = from_base64(attestation["success"]["data"]["signature"].get<std::string>()).value();
  std::copy(signature.begin(), signature.end(), other.signature.begin());
  EXPECT_EQ(success_answer(200, signed_message_to_json(other)).body, attestation.dump());
}

TEST_F(StorageNodeTest, ConfirmationAnswersThatAreNoneAreRefused) {
  const auto with = [](const std::string& data) { return R"({"success":{"data":{"signed":)" + data + "}}}"; };
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("[]"), with(R"({"serializedMessage":"AQ==","signature":"AQ=="})"),
        with(R"({"serializedMessage":"?","signature":"AQ=="})"), with(R"({"serializedMessage":7})")})
    EXPECT_FALSE(parse_confirmation_answer(body).ok()) << body;
}

TEST_F(StorageNodeTest, StatusFollowsTheLedger) {
  std::string object = register_blob();
  Json data = ask("/status").json()["success"]["data"];
  EXPECT_EQ(data, Json::parse(R"({"deletable":{"initialCertifiedEpoch":null,
      "deletableCounts":{"count_deletable_total":1,"count_deletable_certified":0}}})"));
  ASSERT_TRUE(certify(object).ok());
  EXPECT_EQ(ask("/status").json()["success"]["data"]["deletable"]["initialCertifiedEpoch"], 1);
  std::string permanent = register_blob(false);
  data = ask("/status").json()["success"]["data"]["permanent"];
  EXPECT_EQ(data["isCertified"], false);
  EXPECT_EQ(data["endEpoch"], 2);
  EXPECT_EQ(data["statusEvent"]["eventSeq"], "0");
  EXPECT_EQ(data["deletableCounts"]["count_deletable_certified"], 1);
  ASSERT_TRUE(certify(permanent).ok());
  EXPECT_EQ(ask("/status").json()["success"]["data"]["permanent"]["isCertified"], true);
}

TEST_F(StorageNodeTest, DecodingSymbolsRebuildASliver) {
  register_blob();
  put_everything();
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary}) {
    Reply reply = ask(std::string("/decodingSymbols?targetSlivers=2&targetType=") +
                      (axis == Axis::kPrimary ? "primary" : "secondary"));
    ASSERT_EQ(reply.status, 200);
    BcsReader in(as_bytes(reply.body), "answer");
    EXPECT_EQ(in.uleb(10).value(), 1u);
    EXPECT_EQ(in.u16().value(), 2u);
    uint32_t count = in.uleb(10).value();
    EXPECT_EQ(count, 10u);
    std::vector<DecodingSymbol> symbols;
    for (uint32_t i = 0; i < count; ++i) {
      EXPECT_EQ(in.u8().value(), static_cast<uint8_t>(axis));
      symbols.push_back(DecodingSymbol::read_untagged(*shape_, axis, in).value());
    }
    EXPECT_TRUE(in.finish().ok());
    std::reverse(symbols.begin(), symbols.end());  // not only the systematic ones
    Sliver rebuilt = recover_sliver(*shape_, axis, SliverIndex{2}, encoded_->metadata.symbol_bytes(), symbols).value();
    EXPECT_TRUE(verify_sliver(rebuilt, encoded_->metadata).ok());
  }
}

TEST_F(StorageNodeTest, DecodingSymbolsAreForSourceSliversOnly) {
  register_blob();
  put_everything();
  EXPECT_EQ(ask("/decodingSymbols?targetSlivers=4&targetType=primary").reason(), "RECOVERY_SYMBOL_OUT_OF_RANGE");
  EXPECT_EQ(ask("/decodingSymbols?targetSlivers=7&targetType=secondary").reason(), "RECOVERY_SYMBOL_OUT_OF_RANGE");
  EXPECT_EQ(ask("/decodingSymbols?targetType=primary").reason(), "NO_TARGET_SLIVERS_SPECIFIED");
  EXPECT_EQ(ask("/decodingSymbols?targetSlivers=1").status, 400);
  EXPECT_EQ(ask("/decodingSymbols?targetSlivers=1&targetType=primary&x=1").status, 400);
}

TEST_F(StorageNodeTest, RecoverySymbolsProveThemselves) {
  register_blob();
  put_everything();
  Reply reply = ask("/recoverySymbols?targetSliver=8&targetType=primary");
  ASSERT_EQ(reply.status, 200);
  ByteView rest = as_bytes(reply.body);
  ASSERT_EQ(rest[0], 10);
  size_t each = (rest.size() - 1) / 10;
  for (size_t i = 0; i < 10; ++i) {
    auto symbol = GeneralRecoverySymbol::parse(*shape_, rest.subspan(1 + i * each, each));
    ASSERT_TRUE(symbol.ok()) << symbol.error().message();
    EXPECT_TRUE(symbol->verify_for(encoded_->metadata, Axis::kPrimary, SliverIndex{8}).ok());
  }
  EXPECT_EQ(ask("/recoverySymbols?id=1-2&id=3-4").status, 200);
  EXPECT_EQ(ask("/recoverySymbols").reason(), "NO_SYMBOLS_SPECIFIED");
  EXPECT_EQ(ask("/recoverySymbols?id=1-10").reason(), "INVALID_FILTER");
  EXPECT_EQ(ask("/recoverySymbols?id=1-1&targetSliver=1").reason(), "INVALID_FILTER");
}

TEST_F(StorageNodeTest, HealthTellsShardsAndEpoch) {
  Json data = send(node(0), "GET", "/v1/health").json()["success"]["data"];
  EXPECT_EQ(data["nodeStatus"], "Active");
  EXPECT_EQ(data["epoch"], 1);
  EXPECT_EQ(health_key(), load_node_keys(system_files(), node_folder(config_.folder, 0)).value().protocol.public_key());
  EXPECT_EQ(data["shardSummary"]["owned"], 10);
  EXPECT_EQ(data["shardSummary"]["ownedShardStatus"]["ready"], 10);
  EXPECT_FALSE(data.contains("shardDetail"));
  data = send(node(0), "GET", "/v1/health?detailed=true").json()["success"]["data"];
  EXPECT_EQ(data["shardDetail"]["owned"].size(), 10u);
  EXPECT_EQ(send(node(0), "GET", "/v1/health?verbose=1").status, 400);
}

TEST_F(StorageNodeTest, HealthFollowsTheChain) {
  const auto look = [&] { return send(node(0), "GET", "/v1/health").json()["success"]["data"]; };
  const Json before = look();
  const uint64_t events = before["eventProgress"]["persisted"];
  store(content_of(900, 11));  // is registered and certified
  Json data = look();
  EXPECT_EQ(data["eventProgress"]["persisted"], events + 2);
  EXPECT_EQ(data["eventProgress"]["highestFinishedEventIndex"], events + 1);
  EXPECT_EQ(data["eventProgress"]["pending"], 0);
  EXPECT_GT(data["latestCheckpointSequenceNumber"], before["latestCheckpointSequenceNumber"]);
  // One that lags behind can be told by it.
  ASSERT_TRUE(network_->set_fault(0, {.kind = FaultKind::kStale, .route = "progress"}).ok());
  store(content_of(900, 12));
  EXPECT_EQ(look()["eventProgress"]["persisted"], events + 2);
  EXPECT_EQ(look()["eventProgress"]["pending"], 2);
  EXPECT_EQ(look()["latestCheckpointSequenceNumber"], data["latestCheckpointSequenceNumber"]);
  ASSERT_TRUE(network_->clear_faults(0, std::nullopt).ok());
  EXPECT_EQ(look()["eventProgress"]["pending"], 0);
  stop();
  start_again();
  EXPECT_EQ(look()["eventProgress"]["persisted"], events + 4);
}

// Nobody is held, as on nodes with the built-in configuration of mainnet; but what is no number is refused.
TEST_F(StorageNodeTest, AConfirmationDoesNotWaitForARegistration) {
  const std::string wait = "/confirmation/permanent?wait_for_registration=true&wait_millis=600000";
  EXPECT_EQ(ask(wait).reason(), "NOT_REGISTERED");
  EXPECT_EQ(ask(wait + "&something=else").reason(), "NOT_REGISTERED") << "parameters that nobody knows do no harm";
  for (const char* bad : {"wait_millis=", "wait_millis=-1", "wait_millis=1.5", "wait_millis=18446744073709551616",
                          "wait_for_registration=1", "wait_millis=1&wait_millis=2", "wait_millis=%zz"}) {
    const Reply refused = ask(std::string("/confirmation/permanent?") + bad);
    EXPECT_EQ(refused.status, 400) << bad;
    EXPECT_TRUE(refused.header("Content-Type").starts_with("text/plain")) << bad;
  }
}

TEST_F(StorageNodeTest, DeletedBlobsAreNotServed) {
  std::string object = register_blob();
  put_everything();
  ASSERT_TRUE(network_->ledger().remove(object).ok());
  EXPECT_EQ(ask("/metadata").status, 404);
  EXPECT_EQ(ask("/slivers/0/primary").status, 404);
  EXPECT_EQ(ask("/status").json()["success"]["data"], "nonexistent");
}

TEST_F(StorageNodeTest, AnUploadInterruptedByARestartGoesOn) {
  register_blob();
  put_metadata();
  for (uint16_t pair = 0; pair < 5; ++pair) EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, pair)).status, 201);
  stop();
  start_again();
  EXPECT_EQ(put_metadata().status, 200);
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 4)).status, 200);
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 5)).status, 201);
}

TEST_F(StorageNodeTest, UploadsMayComeAheadOfRegistration) {
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0), {}, "?pending=true").reason(), "METADATA_NOT_FOUND");
  Reply metadata = put_metadata("?pending=true");
  EXPECT_EQ(metadata.status, 202);
  EXPECT_EQ(metadata.json()["success"]["data"], "metadata buffered pending registration");
  EXPECT_EQ(put_metadata().status, 200) << "it is there already, whatever the flag says";
  EXPECT_EQ(ask("/metadata").reason(), "METADATA_NOT_FOUND");
  EXPECT_EQ(ask("/metadata/status").json()["success"]["data"], "nonexistent");

  Reply fresh = put_sliver(sliver(Axis::kPrimary, 0), {}, "?pending=true");
  EXPECT_EQ(fresh.status, 202);
  EXPECT_EQ(fresh.json()["success"]["data"], "sliver buffered pending registration");
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, 0)).status, 200);
  EXPECT_EQ(put_sliver(sliver(Axis::kSecondary, 0)).status, 201) << "buffered without being told so";
  Sliver bad = sliver(Axis::kPrimary, 1);
  bad.data[0] ^= 1;
  EXPECT_EQ(put_sliver(bad, {}, "?pending=true").reason(), "INVALID_SLIVER");
  EXPECT_EQ(ask("/slivers/0/primary/status").json()["success"]["data"], "buffered");
  EXPECT_EQ(ask("/slivers/0/primary").reason(), "SLIVER_NOT_FOUND");
  EXPECT_EQ(ask("/confirmation/permanent").reason(), "NOT_REGISTERED");
}

TEST_F(StorageNodeTest, RegistrationMovesThemToTheDisk) {
  put_metadata("?pending=true");
  for (uint16_t pair = 0; pair < 10; ++pair)
    for (Axis axis : {Axis::kPrimary, Axis::kSecondary})
      EXPECT_EQ(put_sliver(sliver(axis, pair), {}, "?pending=true").status, 202);
  const std::string object = register_blob();
  EXPECT_EQ(ask("/confirmation/deletable/" + object).status, 200);
  EXPECT_EQ(ask("/slivers/3/secondary/status").json()["success"]["data"], "stored");
  forget_reads();
  EXPECT_EQ(ask("/slivers/3/secondary").status, 200) << "after a restart, too";
}

TEST_F(StorageNodeTest, ABufferedBlobDoesNotSurviveARestart) {
  put_metadata("?pending=true");
  stop();
  start_again();
  register_blob();
  EXPECT_EQ(ask("/metadata").status, 404);
  EXPECT_EQ(put_metadata().status, 201);
}

TEST_F(StorageNodeTest, ProofsAboutAConsistentBlobConvinceNobody) {
  const auto post = [&](const std::string& body) {
    return send(node(0), "POST", path("/inconsistencyProof/primary"), body, kOctets);
  };
  const std::string proof = honest_proof();
  register_blob();
  EXPECT_EQ(post(proof).reason(), "METADATA_NOT_FOUND");
  EXPECT_EQ(post(proof).status, 400);
  put_metadata();
  EXPECT_EQ(post(proof).reason(), "INVALID_PROOF");
  EXPECT_EQ(post(proof.substr(0, proof.size() - 1)).reason(), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(post("").reason(), "INVALID_CONTENT_TYPE");
  EXPECT_EQ(post(std::string(7 * (65'534 + 1024) + 1, 'x')).status, 413);
  EXPECT_EQ(send(node(0), "POST", path("/inconsistencyProof/tertiary"), proof, kOctets).status, 400);
  EXPECT_EQ(ask("/inconsistencyProof/primary").status, 405);
}

// A blob whose metadata names a wrong hash for one sliver: it is taken like any other, until somebody proves it.
class InconsistentBlobTest : public StorageNodeTest {
 protected:
  void SetUp() override {
    StorageNodeTest::SetUp();
    honest_ = encoded_;
    std::vector<PairHashes> hashes(encoded_->metadata.pairs().begin(), encoded_->metadata.pairs().end());
    hashes[kDamagedPair].primary.digest[0] ^= 1;
    encoded_->metadata = BlobMetadata::create(*shape_, content_.size(), hashes).value();
    blob_ = encoded_->metadata.blob_id();
  }
  std::string proof() {
    InconsistencyProof made{Axis::kPrimary, SliverIndex{kDamagedPair}, {}};
    for (uint16_t pair = 0; made.symbols.size() < shape_->symbols_per_sliver(Axis::kPrimary); ++pair)
      if (pair != kDamagedPair)
        made.symbols.push_back(recovery_symbol_for(*shape_, honest_->pairs[pair].secondary, made.target));
    return std::string(as_text(ByteView(made.to_bytes()).subspan(1)));
  }
  BlobCertificate signed_verdict() {
    Reply reply = send(node(0), "POST", path("/inconsistencyProof/primary"), proof(), kOctets);
    EXPECT_EQ(reply.status, 200) << reply.body;
    Json data = reply.json()["success"]["data"];
    return {from_base64(data["serializedMessage"].get<std::string>()).value(), Bytes{1},
            from_base64(data["signature"].get<std::string>()).value()};
  }

  static constexpr uint16_t kDamagedPair = 2;
  std::optional<EncodedBlob> honest_;
};

TEST_F(InconsistentBlobTest, AConvincingProofIsAnsweredWithASignature) {
  register_blob();
  EXPECT_EQ(put_metadata().status, 201);
  EXPECT_EQ(put_sliver(sliver(Axis::kPrimary, kDamagedPair)).reason(), "INVALID_SLIVER");
  const BlobCertificate verdict = signed_verdict();
  EXPECT_EQ(verdict.message, invalid_blob_id_message(1, blob_));
  EXPECT_TRUE(bls::verify(health_key(), verdict.message, bls::Signature::parse(verdict.signature).value()));
}

TEST_F(InconsistentBlobTest, AnInvalidBlobIsNeitherTakenNorServed) {
  register_blob();
  put_metadata();
  ASSERT_TRUE(network_->ledger().invalidate(blob_, signed_verdict()).ok());
  Json status = ask("/status").json()["success"]["data"];
  EXPECT_EQ(status["invalid"]["event"]["eventSeq"], "0");
  EXPECT_FALSE(status["invalid"]["event"]["txDigest"].get<std::string>().empty());
  EXPECT_EQ(put_metadata().reason(), "INVALID_BLOB");
  EXPECT_EQ(put_metadata("?pending=true").status, 400);
  EXPECT_EQ(ask("/metadata").status, 404);
  EXPECT_EQ(ask("/confirmation/permanent").reason(), "NOT_REGISTERED");
  stop();
  start_again();
  EXPECT_TRUE(ask("/status").json()["success"]["data"].contains("invalid")) << "for ever";
}

// Any number of symbols may be asked for, the same one again and again, but an answer has its limit.
TEST(SymbolsTest, AnAnswerHoldsNoMoreThanItsLimit) {
  NodeRing ring(10, 1);
  const EncodedBlob blob = ring.store(Bytes(1'834'952));
  ASSERT_EQ(blob.metadata.symbol_bytes(), kMaxSymbolBytes);
  const std::string path = "/v1/blobs/" + blob.metadata.blob_id().to_string() + "/recoverySymbols";
  auto ask = [&](uint64_t symbols) {
    std::string query = "id=0-0";
    for (uint64_t i = 1; i < symbols; ++i) query += "&id=0-0";
    FakeCall call("GET", path, query);
    HttpAnswer answer = ring.answer(0, call);
    EXPECT_EQ(answer.status, 200);
    return answer.body.size();
  };
  const uint64_t one = ask(1) - 1, most = kSymbolsAnswerBytes / one;
  constexpr uint64_t kCountBytes = 2;
  EXPECT_EQ(ask(most), most * one + kCountBytes);
  EXPECT_EQ(ask(most + 1), most * one + kCountBytes);
  EXPECT_EQ(ask(3 * most), most * one + kCountBytes);
}

// A request that is at work until it is let go.
class HeldCall final : public HttpCall {
 public:
  HeldCall(const std::string& path, std::latch& at_work, std::latch& let_go)
      : path_(path), at_work_(at_work), let_go_(let_go) {}
  const std::string& method() const override { return method_; }
  const std::string& path() const override { return path_; }
  const std::string& query() const override {
    at_work_.count_down();
    let_go_.wait();
    return query_;
  }
  std::optional<std::string> header(const std::string&) const override { return std::nullopt; }
  bool read_body(const ByteSink&) override { return true; }

 private:
  const std::string method_ = "GET", path_, query_ = "id=0-0";
  std::latch &at_work_, &let_go_;
};

TEST(SymbolsTest, ProofsAreMadeForSoManyAtATime) {
  NodeRing ring(10, 1);
  const EncodedBlob blob = ring.store(Bytes(100));
  const std::string path = "/v1/blobs/" + blob.metadata.blob_id().to_string() + "/recoverySymbols";
  std::latch at_work(kRecoveryRequestsAtATime), let_go(1);
  std::vector<std::future<int>> held;
  for (size_t i = 0; i < kRecoveryRequestsAtATime; ++i)
    held.push_back(std::async(std::launch::async, [&] {
      HeldCall call(path, at_work, let_go);
      return ring.answer(0, call).status;
    }));
  at_work.wait();  // as many as may be
  FakeCall one_more("GET", path, "id=0-0");
  const HttpAnswer refused = ring.answer(0, one_more);
  let_go.count_down();
  EXPECT_EQ(refused.status, 503);
  const Json error = Json::parse(refused.body)["error"];
  EXPECT_EQ(error["status"], "UNAVAILABLE");
  EXPECT_EQ(error["details"][0]["reason"], "UNAVAILABLE");
  EXPECT_EQ(error["details"][0]["domain"], "global");
  for (auto& status : held) EXPECT_EQ(status.get(), 200);
  FakeCall later("GET", path, "id=0-0");
  EXPECT_EQ(ring.answer(0, later).status, 200);
}

class ManyNodesTest : public NetworkTest {};

TEST_F(ManyNodesTest, ANodeKnowsWhichShardsAreNotItsOwn) {
  start(10, 4);
  std::string content = content_of(100);
  std::string id = store(content);
  size_t served = 0;
  for (size_t i = 0; i < 4; ++i) {
    for (int pair = 0; pair < 10; ++pair) {
      Reply reply = send(node(i), "GET", "/v1/blobs/" + id + "/slivers/" + std::to_string(pair) + "/primary");
      if (reply.status == 200) {
        ++served;
      } else {
        EXPECT_EQ(reply.reason(), "SHARD_NOT_ASSIGNED");
      }
    }
  }
  EXPECT_EQ(served, 10u);
}

}  // namespace
}  // namespace walrusfs::localnet
