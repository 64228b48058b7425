// The Move calls around blobs: what they do, what they cost, and how they abort.
#include "chain.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kStoragePrice = 11'000, kWritePrice = 20'000;

class BlobCalls : public ChainTest {
 protected:
  const TestBlob poem{"a poem of some length"};
  const TestBlob other{"another poem"};
};

TEST_F(BlobCalls, RegisteringCostsStorageAndWriting) {
  const ObjectId id = register_blob(poem, true, 3);
  const auto blob = read<Blob>(id);
  EXPECT_EQ(blob.id, id);
  EXPECT_EQ(blob.blob_id, poem.id);
  EXPECT_EQ(blob.size, poem.size);
  EXPECT_EQ(blob.registered_epoch, 1u);
  EXPECT_FALSE(blob.certified_epoch.has_value());
  EXPECT_EQ(blob.storage.start_epoch, 1u);
  EXPECT_EQ(blob.storage.end_epoch, 4u);
  EXPECT_EQ(blob.storage.storage_size, poem.encoded);
  EXPECT_TRUE(blob.deletable);
  EXPECT_EQ(storage_units(poem.encoded), 1u);
  EXPECT_EQ(wal_left(), kMuch - 3 * kStoragePrice - kWritePrice);
}

TEST_F(BlobCalls, TheRingRemembersRoomAndRewards) {
  register_blob(poem, true, 3);
  const auto& ring = system_state().future_accounting.ring;
  EXPECT_EQ(ring[0].used_capacity, poem.encoded);
  EXPECT_EQ(ring[0].rewards, kStoragePrice + kWritePrice);
  EXPECT_EQ(ring[2].used_capacity, poem.encoded);
  EXPECT_EQ(ring[2].rewards, kStoragePrice);
  EXPECT_EQ(ring[3].used_capacity, 0u);
  EXPECT_EQ(system_state().used_capacity_size, poem.encoded);
}

TEST_F(BlobCalls, RegisteringIsAnEvent) {
  keep(register_in(reserve(poem.encoded, 1), poem, false));
  const Effects effects = run();
  ASSERT_EQ(effects.events.size(), 1u);
  EXPECT_EQ(effects.events[0].type, walrus_type("events", "BlobRegistered"));
  const auto told = bcs_decode<event::BlobRegistered>(effects.events[0].contents, "an event").value();
  EXPECT_EQ(told.blob_id, poem.id);
  EXPECT_EQ(told.end_epoch, 2u);
  EXPECT_FALSE(told.deletable);
  EXPECT_EQ(told.object_id, only_created(effects, blob_type()));
}

TEST_F(BlobCalls, ReservationsHaveBounds) {
  const auto reserving = [&](uint64_t size, uint32_t epochs) {
    keep(reserve(size, epochs));
    return run_outcome();
  };
  EXPECT_EQ(reserving(1, 1), "");
  EXPECT_EQ(reserving(1, 53), "");
  EXPECT_EQ(reserving(1, 54), "system_state_inner::reserve_space_for_epochs 2");
  EXPECT_EQ(reserving(1, 0), "system_state_inner::reserve_space_for_epochs 2");
  EXPECT_EQ(reserving(1, UINT32_MAX), "system_state_inner::reserve_space_for_epochs 2");
  EXPECT_EQ(reserving(0, 1), "system_state_inner::reserve_space_for_epochs 11");
}

TEST_F(BlobCalls, CapacityIsNotOversold) {
  const uint64_t whole = system_state().total_capacity_size;
  node->grant(me.address(), 0, UINT64_MAX / 2).value();
  for (const Object& coin : node->owned_by(me.address(), coin_of(net.packages.wal_type()), {}, 10))
    if (coin.id != wal_coin) builder.merge(wal(), {owned(coin.id)});
  keep(reserve(whole - 5, 1));
  EXPECT_EQ(run_outcome(), "");
  keep(reserve(6, 1));
  EXPECT_EQ(run_outcome(), "system_state_inner::reserve_space_without_payment 1");
  keep(reserve(5, 1));
  EXPECT_EQ(run_outcome(), "");
}

TEST_F(BlobCalls, AShortPurseAborts) {
  builder.transfer({nested(builder.split(wal(), {kMuch - kStoragePrice - kWritePrice + 1}), 0)}, Address::of(9));
  EXPECT_EQ(run_outcome(), "");
  keep(register_in(reserve(poem.encoded, 1), poem, true));
  EXPECT_EQ(run_outcome(), "balance::split 2");
  EXPECT_EQ(wal_left(), kStoragePrice + kWritePrice - 1);  // the aborted reservation took nothing
}

