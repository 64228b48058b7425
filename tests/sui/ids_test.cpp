// Addresses, digests, types and derived ids against ids.json.
#include "client/sui/walrus.h"
#include "vectors.h"

namespace walrusfs::sui {
namespace {

TEST(SuiIds, AddressesHaveShortForms) {
  EXPECT_EQ(Address::parse("0x2").value(), Address::of(2));
  EXPECT_EQ(Address::of(2).to_string(), "0x" + std::string(63, '0') + "2");
  EXPECT_TRUE(Address::parse("0x" + std::string(64, 'f')).ok());
  for (const std::string text : {"", "0x", "2", "0xg", "0X2", "0x2 "}) EXPECT_FALSE(Address::parse(text).ok()) << text;
  EXPECT_FALSE(Address::parse("0x" + std::string(65, '0')).ok());
}

TEST(SuiIds, DigestsAreBase58) {
  for (const Json& v : load_vectors("ids").at("base58_digests")) {
    EXPECT_EQ(to_hex(digest(v.at("base58")).bytes), v.at("bytes_hex"));
    EXPECT_EQ(digest(v.at("base58")).to_string(), v.at("base58"));
  }
  for (const std::string& text :
       std::vector<std::string>{"", "1", "0", "l", std::string(31, '1'), std::string(33, '1'), std::string(500, 'z')})
    EXPECT_FALSE(SuiDigest::parse(text).ok()) << text;
  EXPECT_TRUE(SuiDigest::parse(std::string(32, '1')).ok());
}

TEST(SuiIds, TypeTags) {
  for (const Json& v : load_vectors("ids").at("type_tags")) {
    const TypeTag tag = type(v.at("type"));
    EXPECT_EQ(to_hex(bcs_encode(tag)), v.at("bcs_hex")) << v.at("type");
    EXPECT_EQ(type(tag.to_string()), tag);
    EXPECT_EQ(type(v.at("normalized")), tag);
    EXPECT_EQ(bcs_decode<TypeTag>(hex(v.at("bcs_hex")), "a type").value(), tag);
  }
}

std::string nested_vectors(int depth) {
  std::string text = "u8";
  for (int i = 1; i < depth; ++i) text = "vector<" + text + ">";
  return text;
}

TEST(SuiIds, MalformedTypesAreRefused) {
  for (const std::string text : {"", "u9", "vector", "vector<>", "vector<u8", "vector<u8>>", "vector<u8,u8>", "0x2",
                                 "0x2::coin", "0x2::coin::", "0x2::1coin::Coin", "2::coin::Coin", "0x2::coin::Coin<",
                                 "0x2::coin::Coin<>", "0x2::coin::Coin<u8>x", "<u8>"})
    EXPECT_FALSE(TypeTag::parse(text).ok()) << text;
  EXPECT_TRUE(TypeTag::parse(nested_vectors(kMaxTypeDepth)).ok());
  EXPECT_FALSE(TypeTag::parse(nested_vectors(kMaxTypeDepth + 1)).ok());
  Bytes deepest(kMaxTypeDepth, 6);  // vector of vector of …
  deepest.back() = 1;               // of u8
  EXPECT_TRUE(bcs_decode<TypeTag>(deepest, "a type").ok());
  deepest.insert(deepest.begin(), 6);
  EXPECT_EQ(bcs_decode<TypeTag>(deepest, "a type").error().code(), Code::kCorrupt);
  EXPECT_FALSE(bcs_decode<TypeTag>(Bytes{11}, "a type").ok());
  EXPECT_FALSE(bcs_decode<TypeTag>(Bytes(100'000, 6), "a type").ok());
}

TEST(SuiIds, DynamicFields) {
  for (const Json& v : load_vectors("ids").at("dynamic_fields")) {
    const TypeTag key_type = type(v.at("key_type"));
    EXPECT_EQ(to_hex(bcs_encode(key_type)), v.at("key_type_bcs_hex"));
    EXPECT_EQ(dynamic_field_id(address(v.at("parent")), key_type, hex(v.at("key_bcs_hex"))).to_string(),
              v.at("field_object_id"))
        << v.at("what");
  }
}

const Json& field_named(const Json& vectors, const std::string& words) {
  for (const Json& v : vectors.at("dynamic_fields"))
    if (v.at("what").get<std::string>().find(words) != std::string::npos) return v;
  throw std::runtime_error("no vector is named " + words);
}

TEST(SuiIds, TheFieldsOfWalrus) {
  const Json& vectors = load_vectors("ids");
  const auto id = [&](const std::string& words) { return address(field_named(vectors, words).at("field_object_id")); };
  const auto parent = [&](const std::string& words) { return address(field_named(vectors, words).at("parent")); };
  EXPECT_EQ(inner_state_id(parent("mainnet System object at"), 3), id("mainnet System object at"));
  EXPECT_EQ(inner_state_id(parent("StoragePool object"), 1), id("StoragePool object"));
  EXPECT_EQ(attributes_id(parent("attribute map")), id("attribute map"));
  const Address package = type(field_named(vectors, "ExtendedField").at("key_type")).address;
  EXPECT_EQ(extended_field_id(parent("ExtendedField"), package), id("ExtendedField"));
  BlobId blob;
  const Bytes key = hex(field_named(vectors, "pooled-blob").at("key_bcs_hex"));
  std::copy(key.begin(), key.end(), blob.bytes.begin());
  EXPECT_EQ(pooled_blob_entry_id(parent("pooled-blob"), blob), id("pooled-blob"));
}

TEST(SuiIds, CreatedObjects) {
  for (const Json& v : load_vectors("ids").at("created_object_ids")) {
    EXPECT_EQ(created_object_id(digest(v.at("transaction_digest")), number(v.at("creation_index"))).to_string(),
              v.at("object_id"));
  }
}

TEST(SuiIds, Chains) {
  for (const Json& v : load_vectors("ids").at("chain_identifiers")) {
    const std::string whole = to_hex(digest(v.at("genesis_checkpoint_digest")).bytes);
    EXPECT_EQ(whole, v.at("digest_hex"));
    EXPECT_EQ(whole.substr(0, 8), v.at("short"));
  }
}

}  // namespace
}  // namespace walrusfs::sui
