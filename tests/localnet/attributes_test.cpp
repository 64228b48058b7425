// Attributes that an owner wrote on the chain become headers (HTTP API, section 2.2).
#include "client/sui/keys.h"
#include "localnet/sui/full_node.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

class AttributesTest : public NetworkTest {
 protected:
  void SetUp() override {
    start(10, 4);
    node_ = &network_->full_node();
    const sui::Record granted = node_->grant(me_.address(), 1'000'000'000'000, 0).value();
    for (const sui::ObjectChange& change : granted.effects.changed) gas_ = change.id;
  }
  // A blob whose object is ours.
  std::string store_own(const std::string& content) {
    const Json answer = put(content, "?send_object_to=" + me_.address().to_string()).json();
    return answer["newlyCreated"]["blobObject"]["id"];
  }
  void set_attribute(const std::string& object, const std::string& key, const std::string& value) {
    const auto id = sui::ObjectId::parse(object).value();
    sui::TransactionBuilder builder;
    builder.call(node_->network().packages.walrus_current, "blob", "insert_or_update_metadata_pair",
                 {builder.object(node_->object(id).value().ref()), builder.pure(key), builder.pure(value)});
    const sui::GasData gas{{node_->object(gas_).value().ref()}, me_.address(), node_->network().gas_price,
                           100'000'000'000};
    const Bytes transaction = builder.finish(me_.address(), gas, sui::NoExpiration{}).encode();
    const auto record = node_->execute(transaction, {me_.sign_transaction(transaction).value()});
    ASSERT_TRUE(record.ok()) << record.error().message();
    ASSERT_FALSE(record->effects.failure.has_value()) << record->effects.failure->description();
  }
  Reply by_object(const std::string& object, const httplib::Headers& headers = {}) {
    return get("by-object-id/" + object, headers);
  }

  sui::FullNode* node_ = nullptr;
  sui::Keypair me_ = sui::Keypair::create(KeyScheme::kEd25519, Bytes(32, 9)).value();
  sui::ObjectId gas_;
};

TEST_F(AttributesTest, WhatIsAllowedStandsInTheHeaders) {
  const std::string object = store_own("a page");
  EXPECT_FALSE(by_object(object).has("content-language"));
  set_attribute(object, "content-type", "text/html");
  set_attribute(object, "Content-Language", "de");
  set_attribute(object, "x-own", "not in the list");
  set_attribute(object, "link", "broken\r\nInjected: yes");
  Reply reply = by_object(object);
  EXPECT_EQ(reply.body, "a page");
  EXPECT_EQ(reply.header("Content-Type"), "text/html");
  EXPECT_EQ(reply.header("content-language"), "de");
  EXPECT_FALSE(reply.has("x-own"));
  EXPECT_FALSE(reply.has("link"));
  EXPECT_FALSE(reply.has("Injected"));
  EXPECT_EQ(by_object(object, {{"Accept", "text/plain"}}).header("Content-Type"), "text/plain");
  EXPECT_EQ(by_object(object, {{"Range", "bytes=0-2"}}).header("content-language"), "de");
  EXPECT_FALSE(get(blob_id("a page").to_string()).has("content-language")) << "by its ID a blob has none";
  Reply joined = send(aggregator(), "GET", "/v1alpha/blobs/concat?ids=" + object + "," + object);
  EXPECT_EQ(joined.header("content-language"), "de") << "of the first object";
}

}  // namespace
}  // namespace walrusfs::localnet
