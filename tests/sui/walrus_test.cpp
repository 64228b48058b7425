// Prices, certificates and ids against pricing.json and certificate.json.
#include "client/sui/walrus.h"

#include "base/crypto.h"
#include "codec/shape.h"
#include "vectors.h"

namespace walrusfs::sui {
namespace {

BlobId blob_id(const Json& text) { return BlobId::parse(text.get<std::string>()).value(); }

TEST(WalrusPrices, EncodedLengthsAndUnits) {
  size_t allowed = 0, refused = 0;
  for (const Json& v : load_vectors("pricing").at("encoded_lengths")) {
    SCOPED_TRACE(v.dump());
    const auto shape = CodeShape::create(v.at("n_shards").get<uint32_t>()).value();
    const auto encoded = shape.encoded_length(number(v.at("unencoded")));
    EXPECT_EQ(storage_units(number(v.at("encoded"))), number(v.at("units")));
    if (v.at("symbol_size_allowed").get<bool>()) {
      EXPECT_EQ(encoded.value(), number(v.at("encoded")));
      ++allowed;
    } else {  // symbols would not fit 16 bits
      EXPECT_EQ(encoded.error().code(), Code::kTooLarge);
      ++refused;
    }
  }
  EXPECT_EQ(allowed, 127u);
  EXPECT_EQ(refused, 25u);
}

TEST(WalrusPrices, Costs) {
  for (const Json& v : load_vectors("pricing").at("costs")) {
    EXPECT_EQ(
        storage_cost(number(v.at("storage_price_per_unit")), number(v.at("encoded")), v.at("epochs").get<uint32_t>()),
        number(v.at("storage_cost")));
    EXPECT_EQ(write_cost(number(v.at("write_price_per_unit")), number(v.at("encoded"))), number(v.at("write_cost")));
  }
}

TEST(WalrusPrices, NothingOverflows) {
  EXPECT_EQ(storage_units(UINT64_MAX), uint64_t{1} << 44);
  EXPECT_EQ(storage_units(0), 0u);
  EXPECT_EQ(storage_units(kStorageUnitBytes), 1u);
  EXPECT_EQ(storage_units(kStorageUnitBytes + 1), 2u);
  EXPECT_EQ(write_cost(UINT64_MAX, 1), UINT64_MAX);
  EXPECT_FALSE(write_cost(UINT64_MAX, kStorageUnitBytes + 1).has_value());
  EXPECT_FALSE(storage_cost(UINT64_MAX, 1, 2).has_value());
  EXPECT_FALSE(relay_tip(UINT64_MAX, 1, 1).has_value());
}

TEST(WalrusPrices, TipsOfRelays) {
  for (const Json& v : load_vectors("pricing").at("relay_tip")) {
    const uint64_t base = v.contains("base") ? number(v["base"]) : number(v.at("const"));
    const uint64_t per_kib = v.contains("encoded_size_mul_per_kib") ? number(v["encoded_size_mul_per_kib"]) : 0;
    EXPECT_EQ(relay_tip(base, per_kib, number(v.at("encoded"))), number(v.at("tip")));
  }
}

TEST(WalrusCertificates, TheQuorumOfTheContract) {
  for (const Json& v : load_vectors("pricing").at("quorum")) {
    const uint64_t shards = number(v.at("n_shards")), least = number(v.at("contract_min_weight"));
    EXPECT_TRUE(is_quorum(least, shards)) << shards;
    EXPECT_FALSE(is_quorum(least - 1, shards)) << shards;
  }
}

TEST(WalrusCertificates, MessagesAndBitmaps) {
  for (const Json& v : load_vectors("certificate").at("cases")) {
    SCOPED_TRACE(v.at("what"));
    Confirmation message;
    message.epoch = v.at("epoch").get<uint32_t>();
    message.blob_id = blob_id(v.at("blob_id"));
    if (v.at("persistence").is_object())
      message.persistence = Deletable{address(v["persistence"].at("deletable_object_id"))};
    EXPECT_EQ(to_hex(bcs_encode(message)), v.at("message_hex"));
    EXPECT_EQ(bcs_decode<Confirmation>(hex(v.at("message_hex")), "a confirmation").value(), message);
    const auto signers = v.at("signers").get<std::vector<uint16_t>>();
    EXPECT_EQ(to_hex(signers_bitmap(signers, 4)), v.at("bitmap_hex"));
    EXPECT_EQ(is_quorum(number(v.at("weight")), number(v.at("n_shards"))), v.at("reaches_quorum").get<bool>());
  }
}

TEST(WalrusCertificates, Bitmaps) {
  for (const Json& v : load_vectors("certificate").at("bitmaps")) {
    const auto signers = v.at("signers").get<std::vector<uint16_t>>();
    const size_t size = v.at("committee_size").get<size_t>();
    EXPECT_EQ(to_hex(signers_bitmap(signers, size)), v.at("bitmap_hex"));
    EXPECT_EQ(signers_of_bitmap(hex(v.at("bitmap_hex")), size).value(), signers);
  }
  EXPECT_EQ(signers_of_bitmap(Bytes{0x08}, 4).value(), std::vector<uint16_t>{3});
  EXPECT_FALSE(signers_of_bitmap(Bytes{0x10}, 4).ok());
  EXPECT_FALSE(signers_of_bitmap((Bytes{0x01, 0x00}), 8).ok());
  EXPECT_TRUE(signers_of_bitmap((Bytes{0x01, 0x00}), 9).ok());
}

TEST(WalrusCertificates, BlobIds) {
  for (const Json& v : load_vectors("certificate").at("blob_id_derivation")) {
    Digest root;
    const Bytes bytes = hex(v.at("root_hash_hex"));
    std::copy(bytes.begin(), bytes.end(), root.begin());
    const BlobId id = derive_blob_id(1, number(v.at("size")), root);
    EXPECT_EQ(to_hex(id.bytes), v.at("blob_id_hex"));
    EXPECT_EQ(id.to_string(), v.at("blob_id_text"));
  }
}

TEST(WalrusCertificates, WhatARelayIsShown) {
  const Json v = load_vectors("certificate").at("relay_auth");
  const Bytes payload = relay_auth_payload(sha256(hex(v.at("content_hex"))), sha256(hex(v.at("nonce_hex"))),
                                           number(v.at("unencoded_length")));
  EXPECT_EQ(to_hex(payload), v.at("auth_payload_hex"));
  EXPECT_EQ(payload.size(), 72u);
}

}  // namespace
}  // namespace walrusfs::sui
