// Keys, addresses and signatures against keys.json.
#include "client/sui/keys.h"
#include "client/sui/derivation.h"

#include "vectors.h"

namespace walrusfs::sui {
namespace {

KeyScheme scheme_of(const Json& flag) { return static_cast<KeyScheme>(flag.get<int>()); }

void expect_key(const Json& wanted) {
  const auto key = Keypair::create(scheme_of(wanted.at("flag")), hex(wanted.at("secret_key_hex")));
  ASSERT_TRUE(key.ok()) << key.error().to_string();
  EXPECT_EQ(key->public_key(), hex(wanted.at("public_key_hex")));
  EXPECT_EQ(key->address().to_string(), wanted.at("address"));
  EXPECT_EQ(key->to_suiprivkey(), wanted.at("suiprivkey"));
  const auto parsed = Keypair::parse(wanted.at("suiprivkey").get<std::string>());
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(parsed->scheme(), key->scheme());
  EXPECT_EQ(parsed->address(), key->address());
}

TEST(SuiKeys, PublicKeysAddressesAndTextForms) {
  const Json& vectors = load_vectors("keys");
  for (const Json& key : vectors.at("fixed_keys")) expect_key(key);
  for (const Json& key : vectors.at("mnemonics")) expect_key(key);
}

TEST(SuiKeys, PhrasesGiveTheOfficialKeys) {
  size_t defaults = 0;
  for (const Json& v : load_vectors("keys").at("mnemonics")) {
    const KeyScheme scheme = scheme_of(v.at("flag"));
    const Bytes seed = seed_of_phrase(v.at("mnemonic").get<std::string>());
    EXPECT_EQ(to_hex(seed), v.at("bip39_seed_hex"));
    const auto key = derive_keypair(scheme, seed, v.at("path").get<std::string>());
    ASSERT_TRUE(key.ok()) << key.error().to_string();
    EXPECT_EQ(key->address().to_string(), v.at("address")) << v.at("path");
    defaults += v.at("path") == default_path(scheme) ? 1 : 0;
  }
  EXPECT_EQ(defaults, 9u);  // three phrases, three kinds
}

TEST(SuiKeys, PathsAreChecked) {
  const Bytes seed(64, 1);
  for (const char* path : {"", "44'", "m/", "m//0'", "m/x'", "m/-1'", "m/2147483648'", "m/0''", "m/0'/", "mm", "m/0",
                           "m/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'"})
    EXPECT_EQ(derive_keypair(KeyScheme::kEd25519, seed, path).error().code(), Code::kInvalidArgument) << path;
  for (const char* path : {"m", "m/2147483647'", "m/0'/0'/0'/0'/0'/0'/0'/0'/0'/0'"})
    EXPECT_TRUE(derive_keypair(KeyScheme::kEd25519, seed, path).ok()) << path;
  EXPECT_TRUE(derive_keypair(KeyScheme::kSecp256k1, seed, "m/0").ok());
}

TEST(SuiKeys, SecretsAreAddedModuloTheOrder) {
  const Bytes largest = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140");
  Bytes one(32, 0), two(32, 0);
  one.back() = 1;
  two.back() = 2;
  EXPECT_EQ(add_secrets(KeyScheme::kSecp256k1, one, one).value(), two);
  EXPECT_EQ(add_secrets(KeyScheme::kSecp256k1, largest, two).value(), one);
  EXPECT_FALSE(add_secrets(KeyScheme::kSecp256k1, largest, one).ok());  // zero
  EXPECT_FALSE(add_secrets(KeyScheme::kSecp256k1, Bytes(32, 0xff), one).ok());
  EXPECT_FALSE(add_secrets(KeyScheme::kSecp256k1, one, Bytes(31, 0)).ok());
  EXPECT_FALSE(add_secrets(KeyScheme::kEd25519, one, one).ok());
}

TEST(SuiKeys, BrokenTextFormsAreRefused) {
  for (const Json& broken : load_vectors("keys").at("suiprivkey_invalid")) {
    const auto key = Keypair::parse(broken.at("value").get<std::string>());
    ASSERT_FALSE(key.ok()) << broken.at("why");
    EXPECT_EQ(key.error().code(), Code::kInvalidArgument);
  }
}

TEST(SuiKeys, ASecretThatIsNoScalarIsRefused) {
  const Bytes order_of_secp256k1 = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
  const Bytes largest = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140");
  EXPECT_FALSE(Keypair::create(KeyScheme::kSecp256k1, order_of_secp256k1).ok());
  EXPECT_TRUE(Keypair::create(KeyScheme::kSecp256k1, largest).ok());
  EXPECT_FALSE(Keypair::create(KeyScheme::kSecp256r1, Bytes(32, 0)).ok());
  EXPECT_FALSE(Keypair::create(KeyScheme::kEd25519, Bytes(31, 1)).ok());
  EXPECT_FALSE(Keypair::create(KeyScheme::kEd25519, Bytes(33, 1)).ok());
}

TEST(SuiKeys, OfficialSignaturesVerify) {
  for (const Json& v : load_vectors("keys").at("signatures")) {
    const Bytes message = hex(v.at("tx_bytes_hex"));
    EXPECT_EQ(to_hex(signing_digest(IntentScope::kTransaction, message)), v.at("signing_digest_hex"));
    const Bytes signature = hex(v.at("serialized_signature_hex"));
    const auto signer = verify_serialized_signature(IntentScope::kTransaction, message, signature);
    ASSERT_TRUE(signer.ok()) << signer.error().to_string();
    EXPECT_EQ(signer->to_string(), v.at("address"));
    const Bytes personal = bcs_encode(v.at("personal_message_utf8").get<std::string>());
    EXPECT_TRUE(verify_serialized_signature(IntentScope::kPersonalMessage, personal,
                                            base64(v.at("personal_message_signature_base64")))
                    .ok());
  }
}

TEST(SuiKeys, WhatWeSignVerifiesAndEd25519IsTheOfficialOne) {
  const Json& vectors = load_vectors("keys");
  for (size_t i = 0; i < vectors.at("fixed_keys").size(); ++i) {
    const Json& key = vectors["fixed_keys"][i];
    const Json& v = vectors.at("signatures").at(i);
    const Keypair pair = Keypair::create(scheme_of(key.at("flag")), hex(key.at("secret_key_hex"))).value();
    // ECDSA's nonces are random and half of the raw signatures have a large s: several tries meet both kinds.
    for (int round = 0; round < 8; ++round) {
      const Bytes message = hex(v.at("tx_bytes_hex"));
      const Bytes signature = pair.sign_transaction(message).value();
      EXPECT_EQ(verify_serialized_signature(IntentScope::kTransaction, message, signature).value(), pair.address());
      if (pair.scheme() == KeyScheme::kEd25519) {
        EXPECT_EQ(signature, hex(v.at("serialized_signature_hex")));
      }
    }
    const std::string text = v.at("personal_message_utf8");
    const Bytes personal = pair.sign_personal_message(as_bytes(text)).value();
    EXPECT_TRUE(verify_serialized_signature(IntentScope::kPersonalMessage, bcs_encode(text), personal).ok());
  }
}

// n − s in place of s: a valid signature to most libraries, but not to the chain.
Bytes with_large_s(Bytes signature, const Bytes& order) {
  int borrow = 0;
  for (size_t i = 32; i-- > 0;) {
    const int difference = order[i] - signature[33 + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    signature[33 + i] = static_cast<uint8_t>(difference + 256 * borrow);
  }
  return signature;
}

TEST(SuiKeys, WrongSignaturesAreRefused) {
  const Json& vectors = load_vectors("keys");
  const Bytes order_k1 = hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
  const Bytes order_r1 = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  for (const Json& v : vectors.at("signatures")) {
    const Bytes message = hex(v.at("tx_bytes_hex"));
    const Bytes good = hex(v.at("serialized_signature_hex"));
    const auto verifies = [&](const Bytes& signature, IntentScope scope = IntentScope::kTransaction) {
      return verify_serialized_signature(scope, message, signature).ok();
    };
    EXPECT_TRUE(verifies(good));
    EXPECT_FALSE(verifies(good, IntentScope::kPersonalMessage));
    for (size_t at = 0; at < good.size(); at += 7) {
      Bytes bad = good;
      bad[at] ^= 0x10;
      EXPECT_FALSE(verifies(bad)) << at;
    }
    EXPECT_FALSE(verifies(Bytes(good.begin(), good.end() - 1)));
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(verifies(longer));
    EXPECT_FALSE(verifies({}));
    if (v.at("scheme") == "secp256k1") {
      EXPECT_FALSE(verifies(with_large_s(good, order_k1)));
    }
    if (v.at("scheme") == "secp256r1") {
      EXPECT_FALSE(verifies(with_large_s(good, order_r1)));
    }
  }
}

}  // namespace
}  // namespace walrusfs::sui
