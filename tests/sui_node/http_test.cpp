// The full node over HTTP: our own client drives the whole life of a blob; hostile requests get the right status.
#include <nlohmann/json.hpp>
#include <set>

#include "base/crypto.h"
#include "over_http.h"

namespace walrusfs::localnet::sui {
namespace {

TEST_F(OverHttp, TheLifeOfABlob) {
  // Money from the faucet.
  const Keypair ann = wallet(8, KeyScheme::kSecp256k1);
  const nlohmann::json wish = {{"recipient", ann.address().to_string()}, {"sui", kMuch}, {"wal", kMuch}};
  const HttpResponse granted = post("/v1/faucet", "application/json", as_bytes(wish.dump()));
  ASSERT_EQ(granted.status, 200);
  const auto coins = nlohmann::json::parse(granted.body).at("coins");
  ASSERT_EQ(coins.size(), 2u);
  gas_coin = Address::parse(coins[0].at("id").get<std::string>()).value();
  wal_coin = Address::parse(coins[1].at("id").get<std::string>()).value();
  me = wallet(8, KeyScheme::kSecp256k1);
  EXPECT_EQ(client->balance(ann.address(), net.packages.wal_type(), soon()).value(), kMuch);

  // Reserved and registered.
  keep(register_in(reserve(poem.encoded, 3), poem, true));
  const auto created = send().created(blob_type());
  ASSERT_EQ(created.size(), 1u);
  const ObjectId id = created[0].id;
  const SuiObject object = client->object(id, soon()).value();
  EXPECT_EQ(object.ref, created[0]);
  EXPECT_EQ(object.type, blob_type());
  EXPECT_EQ(object.owner.address, ann.address());
  const auto blob = bcs_decode<Blob>(object.contents, "a blob").value();
  EXPECT_EQ(blob.blob_id, poem.id);

  // Certified with a true aggregate signature of a quorum, extended, given attributes.
  Confirmation confirmation;
  confirmation.epoch = 1;
  confirmation.blob_id = poem.id;
  confirmation.persistence = Deletable{id};
  const auto certificate = nodes.sign(confirmation, {0, 1, 2});
  walrus("system", "certify_blob",
         {system(true), owned(id), bytes(certificate[0]), bytes(certificate[1]), bytes(certificate[2])});
  walrus("system", "extend_blob", {system(true), owned(id), builder.pure(uint32_t{2}), wal()});
  walrus("blob", "insert_or_update_metadata_pair", {owned(id), text("name"), text("poem.txt")});
  const SuiEffects done = send();
  const auto certified = bcs_decode<Blob>(client->object(id, soon())->contents, "a blob").value();
  EXPECT_EQ(certified.certified_epoch, 1u);
  EXPECT_EQ(certified.storage.end_epoch, 6u);
  const auto seen = client->objects({id, attributes_id(id), Address::of(99)}, soon()).value();
  ASSERT_TRUE(seen[0] && seen[1]);
  EXPECT_FALSE(seen[2].has_value());
  EXPECT_EQ((bcs_decode<Field<Bytes, Metadata>>(seen[1]->contents, "attributes")->value.entries),
            (MetadataMap{{"name", "poem.txt"}}));

  // Found again by digest, now with its checkpoint.
  EXPECT_FALSE(done.checkpoint.has_value());
  const SuiEffects again = client->transaction(done.digest, soon()).value();
  EXPECT_TRUE(again.checkpoint.has_value());
  EXPECT_EQ(again.changes.size(), done.changes.size());

  // Deleted; the storage comes back.
  keep(walrus("system", "delete_blob", {system(false), owned(id)}));
  send();
  EXPECT_EQ(client->object(id, soon()).error().code(), Code::kNotFound);
  EXPECT_EQ(client->owned(ann.address(), storage_type(), "", soon())->objects.size(), 1u);
}

TEST_F(OverHttp, TheNodeTellsAboutItself) {
  const SuiServiceInfo info = client->service_info(soon()).value();
  EXPECT_EQ(info.chain, net.chain);
  EXPECT_EQ(info.checkpoint_height, 1u);
  EXPECT_EQ(client->reference_gas_price(soon()).value(), net.gas_price);
  const HttpResponse answer = post("/sui.rpc.v2.LedgerService/GetServiceInfo", "application/grpc-web", grpc_frame({}));
  EXPECT_EQ(find_header(answer.headers, "x-sui-chain-id"), net.chain.to_string());
  EXPECT_EQ(find_header(answer.headers, "x-sui-checkpoint-height"), "1");
}

TEST_F(OverHttp, FailuresAreToldWithTheirAbort) {
  keep(reserve(0, 1));
  const Bytes transaction = finish().encode();
  const auto simulated = client->simulate(transaction, soon()).value();
  const auto executed = client->execute(transaction, {me.sign_transaction(transaction).value()}, soon()).value();
  for (const SuiEffects& effects : {simulated, executed}) {
    ASSERT_TRUE(effects.failure && effects.failure->abort);
    EXPECT_EQ(effects.failure->kind, 13);
    EXPECT_EQ(effects.failure->command, 0u);
    EXPECT_EQ(effects.failure->abort->module, "system_state_inner");
    EXPECT_EQ(effects.failure->abort->code, 11u);
  }
  const auto again = client->execute(transaction, {me.sign_transaction(transaction).value()}, soon());
  EXPECT_EQ(again->digest, executed.digest);
}

TEST_F(OverHttp, RefusalsAreInvalidArguments) {
  keep(reserve(1, 1));
  Bytes transaction = finish().encode();
  const Bytes signature = me.sign_transaction(transaction).value();
  EXPECT_EQ(client->execute(transaction, {}, soon()).error().code(), Code::kInvalidArgument);
  transaction.push_back(0);
  EXPECT_EQ(client->execute(transaction, {signature}, soon()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(client->execute({}, {signature}, soon()).error().code(), Code::kInvalidArgument);
}

TEST_F(OverHttp, PagesEndAndGoOn) {
  for (int i = 0; i < 4; ++i) node->grant(me.address(), 0, 5).value();
  rpc::ListOwnedObjectsRequest request;
  request.set_owner(me.address().to_string());
  request.set_object_type(coin_of(net.packages.wal_type()).to_string());
  request.set_page_size(2);
  std::set<std::string> seen;
  std::vector<int> sizes;
  for (;;) {
    const auto page = ask<rpc::ListOwnedObjectsResponse>("StateService/ListOwnedObjects", request);
    sizes.push_back(page.objects_size());
    for (const auto& object : page.objects()) seen.insert(object.object_id());
    if (!page.has_next_page_token()) break;
    request.set_page_token(page.next_page_token());
  }
  EXPECT_EQ(sizes, (std::vector<int>{2, 2, 1}));
  EXPECT_EQ(seen.size(), 5u);
  request.set_owner(Address::of(3).to_string());  // a token of another list
  EXPECT_EQ(call("StateService/ListOwnedObjects", as_bytes(request.SerializeAsString())).status.code,
            GrpcCode::kInvalidArgument);
}

TEST_F(OverHttp, TypesFilterWithAndWithoutArguments) {
  rpc::ListOwnedObjectsRequest request;
  request.set_owner(me.address().to_string());
  request.set_object_type("0x2::coin::Coin");
  EXPECT_EQ(ask<rpc::ListOwnedObjectsResponse>("StateService/ListOwnedObjects", request).objects_size(), 2);
  request.set_object_type("0x2::coin::Coin<0x2::sui::SUI>");
  EXPECT_EQ(ask<rpc::ListOwnedObjectsResponse>("StateService/ListOwnedObjects", request).objects_size(), 1);
  request.set_object_type("0x2::coin::Coinage");
  EXPECT_EQ(ask<rpc::ListOwnedObjectsResponse>("StateService/ListOwnedObjects", request).objects_size(), 0);
}

TEST_F(OverHttp, DynamicFieldsAreListed) {
  keep(walrus("system", "create_storage_pool",
              {system(true), builder.pure(uint64_t{1 << 20}), builder.pure(uint32_t{3}), wal()}));
  const ObjectId pool = only_created(run(), net.packages.newer_type("storage_pool", "StoragePool"));
  walrus("system", "register_pooled_blob",
         {system(true), owned(pool), builder.pure(poem.id), builder.pure(poem.root), builder.pure(poem.size),
          builder.pure(uint8_t{1}), builder.pure(true), wal()});
  ASSERT_EQ(run_outcome(), "");
  const auto inner = read<Field<uint64_t, StoragePoolInner>>(inner_state_id(pool, 1)).value;
  rpc::ListDynamicFieldsRequest request;
  request.set_parent(inner.blobs.id.to_string());
  for (const char* path : {"kind", "field_id", "name", "value_type", "child_id", "child_object.contents"})
    request.mutable_read_mask()->add_paths(path);
  const auto fields = ask<rpc::ListDynamicFieldsResponse>("StateService/ListDynamicFields", request);
  ASSERT_EQ(fields.dynamic_fields_size(), 1);
  const rpc::DynamicField& field = fields.dynamic_fields(0);
  EXPECT_EQ(field.kind(), rpc::DynamicField::OBJECT);
  EXPECT_EQ(field.field_id(), pooled_blob_entry_id(inner.blobs.id, poem.id).to_string());
  EXPECT_EQ(field.name().value(), as_text(poem.id.bytes));
  EXPECT_TRUE(field.value_type().ends_with("::storage_pool::PooledBlob"));
  const auto blob = bcs_decode<PooledBlob>(as_bytes(field.child_object().contents().value()), "a blob").value();
  EXPECT_EQ(blob.blob_id, poem.id);
  EXPECT_EQ(blob.id.to_string(), field.child_id());
}

TEST_F(OverHttp, MasksAreObeyedAndChecked) {
  rpc::GetObjectRequest request;
  request.set_object_id(net.system.to_string());
  const auto plain = ask<rpc::GetObjectResponse>("LedgerService/GetObject", request).object();
  EXPECT_TRUE(plain.has_digest() && plain.has_version() && plain.has_object_id());
  EXPECT_FALSE(plain.has_contents() || plain.has_owner());
  request.mutable_read_mask()->add_paths("owner.version");
  const auto owner = ask<rpc::GetObjectResponse>("LedgerService/GetObject", request).object();
  EXPECT_EQ(owner.owner().version(), 1u);
  EXPECT_FALSE(owner.has_digest());
  request.mutable_read_mask()->add_paths("nonsense");
  const GrpcReply refused = call("LedgerService/GetObject", as_bytes(request.SerializeAsString()));
  EXPECT_EQ(refused.status.code, GrpcCode::kInvalidArgument);
  EXPECT_NE(refused.status.message.find("nonsense"), std::string::npos);
}

// What a mask may name is filled; what is not there is documented (docs/sui.md).
TEST_F(OverHttp, ObjectsComeInTheChainsOwnForm) {
  rpc::GetObjectRequest request;
  request.set_object_id(gas_coin.to_string());
  request.mutable_read_mask()->add_paths("bcs");
  request.mutable_read_mask()->add_paths("digest");
  const auto coin = ask<rpc::GetObjectResponse>("LedgerService/GetObject", request).object();
  EXPECT_EQ(coin.bcs().name(), "Object");
  EXPECT_EQ(object_digest(as_bytes(coin.bcs().value())).to_string(), coin.digest());
  EXPECT_EQ(coin.digest(), node->object(gas_coin)->digest().to_string());
  for (const ObjectId& id : {net.packages.walrus_current, net.packages.walrus_original, kSuiFramework}) {
    request.set_object_id(id.to_string());
    const auto package = ask<rpc::GetObjectResponse>("LedgerService/GetObject", request).object();
    EXPECT_EQ(object_digest(as_bytes(package.bcs().value())).to_string(), package.digest());
    // Data::Package, its id, its version
    EXPECT_EQ(to_hex(as_bytes(package.bcs().value()).first(33)), "01" + to_hex(id.bytes));
  }
}

// Vec<Event>, in which the type is a StructTag: no case of TypeTag goes before it.
TEST_F(OverHttp, EventsComeInTheChainsOwnForm) {
  keep(register_in(reserve(poem.encoded, 3), poem, true));
  const SuiEffects done = send();
  rpc::GetTransactionRequest request;
  request.set_digest(done.digest.to_string());
  request.mutable_read_mask()->add_paths("events");
  const auto events = ask<rpc::GetTransactionResponse>("LedgerService/GetTransaction", request).transaction().events();
  ASSERT_EQ(events.events_size(), 1);
  const EmittedEvent emitted = node->transaction(done.digest)->effects.events.at(0);
  Bytes wanted = {1};
  append(wanted, emitted.package.bytes);
  append(wanted, bcs_encode(emitted.module));
  append(wanted, emitted.sender.bytes);
  append(wanted, ByteView(bcs_encode(emitted.type)).subspan(1));
  append(wanted, bcs_encode(emitted.contents));
  EXPECT_EQ(events.bcs().value(), as_text(wanted));
  Bytes preimage = to_bytes(as_bytes("TransactionEvents::"));
  append(preimage, wanted);
  EXPECT_EQ(events.digest(), (SuiDigest{blake2b256(preimage)}.to_string()));
}

TEST_F(OverHttp, TheEpochOfSuiBeganWithTheChain) {
  rpc::GetEpochRequest request;
  request.mutable_read_mask()->add_paths("*");
  const auto epoch = ask<rpc::GetEpochResponse>("LedgerService/GetEpoch", request).epoch();
  EXPECT_EQ(static_cast<uint64_t>(epoch.start().seconds()) * 1000, nodes.genesis.time_ms / 1000 * 1000);
  EXPECT_FALSE(epoch.has_end() || epoch.has_last_checkpoint());  // it goes on
}

// By these fields clients tell whether a network keeps balances without coins; this one does not.
TEST_F(OverHttp, AddressesHaveNoBalancesOfTheirOwn) {
  rpc::GetBalanceRequest request;
  request.set_owner(me.address().to_string());
  request.set_coin_type(sui_coin_type().to_string());
  const auto balance = ask<rpc::GetBalanceResponse>("StateService/GetBalance", request).balance();
  EXPECT_EQ(balance.balance(), kMuch);
  EXPECT_EQ(balance.coin_balance(), kMuch);
  EXPECT_FALSE(balance.has_address_balance());
}

TEST_F(OverHttp, TheTypeOfWalIsDiscoveredBothWays) {
  rpc::GetFunctionRequest function;
  function.set_package_id(net.packages.walrus_original.to_string());
  function.set_module_name("staking");
  function.set_name("stake_with_pool");
  const auto told = ask<rpc::GetFunctionResponse>("MovePackageService/GetFunction", function).function();
  EXPECT_EQ(told.parameters(1).body().type_parameter_instantiation(0).type_name(), net.packages.wal_type().to_string());
  rpc::GetDatatypeRequest datatype;
  datatype.set_package_id(net.packages.walrus_current.to_string());
  datatype.set_module_name("staked_wal");
  datatype.set_name("StakedWal");
  const auto type = ask<rpc::GetDatatypeResponse>("MovePackageService/GetDatatype", datatype).datatype();
  EXPECT_EQ(type.fields(0).type().type_parameter_instantiation(0).type_name(), net.packages.wal_type().to_string());
  function.set_name("unstake");
  EXPECT_EQ(call("MovePackageService/GetFunction", as_bytes(function.SerializeAsString())).status.code,
            GrpcCode::kNotFound);
}

TEST_F(OverHttp, TextIsUnderstoodAndAnsweredAsText) {
  rpc::GetObjectRequest request;
  request.set_object_id(net.system.to_string());
  const GrpcReply reply = call("LedgerService/GetObject", as_bytes(request.SerializeAsString()), GrpcWire::kWebText);
  EXPECT_TRUE(reply.status.ok());
  rpc::GetObjectResponse response;
  ASSERT_TRUE(response.ParseFromArray(reply.message.data(), static_cast<int>(reply.message.size())));
  EXPECT_EQ(response.object().object_id(), net.system.to_string());
}

TEST_F(OverHttp, BadRequestsGetTheRightAnswer) {
  const std::string path = "/sui.rpc.v2.LedgerService/GetObject";
  const auto status_of = [&](const HttpResponse& answer, GrpcWire wire = GrpcWire::kWeb) {
    return parse_grpc_reply(
               wire, answer.status, [](std::string_view) { return std::string_view(); }, answer.body)
        .value()
        .status.code;
  };
  const Bytes empty = grpc_frame({});
  EXPECT_EQ(post(path, "application/json", empty).status, 415);
  EXPECT_EQ(post(path, "application/grpc", empty).status, 415);
  EXPECT_EQ(status_of(post("/sui.rpc.v2.LedgerService/Nothing", "application/grpc-web", empty)),
            GrpcCode::kUnimplemented);
  EXPECT_EQ(status_of(post("/", "application/grpc-web", empty)), GrpcCode::kUnimplemented);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", {})), GrpcCode::kInvalidArgument);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", Bytes{0, 0, 0, 0, 9, 1})), GrpcCode::kInvalidArgument);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", Bytes{1, 0, 0, 0, 0})), GrpcCode::kInvalidArgument);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", grpc_frame(Bytes(100, 0xff)))), GrpcCode::kInvalidArgument);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", grpc_frame(Bytes(kMaxRpcMessageBytes + 1)))),
            GrpcCode::kInvalidArgument);
  EXPECT_EQ(status_of(post(path, "application/grpc-web", Bytes(2 << 20))), GrpcCode::kResourceExhausted);
  EXPECT_EQ(status_of(post(path, "application/grpc-web-text", as_bytes("****")), GrpcWire::kWebText),
            GrpcCode::kInvalidArgument);
  rpc::GetObjectRequest request;
  for (const std::string& id : {std::string("0xzz"), std::string(), std::string(100'000, 'f')}) {
    request.set_object_id(id);
    EXPECT_EQ(call("LedgerService/GetObject", as_bytes(request.SerializeAsString())).status.code,
              GrpcCode::kInvalidArgument);
  }
  rpc::GetTransactionRequest transaction;
  transaction.set_digest(net.chain.to_string());
  EXPECT_EQ(call("LedgerService/GetTransaction", as_bytes(transaction.SerializeAsString())).status.code,
            GrpcCode::kNotFound);
}

TEST_F(OverHttp, TheFaucetWantsSense) {
  const auto status = [&](const std::string& body) {
    return post("/v1/faucet", "application/json", as_bytes(body)).status;
  };
  EXPECT_EQ(status(R"({"recipient": "0x7"})"), 200);
  EXPECT_EQ(node->balance(Address::of(7), sui_coin_type()).balance, kFaucetMist);
  EXPECT_EQ(status(R"({"recipient": "0x7", "sui": 10000000000000000, "wal": 0})"), 200);
  EXPECT_EQ(status(R"({"recipient": "0x7", "sui": 10000000000000001})"), 400);
  EXPECT_EQ(status(R"({"recipient": "0x7", "sui": -1})"), 400);
  EXPECT_EQ(status(R"({"recipient": 7})"), 400);
  EXPECT_EQ(status("{}"), 400);
  EXPECT_EQ(status("["), 400);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status(std::string(5000, ' ')), 400);
}

}  // namespace
}  // namespace walrusfs::localnet::sui