TEST_F(BlobCalls, TheBlobIdIsDerived) {
  TestBlob forged = poem;
  forged.size += 1;
  keep(register_in(reserve(poem.encoded, 1), forged, true));
  EXPECT_EQ(run_outcome(), "blob::new 6");
}

TEST_F(BlobCalls, TheStorageMustBeLargeEnoughAndNow) {
  keep(register_in(reserve(poem.encoded - 1, 1), poem, true));
  EXPECT_EQ(run_outcome(), "blob::new 3");
  const Argument later =
      walrus("system", "reserve_space_for_epochs",
             {system(true), builder.pure(poem.encoded), builder.pure(uint32_t{2}), builder.pure(uint32_t{4}), wal()});
  keep(register_in(later, poem, true));
  EXPECT_EQ(run_outcome(), "blob::new 2");
}

TEST_F(BlobCalls, CertifiedByAllOrByAQuorum) {
  for (const auto& signers : std::vector<std::vector<uint16_t>>{{0, 1, 2, 3}, {0, 1, 2}, {0, 2, 3}}) {
    const ObjectId id = register_blob(poem, true);
    const Effects effects = certify(id, signers);
    EXPECT_EQ(outcome(effects), "");
    EXPECT_EQ(read<Blob>(id).certified_epoch, 1u);
    ASSERT_EQ(effects.events.size(), 1u);
    EXPECT_EQ(effects.events[0].type, walrus_type("events", "BlobCertified"));
  }
}

TEST_F(BlobCalls, PermanentOnesAreCertifiedWithoutAnObject) {
  EXPECT_EQ(outcome(certify(register_blob(poem, false))), "");
}

TEST_F(BlobCalls, TooFewShardsDoNotCertify) {
  const ObjectId id = register_blob(poem, true);
  EXPECT_EQ(outcome(certify(id, {0, 1})), "bls_aggregate::verify_certificate 2");  // six of ten
  EXPECT_FALSE(read<Blob>(id).certified_epoch.has_value());
}

class BrokenCertificates : public BlobCalls {
 protected:
  void SetUp() override {
    id = register_blob(poem, true);
    confirmation.epoch = 1;
    confirmation.blob_id = poem.id;
    confirmation.persistence = Deletable{id};
  }
  std::string certified(const std::vector<Bytes>& certificate) {
    walrus("system", "certify_blob",
           {system(false), owned(id), bytes(certificate[0]), bytes(certificate[1]), bytes(certificate[2])});
    return run_outcome();
  }
  std::string signed_by_all() { return certified(nodes.sign(confirmation, {0, 1, 2, 3})); }

  ObjectId id;
  Confirmation confirmation;
};

TEST_F(BrokenCertificates, SignaturesAreChecked) {
  auto certificate = nodes.sign(confirmation, {0, 1, 2, 3});
  certificate[1] = {0x07};  // one signer fewer than there are
  EXPECT_EQ(certified(certificate), "bls_aggregate::verify_certificate 1");
  certificate[1] = {0x1f};
  EXPECT_EQ(certified(certificate), "bls_aggregate::verify_certificate 0");
  certificate = nodes.sign(confirmation, {0, 1, 2, 3});
  certificate[2].back() ^= 1;
  EXPECT_EQ(certified(certificate), "bls_aggregate::verify_certificate 1");
  certificate = nodes.sign(confirmation, {0, 1, 2, 3});
  certificate[0] = Bytes(96, 0);
  EXPECT_EQ(certified(certificate), "bls_aggregate::verify_certificate 1");
  certificate[0] = {};
  EXPECT_EQ(certified(certificate), "bls_aggregate::verify_certificate 1");
}

TEST_F(BrokenCertificates, WhatWasSignedIsChecked) {
  confirmation.epoch = 2;
  EXPECT_EQ(signed_by_all(), "messages::new_certified_message 1");
  confirmation.epoch = 1;
  confirmation.type = kInvalidBlobMessage;
  EXPECT_EQ(signed_by_all(), "messages::new_certified_message 0");
  confirmation.type = kConfirmationMessage;
  confirmation.blob_id = other.id;
  EXPECT_EQ(signed_by_all(), "blob::certify_with_certified_msg 6");
  confirmation.blob_id = poem.id;
  confirmation.persistence = Permanent{};
  EXPECT_EQ(signed_by_all(), "blob::certify_with_certified_msg 9");
  confirmation.persistence = Deletable{Address::of(7)};
  EXPECT_EQ(signed_by_all(), "blob::certify_with_certified_msg 10");
  confirmation.persistence = Deletable{id};
  EXPECT_EQ(signed_by_all(), "");
  EXPECT_EQ(signed_by_all(), "blob::certify_with_certified_msg 5");
}

