// Transactions against transactions.json and those of the official client's transcript.
#include "client/sui/transaction.h"

#include "client/sui/keys.h"
#include "vectors.h"

namespace walrusfs::sui {
namespace {

TEST(SuiTransactions, BuiltReadDigestedAndSignedAsByTheSdk) {
  const Json& vectors = load_vectors("transactions");
  for (const Json& v : vectors.at("transactions")) {
    SCOPED_TRACE(v.at("name"));
    const Bytes bytes = hex(v.at("tx_bytes_hex"));
    const TransactionData built = transaction_from_json(v.at("transaction_data"));
    EXPECT_EQ(to_hex(built.encode()), v.at("tx_bytes_hex"));
    const auto parsed = TransactionData::decode(bytes);
    ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
    EXPECT_EQ(*parsed, built);
    EXPECT_EQ(transaction_digest(bytes).to_string(), v.at("digest"));
    EXPECT_EQ(to_hex(signing_digest(IntentScope::kTransaction, bytes)), v.at("signing_digest_hex"));
    const auto signer = verify_serialized_signature(IntentScope::kTransaction, bytes, base64(v.at("signature_base64")));
    ASSERT_TRUE(signer.ok()) << signer.error().to_string();
    EXPECT_EQ(signer->to_string(), v.at("sender"));
  }
  EXPECT_GE(vectors.at("transactions").size(), 55u);
}

TEST(SuiTransactions, WhatTheOfficialClientSent) {
  size_t seen = 0;
  for (const Json& step : load_vectors("ts_client_transcript").at("steps")) {
    for (const Json& executed : step.at("executed")) {
      const Bytes bytes = hex(executed.at("tx_bytes_hex"));
      const auto parsed = TransactionData::decode(bytes);
      ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
      EXPECT_EQ(parsed->encode(), bytes);
      EXPECT_EQ(transaction_digest(bytes).to_string(), executed.at("digest"));
      EXPECT_EQ(parsed->programmable.commands.size(), executed.at("commands").size());
      ++seen;
    }
  }
  EXPECT_GE(seen, 8u);
}

Bytes vector_bytes(const std::string& name) {
  for (const Json& v : load_vectors("transactions").at("transactions"))
    if (v.at("name") == name) return hex(v.at("tx_bytes_hex"));
  throw std::runtime_error("no transaction is named " + name);
}

TEST(SuiTransactions, EveryCutAndAnyTrailingByteIsRefused) {
  const Bytes bytes = vector_bytes("reserve_and_register_deletable_ed25519");
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(TransactionData::decode(ByteView(bytes).first(length)).error().code(), Code::kCorrupt) << length;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(TransactionData::decode(longer).ok());
}

TEST(SuiTransactions, OtherVersionsKindsAndPublishingAreRefused) {
  Bytes bytes = vector_bytes("transfer_sui_minimal_ed25519");
  for (const size_t at : {0, 1}) {
    Bytes other = bytes;
    other[at] = 1;
    EXPECT_FALSE(TransactionData::decode(other).ok());
  }
  TransactionData data = TransactionData::decode(bytes).value();
  data.programmable.commands = {Publish{}};
  EXPECT_FALSE(TransactionData::decode(data.encode()).ok());
}

TransactionData small() { return TransactionBuilder().finish(Address::of(1), {}, NoExpiration{}); }

Result<TransactionData> again(const TransactionData& data) { return TransactionData::decode(data.encode()); }

TEST(SuiTransactions, Limits) {
  TransactionData data = small();
  data.programmable.inputs.assign(kMaxInputs, Pure{});
  EXPECT_TRUE(again(data).ok());
  data.programmable.inputs.push_back(Pure{});
  EXPECT_EQ(again(data).error().code(), Code::kTooLarge);

  data = small();
  data.programmable.inputs = {Pure{Bytes(kMaxPureBytes)}};
  EXPECT_TRUE(again(data).ok());
  data.programmable.inputs = {Pure{Bytes(kMaxPureBytes + 1)}};
  EXPECT_EQ(again(data).error().code(), Code::kTooLarge);

  data = small();
  data.programmable.commands.assign(kMaxCommands, MergeCoins{GasCoin{}, {}});
  EXPECT_TRUE(again(data).ok());
  data.programmable.commands.push_back(MergeCoins{GasCoin{}, {}});
  EXPECT_EQ(again(data).error().code(), Code::kTooLarge);

  data = small();
  data.programmable.commands = {MergeCoins{GasCoin{}, std::vector<Argument>(kMaxArguments, Input{0})}};
  EXPECT_TRUE(again(data).ok());
  data.programmable.commands = {MergeCoins{GasCoin{}, std::vector<Argument>(kMaxArguments + 1, Input{0})}};
  EXPECT_EQ(again(data).error().code(), Code::kTooLarge);

  data = small();
  data.gas.payment.assign(kMaxGasObjects, {});
  EXPECT_TRUE(again(data).ok());
  data.gas.payment.push_back({});
  EXPECT_EQ(again(data).error().code(), Code::kTooLarge);

  EXPECT_EQ(TransactionData::decode(Bytes(kMaxTransactionBytes + 1)).error().code(), Code::kTooLarge);
  EXPECT_EQ(TransactionData::decode(Bytes(kMaxTransactionBytes)).error().code(), Code::kCorrupt);
}

TEST(SuiTransactions, NamesOfFunctionsAreNames) {
  TransactionData data = small();
  data.programmable.commands = {MoveCall{Address::of(2), "coin", "zero", {}, {}}};
  EXPECT_TRUE(again(data).ok());
  data.programmable.commands = {MoveCall{Address::of(2), "co in", "zero", {}, {}}};
  EXPECT_EQ(again(data).error().code(), Code::kCorrupt);
  data.programmable.commands = {MoveCall{Address::of(2), "coin", std::string(129, 'a'), {}, {}}};
  EXPECT_EQ(again(data).error().code(), Code::kCorrupt);
}

TEST(SuiTransactions, TheBuilderSharesInputs) {
  TransactionBuilder builder;
  const ObjectRef coin{Address::of(7), 3, {}};
  EXPECT_EQ(builder.object(coin), Argument(Input{0}));
  EXPECT_EQ(builder.object(coin), Argument(Input{0}));
  EXPECT_EQ(builder.pure(uint64_t{5}), Argument(Input{1}));
  EXPECT_EQ(builder.pure(uint64_t{5}), Argument(Input{1}));
  EXPECT_EQ(builder.pure(uint32_t{5}), Argument(Input{2}));
  EXPECT_EQ(builder.shared(Address::of(8), 1, false), Argument(Input{3}));
  EXPECT_EQ(builder.shared(Address::of(8), 1, true), Argument(Input{3}));
  EXPECT_EQ(builder.shared(Address::of(8), 1, false), Argument(Input{3}));
  const Argument parts = builder.split(GasCoin{}, {5});
  builder.transfer({nested(parts, 0)}, Address::of(9));
  const TransactionData data = again(builder.finish(Address::of(1), {}, EpochExpiration{9})).value();
  const auto& system = std::get<SharedObject>(std::get<ObjectArg>(data.programmable.inputs[3]));
  EXPECT_EQ(system.mutability, static_cast<uint8_t>(Mutability::kMutable));
  ASSERT_EQ(data.programmable.commands.size(), 2u);
  EXPECT_EQ(std::get<SplitCoins>(data.programmable.commands[0]).amounts, std::vector<Argument>{Input{1}});
}

}  // namespace
}  // namespace walrusfs::sui
