// The parts that need no network: queries, committee, lock, state, spool, cache, gate.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/checksum.h"
#include "localnet/committee.h"
#include "localnet/folder_lock.h"
#include "localnet/gate.h"
#include "localnet/http_types.h"
#include "localnet/node_keys.h"
#include "localnet/parallel.h"
#include "localnet/query.h"
#include "localnet/row_cache.h"
#include "localnet/spool_folder.h"
#include "localnet/state_file.h"
#include "localnet/stepper.h"
#include "temp_folder.h"

namespace walrusfs::localnet {
namespace {

TEST(Checksum, IsCrc32c) {
  ByteView digits = as_bytes("123456789");
  EXPECT_EQ(crc32c(digits), 0xe3069283u);
  EXPECT_EQ(crc32c(digits.subspan(4), crc32c(digits.first(4))), crc32c(digits));
}

TEST(QueryTest, ReadsWhatIsKnown) {
  auto query = Query::parse("a=1&b=true&c=x%2Fy+z", {"a", "b", "c"}).value();
  EXPECT_EQ(query.number("a").value(), 1u);
  EXPECT_EQ(query.boolean("b").value(), true);
  EXPECT_EQ(query.text("c"), "x/y z");
  EXPECT_FALSE(query.has("d"));
  EXPECT_FALSE(query.number("d").value().has_value());
}

TEST(QueryTest, RefusesEverythingElse) {
  EXPECT_FALSE(Query::parse("d=1", {"a"}).ok());
  EXPECT_FALSE(Query::parse("a=1&a=1", {"a"}).ok());
  EXPECT_TRUE(Query::parse("a=1&a=1", {}, {"a"}).ok());
  EXPECT_FALSE(Query::parse("a=%4", {"a"}).ok());
  EXPECT_FALSE(Query::parse("a=1x", {"a"}).value().number("a").ok());
  EXPECT_FALSE(Query::parse("a=", {"a"}).value().number("a").ok());
  EXPECT_FALSE(Query::parse("a=18446744073709551616", {"a"}).value().number("a").ok());
  EXPECT_FALSE(Query::parse("a=1", {"a"}).value().boolean("a").ok());
}

TEST(PathTest, IsSplitAndDecoded) {
  EXPECT_EQ(split_path("/v1/blobs/a%2Fb").value(), (std::vector<std::string>{"v1", "blobs", "a/b"}));
  EXPECT_FALSE(split_path("v1").has_value());
  EXPECT_FALSE(split_path("/%zz").has_value());
}

TEST(CommitteeTest, DealsOutEveryShardEvenly) {
  Committee committee = Committee::create(301, 5, system_rng()).value();
  std::vector<int> seen(301);
  for (const Member& member : committee.members()) {
    EXPECT_GE(member.shards.size(), 60u);
    EXPECT_LE(member.shards.size(), 61u);
    for (ShardIndex shard : member.shards) ++seen[raw(shard)];
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 301);
  EXPECT_EQ(committee.quorum_weight(), 201u);
  EXPECT_EQ(committee.validity_weight(), 101u);
  Committee same = Committee::from_json(committee.to_json()).value();
  EXPECT_EQ(same.members()[4].id, committee.members()[4].id);
  EXPECT_EQ(same.members()[4].shards, committee.members()[4].shards);
}

TEST(CommitteeTest, HasNoMoreNodesThanTheContractTakes) {
  SeededRng rng(1);
  EXPECT_EQ(Committee::create(301, kMostNodes, rng).value().members().size(), 111u);
  const auto refused = Committee::create(301, kMostNodes + 1, rng);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(refused.error().message(), "a network has at most 111 storage nodes with stake, not 112");
}

TEST(CommitteeTest, RefusesNonsense) {
  EXPECT_FALSE(Committee::create(3, 1, system_rng()).ok());
  EXPECT_FALSE(Committee::create(10, 0, system_rng()).ok());
  EXPECT_FALSE(Committee::create(10, 11, system_rng()).ok());
  EXPECT_EQ(Committee::from_json("{}").error().code(), Code::kCorrupt);
  EXPECT_EQ(Committee::from_json("not json").error().code(), Code::kCorrupt);
  std::string twice = R"({"version":1,"shards":4,"nodes":[{"id":"0x1","shards":[0,1,2,2]}]})";
  EXPECT_EQ(Committee::from_json(twice).error().code(), Code::kCorrupt);
  std::string newer = R"({"version":2})";
  EXPECT_EQ(Committee::from_json(newer).error().code(), Code::kNewerVersion);
}

TEST(NodeKeysTest, AreMadeOnceAndRegistered) {
  TempFolder folder;
  const Committee fresh = load_or_create_committee(system_files(), system_rng(), folder.path(), 10, 3).value();
  EXPECT_TRUE(fresh.signers().empty());
  const Committee registered = register_nodes(system_files(), system_rng(), folder.path(), fresh).value();
  ASSERT_EQ(registered.signers().size(), 3u);
  EXPECT_EQ(registered.signers()[0].weight + registered.signers()[1].weight + registered.signers()[2].weight, 10u);
  const std::string path = folder / "node-1/protocol.key";
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));