TEST_F(BrokenCertificates, AnythingElseThatWasSignedIsNoConfirmation) {
  EXPECT_EQ(certified(nodes.sign_bytes({}, {0, 1, 2, 3})), "messages::new_certified_message 0");
  Bytes cut = bcs_encode(confirmation);
  cut.pop_back();
  EXPECT_EQ(certified(nodes.sign_bytes(cut, {0, 1, 2, 3})), "messages::certify_blob_message 2");
}

TEST_F(BlobCalls, ExpiredBlobsAreNotCertified) {
  const ObjectId id = register_blob(poem, true, 1);
  set_epoch(2);
  EXPECT_EQ(outcome(certify(id)), "blob::certify_with_certified_msg 2");
}

TEST_F(BlobCalls, ExtendingPaysForTheStorageSize) {
  const ObjectId id = certified_blob(poem, true, 3);
  const uint64_t before = wal_left();
  walrus("system", "extend_blob", {system(true), owned(id), builder.pure(uint32_t{5}), wal()});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(read<Blob>(id).storage.end_epoch, 9u);
  EXPECT_EQ(wal_left(), before - 5 * kStoragePrice);
}

TEST_F(BlobCalls, ExtendingHasBounds) {
  const auto extend = [&](const ObjectId& id, uint32_t epochs) {
    walrus("system", "extend_blob", {system(true), owned(id), builder.pure(epochs), wal()});
    return run_outcome();
  };
  EXPECT_EQ(extend(register_blob(other, true, 3), 1), "blob::assert_certified_not_expired 0");
  const ObjectId id = certified_blob(poem, true, 3);
  EXPECT_EQ(extend(id, 51), "system_state_inner::reserve_space_for_epochs 2");
  EXPECT_EQ(extend(id, 0), "system_state_inner::extend_blob 2");
  EXPECT_EQ(extend(id, 50), "");
  set_epoch(54);
  EXPECT_EQ(extend(id, 1), "blob::assert_certified_not_expired 2");
}

TEST_F(BlobCalls, ExtendingWithAResourceThatFits) {
  const ObjectId id = certified_blob(poem, true, 3);
  const auto bought = [&](uint64_t size, uint32_t start, uint32_t end) {
    const Argument storage = walrus("system", "reserve_space_for_epochs",
                                    {system(true), builder.pure(size), builder.pure(start), builder.pure(end), wal()});
    walrus("system", "extend_blob_with_resource", {system(true), owned(id), storage});
    return run_outcome();
  };
  EXPECT_EQ(bought(poem.encoded, 5, 6), "storage_resource::fuse_periods 1");
  EXPECT_EQ(bought(poem.encoded + 1, 4, 6), "storage_resource::fuse_periods 2");
  EXPECT_EQ(bought(poem.encoded, 4, 6), "");
  EXPECT_EQ(read<Blob>(id).storage.end_epoch, 6u);
}

TEST_F(BlobCalls, DeletingGivesTheStorageBack) {
  const ObjectId id = certified_blob(poem, true, 3);
  const ObjectId storage_id = read<Blob>(id).storage.id;
  keep(walrus("system", "delete_blob", {system(false), owned(id)}));
  const Effects effects = run();
  EXPECT_EQ(outcome(effects), "");
  EXPECT_FALSE(exists(id));
  EXPECT_EQ(effects.change_of(id)->id_operation, static_cast<uint8_t>(IdOperation::kDeleted));
  EXPECT_EQ(read<Storage>(storage_id).end_epoch, 4u);
  EXPECT_EQ(effects.change_of(storage_id)->id_operation, static_cast<uint8_t>(IdOperation::kNone));  // unwrapped
  ASSERT_EQ(effects.events.size(), 1u);
  EXPECT_EQ(effects.events[0].type, walrus_type("events", "BlobDeleted"));
}

