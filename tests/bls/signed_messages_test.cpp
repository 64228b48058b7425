// The bytes that nodes sign, and the bodies of the storage-node API, against the official ones.
#include "codec/signed_messages.h"

#include "codec/recovery.h"
#include "tests/bls/message_vectors.h"

namespace walrusfs {
namespace {

using test::hex;
using test::Json;
using test::message_bytes;
using test::message_entry;
using test::message_vectors;

BlobId blob_of(const Json& text) { return BlobId::parse(text.get<std::string>()).value(); }
ObjectId object_of(const Json& text) { return parse_object_id(text.get<std::string>()).value(); }

StorageConfirmation confirmation_of(const Json& m) {
  StorageConfirmation out{m["epoch"], blob_of(m["blob_id"]), {}};
  if (m["persistence"] == "deletable") out.persistence.deletable = object_of(m["object_id"]);
  return out;
}

TEST(SignedMessages, ConfirmationsAreTheOfficialBytes) {
  int checked = 0;
  for (const Json& m : message_vectors()["messages"]) {
    if (m["kind"] != "storage_confirmation") continue;
    SCOPED_TRACE(m["name"]);
    const StorageConfirmation confirmation = confirmation_of(m);
    EXPECT_EQ(to_hex(confirmation.to_bytes()), m["bcs_hex"]);
    EXPECT_EQ(to_base64(confirmation.to_bytes()), m["bcs_base64"]);
    EXPECT_EQ(StorageConfirmation::parse(hex(m["bcs_hex"])).value(), confirmation);
    ++checked;
  }
  EXPECT_EQ(checked, 4);
}

TEST(SignedMessages, OtherKindsAreTheOfficialBytes) {
  const Json& invalid = message_entry("invalid_blob_id_epoch21");
  EXPECT_EQ(to_hex(invalid_blob_id_message(21, blob_of(invalid["blob_id"]))), invalid["bcs_hex"]);

  const Json& proof = message_entry("proof_of_possession_epoch21_key10");
  const ObjectId address = object_of(proof["sui_address"]);
  EXPECT_EQ(to_hex(proof_of_possession_message(21, address, test::public_key(10))), proof["bcs_hex"]);

  const Json& sync = message_entry("sync_shard_request_epoch21");
  const SyncShardRequest request{ShardIndex{17}, Axis::kSecondary, blob_of(sync["starting_blob_id"]), 10, 21};
  EXPECT_EQ(to_hex(request.to_bytes()), sync["bcs_hex"]);
  EXPECT_EQ(SyncShardRequest::parse(hex(sync["bcs_hex"])).value(), request);
}

TEST(SignedMessages, IntentsAreNumberedAsOfficially) {
  const Json& types = message_vectors()["intent"]["types"];
  const auto type_of = [](const Bytes& message) { return message.at(0); };
  const BlobId blob{};
  EXPECT_EQ(type_of(proof_of_possession_message(1, {}, test::public_key(1))), types["proof_of_possession"]);
  EXPECT_EQ(type_of(StorageConfirmation{1, blob, {}}.to_bytes()), types["blob_cert"]);
  EXPECT_EQ(type_of(invalid_blob_id_message(1, blob)), types["invalid_blob_id"]);
  EXPECT_EQ(type_of(SyncShardRequest{ShardIndex{0}, Axis::kPrimary, blob, 1, 1}.to_bytes()), types["sync_shard"]);
  // u8 type, u8 version 0, u8 application 3, u32 epoch
  const Bytes message = invalid_blob_id_message(0x01020304, blob);
  EXPECT_EQ(to_hex(ByteView(message).subspan(1, 6)), "000304030201");
}

TEST(SignedMessages, TruncatedLongerAndForeignOnesAreRefused) {
  for (const char* name : {"confirmation_permanent_epoch21", "confirmation_deletable_epoch21"}) {
    const Bytes good = message_bytes(name);
    for (size_t bytes = 0; bytes < good.size(); ++bytes)
      EXPECT_FALSE(StorageConfirmation::parse(ByteView(good).first(bytes)).ok()) << name << bytes;
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(StorageConfirmation::parse(longer).ok());
    for (size_t at : {0, 1, 2, 39}) {
      Bytes foreign = good;
      foreign[at] = 9;
      EXPECT_EQ(StorageConfirmation::parse(foreign).error().code(), Code::kCorrupt) << at;
    }
  }
  Bytes two_epochs = message_bytes("sync_shard_request_epoch21");
  two_epochs.back() = 1;
  EXPECT_FALSE(SyncShardRequest::parse(two_epochs).ok());
}

TEST(SignedMessages, ThePossessionOfAKeyIsProved) {
  const ObjectId address = parse_object_id("0x2a").value(), other = parse_object_id("0x2b").value();
  const bls::SecretKey key = test::secret_key(10);
  const bls::Signature proof = prove_possession(key, 21, address);
  EXPECT_TRUE(verify_possession(key.public_key(), 21, address, proof));
  EXPECT_FALSE(verify_possession(key.public_key(), 22, address, proof));
  EXPECT_FALSE(verify_possession(key.public_key(), 21, other, proof));
  EXPECT_FALSE(verify_possession(test::public_key(1), 21, address, proof));
  EXPECT_FALSE(
      verify_possession(bls::PublicKey(bls::G1::infinity()), 21, address, bls::Signature(bls::G2::infinity())));
}

TEST(SignedMessages, TravelAsTheOfficialBytes) {
  const Json& form = message_vectors()["api_forms"]["signed_message_bcs"];
  const SignedMessage made = SignedMessage::sign(test::secret_key(form["key_id"]), message_bytes(form["message"]));
  EXPECT_EQ(to_hex(made.to_bytes()), form["bcs_hex"]);
  EXPECT_EQ(SignedMessage::parse(hex(form["bcs_hex"])).value(), made);
  EXPECT_EQ(to_base64(test::public_key(form["key_id"]).to_bytes()), form["authorization_header"]);
  EXPECT_TRUE(made.is_from(test::public_key(form["key_id"])));
  EXPECT_FALSE(made.is_from(test::public_key(0)));
  SignedMessage damaged = made;
  damaged.signature[0] = 0;
  EXPECT_FALSE(damaged.is_from(test::public_key(form["key_id"])));
  const Bytes good = hex(form["bcs_hex"]);
  for (size_t bytes = 0; bytes < good.size(); ++bytes)
    EXPECT_FALSE(SignedMessage::parse(ByteView(good).first(bytes)).ok()) << bytes;
}

TEST(ObjectIds, AreBroughtToTheirFullLength) {
  EXPECT_EQ(object_id_to_string(parse_object_id("0x6").value()), "0x" + std::string(63, '0') + "6");
  const std::string full = "0x" + std::string(64, 'a');
  EXPECT_EQ(object_id_to_string(parse_object_id(full).value()), full);
  EXPECT_EQ(parse_object_id("0x" + std::string(64, 'A')).value(), parse_object_id(full).value());
  for (const std::string& bad : {std::string("0x"), std::string("6"), full + "a", std::string("0xg"), std::string()})
    EXPECT_EQ(parse_object_id(bad).error().code(), Code::kInvalidArgument) << bad;
}

// The bodies of one small blob at seven shards, as the official encoder writes them.
class BodyVectors : public testing::Test {
 protected:
  const Json& v_ = message_vectors()["bcs_bodies"];
  const CodeShape shape_ = CodeShape::create(7).value();
  const BlobId blob_ = blob_of(v_["blob_id"]);
  const BlobMetadata metadata_ = BlobMetadata::parse(shape_, hex(v_["metadata_put_body_hex"])).value();