  const Committee loaded = load_or_create_committee(system_files(), system_rng(), folder.path(), 10, 3).value();
  const Committee again = register_nodes(system_files(), system_rng(), folder.path(), loaded).value();
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(again.signers()[i].key, registered.signers()[i].key);

  std::filesystem::remove(path);
  const Committee renewed = register_nodes(system_files(), system_rng(), folder.path(), again).value();
  EXPECT_EQ(renewed.signers()[0].key, registered.signers()[0].key);
  EXPECT_FALSE(renewed.signers()[1].key == registered.signers()[1].key) << "what is lost cannot come back";
}

TEST(NodeKeysTest, TheFileIsThatOfTheOfficialTools) {
  TempFolder folder;
  EXPECT_EQ(load_node_keys(system_files(), folder.path()).error().code(), Code::kNotFound);
  const auto load = [&](const std::string& text) {
    std::ofstream(folder / "protocol.key") << text;
    return load_node_keys(system_files(), folder.path());
  };
  std::string tagged;
  const auto vectors = nlohmann::json::parse(std::ifstream(WALRUSFS_TEST_VECTORS "/messages.json"));
  for (const auto& key : vectors.at("keys")) {
    tagged = key.at("tagged_key_base64");
    EXPECT_EQ(to_hex(load(tagged).value().protocol.to_bytes()), key.at("secret_key_hex"));
  }
  EXPECT_TRUE(load(tagged + "\n").ok());
  const std::string zero = to_base64(Bytes{4}) + to_base64(Bytes(32));
  for (const std::string& bad : {std::string(), std::string("AA=="), "A" + tagged.substr(1), tagged.substr(4), zero,
                                 std::string("not base64")})
    EXPECT_EQ(load(bad).error().code(), Code::kCorrupt) << bad;
}

TEST(ObjectIds, AreNormalised) {
  EXPECT_EQ(normalise_object_id("0xAb"), "0x" + std::string(62, '0') + "ab");
  EXPECT_FALSE(normalise_object_id("ab").has_value());
  EXPECT_FALSE(normalise_object_id("0x").has_value());
  EXPECT_FALSE(normalise_object_id("0x" + std::string(65, '1')).has_value());
  EXPECT_EQ(random_object_id(system_rng()).size(), 66u);
}

TEST(FolderLockTest, IsHeldByOne) {
  TempFolder folder;
  EXPECT_FALSE(FolderLock::is_held(system_files(), folder.path()).value());
  {
    auto lock = FolderLock::take(system_files(), folder.path());
    ASSERT_TRUE(lock.ok());
    EXPECT_TRUE(FolderLock::is_held(system_files(), folder.path()).value());
    auto second = FolderLock::take(system_files(), folder.path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Code::kBusy);
    EXPECT_NE(second.error().message().find("process " + std::to_string(getpid())), std::string::npos);
  }
  EXPECT_TRUE(FolderLock::take(system_files(), folder.path()).ok());
}

