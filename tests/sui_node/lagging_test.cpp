// A full node that lags: everything that it tells is of one earlier moment, and what it executes is executed now.
#include <map>
#include <set>

#include "base/rng.h"
#include "localnet/sui/history.h"
#include "localnet/sui/node_view.h"
#include "over_http.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr Millis kBehind{5'000};

class Lagging : public OverHttp {
 protected:
  void lag() {
    clock.advance(kBehind);  // what there was before is seen
    behind = kBehind;
  }
  void catch_up() { clock.advance(kBehind); }
  void pay(const Address& to, uint64_t amount) {
    builder.transfer({nested(builder.split(GasCoin{}, {amount}), 0)}, to);
  }
  uint64_t told_balance(const Address& owner) { return client->balance(owner, sui_coin_type(), soon()).value(); }
  size_t told_owned(const Address& owner, const TypeTag& type) {
    return client->owned(owner, type, "", soon())->objects.size();
  }
};

TEST_F(Lagging, WhatIsNewIsSeenLater) {
  lag();
  const SuiObject before = client->object(gas_coin, soon()).value();
  pay(Address::of(9), 1'000);
  const SuiEffects done = send();
  EXPECT_EQ(client->transaction(done.digest, soon()).error().code(), Code::kNotFound);
  EXPECT_EQ(client->object(gas_coin, soon())->ref, before.ref);
  EXPECT_EQ(client->object(done.created(coin_of(sui_coin_type())).at(0).id, soon()).error().code(), Code::kNotFound);
  EXPECT_EQ(told_balance(Address::of(9)), 0u);
  EXPECT_EQ(told_balance(me.address()), kMuch);
  EXPECT_EQ(client->service_info(soon())->checkpoint_height, 1u);
  catch_up();
  EXPECT_TRUE(client->transaction(done.digest, soon()).ok());
  EXPECT_NE(client->object(gas_coin, soon())->ref, before.ref);
  EXPECT_EQ(told_balance(Address::of(9)), 1'000u);
  EXPECT_EQ(client->service_info(soon())->checkpoint_height, 2u);
}

TEST_F(Lagging, WhatIsGoneIsStillThere) {
  const ObjectId id = register_blob(poem, true);
  lag();
  keep(walrus("system", "delete_blob", {system(false), owned(id)}));
  send();
  EXPECT_TRUE(client->object(id, soon()).ok());
  EXPECT_EQ(told_owned(me.address(), blob_type()), 1u);
  EXPECT_EQ(told_owned(me.address(), storage_type()), 0u);
  catch_up();
  EXPECT_EQ(client->object(id, soon()).error().code(), Code::kNotFound);
  EXPECT_EQ(told_owned(me.address(), blob_type()), 0u);
  EXPECT_EQ(told_owned(me.address(), storage_type()), 1u);
}

// References that such a node told are refused by who executes; later it tells better ones.
TEST_F(Lagging, ItsReferencesAreTooOldToExecute) {
  lag();
  rpc::SimulateTransactionRequest request;
  request.set_do_gas_selection(true);
  request.mutable_transaction()->set_sender(me.address().to_string());
  auto* programmable = request.mutable_transaction()->mutable_kind()->mutable_programmable_transaction();
  programmable->add_inputs()->set_pure(std::string(as_text(me.address().bytes)));
  auto* transfer = programmable->add_commands()->mutable_transfer_objects();
  transfer->add_objects()->set_kind(rpc::Argument::GAS);
  transfer->mutable_address()->set_kind(rpc::Argument::INPUT);
  transfer->mutable_address()->set_input(0);
  const auto try_out = [&] {
    const auto told =
        ask<rpc::SimulateTransactionResponse>("TransactionExecutionService/SimulateTransaction", request);
    EXPECT_TRUE(told.transaction().effects().status().success());
    return to_bytes(as_bytes(told.transaction().transaction().bcs().value()));
  };
  const auto execute = [&](const Bytes& transaction) {
    return client->execute(transaction, {me.sign_transaction(transaction).value()}, soon());
  };
  pay(Address::of(9), 1);
  send();
  const auto refused = execute(try_out());
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_NE(refused.error().message().find("not available for consumption"), std::string::npos);
  catch_up();
  EXPECT_TRUE(execute(try_out()).ok());
}

// As the spec has clients do it: after each transaction wait until the node has it, then read.
TEST_F(Lagging, AClientThatWaitsGetsThrough) {
  lag();
  const auto settle = [&](const SuiEffects& done) {
    int tries = 0;
    while (!client->transaction(done.digest, soon()).ok()) {
      ASSERT_LT(++tries, 60);
      clock.sleep_for(Millis(300));
    }
    EXPECT_GT(tries, 10);
  };
  keep(register_in(reserve(poem.encoded, 3), poem, true));
  const SuiEffects registered = send();
  settle(registered);
  const ObjectId id = registered.created(blob_type()).at(0).id;
  const auto told = [&] { return builder.object(client->object(id, soon())->ref); };
  const auto certificate = nodes.sign({.epoch = 1, .blob_id = poem.id, .persistence = Deletable{id}}, {0, 1, 2});
  walrus("system", "certify_blob",
         {system(true), told(), bytes(certificate[0]), bytes(certificate[1]), bytes(certificate[2])});
  settle(send());
  walrus("system", "extend_blob", {system(true), told(), builder.pure(uint32_t{2}), wal()});
  settle(send());
  EXPECT_EQ(bcs_decode<Blob>(client->object(id, soon())->contents, "a blob")->storage.end_epoch, 6u);
}

TEST_F(Lagging, ProgressIsToldInHeadersToo) {
  lag();
  pay(Address::of(9), 1);
  send();
  const HttpResponse answer = post("/sui.rpc.v2.LedgerService/GetServiceInfo", "application/grpc-web", grpc_frame({}));
  EXPECT_EQ(find_header(answer.headers, "x-sui-checkpoint-height"), "1");
  EXPECT_EQ(find_header(answer.headers, "x-sui-lowest-available-checkpoint"), "0");
  EXPECT_EQ(find_header(answer.headers, "x-sui-timestamp-ms"),
            std::to_string(node->now_ms() - static_cast<uint64_t>(kBehind.count())));
}

// After a restart nothing of the past is left: the node is not behind.
TEST_F(Lagging, APastThatIsForgottenIsNow) {
  pay(Address::of(9), 7);
  run();
  restart();
  EXPECT_EQ(NodeView(*node, kBehind).balance(Address::of(9), sui_coin_type()).balance, 7u);
}

// ---- against a model: all that there was at each checkpoint

using Holdings = std::map<ObjectId, uint64_t>;  // versions

class PastReads : public ChainTest, public testing::WithParamInterface<uint64_t> {
 protected:
  static constexpr uint64_t kAccounts = 4;
  Address account(uint64_t number) { return number == 0 ? me.address() : Address::of(number); }
  Holdings holdings(const Address& owner, std::optional<uint64_t> as_of, size_t page) {
    Holdings out;
    std::optional<ObjectId> after;
    for (;;) {
      const auto objects = node->owned_by(owner, coin_of(sui_coin_type()), after, page, as_of);
      for (const Object& object : objects) out[object.id] = object.version;
      if (objects.size() < page) return out;
      after = objects.back().id;
    }
  }
  // A payment, or all that I have in coins put into one.
  void step(Rng& rng) {
    const auto mine = node->owned_by(me.address(), coin_of(sui_coin_type()), {}, 100);
    std::vector<Argument> others;
    for (const Object& coin : mine)
      if (coin.id != gas_coin) others.push_back(builder.object(coin.ref()));
    if (!others.empty() && rng.below(2) == 0) {
      builder.merge(GasCoin{}, others);
    } else {
      builder.transfer({nested(builder.split(GasCoin{}, {1 + rng.below(9)}), 0)}, account(rng.below(kAccounts)));
    }
    ASSERT_EQ(run_outcome(), "");
  }
};

TEST_P(PastReads, AreWhatWasTrueThen) {
  SeededRng rng(GetParam());
  std::map<uint64_t, std::vector<Holdings>> past;  // by checkpoint
  for (int i = 0; i < 25; ++i) {
    auto& now = past[node->height()];
    for (uint64_t number = 0; number < kAccounts; ++number) now.push_back(holdings(account(number), {}, 100));
    step(rng);
  }
  for (const auto& [checkpoint, accounts] : past) {
    for (uint64_t number = 0; number < kAccounts; ++number) {
      EXPECT_EQ(holdings(account(number), checkpoint, 100), accounts[number]) << checkpoint;
      EXPECT_EQ(holdings(account(number), checkpoint, 2), accounts[number]) << checkpoint << " in pages";
      for (const auto& [id, version] : accounts[number]) EXPECT_EQ(node->object(id, checkpoint)->version, version);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PastReads, testing::Range<uint64_t>(1, 5));

// ---- limits

Object object_of(uint64_t number, size_t bytes) {
  return {Address::of(number), 1, AddressOwner{}, coin_of(sui_coin_type()), Bytes(bytes), {}, 0};
}

TEST(History, ReachesBackToTheMomentOrAsFarAsItCan) {
  History history;
  for (uint64_t i = 1; i <= 10; ++i) history.add(i, i * 100, {{Address::of(i), std::nullopt}});
  EXPECT_EQ(history.checkpoint_at(1'000, 10), 10u);
  EXPECT_EQ(history.checkpoint_at(999, 10), 9u);
  EXPECT_EQ(history.checkpoint_at(100, 10), 1u);
  EXPECT_EQ(history.checkpoint_at(0, 10), 0u);
  EXPECT_EQ(history.changed_since(8).size(), 2u);
  EXPECT_EQ(History().checkpoint_at(0, 7), 7u);
}

TEST(History, ForgetsWhatIsTooManySteps) {
  History history;
  for (uint64_t i = 1; i <= kMostHistorySteps; ++i) history.add(i, i, {});
  EXPECT_EQ(history.checkpoint_at(0, kMostHistorySteps), 0u);
  history.add(kMostHistorySteps + 1, kMostHistorySteps + 1, {});
  EXPECT_EQ(history.checkpoint_at(0, kMostHistorySteps + 1), 1u);
}

TEST(History, ForgetsWhatIsTooManyBytes) {
  History history;
  constexpr size_t kQuarter = kMostHistoryBytes / 4;
  for (uint64_t i = 1; i <= 3; ++i) history.add(i, i, {{Address::of(i), object_of(i, kQuarter)}});
  EXPECT_EQ(history.checkpoint_at(0, 3), 0u);
  history.add(4, 4, {{Address::of(4), object_of(4, kQuarter)}});  // with what is around the contents, past the limit
  EXPECT_EQ(history.checkpoint_at(0, 4), 1u);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
