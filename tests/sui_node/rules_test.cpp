// The rules of the chain itself: signatures, versions, gas, identities, failures, and that it all survives restarts.
#include <set>

#include "chain.h"
#include "localnet/sui/epochs.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kComputation = 1'000'000;  // a thousand units at the price of 1000

class ChainRules : public ChainTest {
 protected:
  // Some SUI to somebody.
  void pay(uint64_t amount, const Address& to = Address::of(9)) {
    builder.transfer({nested(builder.split(GasCoin{}, {amount}), 0)}, to);
  }
  // "" or why it was refused.
  std::string refusal(const TransactionData& data) { return refusal(data, {&me}); }
  std::string refusal(const TransactionData& data, const std::vector<const Keypair*>& signers) {
    const Bytes transaction = data.encode();
    std::vector<Bytes> signatures;
    for (const Keypair* signer : signers) signatures.push_back(signer->sign_transaction(transaction).value());
    const auto record = node->execute(transaction, signatures);
    if (record.ok()) return "";
    EXPECT_EQ(record.error().code(), Code::kInvalidArgument);
    return record.error().message();
  }
  uint64_t sui_of(const Address& owner) { return node->balance(owner, sui_coin_type()).balance; }
  const TestBlob poem{"a poem of some length"};
};

TEST_F(ChainRules, MoneyMovesAndGasIsCharged) {
  pay(1'000);
  const Effects effects = run();
  EXPECT_EQ(outcome(effects), "");
  EXPECT_EQ(sui_of(Address::of(9)), 1'000u);
  EXPECT_EQ(effects.gas.computation, kComputation);
  // Two coins of 130 bytes at 7600 MIST; that of the gas had been granted without paying for storage.
  EXPECT_EQ(effects.gas.storage, 2u * 988'000);
  EXPECT_EQ(effects.gas.rebate, 0u);
  EXPECT_EQ(sui_of(me.address()), kMuch - 1'000 - kComputation - 2 * 988'000);
  pay(1'000);
  const Effects second = run();
  EXPECT_EQ(second.gas.rebate, 978'120u);  // 99 percent, as on the chain
  EXPECT_EQ(second.gas.non_refundable, 9'880u);
}

TEST_F(ChainRules, BalanceChangesAddUp) {
  pay(1'000);
  const Effects effects = run();
  ASSERT_EQ(effects.balance_changes.size(), 2u);
  for (const BalanceChange& change : effects.balance_changes) {
    const bool mine = change.address == me.address();
    EXPECT_EQ(change.negative, mine);
    EXPECT_EQ(change.amount, mine ? 1'000 + kComputation + 2 * 988'000 : 1'000);
  }
}

TEST_F(ChainRules, VersionsAndDigestsMoveOn) {
  const Object before = node->object(gas_coin).value();
  pay(1);
  const Effects effects = run();
  const Object after = node->object(gas_coin).value();
  EXPECT_EQ(after.version, before.version + 1);
  EXPECT_EQ(after.version, effects.lamport_version);
  EXPECT_NE(after.digest(), before.digest());
  EXPECT_EQ(after.previous_transaction, effects.transaction);
  const ObjectChange* change = effects.change_of(gas_coin);
  EXPECT_EQ(change->before->digest, before.digest());
  EXPECT_EQ(change->after->digest, after.digest());
}

TEST_F(ChainRules, InputsMustBeOfTheNewestVersion) {
  pay(1);
  const TransactionData old = finish();
  pay(2);
  run();
  EXPECT_NE(refusal(old).find("is not available for consumption, current version"), std::string::npos);
  pay(3);
  TransactionData wrong_digest = finish();
  wrong_digest.gas.payment[0].digest.bytes[0] ^= 1;
  EXPECT_NE(refusal(wrong_digest).find("another digest"), std::string::npos);
}

TEST_F(ChainRules, TheSameTransactionAgainIsTheSameAnswer) {
  pay(1'000);
  const Bytes transaction = finish().encode();
  const std::vector<Bytes> signatures = {me.sign_transaction(transaction).value()};
  const Record first = node->execute(transaction, signatures).value();
  const Record second = node->execute(transaction, signatures).value();
  EXPECT_EQ(first.effects.digest(), second.effects.digest());
  EXPECT_EQ(first.checkpoint, second.checkpoint);
  EXPECT_EQ(sui_of(Address::of(9)), 1'000u);
}

TEST_F(ChainRules, OnlyTheSenderSigns) {
  const Keypair stranger = wallet(2);
  pay(1);
  const TransactionData data = finish();
  EXPECT_NE(refusal(data, {&stranger}), "");
  EXPECT_NE(refusal(data, {}), "");
  EXPECT_NE(refusal(data, {&me, &stranger}), "");
  EXPECT_NE(refusal(data, {&me, &me}), "");
  Bytes broken = me.sign_transaction(data.encode()).value();
  broken[5] ^= 1;
  EXPECT_FALSE(node->execute(data.encode(), {broken}).ok());
  EXPECT_EQ(refusal(data), "");
}

TEST_F(ChainRules, WalletsOfAllKinds) {
  for (const KeyScheme scheme : {KeyScheme::kSecp256k1, KeyScheme::kSecp256r1}) {
    const Keypair key = wallet(3, scheme);
    const auto granted = node->grant(key.address(), kMuch, 0).value();
    const ObjectId coin = only_created(granted.effects, coin_of(sui_coin_type()));
    pay(5);
    const GasData gas{{node->object(coin).value().ref()}, key.address(), net.gas_price, kMuch / 2};
    EXPECT_EQ(refusal(builder.finish(key.address(), gas, NoExpiration{}), {&key}), "");
    builder = {};
  }
}

TEST_F(ChainRules, ASponsorPaysTheGas) {
  const Keypair sponsor = wallet(4);
  const auto granted = node->grant(sponsor.address(), kMuch, 0).value();
  const ObjectId coin = only_created(granted.effects, coin_of(sui_coin_type()));
  keep(reserve(1000, 1));
  const GasData gas{{node->object(coin).value().ref()}, sponsor.address(), net.gas_price, kMuch / 2};
  const TransactionData data = builder.finish(me.address(), gas, NoExpiration{});
  EXPECT_NE(refusal(data, {&me}), "");
  EXPECT_EQ(refusal(data, {&me, &sponsor}), "");
  EXPECT_EQ(sui_of(me.address()), kMuch);
  EXPECT_LT(sui_of(sponsor.address()), kMuch);
}

TEST_F(ChainRules, NobodyElsesObjectsAreInputs) {
  const Keypair other = wallet(5);
  const auto granted = node->grant(other.address(), kMuch, 0).value();
  builder.transfer({owned(only_created(granted.effects, coin_of(sui_coin_type())))}, me.address());
  EXPECT_NE(refusal(finish()).find("is owned by"), std::string::npos);
  builder.object({net.system, 1, node->object(net.system)->digest()});
  EXPECT_NE(refusal(finish()).find("is shared"), std::string::npos);
  builder.shared(gas_coin, 1, true);
  EXPECT_NE(refusal(finish()), "");
  builder.shared(net.system, 2, true);
  EXPECT_NE(refusal(finish()).find("was shared at version 1"), std::string::npos);
  builder.object({Address::of(77), 1, {}});
  EXPECT_NE(refusal(finish()).find("does not exist"), std::string::npos);
  builder.object(node->object(gas_coin)->ref());
  EXPECT_NE(refusal(finish()).find("is an input twice"), std::string::npos);
}

TEST_F(ChainRules, GasHasBounds) {
  const auto with = [&](auto change) {
    pay(1);
    TransactionData data = finish();
    change(data.gas);
    return refusal(data);
  };
  EXPECT_NE(with([](GasData& gas) { gas.payment.clear(); }), "");
  EXPECT_NE(with([](GasData& gas) { --gas.price; }), "");
  EXPECT_NE(with([](GasData& gas) { gas.budget = kComputation - 1; }), "");
  EXPECT_NE(with([](GasData& gas) { gas.budget = kMuch + 1; }), "");
  EXPECT_NE(with([](GasData& gas) { gas.budget = kMaxGasBudget + 1; }), "");
  EXPECT_NE(with([](GasData& gas) { gas.price = UINT64_MAX; }), "");
  EXPECT_NE(with([&](GasData& gas) { gas.payment = {node->object(wal_coin)->ref()}; }), "");
  EXPECT_EQ(with([](GasData& gas) { gas.budget = kMuch - 1; }), "");
}

TEST_F(ChainRules, ABudgetThatIsTooSmallFailsAndIsCharged) {
  pay(1);
  TransactionData data = finish();
  data.gas.budget = kComputation + 988'000;  // for one coin of two
  const Bytes transaction = data.encode();
  const Record record = node->execute(transaction, {me.sign_transaction(transaction).value()}).value();
  EXPECT_EQ(outcome(record.effects), "InsufficientGas");
  EXPECT_EQ(sui_of(Address::of(9)), 0u);
  EXPECT_EQ(sui_of(me.address()), kMuch - record.effects.gas.computation - record.effects.gas.storage);
}

TEST_F(ChainRules, GasCoinsAreSmashed) {
  node->grant(me.address(), 500, 0).value();
  pay(7);
  TransactionData data = finish();
  data.gas.payment.clear();
  for (const Object& coin : node->owned_by(me.address(), coin_of(sui_coin_type()), {}, 10))
    data.gas.payment.push_back(coin.ref());
  ASSERT_EQ(data.gas.payment.size(), 2u);
  const Bytes transaction = data.encode();
  const Record record = node->execute(transaction, {me.sign_transaction(transaction).value()}).value();
  EXPECT_EQ(outcome(record.effects), "");
  EXPECT_FALSE(exists(data.gas.payment[1].id));
  EXPECT_EQ(node->balance(me.address(), sui_coin_type()).coins, 1u);
}

TEST_F(ChainRules, AFailureUndoesAllButGas) {
  const TestBlob other("another");
  keep(register_in(reserve(poem.encoded, 1), poem, true));
  builder.split(wal(), {kMuch * 2});
  const Object before = node->object(wal_coin).value();
  const Effects effects = run();
  EXPECT_EQ(outcome(effects), "InsufficientCoinBalance");
  EXPECT_EQ(effects.failure->command, 3u);
  EXPECT_TRUE(effects.events.empty());
  EXPECT_EQ(wal_left(), kMuch);
  EXPECT_GT(node->object(wal_coin)->version, before.version);  // inputs move on all the same
  EXPECT_GT(node->object(net.system)->version, 1u);
  EXPECT_TRUE(node->owned_by(me.address(), blob_type(), {}, 10).empty());
  EXPECT_EQ(sui_of(me.address()), kMuch + effects.gas.rebate - effects.gas.computation - effects.gas.storage);
}

TEST_F(ChainRules, ExpiredTransactionsAreRefused) {
  const auto until = [&](Expiration expiration) {
    pay(1);
    TransactionData data = finish();
    data.expiration = expiration;
    return refusal(data);
  };
  ValidDuring during;
  during.chain = net.chain;
  during.max_epoch = 0;
  EXPECT_EQ(until(EpochExpiration{0}), "");
  EXPECT_EQ(until(during), "");
  during.min_epoch = 1;
  EXPECT_NE(until(during), "");
  during.min_epoch = 0;
  during.chain.bytes[0] ^= 1;
  EXPECT_NE(until(during), "");
}

// ---- commands

TEST_F(ChainRules, WhatIsNotUsedMustBeGivenAway) {
  reserve(1000, 1);
  EXPECT_EQ(run_outcome(), "UnusedValueWithoutDrop");
}

TEST_F(ChainRules, AMovedValueIsGone) {
  const Argument storage = reserve(1000, 1);
  keep(storage);
  keep(storage);
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 9)");
}

TEST_F(ChainRules, ArgumentsHaveTypes) {
  walrus("system", "reserve_space", {system(true), builder.pure(uint32_t{1}), builder.pure(uint32_t{1}), wal()});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 1, problem 2)");
  walrus("system", "reserve_space", {wal(), builder.pure(uint64_t{1}), builder.pure(uint32_t{1}), wal()});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 1)");
  walrus("system", "reserve_space", {system(false), builder.pure(uint64_t{1}), builder.pure(uint32_t{1}), wal()});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 11)");
  walrus("system", "reserve_space", {system(true)});
  EXPECT_EQ(run_outcome(), "ArityMismatch");
  walrus("system", "reserve", {});
  EXPECT_EQ(run_outcome(), "FunctionNotFound");
  walrus("storage_resource", "destroy", {CommandResult{0}});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 5)");
  walrus("storage_resource", "destroy", {Input{99}});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 5)");
  walrus("metadata", "new", {});
  walrus("storage_resource", "destroy", {NestedResult{0, 1}});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 0, problem 6)");
}

TEST_F(ChainRules, OldPackagesAbort) {
  keep(builder.call(net.packages.walrus_original, "system", "reserve_space",
                    {system(true), builder.pure(uint64_t{1}), builder.pure(uint32_t{1}), wal()}));
  const Effects effects = run();
  EXPECT_EQ(outcome(effects), "system::inner_mut 1");
  EXPECT_EQ(effects.failure->package, net.packages.walrus_original);
}

TEST_F(ChainRules, CoinsAreMerged) {
  const auto granted = node->grant(me.address(), 0, 500).value();
  const ObjectId more = only_created(granted.effects, coin_of(net.packages.wal_type()));
  builder.merge(wal(), {owned(more)});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(wal_left(), kMuch + 500);
  EXPECT_FALSE(exists(more));
  builder.merge(wal(), {nested(builder.split(GasCoin{}, {1}), 0)});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 1, problem 1)");
}

TEST_F(ChainRules, ZeroCoinsAreDestroyed) {
  const auto destroy = [&](uint64_t amount) {
    const Argument coin = nested(builder.split(wal(), {amount}), 0);
    builder.call(kSuiFramework, "coin", "destroy_zero", {coin}, {net.packages.wal_type()});
    return run_outcome();
  };
  EXPECT_EQ(destroy(0), "");
  EXPECT_EQ(destroy(1), "balance::destroy_zero 0");
}

TEST_F(ChainRules, TheWholeGasCoinMayGo) {
  builder.transfer({GasCoin{}}, Address::of(9));
  const Effects effects = run();
  EXPECT_EQ(outcome(effects), "");
  EXPECT_EQ(sui_of(me.address()), 0u);
  EXPECT_EQ(sui_of(Address::of(9)), kMuch - effects.gas.computation - effects.gas.storage);
}

TEST_F(ChainRules, BalancesDoNotOverflow) {
  const auto granted = node->grant(me.address(), 0, UINT64_MAX).value();
  builder.merge(wal(), {owned(only_created(granted.effects, coin_of(net.packages.wal_type())))});
  EXPECT_EQ(run_outcome(), "CoinBalanceOverflow");
  EXPECT_EQ(node->balance(me.address(), net.packages.wal_type()).balance, UINT64_MAX);
}

TEST_F(ChainRules, ObjectsHaveASize) {
  const ObjectId blob = register_blob(poem, true);
  const auto set = [&](const std::string& key, size_t value_bytes) {
    walrus("blob", "insert_or_update_metadata_pair", {owned(blob), text(key), text(std::string(value_bytes, 'x'))});
    return run_outcome();
  };
  for (int i = 0; i < 15; ++i) ASSERT_EQ(set(std::to_string(i), 16'300), "") << i;
  const auto field_bytes = [&] { return node->object(attributes_id(blob))->contents.size(); };
  // A new entry has a key of one byte after its length, and two bytes of length before its value.
  const size_t room = kMaxObjectBytes - field_bytes() - 4;
  ASSERT_LT(room, 16'300u);
  EXPECT_EQ(set("x", room + 1), "MoveObjectTooBig");
  EXPECT_EQ(set("x", room), "");
  EXPECT_EQ(field_bytes(), kMaxObjectBytes);
}

TEST_F(ChainRules, TextIsUtf8) {
  const ObjectId blob = register_blob(poem, true);
  walrus("blob", "insert_or_update_metadata_pair", {owned(blob), text("k"), text("\xc3\xa9")});
  EXPECT_EQ(run_outcome(), "");
  walrus("blob", "insert_or_update_metadata_pair", {owned(blob), text("k"), text("\xc3")});
  EXPECT_EQ(run_outcome(), "CommandArgumentError(argument 2, problem 2)");
}

TEST_F(ChainRules, EpochsGoOnForSystemAndStakingTogether) {
  keep(reserve(1000, 2));
  ASSERT_EQ(run_outcome(), "");
  ASSERT_EQ(system_state().used_capacity_size, 1000u);
  EXPECT_EQ(advance_epoch(*node).value(), 2u);
  const auto staking = read<Field<uint64_t, StakingInner>>(inner_state_id(net.staking, 3)).value;
  EXPECT_EQ(staking.epoch, 2u);
  EXPECT_EQ(system_state().committee.epoch, 2u);
  EXPECT_EQ(system_state().used_capacity_size, 1000u);
  std::vector<std::string> told;
  const Record change = node->transactions_after(node->height() - 1, 1).at(0);
  for (const EmittedEvent& event : change.effects.events)
    if (event.type.name != "ShardsReceived") told.push_back(event.type.name);
  EXPECT_EQ(told, (std::vector<std::string>{"EpochParametersSelected", "EpochChangeStart", "PricesUpdated",
                                            "EpochChangeDone"}));
  EXPECT_EQ(advance_epoch(*node).value(), 3u);
  EXPECT_EQ(system_state().used_capacity_size, 0u);
  EXPECT_EQ(system_state().future_accounting.ring[system_state().future_accounting.current_index].epoch, 3u);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(advance_epoch(*node).ok());  // round the ring
  keep(reserve(1000, 53));
  EXPECT_EQ(run_outcome(), "");
}

// ---- a chain, and after a restart the same

TEST_F(ChainRules, SurvivesRestarts) {
  const ObjectId blob = certified_blob(poem, true);
  const Object before = node->object(blob).value();
  const uint64_t height = node->height();
  const SuiDigest digest = before.previous_transaction;
  restart();
  const Object after = node->object(blob).value();
  EXPECT_EQ(after.digest(), before.digest());
  EXPECT_EQ(node->height(), height);
  EXPECT_EQ(node->network().chain, net.chain);
  EXPECT_EQ(node->transaction(digest)->effects.transaction, digest);
  EXPECT_EQ(wal_left(), kMuch - 3 * 11'000 - 20'000);
  keep(walrus("system", "delete_blob", {system(false), owned(blob)}));
  EXPECT_EQ(run_outcome(), "");
}

TEST_F(ChainRules, SimulatingLeavesNoTrace) {
  pay(1'000);
  const TransactionData data = finish();
  const uint64_t height = node->height();
  const Execution tried = node->simulate(data).value();
  EXPECT_EQ(outcome(tried.effects), "");
  EXPECT_EQ(node->height(), height);
  EXPECT_EQ(sui_of(Address::of(9)), 0u);
  EXPECT_EQ(refusal(data), "");
  EXPECT_EQ(node->transaction(tried.effects.transaction)->effects.digest(), tried.effects.digest());
}

TEST_F(ChainRules, EventsAreReadInOrder) {
  const ObjectId first = certified_blob(poem, true);
  const auto records = node->transactions_after(1, 10);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].effects.events.at(0).type.name, "BlobRegistered");
  EXPECT_EQ(records[1].effects.events.at(0).type.name, "BlobCertified");
  EXPECT_EQ(records[0].checkpoint + 1, records[1].checkpoint);
  const auto told = bcs_decode<event::BlobCertified>(records[1].effects.events[0].contents, "an event").value();
  EXPECT_EQ(told.object_id, first);
}

TEST_F(ChainRules, IdsOfCreatedObjectsAreTheOfficialDerivation) {
  pay(5);
  const Effects effects = run();
  EXPECT_EQ(created_object_id(effects.transaction, 0), only_created(effects, coin_of(sui_coin_type())));
}

}  // namespace
}  // namespace walrusfs::localnet::sui