TEST_F(BlobCalls, TheStorageOfADeletedBlobServesAnother) {
  const ObjectId id = register_blob(poem, true, 3);
  const uint64_t before = wal_left();
  const Argument storage = walrus("system", "delete_blob", {system(true), owned(id)});
  keep(register_in(storage, other, true));
  EXPECT_EQ(read<Blob>(only_created(run(), blob_type())).storage.end_epoch, 4u);
  EXPECT_EQ(wal_left(), before - kWritePrice);
}

TEST_F(BlobCalls, PermanentAndExpiredOnesAreNotDeleted) {
  const auto remove = [&](const ObjectId& id) {
    keep(walrus("system", "delete_blob", {system(false), owned(id)}));
    return run_outcome();
  };
  EXPECT_EQ(remove(register_blob(poem, false)), "blob::delete 1");
  const ObjectId expiring = register_blob(other, true, 1);
  set_epoch(2);
  EXPECT_EQ(remove(expiring), "blob::delete 2");
  walrus("blob", "burn", {owned(expiring)});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_FALSE(exists(expiring));
}

TEST_F(BlobCalls, AttributesOfABlob) {
  const ObjectId id = register_blob(poem, true);
  const auto attributes = [&] { return read<Field<Bytes, Metadata>>(attributes_id(id)).value.entries; };
  const auto set = [&](const std::string& key, const std::string& value) {
    walrus("blob", "insert_or_update_metadata_pair", {owned(id), text(key), text(value)});
    return run_outcome();
  };
  EXPECT_EQ(set("a", "1"), "");
  EXPECT_EQ(set("b", "2"), "");
  EXPECT_EQ(set("a", "3"), "");  // moves to the end
  EXPECT_EQ(attributes(), (MetadataMap{{"b", "2"}, {"a", "3"}}));
  walrus("blob", "remove_metadata_pair", {owned(id), text("b")});
  walrus("blob", "remove_metadata_pair_if_exists", {owned(id), text("none")});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(attributes(), (MetadataMap{{"a", "3"}}));
  walrus("blob", "remove_metadata_pair", {owned(id), text("none")});
  EXPECT_EQ(run_outcome(), "vec_map::get_idx 1");
  walrus("blob", "take_metadata", {owned(id)});  // Metadata may be dropped
  EXPECT_EQ(run_outcome(), "");
  EXPECT_FALSE(exists(attributes_id(id)));
  walrus("blob", "take_metadata", {owned(id)});
  EXPECT_EQ(run_outcome(), "blob::take_metadata 8");
}

TEST_F(BlobCalls, WholeMapsOfAttributes) {
  const ObjectId id = register_blob(poem, true);
  const auto add = [&](const std::string& function) {
    const Argument map = walrus("metadata", "new", {});
    walrus("metadata", "insert_or_update", {map, text("k"), text(function)});
    walrus("blob", function, {owned(id), map});
    return run_outcome();
  };
  EXPECT_EQ(add("add_metadata"), "");
  EXPECT_EQ(add("add_metadata"), "blob::add_metadata 7");
  EXPECT_EQ(add("add_or_replace_metadata"), "");
  keep(walrus("system", "delete_blob", {system(false), owned(id)}));
  EXPECT_EQ(run_outcome(), "");
  EXPECT_FALSE(exists(attributes_id(id)));
}

TEST_F(BlobCalls, SharedOnesAreExtendedFromTheirFunds) {
  const ObjectId id = certified_blob(poem, false, 3);
  const Argument funds = nested(builder.split(wal(), {2 * kStoragePrice}), 0);
  walrus("shared_blob", "new_funded", {owned(id), funds});
  const Effects effects = run();
  const ObjectId shared = only_created(effects, walrus_type("shared_blob", "SharedBlob"));
  EXPECT_FALSE(exists(id));
  EXPECT_EQ(effects.change_of(id)->id_operation, static_cast<uint8_t>(IdOperation::kNone));  // wrapped
  const uint64_t since = std::get<SharedOwner>(node->object(shared)->owner).initial_version;
  EXPECT_EQ(since, effects.lamport_version);
  const auto extend = [&](uint32_t epochs) {
    walrus("shared_blob", "extend", {builder.shared(shared, since, true), system(true), builder.pure(epochs)});
    return run_outcome();
  };
  EXPECT_EQ(extend(3), "balance::split 2");
  EXPECT_EQ(extend(2), "");
  EXPECT_EQ(read<SharedBlob>(shared).blob.storage.end_epoch, 6u);
  EXPECT_EQ(read<SharedBlob>(shared).funds, 0u);
  walrus("shared_blob", "fund", {builder.shared(shared, since, true), nested(builder.split(wal(), {7}), 0)});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(read<SharedBlob>(shared).funds, 7u);
}

