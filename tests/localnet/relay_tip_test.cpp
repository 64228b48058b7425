// What a relay is paid (HTTP API, section 4), against the official vectors.
#include "localnet/relay_tip.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "codec/shape.h"

namespace walrusfs::localnet {
namespace {

using Json = nlohmann::ordered_json;

Json relay_vectors() {
  std::ifstream file(std::string(WALRUSFS_TEST_VECTORS) + "/messages.json");
  return Json::parse(file).at("upload_relay");
}

Tip tip_from(const Json& config) {
  if (config.is_string()) return std::nullopt;
  const Json& send = config.at("send_tip");
  const Json& kind = send.at("kind");
  TipConfig tip;
  tip.address = sui::Address::parse(send.at("address").get<std::string>()).value();
  if (kind.contains("const")) {
    tip.kind = ConstTip{kind["const"]};
  } else {
    tip.kind = LinearTip{kind["linear"]["base"], kind["linear"]["encoded_size_mul_per_kib"]};
  }
  return tip;
}

TEST(RelayTipTest, AmountsAndFormAreThoseOfTheVectors) {
  const Json examples = relay_vectors().at("tip_examples");
  ASSERT_EQ(examples.size(), 3u);
  for (const Json& example : examples) {
    const Tip tip = tip_from(example.at("tip_config"));
    EXPECT_EQ(Json::parse(tip_config_json(tip)), example.at("tip_config"));
    const CodeShape shape = CodeShape::create(example.at("n_shards")).value();
    const uint64_t encoded = shape.encoded_length(example.at("unencoded_size")).value();
    EXPECT_EQ(encoded, example.at("encoded_size"));
    EXPECT_EQ(tip ? tip_mist(*tip, encoded) : 0, example.at("tip_mist"));
  }
}

TEST(RelayTipTest, LinearTipsRoundUpAndDoNotWrap) {
  TipConfig tip;
  tip.kind = LinearTip{5, 7};
  EXPECT_EQ(tip_mist(tip, 0), 5u);
  EXPECT_EQ(tip_mist(tip, 1), 12u);
  EXPECT_EQ(tip_mist(tip, 1024), 12u);
  EXPECT_EQ(tip_mist(tip, 1025), 19u);
  tip.kind = LinearTip{1, std::numeric_limits<uint64_t>::max()};
  EXPECT_EQ(tip_mist(tip, 1), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(tip_mist(tip, 1 << 20), std::numeric_limits<uint64_t>::max());
}

TEST(RelayTipTest, TheAuthPackageIsThatOfTheVectors) {
  const Json vectors = relay_vectors();
  const Bytes nonce = from_hex(vectors.at("nonce_hex").get<std::string>()).value();
  const std::string blob = vectors.at("blob_ascii");
  EXPECT_EQ(to_hex(auth_package(as_bytes(blob), nonce)), vectors.at("first_ptb_input_hex"));
  EXPECT_EQ(to_base64url(nonce), vectors.at("nonce_query_value"));
}

class TipCheckTest : public testing::Test {
 protected:
  TipCheckTest() {
    tip_.address = sui::Address::of(0x2a);
    tip_.kind = ConstTip{105};
    facts_.first_input = auth_package(as_bytes("hello"), nonce_);
    facts_.sui_changes = {{sui::Address::of(1), true, 5'000}, {tip_.address, false, 105}};
    facts_.time_ms = kNow;
  }
  // 0 when nothing is wrong.
  int check(std::string_view blob = "hello") {
    const auto refused = check_tip(tip_, Millis(60'000), kNow, facts_, {as_bytes(blob), nonce_, 1'000'000});
    text_ = refused ? refused->text : "";
    return refused ? refused->http : 0;
  }

  static constexpr uint64_t kNow = 1'700'000'000'000;
  TipConfig tip_;
  Bytes nonce_ = Bytes(32, 0x17);
  TransactionFacts facts_;
  std::string text_;
};

TEST_F(TipCheckTest, WhatIsPaidAndFreshPasses) {
  EXPECT_EQ(check(), 0);
  facts_.sui_changes.back().mist = 106;
  EXPECT_EQ(check(), 0) << "more is welcome";
}

TEST_F(TipCheckTest, TheFreshnessIsExact) {
  facts_.time_ms = kNow - 60'000;
  EXPECT_EQ(check(), 0);
  facts_.time_ms = kNow - 60'001;
  EXPECT_EQ(check(), 400);
  facts_.time_ms = kNow + 30'000;
  EXPECT_EQ(check(), 0);
  facts_.time_ms = kNow + 30'001;
  EXPECT_EQ(check(), 400);
}

TEST_F(TipCheckTest, MissingAndSmallTipsAre402) {
  facts_.sui_changes.back().mist = 104;
  EXPECT_EQ(check(), 402);
  facts_.sui_changes.back() = {tip_.address, true, 105};
  EXPECT_EQ(check(), 402) << "it lost as much";
  facts_.sui_changes.back() = {sui::Address::of(0x2b), false, 105};
  EXPECT_EQ(check(), 402) << "somebody else got it";
  facts_.sui_changes.clear();
  EXPECT_EQ(check(), 402);
}

TEST_F(TipCheckTest, AMissingPackageIs400AndAWrongOne401) {
  const Bytes good = *facts_.first_input;
  facts_.first_input = std::nullopt;
  EXPECT_EQ(check(), 400);
  facts_.first_input = Bytes(good.begin(), good.end() - 1);
  EXPECT_EQ(check(), 400);
  for (size_t at : {size_t{0}, size_t{40}, size_t{64}}) {
    facts_.first_input = good;
    (*facts_.first_input)[at] ^= 1;
    EXPECT_EQ(check(), 401) << at;
  }
  facts_.first_input = good;
  EXPECT_EQ(check("hellO"), 401);
  nonce_[0] ^= 1;
  EXPECT_EQ(check(), 401);
}

TEST_F(TipCheckTest, TheFirstFaultInTheRelaysOrderIsTold) {
  facts_.time_ms = 0;
  facts_.sui_changes.clear();
  facts_.first_input = std::nullopt;
  EXPECT_EQ(check(), 400);
  EXPECT_NE(text_.find("old"), std::string::npos);
  facts_.time_ms = kNow;
  EXPECT_EQ(check(), 402);
}

}  // namespace
}  // namespace walrusfs::localnet
