// Staking, nodes and the change of epochs as transactions: what a staker, an operator and anybody can call.
#include "chain.h"
#include "codec/signed_messages.h"
#include "localnet/sui/epochs.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kWal = 1'000'000'000;  // FROST
constexpr uint64_t kDay = 24 * 3600 * 1000;

class StakingTest : public ChainTest {
 protected:
  Argument staking() { return builder.shared(net.staking, 1, true); }
  Argument clock_object() { return builder.shared(kClockId, 1, false); }
  Argument stake(Argument coin, const ObjectId& with) {
    return walrus("staking", "stake_with_pool", {staking(), coin, builder.pure(with)});
  }
  // The StakedWal.
  ObjectId staked(uint64_t frost, const ObjectId& with) {
    keep(stake(nested(builder.split(wal(), {frost}), 0), with));
    const Effects effects = run();
    EXPECT_EQ(outcome(effects), "");
    return only_created(effects, walrus_type("staked_wal", "StakedWal"));
  }
  std::string request(const ObjectId& stake_object) {
    walrus("staking", "request_withdraw_stake", {staking(), owned(stake_object)});
    return run_outcome();
  }
  std::string withdraw(const ObjectId& stake_object) {
    keep(walrus("staking", "withdraw_stake", {staking(), owned(stake_object)}));
    return run_outcome();
  }
  std::string voting_end() {
    walrus("staking", "voting_end", {staking(), clock_object()});
    return run_outcome();
  }
  std::string change_epoch() {
    walrus("staking", "initiate_epoch_change", {staking(), system(true), clock_object()});
    return run_outcome();
  }
  Argument metadata() {
    return walrus("node_metadata", "new",
                  {text("https://example.org/i.png"), text("https://example.org"), text("new")});
  }
  struct NewNode {
    ObjectId node, cap;
    bls::SecretKey key;
  };
  // "" or the abort.
  std::string try_register(const Bytes& key, const Bytes& proof, const std::string& name = "a node",
                           uint16_t commission = 500) {
    keep(walrus("staking", "register_candidate",
                {staking(), text(name), text("127.0.0.1:9000"), metadata(), bytes(key), bytes(Bytes(33, 2)),
                 bytes(proof), builder.pure(commission), builder.pure(uint64_t{1}), builder.pure(uint64_t{2}),
                 builder.pure(uint64_t{1} << 40)}));
    last = run();
    return outcome(last);
  }
  Bytes proof_of(const bls::SecretKey& key, uint32_t epoch) const {
    const auto bytes = prove_possession(key, epoch, me.address().bytes).to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  static Bytes bytes_of(const bls::PublicKey& key) {
    const auto bytes = key.to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  using ChainTest::bytes;
  NewNode registered(uint8_t seed) {
    auto key = bls::SecretKey::from_seed(Bytes(32, seed)).value();
    EXPECT_EQ(try_register(bytes_of(key.public_key()), proof_of(key, view_epoch(*node).epoch)), "");
    const ObjectId cap = only_created(last, walrus_type("storage_node", "StorageNodeCap"));
    return {read<StorageNodeCap>(cap).node_id, cap, std::move(key)};
  }
  StakingInner inner() const { return read<StakingField>(inner_state_id(net.staking, 3)).value; }
  StakingPool pool(const ObjectId& id) const { return read<StakingPool>(id); }
  const ObjectId& old_node(size_t number) const { return nodes.genesis.nodes[number].id; }
  void wait(uint64_t ms) { clock.advance(Millis(ms)); }

  Effects last;
};

// ---- stake

TEST_F(StakingTest, StakeIsAnObjectAndCountsFromTheNextEpochOn) {
  const ObjectId id = staked(5 * kWal, old_node(0));
  const auto object = read<StakedWal>(id);
  EXPECT_EQ(object.principal, 5 * kWal);
  EXPECT_EQ(object.node_id, old_node(0));
  EXPECT_EQ(object.activation_epoch, 2u);
  const uint64_t before = pool(old_node(0)).wal_balance;
  ASSERT_TRUE(advance_epoch(*node).ok());
  EXPECT_EQ(pool(old_node(0)).wal_balance, before + 5 * kWal);
}

TEST_F(StakingTest, StakeThatDoesNotCountYetLeavesAtOnce) {
  const uint64_t before = node->balance(me.address(), net.packages.wal_type()).balance;
  const ObjectId id = staked(5 * kWal, old_node(0));
  EXPECT_EQ(request(id), "staking_pool::request_withdraw_stake 13");
  EXPECT_EQ(withdraw(id), "");
  EXPECT_FALSE(exists(id));
  EXPECT_EQ(node->balance(me.address(), net.packages.wal_type()).balance, before);
}

TEST_F(StakingTest, StakeThatCountsIsAskedForAndWaitsForItsEpoch) {
  const ObjectId id = staked(5 * kWal, old_node(0));
  ASSERT_TRUE(advance_epoch(*node).ok());
  EXPECT_EQ(withdraw(id), "staking_pool::withdraw_stake 10");
  EXPECT_EQ(request(id), "");
  EXPECT_EQ(std::get<StakeWithdrawing>(read<StakedWal>(id).state).epoch, 3u);
  EXPECT_EQ(withdraw(id), "staking_pool::withdraw_stake 11");
  ASSERT_TRUE(advance_epoch(*node).ok());
  EXPECT_EQ(withdraw(id), "");
}

TEST_F(StakingTest, StakeHasALeastAmount) {
  keep(stake(nested(builder.split(wal(), {kWal - 1}), 0), old_node(0)));
  EXPECT_EQ(run_outcome(), "staked_wal::mint 7");
  keep(stake(nested(builder.split(wal(), {0}), 0), old_node(0)));
  EXPECT_EQ(run_outcome(), "staking_pool::stake 7");
  keep(stake(nested(builder.split(wal(), {kWal}), 0), Address::of(77)));
  EXPECT_EQ(run_outcome(), "dynamic_field::borrow_child_object_mut 1");
  EXPECT_EQ(withdraw(staked(kWal, old_node(0))), "");
}

TEST_F(StakingTest, StakeIsSplitAndJoined) {
  const ObjectId id = staked(5 * kWal, old_node(0));
  keep(walrus("staked_wal", "split", {owned(id), builder.pure(uint64_t{2 * kWal})}));
  const ObjectId part = only_created(run(), walrus_type("staked_wal", "StakedWal"));
  EXPECT_EQ(read<StakedWal>(id).principal, 3 * kWal);
  EXPECT_EQ(read<StakedWal>(part).principal, 2 * kWal);
  keep(walrus("staked_wal", "split", {owned(id), builder.pure(uint64_t{3 * kWal})}));
  EXPECT_EQ(run_outcome(), "staked_wal::split 2");
  keep(walrus("staked_wal", "split", {owned(id), builder.pure(uint64_t{2 * kWal + 1})}));
  EXPECT_EQ(run_outcome(), "staked_wal::split 7");
  walrus("staked_wal", "join", {owned(id), owned(part)});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(read<StakedWal>(id).principal, 5 * kWal);
  const ObjectId elsewhere = staked(kWal, old_node(1));
  walrus("staked_wal", "join", {owned(id), owned(elsewhere)});
  EXPECT_EQ(run_outcome(), "staked_wal::join 1");
}

// No vector of the official SDK has these two: bytes put together by hand from the contract's fields.
TEST_F(StakingTest, LayoutsOfWhatWalletsHold) {
  const std::string one(64, '1'), two(64, '2');
  const auto id = [](const std::string& digits) { return Address::parse("0x" + digits).value(); };
  EXPECT_EQ(to_hex(bcs_encode(StakedWal{id(one), Staked{}, id(two), 3, 4})),
            one + "00" + two + "0300000000000000" + "04000000");
  EXPECT_EQ(to_hex(bcs_encode(StakedWal{id(one), StakeWithdrawing{5}, id(two), 3, 4})),
            one + "01" + "05000000" + two + "0300000000000000" + "04000000");
  const std::string root(64, '0');
  EXPECT_EQ(to_hex(bcs_encode(StorageNodeCap{id(one), id(two), 6, {}, {}, 7, 8})),
            one + two + "06000000" + "00" + root + "0700000000000000" + "0800000000000000");
}

// ---- nodes

TEST_F(StakingTest, ANodeRegistersWithProofOfItsKey) {
  const NewNode made = registered(77);
  const StakingPool known = pool(made.node);
  EXPECT_EQ(known.node_info.name, "a node");
  EXPECT_EQ(known.node_info.network_address, "127.0.0.1:9000");
  const auto uncompressed = made.key.public_key().to_uncompressed_bytes();
  EXPECT_EQ(known.node_info.public_key.bytes, Bytes(uncompressed.begin(), uncompressed.end()));
  EXPECT_EQ(known.commission_rate, 500u);
  EXPECT_EQ(known.voting_params.node_capacity, uint64_t{1} << 40);
  EXPECT_EQ(known.commission_receiver, Authorized{AuthorizedObject{made.cap}});
  EXPECT_EQ(known.governance_authorized, Authorized{AuthorizedAddress{me.address()}});
  const auto about =
      read<Extended<NodeMetadata>>(extended_field_id(known.node_info.metadata.id, net.packages.walrus_original));
  EXPECT_EQ(about.value.description, "new");
  EXPECT_EQ(inner().pools.size, 5u);
  EXPECT_EQ(view_nodes(*node).size(), 5u);
}

TEST_F(StakingTest, WhoRegistersIsChecked) {
  const auto key = bls::SecretKey::from_seed(Bytes(32, 77)).value();
  const auto other = bls::SecretKey::from_seed(Bytes(32, 78)).value();
  const Bytes point = bytes_of(key.public_key());
  EXPECT_EQ(try_register(point, proof_of(other, 1)), "staking_pool::new 4");
  EXPECT_EQ(try_register(point, proof_of(key, 2)), "staking_pool::new 4");
  EXPECT_EQ(try_register(point, Bytes(96, 1)), "staking_pool::new 4");
  EXPECT_EQ(try_register(point, {}), "staking_pool::new 4");
  EXPECT_EQ(try_register(Bytes(48, 1), proof_of(key, 1)), "staking_pool::new 4");
  EXPECT_EQ(try_register(Bytes(96, 1), proof_of(key, 1)), "messages::new_proof_of_possession_msg 6");
  EXPECT_EQ(try_register(point, proof_of(key, 1), std::string(101, 'x')), "staking_pool::new 17");
  EXPECT_EQ(try_register(point, proof_of(key, 1), "x", 10'001), "staking_pool::new 14");
  EXPECT_EQ(try_register(point, proof_of(key, 1), std::string(100, 'x'), 10'000), "");
}

TEST_F(StakingTest, TheCapabilityActsForTheNode) {
  const NewNode made = registered(77);
  const auto set = [&](const std::string& function, Argument value) {
    walrus("staking", function, {staking(), owned(made.cap), value});
    return run_outcome();
  };
  EXPECT_EQ(set("set_name", text("another name")), "");
  EXPECT_EQ(set("set_network_address", text("127.0.0.1:9001")), "");
  EXPECT_EQ(set("set_network_address", text(std::string(260, 'x'))), "staking_pool::set_network_address 16");
  EXPECT_EQ(set("set_network_public_key", bytes(Bytes(33, 3))), "");
  EXPECT_EQ(set("set_network_public_key", bytes(Bytes(32, 3))), "storage_node::set_network_public_key 0");
  EXPECT_EQ(set("set_storage_price_vote", builder.pure(uint64_t{7})), "");
  EXPECT_EQ(set("set_write_price_vote", builder.pure(uint64_t{8})), "");
  EXPECT_EQ(set("set_node_capacity_vote", builder.pure(uint64_t{9})), "");
  EXPECT_EQ(set("set_next_commission", builder.pure(uint16_t{700})), "");
  EXPECT_EQ(set("set_next_commission", builder.pure(uint16_t{10'001})), "staking_pool::set_next_commission 14");
  EXPECT_EQ(set("set_node_metadata", metadata()), "");
  const StakingPool known = pool(made.node);
  EXPECT_EQ(known.node_info.name, "another name");
  EXPECT_EQ(known.node_info.network_address, "127.0.0.1:9001");
  EXPECT_EQ(known.voting_params, (VotingParams{7, 8, 9}));
  EXPECT_EQ(known.pending_commission_rate, (AmountsByEpoch{{3, 700}}));
}

TEST_F(StakingTest, CommissionIsForWhoeverMayHaveIt) {
  const NewNode made = registered(77);
  const auto collect = [&](Argument who) {
    keep(walrus("staking", "collect_commission", {staking(), builder.pure(made.node), who}));
    return run_outcome();
  };
  EXPECT_EQ(collect(walrus("auth", "authenticate_sender", {})), "staking_pool::assert_authorized 15");
  const auto with_cap = [&] {
    return builder.call(net.packages.walrus_current, "auth", "authenticate_with_object", {owned(made.cap)},
                        {walrus_type("storage_node", "StorageNodeCap")});
  };
  EXPECT_EQ(collect(with_cap()), "");
  const Argument mine = walrus("auth", "authorized_address", {builder.pure(me.address())});
  walrus("staking", "set_commission_receiver", {staking(), builder.pure(made.node), with_cap(), mine});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(collect(walrus("auth", "authenticate_sender", {})), "");
}

TEST_F(StakingTest, OldCodeRefuses) {
  builder.call(net.packages.walrus_original, "staking", "voting_end", {staking(), clock_object()});
  EXPECT_EQ(run_outcome(), "staking::inner_mut 1");
}

// ---- epochs

TEST_F(StakingTest, TheChangeKeepsItsTimes) {
  EXPECT_EQ(change_epoch(), "staking_inner::initiate_epoch_change 0");
  wait(kDay / 2 - 1);
  EXPECT_EQ(voting_end(), "staking_inner::voting_end 0");
  wait(1);
  EXPECT_EQ(voting_end(), "");
  EXPECT_EQ(voting_end(), "staking_inner::voting_end 0");
  EXPECT_EQ(std::get<NextParamsSelected>(inner().epoch_state).at_ms, nodes.genesis.time_ms);
  wait(kDay / 2 - 1);
  EXPECT_EQ(change_epoch(), "staking_inner::initiate_epoch_change 0");
  wait(1);
  EXPECT_EQ(change_epoch(), "");
  EXPECT_EQ(inner().epoch, 2u);
  EXPECT_EQ(system_state().committee.epoch, 2u);
  EXPECT_EQ(voting_end(), "staking_inner::voting_end 0");
}

TEST_F(StakingTest, ANodeJoinsByStakeAndSigns) {
  const NewNode made = registered(77);
  ASSERT_TRUE(grant_stake(*node, made.node, 2500 * kWal, me.address()).ok());
  ASSERT_TRUE(select_next(*node, Timing::kNow).ok());
  const Committee next = inner().next_committee.value();
  ASSERT_NE(shards_of(next, made.node), nullptr);
  EXPECT_EQ(shards_of(next, made.node)->size(), 2u);
  ASSERT_EQ(start_epoch_change(*node, Timing::kNow).value(), 2u);
  EXPECT_EQ(inner().committee, next);
  const BlsCommittee committee = system_state().committee;
  ASSERT_EQ(committee.members.size(), next.size());
  std::vector<bls::PublicKey> keys;
  for (size_t i = 0; i < next.size(); ++i) {
    EXPECT_EQ(committee.members[i].node_id, next[i].first);
    EXPECT_EQ(committee.members[i].weight, next[i].second.size());
    keys.push_back(bls::PublicKey::parse(committee.members[i].public_key.bytes).value());
  }
  EXPECT_EQ(committee.total_aggregated_key.bytes, bytes_of(bls::aggregate(keys).value()));
  const auto done = [&](uint32_t epoch) {
    walrus("staking", "epoch_sync_done", {staking(), owned(made.cap), builder.pure(epoch), clock_object()});
    last = run();
    return outcome(last);
  };
  EXPECT_EQ(done(1), "staking_inner::epoch_sync_done 1");
  EXPECT_EQ(done(2), "");
  EXPECT_EQ(last.events.back().type.name, "ShardsReceived");
  const auto told = bcs_decode<event::ShardsReceived>(last.events.back().contents, "an event").value();
  EXPECT_EQ(told.shards, *shards_of(next, made.node));
  EXPECT_EQ(done(2), "staking_inner::epoch_sync_done 2");
  EXPECT_EQ(std::get<EpochChangeSync>(inner().epoch_state).weight, 2u);
}

TEST_F(StakingTest, OnlyTheCommitteeReports) {
  const NewNode made = registered(77);
  ASSERT_TRUE(advance_epoch(*node).ok());
  walrus("staking", "epoch_sync_done", {staking(), owned(made.cap), builder.pure(uint32_t{2}), clock_object()});
  EXPECT_EQ(run_outcome(), "staking_inner::epoch_sync_done 4");
}

TEST_F(StakingTest, ANewKeyIsInForceWithTheNextEpoch) {
  const NewNode made = registered(77);
  ASSERT_TRUE(grant_stake(*node, made.node, 2500 * kWal, me.address()).ok());
  ASSERT_TRUE(advance_epoch(*node).ok());
  const auto other = bls::SecretKey::from_seed(Bytes(32, 99)).value();
  const auto change = [&](const Bytes& proof) {
    walrus("staking", "set_next_public_key",
           {staking(), owned(made.cap), bytes(bytes_of(other.public_key())), bytes(proof)});
    return run_outcome();
  };
  EXPECT_EQ(change(proof_of(made.key, 2)), "staking_pool::set_next_public_key 4");
  EXPECT_EQ(change(proof_of(other, 2)), "");
  const auto key_in_force = [&] {
    for (const BlsMember& member : system_state().committee.members)
      if (member.node_id == made.node) return bls::PublicKey::parse(member.public_key.bytes).value();
    return made.key.public_key();
  };
  EXPECT_EQ(key_in_force(), made.key.public_key());
  ASSERT_TRUE(advance_epoch(*node).ok());
  EXPECT_EQ(key_in_force(), other.public_key());
  EXPECT_FALSE(pool(made.node).node_info.next_epoch_public_key);
}

TEST_F(StakingTest, PricesFollowTheVotesAtOnce) {
  const auto votes = [&](size_t number, uint64_t price) {
    ASSERT_TRUE(set_votes(*node, old_node(number), {price, price + 1, uint64_t{1} << 40}).ok());
  };
  votes(0, 5);  // 3 of 10 shards
  EXPECT_EQ(system_state().storage_price_per_unit_size, nodes.genesis.storage_price);
  votes(1, 6);  // 6 of 10
  EXPECT_EQ(system_state().storage_price_per_unit_size, nodes.genesis.storage_price);
  votes(2, 7);  // 8 of 10: a quorum is content with 7
  EXPECT_EQ(system_state().storage_price_per_unit_size, 7u);
  EXPECT_EQ(system_state().write_price_per_unit_size, 8u);
  walrus("staking", "update_prices", {staking(), system(true)});
  last = run();
  EXPECT_EQ(last.events.at(0).type.name, "PricesUpdated");
  EXPECT_EQ(bcs_decode<event::PricesUpdated>(last.events[0].contents, "an event").value(),
            (event::PricesUpdated{1, 7, 8}));
}

}  // namespace
}  // namespace walrusfs::localnet::sui