TEST(StateFileTest, ComesBackAsWritten) {
  TempFolder folder;
  EXPECT_EQ(read_state(system_files(), folder.path()).error().code(), Code::kNotFound);
  LocalnetState state;
  state.running = true;
  state.pid = 42;
  state.aggregator_url = "http://127.0.0.1:1";
  state.max_body_bytes = 5;
  state.chain = {"http://127.0.0.1:3", 3, "chain", "0x11", "0x12", "0x13", "0x14::wal::WAL", "0x15"};
  state.nodes.push_back({"0x1", "http://127.0.0.1:2", 2, 61});
  ASSERT_TRUE(write_state(system_files(), folder.path(), state).ok());
  LocalnetState back = read_state(system_files(), folder.path()).value();
  EXPECT_EQ(back.pid, 42);
  EXPECT_EQ(back.aggregator_url, state.aggregator_url);
  EXPECT_EQ(back.nodes.at(0).url, "http://127.0.0.1:2");
  EXPECT_EQ(to_json(back.chain), to_json(state.chain));
  EXPECT_EQ(find_running(system_files(), folder.path()).error().code(), Code::kNotFound) << "nobody holds the lock";
  std::ofstream(folder / "localnet.json") << "{\"running\": 3}";
  EXPECT_EQ(read_state(system_files(), folder.path()).error().code(), Code::kCorrupt);
}

TEST(ByteSpoolTest, IsTheSameInMemoryAndInAFile) {
  TempFolder folder;
  for (uint64_t memory : {uint64_t{0}, uint64_t{10}, uint64_t{1} << 20}) {
    SpoolRoom room(1 << 20);
    ByteSpool spool(system_files(), folder / "spool", memory, room);
    std::string all;
    for (int i = 0; i < 50; ++i) {
      std::string piece(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
      all += piece;
      ASSERT_TRUE(spool.append(as_bytes(piece)).ok());
    }
    EXPECT_EQ(spool.size(), all.size());
    EXPECT_EQ(as_text(spool.view().value()), all);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SpoolFolderTest, AllTogetherHaveALimit) {
  TempFolder folder;
  SpoolFolder spools(system_files(), folder.path(), "body-", {.memory_bytes = 10, .all_bytes = 100});
  const Bytes piece(50);
  auto first = spools.spool(), second = spools.spool();
  ASSERT_TRUE(first->append(piece).ok());
  ASSERT_TRUE(second->append(piece).ok()) << "just full";
  Status refused = second->append(Bytes(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kBusy);
  EXPECT_EQ(refusal_of_body(refused.error())->status, 429);
  first.reset();
  EXPECT_TRUE(second->append(piece).ok());
  second.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(RowCacheTest, KeepsWhatWasUsedLast) {
  RowCache cache(30);
  auto row = [](size_t size) { return std::make_shared<const Bytes>(size); };
  auto key = [](uint16_t index) { return RowKey{BlobId{}, SliverIndex{index}}; };
  for (uint16_t i = 0; i < 3; ++i) cache.put(key(i), row(10));
  EXPECT_TRUE(cache.get(key(0)));
  cache.put(key(3), row(10));
  EXPECT_TRUE(cache.get(key(0)));
  EXPECT_FALSE(cache.get(key(1)));
  EXPECT_EQ(cache.size_bytes(), 30u);
  cache.put(key(4), row(31));
  EXPECT_FALSE(cache.get(key(4)));
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(ParallelTest, WhatIsThrownReachesWhoWaits) {
  std::atomic<int> done{0};
  auto work = [&](size_t i) {
    ++done;
    if (i == 1) throw std::runtime_error("trouble");
  };
  EXPECT_THROW(for_each_parallel(1'000, 4, work), std::runtime_error);
  EXPECT_GE(done, 2);
}

TEST(StepperTest, GoesOnAfterTrouble) {
  std::atomic<int> steps{0};
  Stepper stepper([&] {
    if (++steps == 1) throw std::runtime_error("trouble");
    return Millis(60'000);
  });
  while (steps < 1) std::this_thread::yield();
  stepper.nudge();
  while (steps < 2) std::this_thread::yield();
}

TEST(GateTest, TurnsAwayWhenTooManyWait) {
  Gate gate(1, 1);
  ASSERT_TRUE(gate.enter());
  EXPECT_FALSE(gate.full());
  std::thread waiter([&] {
    GatePass pass(gate);
    EXPECT_TRUE(pass.inside());
  });
  while (gate.waiting() == 0) std::this_thread::yield();
  EXPECT_TRUE(gate.full());
  EXPECT_FALSE(gate.enter());
  gate.leave();
  waiter.join();
  EXPECT_TRUE(gate.enter());
}

}  // namespace
}  // namespace walrusfs::localnet