// ---- storage resources

class Resources : public BlobCalls {
 protected:
  ObjectId reserved(uint64_t size, uint32_t start, uint32_t end) {
    keep(walrus("system", "reserve_space_for_epochs",
                {system(true), builder.pure(size), builder.pure(start), builder.pure(end), wal()}));
    return only_created(run(), storage_type());
  }
  std::string of_storage(const std::string& function, std::vector<Argument> arguments, bool has_result = false) {
    const Argument result = walrus("storage_resource", function, std::move(arguments));
    if (has_result) keep(result);
    return run_outcome();
  }
};

TEST_F(Resources, AreSplit) {
  const ObjectId id = reserved(1000, 1, 5);
  EXPECT_EQ(of_storage("split_by_epoch", {owned(id), builder.pure(uint32_t{5})}, true),
            "storage_resource::split_by_epoch 0");
  EXPECT_EQ(of_storage("split_by_epoch", {owned(id), builder.pure(uint32_t{1})}, true),
            "storage_resource::split_by_epoch 0");
  keep(walrus("storage_resource", "split_by_epoch", {owned(id), builder.pure(uint32_t{3})}));
  const auto later = read<Storage>(only_created(run(), storage_type()));
  EXPECT_EQ(later.start_epoch, 3u);
  EXPECT_EQ(later.end_epoch, 5u);
  EXPECT_EQ(read<Storage>(id).end_epoch, 3u);
  keep(walrus("storage_resource", "split_by_size", {owned(id), builder.pure(uint64_t{400})}));
  EXPECT_EQ(read<Storage>(only_created(run(), storage_type())).storage_size, 600u);
  EXPECT_EQ(read<Storage>(id).storage_size, 400u);
  EXPECT_EQ(of_storage("split_by_size", {owned(id), builder.pure(uint64_t{401})}, true),
            "storage_resource::split_by_size 2");
}

TEST_F(Resources, AreJoined) {
  const ObjectId early = reserved(1000, 1, 3), late = reserved(1000, 3, 5), wide = reserved(7, 1, 5);
  EXPECT_EQ(of_storage("fuse_amount", {owned(early), owned(late)}), "storage_resource::fuse_amount 1");
  EXPECT_EQ(of_storage("fuse_periods", {owned(early), owned(wide)}), "storage_resource::fuse_periods 2");
  EXPECT_EQ(of_storage("fuse", {owned(late), owned(early)}), "");
  EXPECT_FALSE(exists(early));
  EXPECT_EQ(of_storage("fuse", {owned(late), owned(wide)}), "");
  const auto whole = read<Storage>(late);
  EXPECT_EQ(whole.start_epoch, 1u);
  EXPECT_EQ(whole.end_epoch, 5u);
  EXPECT_EQ(whole.storage_size, 1007u);
  EXPECT_EQ(of_storage("destroy", {owned(late)}), "");
  EXPECT_FALSE(exists(late));
}

// ---- the exchange

TEST_F(BlobCalls, SuiIsExchangedForWal) {
  const auto exchange = [&] { return builder.shared(net.exchange, 1, true); };
  const Argument sui = nested(builder.split(GasCoin{}, {5'000}), 0);
  keep(builder.call(net.packages.exchange, "wal_exchange", "exchange_all_for_wal", {exchange(), sui}));
  const ObjectId bought = only_created(run(), coin_of(net.packages.wal_type()));
  EXPECT_EQ(read<Coin>(bought).balance, 5'000u);
  keep(builder.call(net.packages.exchange, "wal_exchange", "exchange_for_sui",
                    {exchange(), owned(bought), builder.pure(uint64_t{2'000})}));
  EXPECT_EQ(read<Coin>(only_created(run(), coin_of(sui_coin_type()))).balance, 2'000u);
  keep(builder.call(net.packages.exchange, "wal_exchange", "exchange_for_sui",
                    {exchange(), owned(bought), builder.pure(uint64_t{3'001})}));
  EXPECT_EQ(run_outcome(), "balance::split 2");
  keep(builder.call(net.packages.exchange, "wal_exchange", "exchange_all_for_sui", {exchange(), wal()}));
  EXPECT_EQ(run_outcome(), "wal_exchange::exchange 0");  // it has no more SUI than it was given
}

}  // namespace
}  // namespace walrusfs::localnet::sui
