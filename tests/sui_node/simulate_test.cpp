// SimulateTransaction: what clients ask before they sign. Structural transactions, gas that the node chooses, gas that
// nobody has.
#include "localnet/sui/simulator.h"
#include "over_http.h"

namespace walrusfs::localnet::sui {
namespace {

class Simulating : public OverHttp {
 protected:
  // A transfer of SUI out of the gas coin, as a client describes it that leaves gas to the node.
  rpc::SimulateTransactionRequest split_gas(const Address& sender, uint64_t amount) {
    rpc::SimulateTransactionRequest request;
    rpc::Transaction* transaction = request.mutable_transaction();
    transaction->set_sender(sender.to_string());
    auto* programmable = transaction->mutable_kind()->mutable_programmable_transaction();
    programmable->add_inputs()->set_pure(std::string(as_text(bcs_encode(amount))));
    programmable->add_inputs()->set_pure(std::string(as_text(Address::of(9).bytes)));
    auto* split = programmable->add_commands()->mutable_split_coins();
    split->mutable_coin()->set_kind(rpc::Argument::GAS);
    split->add_amounts()->set_kind(rpc::Argument::INPUT);
    auto* transfer = programmable->add_commands()->mutable_transfer_objects();
    transfer->add_objects()->set_kind(rpc::Argument::RESULT);
    transfer->mutable_address()->set_kind(rpc::Argument::INPUT);
    transfer->mutable_address()->set_input(1);
    return request;
  }
  // The same, complete.
  TransactionData split_gas_data(const Address& sender, const GasData& gas) {
    builder.transfer({nested(builder.split(GasCoin{}, {1'000}), 0)}, Address::of(9));
    TransactionData data = builder.finish(sender, gas, NoExpiration{});
    builder = {};
    return data;
  }
  rpc::SimulateTransactionResponse simulate(const rpc::SimulateTransactionRequest& request) {
    return ask<rpc::SimulateTransactionResponse>("TransactionExecutionService/SimulateTransaction", request);
  }
  std::string refusal(const rpc::SimulateTransactionRequest& request) {
    const GrpcReply reply =
        call("TransactionExecutionService/SimulateTransaction", as_bytes(request.SerializeAsString()));
    EXPECT_EQ(reply.status.code, GrpcCode::kInvalidArgument);
    return reply.status.message;
  }
  // An account with so much.
  Address rich(uint64_t mist) {
    const Address who = wallet(40).address();
    EXPECT_TRUE(node->grant(who, mist, 0).ok());
    return who;
  }
};

constexpr uint64_t kSui = 1'000'000'000;

// As the official Rust client estimates: no payment, a budget of 50 SUI.
TEST_F(Simulating, AnEstimateNeedsNoGasCoins) {
  const GasData gas{{}, rich(20 * kSui), net.gas_price, 50 * kSui};
  const TransactionData data = split_gas_data(gas.owner, gas);
  const SuiEffects told = client->simulate(data.encode(), soon()).value();
  EXPECT_FALSE(told.failure.has_value());
  EXPECT_GT(told.gas_mist, 1'000'000u);
  EXPECT_LT(told.gas_mist, 10'000'000u);
  EXPECT_EQ(told.digest, transaction_digest(data.encode()));
  // Somebody without a single coin, too.
  const GasData none{{}, Address::of(77), net.gas_price, 50 * kSui};
  EXPECT_FALSE(client->simulate(split_gas_data(none.owner, none).encode(), soon())->failure.has_value());
  // Nothing of it is on the chain.
  EXPECT_FALSE(exists(kMadeUpCoinId));
  EXPECT_FALSE(client->balance(Address::of(9), sui_coin_type(), soon()).value());
}

// The made-up coin is not told as a payment, but is what the effects charge.
TEST_F(Simulating, TheMadeUpCoinShowsInTheEffectsOnly) {
  const auto request = split_gas(Address::of(77), 1'000);
  const auto response = simulate(request);
  EXPECT_TRUE(response.transaction().effects().status().success());
  EXPECT_EQ(response.transaction().transaction().gas_payment().objects_size(), 0);
  EXPECT_EQ(response.transaction().transaction().gas_payment().budget(), kMaxGasBudget);
  EXPECT_EQ(response.transaction().effects().gas_object().object_id(), kMadeUpCoinId.to_string());
}

TEST_F(Simulating, MadeUpGasExecutesNothing) {
  const GasData gas{{}, me.address(), net.gas_price, 50 * kSui};
  const Bytes unpaid = split_gas_data(me.address(), gas).encode();
  const auto refused = client->execute(unpaid, {me.sign_transaction(unpaid).value()}, soon());
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  const Object forged{kMadeUpCoinId, 1, AddressOwner{me.address()}, coin_of(sui_coin_type()),
                      bcs_encode(Coin{kMadeUpCoinId, kMadeUpMist}), {}, 0};
  const GasData named{{forged.ref()}, me.address(), net.gas_price, kSui};
  const Bytes paid = split_gas_data(me.address(), named).encode();
  EXPECT_EQ(client->execute(paid, {me.sign_transaction(paid).value()}, soon()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(client->simulate(paid, soon()).error().code(), Code::kInvalidArgument);
}

TEST_F(Simulating, LimitsOfGasHoldWithoutPaymentToo) {
  const auto refused = [&](uint64_t price, uint64_t budget) {
    const GasData gas{{}, me.address(), price, budget};
    return !client->simulate(split_gas_data(me.address(), gas).encode(), soon()).ok();
  };
  EXPECT_FALSE(refused(net.gas_price, kMaxGasBudget));
  EXPECT_TRUE(refused(net.gas_price, kMaxGasBudget + 1));
  EXPECT_FALSE(refused(net.gas_price, net.gas_price * kComputationUnits));
  EXPECT_TRUE(refused(net.gas_price, net.gas_price * kComputationUnits - 1));
  EXPECT_TRUE(refused(net.gas_price - 1, kSui));
}

// Only who asks for gas to be chosen has to have any.
TEST_F(Simulating, ChosenGasCoversTheBudget) {
  const Address who = rich(20 * kSui);
  auto request = split_gas(who, 1'000);
  request.set_do_gas_selection(true);
  const auto chosen = simulate(request).transaction().transaction().gas_payment();
  EXPECT_EQ(chosen.objects_size(), 1);
  EXPECT_LT(chosen.budget(), 10'000'000u);
  request.mutable_transaction()->mutable_gas_payment()->set_owner(who.to_string());
  request.mutable_transaction()->mutable_gas_payment()->set_budget(20 * kSui);
  EXPECT_EQ(simulate(request).transaction().transaction().gas_payment().budget(), 20 * kSui);
  request.mutable_transaction()->mutable_gas_payment()->set_budget(20 * kSui + 1);
  EXPECT_NE(refusal(request).find("does not cover the gas budget"), std::string::npos);
  request = split_gas(Address::of(77), 1'000);
  request.set_do_gas_selection(true);
  EXPECT_NE(refusal(request).find("does not cover the gas budget"), std::string::npos);
}

// A budget that was left out is what the named coins hold.
TEST_F(Simulating, ABudgetLeftOutIsWhatThePaymentHolds) {
  auto request = split_gas(me.address(), 0);
  const ObjectRef coin = node->object(gas_coin)->ref();
  rpc::GasPayment* gas = request.mutable_transaction()->mutable_gas_payment();
  gas->set_owner(me.address().to_string());
  rpc::ObjectReference* ref = gas->add_objects();
  ref->set_object_id(coin.id.to_string());
  ref->set_version(coin.version);
  ref->set_digest(coin.digest.to_string());
  EXPECT_EQ(simulate(request).transaction().transaction().gas_payment().budget(), kMuch);
}

// With checks off it is tried out with what belongs to others, and never with coins chosen for it.
TEST_F(Simulating, ChecksOffAsksForNoOwners) {
  const ObjectId blob = register_blob(poem, true);
  const GasData gas{{}, Address::of(77), net.gas_price, kSui};
  keep(walrus("system", "delete_blob", {system(false), owned(blob)}));
  const TransactionData data = builder.finish(Address::of(77), gas, NoExpiration{});
  rpc::SimulateTransactionRequest request;
  request.mutable_transaction()->mutable_bcs()->set_value(std::string(as_text(data.encode())));
  EXPECT_NE(refusal(request).find("is owned by"), std::string::npos);
  request.set_checks(rpc::SimulateTransactionRequest::DISABLED);
  request.set_do_gas_selection(true);
  const auto response = simulate(request);
  EXPECT_TRUE(response.transaction().effects().status().success());
  EXPECT_EQ(response.transaction().transaction().gas_payment().objects_size(), 0);
  EXPECT_TRUE(exists(blob));
}

// What each command returned, and what it changed that was lent to it.
TEST_F(Simulating, OutputsOfCommandsAreTold) {
  const ObjectId blob = register_blob(poem, true);
  const auto parts = builder.split(GasCoin{}, {5, 6});
  builder.merge(nested(parts, 0), {nested(parts, 1)});
  walrus("blob", "insert_or_update_metadata_pair", {owned(blob), text("name"), text("poem.txt")});
  builder.transfer({nested(parts, 0)}, me.address());
  rpc::SimulateTransactionRequest request;
  request.mutable_transaction()->mutable_bcs()->set_value(std::string(as_text(finish().encode())));
  request.mutable_read_mask()->add_paths("command_outputs");
  const auto response = simulate(request);
  EXPECT_FALSE(response.has_transaction());
  const auto& outputs = response.command_outputs();
  ASSERT_EQ(outputs.size(), 4);
  const auto coin_in = [](const rpc::CommandOutput& output) {
    return bcs_decode<Coin>(as_bytes(output.value().value()), "a coin").value().balance;
  };
  // SplitCoins
  ASSERT_EQ(outputs[0].return_values_size(), 2);
  EXPECT_EQ(coin_in(outputs[0].return_values(0)), 5u);
  EXPECT_EQ(coin_in(outputs[0].return_values(1)), 6u);
  EXPECT_EQ(outputs[0].return_values(0).value().name(), coin_of(sui_coin_type()).to_string());
  ASSERT_EQ(outputs[0].mutated_by_ref_size(), 1);
  EXPECT_EQ(outputs[0].mutated_by_ref(0).argument().kind(), rpc::Argument::GAS);
  // MergeCoins
  EXPECT_EQ(outputs[1].return_values_size(), 0);
  ASSERT_EQ(outputs[1].mutated_by_ref_size(), 1);
  EXPECT_EQ(outputs[1].mutated_by_ref(0).argument().kind(), rpc::Argument::RESULT);
  EXPECT_EQ(coin_in(outputs[1].mutated_by_ref(0)), 11u);
  // A call with one &mut, and TransferObjects
  ASSERT_EQ(outputs[2].mutated_by_ref_size(), 1);
  EXPECT_EQ(outputs[2].mutated_by_ref(0).value().name(), blob_type().to_string());
  EXPECT_EQ(outputs[3].return_values_size() + outputs[3].mutated_by_ref_size(), 0);
  // Of what fails there are none.
  keep(reserve(0, 1));
  request.mutable_transaction()->mutable_bcs()->set_value(std::string(as_text(finish().encode())));
  EXPECT_EQ(simulate(request).command_outputs_size(), 0);
}

// As the official client has transactions completed: only ids of objects, and no gas.
TEST_F(Simulating, StructuralTransactionsAreResolved) {
  keep(register_in(reserve(poem.encoded, 3), poem, true));
  const ObjectId id = only_created(run(), blob_type());
  rpc::SimulateTransactionRequest request;
  request.set_do_gas_selection(true);
  auto* programmable = request.mutable_transaction()->mutable_kind()->mutable_programmable_transaction();
  programmable->add_inputs()->set_object_id(net.system.to_string());
  programmable->add_inputs()->set_object_id(id.to_string());
  programmable->add_inputs()->set_pure(std::string(as_text(me.address().bytes)));
  auto* remove = programmable->add_commands()->mutable_move_call();
  remove->set_package(net.packages.walrus_current.to_string());
  remove->set_module("system");
  remove->set_function("delete_blob");
  for (const uint32_t input : {0u, 1u}) {
    auto* argument = remove->add_arguments();
    argument->set_kind(rpc::Argument::INPUT);
    argument->set_input(input);
  }
  auto* transfer = programmable->add_commands()->mutable_transfer_objects();
  transfer->add_objects()->set_kind(rpc::Argument::RESULT);
  transfer->mutable_address()->set_kind(rpc::Argument::INPUT);
  transfer->mutable_address()->set_input(2);
  request.mutable_transaction()->set_sender(me.address().to_string());

  const auto response =
      ask<rpc::SimulateTransactionResponse>("TransactionExecutionService/SimulateTransaction", request);
  EXPECT_TRUE(response.transaction().effects().status().success());
  const rpc::Transaction& resolved = response.transaction().transaction();
  const auto& inputs = resolved.kind().programmable_transaction().inputs();
  EXPECT_EQ(inputs[0].kind(), rpc::Input::SHARED);
  EXPECT_FALSE(inputs[0].mutable_());  // delete_blob only reads System
  EXPECT_EQ(inputs[1].kind(), rpc::Input::IMMUTABLE_OR_OWNED);
  EXPECT_EQ(inputs[1].version(), node->object(id)->version);
  EXPECT_EQ(resolved.gas_payment().objects(0).object_id(), gas_coin.to_string());
  EXPECT_GT(resolved.gas_payment().budget(), 1'000'000u);
  EXPECT_LT(resolved.gas_payment().budget(), 10'000'000u);

  // What was resolved executes.
  const Bytes transaction = to_bytes(as_bytes(resolved.bcs().value()));
  const auto effects = client->execute(transaction, {me.sign_transaction(transaction).value()}, soon()).value();
  EXPECT_FALSE(effects.failure.has_value());
  EXPECT_FALSE(exists(id));
}

}  // namespace
}  // namespace walrusfs::localnet::sui
