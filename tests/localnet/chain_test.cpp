// The network's chain: what it tells clients, what it keeps, and how older folders get one.
#include "localnet/http_server.h"
#include "localnet/sui/full_node.h"
#include "network_fixture.h"

namespace walrusfs::localnet {
namespace {

namespace fs = std::filesystem;

class ChainTest : public NetworkTest {
 protected:
  sui::StakingPool pool_of(size_t i) {
    const auto id = sui::ObjectId::parse(network_->state().nodes.at(i).id).value();
    return bcs_decode<sui::StakingPool>(network_->full_node().object(id).value().contents, "a pool").value();
  }
  void expect_addresses_to_be_right() {
    for (size_t i = 0; i < config_.nodes; ++i)
      EXPECT_EQ("http://" + pool_of(i).node_info.network_address, node(i));
  }
  Code code_of_start() {
    auto started = Localnet::start(config_, real_world());
    return started.ok() ? Code::kInternal : started.error().code();
  }
};

TEST_F(ChainTest, ClientsAreToldWhereItIs) {
  start(10, 4);
  const Json told = Json::parse(fetch_status_json(system_files(), config_.folder).value()).at("sui");
  const std::string rpc = told.at("rpc").at("url");
  EXPECT_EQ(rpc, network_->state().chain.rpc_url);
  EXPECT_EQ(send(rpc, "GET", "/health").status, 200);
  const auto network = network_->full_node().network();
  EXPECT_EQ(told.at("packageConfig").at("systemObjectId"), network.system.to_string());
  EXPECT_EQ(told.at("packageConfig").at("stakingPoolId"), network.staking.to_string());
  EXPECT_EQ(told.at("packageConfig").at("exchangeIds"), Json::array({network.exchange.to_string()}));
  EXPECT_EQ(told.at("walType"), network.packages.wal_type().to_string());
  EXPECT_EQ(told.at("nodeUrlScheme"), "http");
  EXPECT_EQ(told.at("wallet"), network_->ledger().wallet_address());
}

TEST_F(ChainTest, NodesAreOnItWithAddressesAndKeys) {
  start(10, 4);
  expect_addresses_to_be_right();
  for (size_t i = 0; i < 4; ++i) {
    const sui::NodeInfo info = pool_of(i).node_info;
    const auto keys = load_node_keys(system_files(), node_folder(config_.folder, i)).value();
    EXPECT_EQ(info.public_key.bytes, to_bytes(keys.protocol.public_key().to_uncompressed_bytes()));
    EXPECT_EQ(info.network_public_key.size(), 33u);
    EXPECT_EQ(fs::status(node_folder(config_.folder, i) + "/network.key").permissions(), fs::perms(0600));
  }
}

TEST_F(ChainTest, SurvivesARestartWithItsPort) {
  start(10, 4);
  const std::string content = content_of(1'000), id = store(content, "?epochs=3");
  const LocalnetState before = network_->state();
  const uint64_t height = network_->full_node().height();
  stop();
  start_again();
  EXPECT_EQ(network_->state().chain.rpc_url, before.chain.rpc_url);
  EXPECT_EQ(network_->state().chain.chain_id, before.chain.chain_id);
  EXPECT_EQ(network_->full_node().height(), height) << "nothing changed, so nothing was told";
  expect_reads_back(id, content);
  EXPECT_TRUE(put(content, "?epochs=2").json().contains("alreadyCertified"));
}

TEST_F(ChainTest, AddressesFollowPorts) {
  start(10, 4);
  stop();
  HttpServerOptions thief;
  thief.port = read_state(system_files(), config_.folder).value().nodes.at(1).port;
  const auto holder = HttpServer::start(thief, [](HttpCall&) { return text_answer(200, ""); }).value();
  start_again();
  EXPECT_NE(network_->state().nodes.at(1).port, thief.port);
  expect_addresses_to_be_right();
}

TEST_F(ChainTest, KeysFollowANodeThatLostIts) {
  start(10, 4);
  stop();
  fs::remove(node_folder(config_.folder, 2) + "/protocol.key");
  start_again();
  store(content_of(100));  // certified with the new key, or not at all: three nodes with 7 shards are needed
  ASSERT_TRUE(network_->stop_node(3).ok());
  store(content_of(101));
}

TEST_F(ChainTest, TheFaucetGivesCoins) {
  start(10, 4);
  const std::string address = "0x" + std::string(64, 'b');
  const FaucetWish wish{address, 5, 7};
  EXPECT_FALSE(control_faucet(system_files(), config_.folder, wish).value().empty());
  const auto who = sui::Address::parse(address).value();
  const auto& node = network_->full_node();
  EXPECT_EQ(node.balance(who, sui::sui_coin_type()).balance, 5u);
  EXPECT_EQ(node.balance(who, node.network().packages.wal_type()).balance, 7u);
  for (const FaucetWish& bad : {FaucetWish{"0xzz", 1, 1}, FaucetWish{address, 10'000'000'000'000'001, 0}})
    EXPECT_EQ(control_faucet(system_files(), config_.folder, bad).error().code(), Code::kInvalidArgument);
  const std::string rpc = network_->state().chain.rpc_url;
  EXPECT_EQ(send(rpc, "POST", "/v1/faucet", R"({"recipient":")" + address + R"("})").status, 200);
  EXPECT_EQ(node.balance(who, sui::sui_coin_type()).balance, 10'000'000'005u);
}

TEST_F(ChainTest, ADamagedOneIsToldAndKept) {
  start(10, 4);
  store(content_of(10));
  stop();
  const std::string chain = config_.folder + "/chain.sqlite";
  std::fstream(chain, std::ios::in | std::ios::out | std::ios::binary) << "this is no database, not any more";
  EXPECT_EQ(code_of_start(), Code::kCorrupt);
  EXPECT_TRUE(fs::exists(chain));
}

// Where it is opened without complaint, and only reading shows it.
TEST_F(ChainTest, OneThatIsDamagedInTheMiddleIsToldAndKept) {
  start(10, 4);
  for (uint64_t i = 0; i < 5; ++i) store(content_of(10, i));
  stop();
  const std::string chain = config_.folder + "/chain.sqlite";
  const auto bytes = fs::file_size(chain);
  std::fstream file(chain, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(bytes / 2));
  file << std::string(bytes - bytes / 2, '?');
  file.close();
  EXPECT_EQ(code_of_start(), Code::kCorrupt);
  EXPECT_EQ(fs::file_size(chain), bytes);
}

// With a new one the nodes would erase what nobody names any more. Whether anything else of the network is there or
// not: as long as a node keeps a blob, nothing is made anew.
TEST_F(ChainTest, WhatIsGoneIsMissed) {
  start(10, 4);
  const std::string content = content_of(1'000), id = store(content);
  stop();
  for (const char* state : {"/localnet.json", "/no-such-file"}) {
    fs::remove(config_.folder + state);
    for (const char* part : {"/chain.sqlite", "/committee.json"}) {
      SCOPED_TRACE(part);
      fs::rename(config_.folder + part, folder_ / "away");
      EXPECT_EQ(code_of_start(), Code::kCorrupt);
      EXPECT_FALSE(fs::exists(config_.folder + part));
      fs::rename(folder_ / "away", config_.folder + part);
    }
  }
  start_again();
  expect_reads_back(id, content);
}

TEST_F(ChainTest, AnEmptyOneIsNoNewOne) {
  start(10, 4);
  const std::string content = content_of(1'000), id = store(content);
  stop();
  const std::string chain = config_.folder + "/chain.sqlite";
  fs::rename(chain, folder_ / "away");
  std::ofstream(chain).flush();
  EXPECT_EQ(code_of_start(), Code::kCorrupt);
  fs::rename(folder_ / "away", chain);
  start_again();
  expect_reads_back(id, content);
}

// The chain is from a backup that is older than a blob: nodes keep the blob all the same, and what the chain knows to
// have gone they erase.
TEST_F(ChainTest, BlobsThatItNeverHeardOfAreKept) {
  start(10, 4);
  const std::string early = content_of(1'000, 1), late = content_of(1'000, 2);
  store(early, "?epochs=1");
  stop();
  fs::copy_file(config_.folder + "/chain.sqlite", folder_ / "backup");
  start_again();
  store(late, "?epochs=1");
  stop();
  fs::copy_file(folder_ / "backup", config_.folder + "/chain.sqlite", fs::copy_options::overwrite_existing);
  start_again();
  EXPECT_EQ(network_->status().nodes[0].blobs, 2u);
  ASSERT_TRUE(network_->advance_epoch().ok());
  for (const NodeStatus& node : network_->status().nodes) EXPECT_EQ(node.blobs, 1u);
}

// The folder in tests/compat is one that version 0.1 wrote: a file `ledger`, keys, and the nodes' blobs.
class OldNetworkTest : public ChainTest {
 protected:
  void SetUp() override {
    config_.folder = folder_ / "net";
    config_.shards = 10;
    config_.nodes = 4;
    fs::copy(WALRUSFS_TEST_COMPAT "/localnet-with-ledger-file", config_.folder, fs::copy_options::recursive);
  }
};

TEST_F(OldNetworkTest, KeepsItsBlobs) {
  start_again();
  EXPECT_EQ(network_->ledger().epoch(), 2u);
  for (const char* content : {"deletable, until epoch 4", "permanent, until epoch 11", "shared with everybody",
                              "sent to somebody", "permanent and deletable"})
    expect_reads_back(blob_id(content).to_string(), content);
  EXPECT_EQ(get(blob_id("gone when the second epoch begins").to_string()).status, 404);

  const Ledger& ledger = network_->ledger();
  const auto only = [&](const char* content) { return ledger.objects_of(blob_id(content)).at(0); };
  EXPECT_EQ(only("deletable, until epoch 4").id, "0xe326b3dc4013afe15eccbf2a8cea58b4a3c80a9f30e56e88822b77d49505c9c0");
  EXPECT_EQ(only("deletable, until epoch 4").owner, ledger.wallet_address());
  EXPECT_EQ(only("sent to somebody").owner, "0x" + std::string(64, 'a'));
  EXPECT_EQ(only("shared with everybody").shared_id,
            "0xb11fb064856d523c25ec07ceea770f58865436ff292bcda459caad1a1c5e7574");
  const BlobStanding both = ledger.standing(blob_id("permanent and deletable"));
  EXPECT_EQ(both.kind, BlobStanding::Kind::kPermanent);
  EXPECT_EQ(both.end_epoch, 6u);
  EXPECT_EQ(both.deletable_certified, 1u);
}

TEST_F(OldNetworkTest, GoesOnWithAChain) {
  start_again();
  EXPECT_FALSE(fs::exists(config_.folder + "/ledger"));
  EXPECT_TRUE(fs::exists(config_.folder + "/ledger.old"));
  const std::string content = content_of(2'000), id = store(content);
  stop();
  start_again();
  expect_reads_back(id, content);
  expect_reads_back(blob_id("permanent, until epoch 11").to_string(), "permanent, until epoch 11");
  Ledger& ledger = network_->ledger();
  const std::string object = ledger.objects_of(blob_id("deletable, until epoch 4")).at(0).id;
  EXPECT_TRUE(ledger.extend(object, 2).ok());
  EXPECT_TRUE(ledger.remove(object).ok());
}

// It stopped between bringing the blobs in and putting the file away.
TEST_F(OldNetworkTest, MayCrashOnTheWay) {
  start_again();
  stop();
  fs::rename(config_.folder + "/ledger.old", config_.folder + "/ledger");
  start_again();
  EXPECT_EQ(network_->ledger().objects_of(blob_id("permanent and deletable")).size(), 2u);
}

TEST_F(OldNetworkTest, ADamagedLedgerIsToldAndKept) {
  std::fstream file(config_.folder + "/ledger", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(30);
  file.put('#');
  file.close();
  EXPECT_EQ(code_of_start(), Code::kCorrupt);
  EXPECT_TRUE(fs::exists(config_.folder + "/ledger"));
  EXPECT_FALSE(fs::exists(config_.folder + "/chain.sqlite"));
}

}  // namespace
}  // namespace walrusfs::localnet