  Sliver sliver(Axis axis, size_t i) {
    const char* bodies =
        axis == Axis::kPrimary ? "primary_sliver_bodies_hex" : "secondary_sliver_bodies_hex_by_pair_index";
    return parse_sliver_data(shape_, axis, hex(v_[bodies].at(i))).value();
  }
};

TEST_F(BodyVectors, MetadataAndSlivers) {
  EXPECT_TRUE(metadata_.verify(blob_).ok());
  EXPECT_EQ(to_hex(metadata_.to_bytes()), v_["metadata_put_body_hex"]);
  EXPECT_EQ(to_hex(metadata_with_id_to_bytes(blob_, metadata_)), v_["metadata_get_body_hex"]);
  for (Axis axis : {Axis::kPrimary, Axis::kSecondary})
    for (size_t pair = 0; pair < 7; ++pair) EXPECT_TRUE(verify_sliver(sliver(axis, pair), metadata_).ok()) << pair;
}

TEST_F(BodyVectors, RecoverySymbols) {
  BcsWriter body;
  body.uleb(2);
  for (uint16_t source : {1, 3}) {
    const Sliver from = sliver(Axis::kSecondary, size_t{6} - source);
    body.raw(GeneralRecoverySymbol{recovery_symbol_for(shape_, from, SliverIndex{2}), SliverIndex{2}}.to_bytes());
  }
  EXPECT_EQ(to_hex(body.take()), v_["recovery_symbols_response"]["bcs_hex"]);
}

// As a node with the secondary slivers 1 and 3 answers for the primary slivers 0 and 2.
TEST_F(BodyVectors, DecodingSymbols) {
  BcsWriter body;
  body.uleb(2);
  for (uint16_t target : {0, 2}) {
    body.u16(target);
    body.uleb(2);
    for (uint16_t source : {1, 3}) {
      const Sliver from = sliver(Axis::kSecondary, size_t{6} - source);
      body.raw(decoding_symbol_for(shape_, from, SliverIndex{target}).to_bytes());
    }
  }
  EXPECT_EQ(to_hex(body.take()), v_["decoding_symbols_response"]["bcs_hex"]);
}

TEST_F(BodyVectors, AProofAboutAConsistentBlobIsWellFormedAndDoesNotConvince) {
  const Bytes body = hex(v_["inconsistency_proof_request"]["bcs_hex"]);
  Bytes tagged = {0};
  append(tagged, body);
  const auto proof = InconsistencyProof::parse(shape_, tagged);
  ASSERT_TRUE(proof.ok()) << proof.error().message();
  EXPECT_EQ(proof->verify(metadata_).error().code(), Code::kInvalidArgument);
}

TEST(ShardMapping, IsTheOfficialOne) {
  for (const Json& c : message_vectors()["shard_mapping"]) {
    const CodeShape shape = CodeShape::create(c["n_shards"]).value();
    const BlobId blob = blob_of(c["blob_id"]);
    const ShardIndex shard = shape.shard_of(blob, PairIndex{c["pair_index"].get<uint16_t>()});
    EXPECT_EQ(raw(shard), c["shard_index"]);
    EXPECT_EQ(raw(shape.pair_of(blob, shard)), c["back_to_pair"]);
  }
}

}  // namespace
}  // namespace walrusfs
