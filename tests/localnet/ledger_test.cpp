// The ledger over a chain: what the network's wallet does, and what others do whom only the chain's events tell of.
#include <gtest/gtest.h>

#include <fstream>

#include "base/checksum.h"
#include "base/testing/manual_clock.h"
#include "client/sui/walrus.h"
#include "codec/metadata.h"
#include "localnet/chain_import.h"
#include "localnet/chain_ledger.h"
#include "localnet/sui/bls_certificates.h"
#include "localnet/sui/epochs.h"
#include "localnet/sui/genesis.h"
#include "signing.h"
#include "temp_folder.h"

namespace walrusfs::localnet {
namespace {

// Four nodes of 250 shards each.
class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 4; ++i) keys_.push_back(bls::SecretKey::generate(rng_));
    reopen();
  }
  void reopen() {
    ledger_.reset();
    stranger_.reset();
    wallet_.reset();
    node_.reset();
    store_.reset();
    auto store = sui::ChainStore::open(system_files(), folder_ / "chain.sqlite", [this] { return first_state(); });
    ASSERT_TRUE(store.ok()) << store.error().to_string();
    store_ = std::move(*store);
    node_ = std::make_unique<sui::FullNode>(*store_, verifier_, clock_);
    wallet_ = ChainWallet::open(system_files(), rng_, folder_ / "wallet.key", *node_).value();
    stranger_ = ChainWallet::open(system_files(), rng_, folder_ / "stranger.key", *node_).value();
    ledger_ = open_chain_ledger(*node_, *wallet_).value();
  }
  sui::FirstState first_state() const {
    sui::Genesis genesis;
    genesis.n_shards = 1000;
    std::vector<bls::PublicKey> public_keys;
    for (size_t i = 0; i < keys_.size(); ++i) {
      public_keys.push_back(keys_[i].public_key());
      sui::GenesisNode node{sui::ObjectId::of(static_cast<uint8_t>(0xe0 + i)), "node", "127.0.0.1:9",
                            to_bytes(public_keys[i].to_uncompressed_bytes()), Bytes(33, 2), {}, {}};
      for (uint16_t shard = 0; shard < 250; ++shard) node.shards.push_back(static_cast<uint16_t>(i * 250 + shard));
      genesis.nodes.push_back(std::move(node));
    }
    genesis.total_aggregated_key = to_bytes(bls::aggregate(public_keys).value().to_bytes());
    return make_first_state(genesis);
  }
  uint32_t advance_epoch() { return sui::advance_epoch(*node_).value(); }

  // Of one byte.
  static RegisterRequest request(uint32_t epochs, bool deletable) {
    RegisterRequest r;
    r.root_hash[0] = 7;
    r.size_bytes = 1;
    r.blob = blob_id_of(r.root_hash, r.size_bytes);
    r.encoded_length = 66'034'000;
    r.epochs = epochs;
    r.deletable = deletable;
    return r;
  }
  Registration made(uint32_t epochs, bool deletable) {
    return ledger_->register_blob(request(epochs, deletable)).value();
  }
  Result<BlobObject> certify(const BlobObject& object, const AfterStore& then = {}) {
    return ledger_->certify(object.id, certificate_for(object, ledger_->epoch(), keys_), then);
  }
  BlobStanding standing() { return ledger_->standing(request(1, true).blob); }

  // As another program would do it over the chain's RPC, with its own wallet. Names the objects it made.
  sui::Effects as_stranger(const ChainWallet::Build& build) {
    constexpr uint64_t kMuch = 1'000'000'000;
    const auto effects = stranger_->run(kMuch, build).value();
    EXPECT_FALSE(effects.failure) << effects.failure->description();
    return effects;
  }
  static sui::ObjectId made_in(const sui::Effects& effects, const std::string& type) {
    for (const sui::ObjectChange& change : effects.changed)
      if (!change.before && change.type.name == type) return change.id;
    ADD_FAILURE() << "no new " << type;
    return {};
  }
  static std::vector<sui::Argument> description(WalletTransaction& t, bool deletable) {
    const RegisterRequest r = request(1, deletable);
    return {t.builder.pure(r.blob), t.builder.pure(r.root_hash), t.builder.pure(r.size_bytes),
            t.builder.pure(uint8_t{1}), t.builder.pure(deletable)};
  }
  sui::ObjectId strange_pool(uint32_t epochs) {
    return made_in(as_stranger([&](WalletTransaction& t) -> Status {
                     const auto pool = t.call("system", "create_storage_pool",
                                              {t.system_object(true), t.builder.pure(uint64_t{100'000'000}),
                                               t.builder.pure(epochs), t.wal});
                     t.builder.transfer({pool}, stranger_->address());
                     return {};
                   }),
                   "StoragePool");
  }
  sui::ObjectId pooled_blob(const sui::ObjectId& pool, bool deletable) {
    return made_in(as_stranger([&](WalletTransaction& t) -> Status {
                     std::vector<sui::Argument> arguments = {t.system_object(true), t.owned(pool).value()};
                     for (const sui::Argument& a : description(t, deletable)) arguments.push_back(a);
                     arguments.push_back(t.wal);
                     t.call("system", "register_pooled_blob", arguments);
                     return {};
                   }),
                   "PooledBlob");
  }
  void certify_pooled(const sui::ObjectId& pool, const sui::ObjectId& entry) {
    const BlobObject object = ledger_->object(entry.to_string()).value();
    const BlobCertificate certificate = certificate_for(object, ledger_->epoch(), keys_);
    as_stranger([&](WalletTransaction& t) -> Status {
      t.call("system", "certify_pooled_blob",
             {t.system_object(false), t.owned(pool).value(), t.builder.pure(object.blob),
              t.builder.pure(certificate.signature), t.builder.pure(certificate.signers_bitmap),
              t.builder.pure(certificate.message)});
      return {};
    });
  }

  TempFolder folder_;
  SeededRng rng_{1};
  ManualClock clock_;
  sui::BlsCertificates verifier_;
  std::vector<bls::SecretKey> keys_;
  std::unique_ptr<sui::ChainStore> store_;
  std::unique_ptr<sui::FullNode> node_;
  std::unique_ptr<ChainWallet> wallet_, stranger_;
  std::unique_ptr<Ledger> ledger_;
};

// The ledger believes nobody: every part of a certificate is checked before an object counts as certified.
TEST_F(LedgerTest, CertificatesMustHold) {
  const auto deletable = made(5, true).object;
  const auto permanent = made(5, false).object;
  const auto code = [&](const BlobObject& object, const BlobCertificate& certificate) {
    auto outcome = ledger_->certify(object.id, certificate);
    EXPECT_FALSE(ledger_->object(object.id)->certified_epoch.has_value());
    return outcome.ok() ? Code::kInternal : outcome.error().code();
  };
  const BlobCertificate good = certificate_for(deletable, 1, keys_);

  EXPECT_EQ(code(deletable, certificate_for(deletable, 2, keys_)), Code::kStale);
  EXPECT_EQ(code(deletable, certificate_for(permanent, 1, keys_)), Code::kInvalidArgument) << "needs its own object";
  EXPECT_EQ(code(permanent, good), Code::kInvalidArgument);
  BlobObject other_blob = deletable;
  other_blob.blob.bytes[5] ^= 1;
  EXPECT_EQ(code(deletable, certificate_for(other_blob, 1, keys_)), Code::kInvalidArgument);

  const Bytes message = confirmation_for(deletable, 1).to_bytes();
  const std::vector<bls::SecretKey> three(keys_.begin(), keys_.begin() + 3), two(keys_.begin(), keys_.begin() + 2);
  EXPECT_EQ(code(deletable, certificate_of(message, two, 4)), Code::kInvalidArgument) << "below the quorum";
  BlobCertificate bad = good;
  bad.signers_bitmap = {0x07};
  EXPECT_EQ(code(deletable, bad), Code::kInvalidArgument) << "not the signature of these three";
  bad.signers_bitmap = {0x1f};
  EXPECT_EQ(code(deletable, bad), Code::kInvalidArgument) << "a member too many";
  bad.signers_bitmap = {};
  EXPECT_EQ(code(deletable, bad), Code::kInvalidArgument);
  bad = good;
  bad.signature.pop_back();
  EXPECT_EQ(code(deletable, bad), Code::kInvalidArgument);
  bad = good;
  bad.message.push_back(0);
  EXPECT_EQ(code(deletable, bad), Code::kInvalidArgument);

  EXPECT_TRUE(ledger_->certify(deletable.id, certificate_of(message, three, 4)).ok());
  EXPECT_TRUE(certify(permanent).ok());
  EXPECT_TRUE(certify(permanent).ok()) << "twice is not an error";
}

TEST_F(LedgerTest, PricesAreThoseOfTheContract) {
  EXPECT_EQ(made(1, true).cost_frost, 693'000u + 1'260'000u);
  EXPECT_EQ(made(53, true).cost_frost, 36'729'000u + 1'260'000u);
}

TEST_F(LedgerTest, TheWalletPaysInRealCoins) {
  const auto wal = node_->network().packages.wal_type();
  made(1, true);
  const uint64_t frost = node_->balance(wallet_->address(), wal).balance;
  const uint64_t mist = node_->balance(wallet_->address(), sui::sui_coin_type()).balance;
  const auto again = made(2, true);
  EXPECT_EQ(node_->balance(wallet_->address(), wal).balance, frost - again.cost_frost);
  EXPECT_LT(node_->balance(wallet_->address(), sui::sui_coin_type()).balance, mist);
  EXPECT_EQ(again.object.owner, ledger_->wallet_address());
  EXPECT_EQ(std::filesystem::status(folder_ / "wallet.key").permissions(), std::filesystem::perms(0600));
}

// More than one coin of either kind, too small each for what they pay together.
TEST_F(LedgerTest, CoinsAreMerged) {
  node_->grant(wallet_->address(), 200'000'000'000, 1'000'000).value();
  node_->grant(wallet_->address(), 200'000'000'000, 1'000'000).value();
  const auto wal = node_->network().packages.wal_type();
  EXPECT_EQ(made(1, true).cost_frost, 1'953'000u);
  EXPECT_EQ(node_->balance(wallet_->address(), wal).coins, 1u);
  EXPECT_EQ(node_->balance(wallet_->address(), wal).balance, 2'000'000u - 1'953'000u);
}

TEST_F(LedgerTest, ObjectsLiveUntilTheirEpochEnds) {
  const auto object = made(2, true).object;
  EXPECT_EQ(standing().kind, BlobStanding::Kind::kDeletable);
  EXPECT_FALSE(standing().certified);
  EXPECT_TRUE(ledger_->certified_blobs().empty());
  ASSERT_TRUE(certify(object).ok());
  EXPECT_TRUE(standing().certified);
  EXPECT_EQ(ledger_->certified_blobs(), std::vector<BlobId>{object.blob});
  EXPECT_EQ(advance_epoch(), 2u);
  EXPECT_TRUE(standing().certified);
  EXPECT_TRUE(ledger_->object_is_live(object.id, object.blob));
  EXPECT_EQ(advance_epoch(), 3u);
  EXPECT_FALSE(standing().registered());
  EXPECT_FALSE(ledger_->object_is_live(object.id, object.blob));
  EXPECT_TRUE(ledger_->certified_blobs().empty());
  EXPECT_EQ(certify(object).error().code(), Code::kNotFound);
}

TEST_F(LedgerTest, AnInvalidBlobStaysInvalid) {
  const auto object = made(5, true).object;
  ASSERT_TRUE(certify(object).ok());
  const Bytes verdict = invalid_blob_id_message(1, object.blob);
  const std::vector<bls::SecretKey> one(keys_.begin(), keys_.begin() + 1), two(keys_.begin(), keys_.begin() + 2);
  EXPECT_EQ(ledger_->invalidate(object.blob, certificate_of(verdict, one, 4)).error().code(), Code::kInvalidArgument)
      << "f may lie";
  const Bytes another_epoch = invalid_blob_id_message(2, object.blob);
  EXPECT_EQ(ledger_->invalidate(object.blob, certificate_of(another_epoch, two, 4)).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(standing().kind, BlobStanding::Kind::kDeletable);
  BlobId other = object.blob;
  other.bytes[0] ^= 1;
  EXPECT_EQ(ledger_->invalidate(other, certificate_of(verdict, two, 4)).error().code(), Code::kInvalidArgument);
  ASSERT_TRUE(ledger_->invalidate(object.blob, certificate_of(verdict, two, 4)).ok());
  ASSERT_TRUE(ledger_->invalidate(object.blob, certificate_of(verdict, two, 4)).ok());
  EXPECT_EQ(standing().kind, BlobStanding::Kind::kInvalid);
  EXPECT_FALSE(standing().registered());
  EXPECT_TRUE(ledger_->certified_blobs().empty());
  const std::string event = standing().event.tx_digest;
  reopen();
  EXPECT_EQ(standing().kind, BlobStanding::Kind::kInvalid);
  EXPECT_EQ(standing().event.tx_digest, event);
}

TEST_F(LedgerTest, TheBestPermanentObjectSpeaks) {
  const auto shorter = made(3, false).object;
  const auto longer = made(9, false).object;
  made(20, true);
  EXPECT_EQ(standing().end_epoch, 10u);
  ASSERT_TRUE(certify(shorter).ok());
  EXPECT_TRUE(standing().certified);
  EXPECT_EQ(standing().end_epoch, 4u);
  ASSERT_TRUE(certify(longer).ok());
  EXPECT_EQ(standing().end_epoch, 10u);
  EXPECT_EQ(standing().deletable_total, 1u);
  EXPECT_EQ(ledger_->objects_of(longer.blob).size(), 3u);
  EXPECT_EQ(ledger_->live_bytes(), 1u) << "one blob, however many objects";
}

TEST_F(LedgerTest, ExtendsAndRemoves) {
  const auto object = made(1, true).object;
  EXPECT_FALSE(ledger_->extend(object.id, 1).ok()) << "not certified yet";
  ASSERT_TRUE(certify(object).ok());
  EXPECT_EQ(ledger_->extend(object.id, 52).value(), 63u * 11'000u * 52u);
  EXPECT_EQ(ledger_->object(object.id)->end_epoch, 54u);
  EXPECT_EQ(ledger_->object(object.id)->certified_epoch, 1u);
  EXPECT_FALSE(ledger_->extend(object.id, 1).ok()) << "53 ahead is the limit";
  ASSERT_TRUE(ledger_->remove(object.id).ok());
  EXPECT_FALSE(standing().registered());
  EXPECT_EQ(ledger_->remove(object.id).error().code(), Code::kNotFound);
  const auto permanent = made(1, false).object;
  EXPECT_EQ(ledger_->remove(permanent.id).error().code(), Code::kNotPermitted);
  EXPECT_FALSE(ledger_->register_blob(request(0, true)).ok());
  EXPECT_FALSE(ledger_->register_blob(request(54, true)).ok());
}

TEST_F(LedgerTest, CertifiedObjectsAreSentAndShared) {
  const auto sent = made(3, true).object, shared = made(4, true).object;
  const std::string somebody = "0x" + std::string(64, 'a');
  EXPECT_EQ(certify(sent, {somebody, false}).value().owner, somebody);
  EXPECT_EQ(ledger_->remove(sent.id).error().code(), Code::kNotPermitted) << "it is somebody else's now";
  const BlobObject everybodys = certify(shared, {{}, true}).value();
  EXPECT_EQ(everybodys.owner, "");
  EXPECT_EQ(everybodys.certified_epoch, 1u);
  const auto object = node_->object(sui::ObjectId::parse(everybodys.shared_id).value()).value();
  EXPECT_EQ(object.type.name, "SharedBlob");
  EXPECT_EQ(ledger_->extend(shared.id, 2).value(), 63u * 11'000u * 2u) << "from funds that it puts in";
  EXPECT_EQ(ledger_->object(shared.id)->end_epoch, 7u);
  reopen();
  EXPECT_EQ(ledger_->object(shared.id)->shared_id, everybodys.shared_id);
}

TEST_F(LedgerTest, EverythingIsThereAfterReopening) {
  const std::string wallet = ledger_->wallet_address();
  const auto object = made(5, false).object;
  const auto gone = made(5, true).object;
  ASSERT_TRUE(certify(object).ok());
  ASSERT_TRUE(ledger_->remove(gone.id).ok());
  advance_epoch();
  const BlobStanding before = standing();
  reopen();
  EXPECT_EQ(ledger_->wallet_address(), wallet);
  EXPECT_EQ(ledger_->epoch(), 2u);
  EXPECT_EQ(standing().end_epoch, before.end_epoch);
  EXPECT_EQ(standing().event.tx_digest, before.event.tx_digest);
  EXPECT_EQ(standing().initial_certified_epoch, 1u);
  EXPECT_FALSE(ledger_->object(gone.id).has_value());
}

TEST_F(LedgerTest, BurningAPermanentObjectLeavesItsBlob) {
  const auto object = made(3, false).object;
  ASSERT_TRUE(certify(object).ok());
  const auto burned = wallet_->run(0, [&](WalletTransaction& t) -> Status {
    t.call("blob", "burn", {t.owned(sui::ObjectId::parse(object.id).value()).value()});
    return {};
  });
  ASSERT_TRUE(burned.ok() && !burned->failure);
  EXPECT_TRUE(standing().certified);
  EXPECT_EQ(ledger_->object(object.id)->owner, "");
  for (int i = 0; i < 3; ++i) advance_epoch();
  EXPECT_FALSE(standing().registered());
}

TEST_F(LedgerTest, WhatOthersDoIsSeen) {
  const auto blob = made_in(as_stranger([&](WalletTransaction& t) -> Status {
                              const auto storage = t.call("system", "reserve_space",
                                                          {t.system_object(true), t.builder.pure(uint64_t{70'000'000}),
                                                           t.builder.pure(uint32_t{2}), t.wal});
                              std::vector<sui::Argument> arguments = {t.system_object(true), storage};
                              for (const sui::Argument& a : description(t, true)) arguments.push_back(a);
                              arguments.push_back(t.wal);
                              t.builder.transfer({t.call("system", "register_blob", arguments)}, stranger_->address());
                              return {};
                            }),
                            "Blob");
  EXPECT_EQ(standing().deletable_total, 1u);
  const BlobObject object = ledger_->object(blob.to_string()).value();
  EXPECT_EQ(object.owner, stranger_->address().to_string());
  EXPECT_TRUE(ledger_->object_is_live(object.id, object.blob));
  as_stranger([&](WalletTransaction& t) -> Status {
    const auto storage = t.call("system", "delete_blob", {t.system_object(false), t.owned(blob).value()});
    t.builder.transfer({storage}, stranger_->address());
    return {};
  });
  EXPECT_FALSE(standing().registered());
}

TEST_F(LedgerTest, EntriesOfAPoolLiveAsLongAsIt) {
  const auto pool = strange_pool(2);
  const auto entry = pooled_blob(pool, false);
  EXPECT_EQ(standing().kind, BlobStanding::Kind::kPermanent);
  EXPECT_EQ(standing().end_epoch, 3u);
  certify_pooled(pool, entry);
  EXPECT_TRUE(standing().certified);
  as_stranger([&](WalletTransaction& t) -> Status {
    t.call("system", "extend_storage_pool",
           {t.system_object(true), t.owned(pool).value(), t.builder.pure(uint32_t{1}), t.wal});
    return {};
  });
  EXPECT_EQ(standing().end_epoch, 4u);
  advance_epoch();
  advance_epoch();
  EXPECT_TRUE(standing().certified);
  reopen();
  EXPECT_EQ(standing().end_epoch, 4u);
  EXPECT_EQ(ledger_->object(entry.to_string())->end_epoch, 4u);
  advance_epoch();
  EXPECT_FALSE(standing().registered());
}

TEST_F(LedgerTest, EntriesOfAPoolCanBeDeleted) {
  const auto pool = strange_pool(2);
  const auto entry = pooled_blob(pool, true);
  EXPECT_TRUE(ledger_->object_is_live(entry.to_string(), request(1, true).blob));
  EXPECT_EQ(ledger_->remove(entry.to_string()).error().code(), Code::kNotPermitted);
  as_stranger([&](WalletTransaction& t) -> Status {
    t.call("system", "delete_pooled_blob",
           {t.system_object(false), t.owned(pool).value(), t.builder.pure(request(1, true).blob)});
    return {};
  });
  EXPECT_FALSE(standing().registered());
}

// Somebody else who has the key is quicker with the gas coin.
TEST_F(LedgerTest, AnObjectThatMovedOnIsBuiltWithAnew) {
  const auto twin = ChainWallet::open(system_files(), rng_, folder_ / "wallet.key", *node_).value();
  made(1, true);
  int built = 0;
  const auto harmless = [](WalletTransaction& t) -> Status {
    t.builder.transfer({t.builder.split(sui::GasCoin{}, {1})}, sui::Address::of(9));
    return {};
  };
  const auto effects = wallet_->run(1, [&](WalletTransaction& t) -> Status {
    if (++built == 1) {
      const auto other = twin->run(1, [&](WalletTransaction& u) -> Status {
        u.builder.transfer({u.builder.split(u.wal, {1})}, sui::Address::of(9));
        return {};
      });
      EXPECT_TRUE(other.ok());
    }
    return harmless(t);
  });
  ASSERT_TRUE(effects.ok()) << effects.error().to_string();
  EXPECT_FALSE(effects->failure);
  EXPECT_EQ(built, 2);
}

// ---- ledgers of older versions

class OldLedgerTest : public LedgerTest {
 protected:
  std::string path() const { return folder_ / "ledger"; }
  static std::string line(const std::string& json) {
    uint8_t crc[4];
    store_le(crc, crc32c(as_bytes(json)));
    return to_hex(crc) + " " + json + "\n";
  }
  static std::string object_line(const std::string& id, uint32_t end, const std::string& more = "") {
    const std::string blob = request(1, true).blob.to_string();
    return line(R"({"op":"object","object":{"id":"0x)" + id + R"(","blob":")" + blob +
                R"(","size":1,"encoded":66034000,"storage":"0x5)" + id + R"(","registered":1,"start":1,"end":)" +
                std::to_string(end) + R"(,"deletable":true,"owner":"0x77","shared":"","tx":"x")" + more + "}}");
  }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }
  std::string head() const { return line(R"({"op":"begin","version":1,"wallet":"0x77"})"); }
};

TEST_F(OldLedgerTest, ATornLastLineIsDroppedAndDamageBeforeItIsNot) {
  const std::string whole = head() + object_line("a1", 5), more = object_line("a1", 5, R"(,"certified":1)");
  for (size_t size = 1; size < more.size(); size += 37) {
    write(whole + more.substr(0, size));
    const OldLedger old = read_old_ledger(system_files(), path()).value();
    ASSERT_EQ(old.objects.size(), 1u);
    EXPECT_FALSE(old.objects[0].certified_epoch.has_value());
  }
  write(whole + more);
  EXPECT_EQ(read_old_ledger(system_files(), path()).value().objects[0].certified_epoch, 1u);
  std::string damaged = whole + more;
  damaged[20] = '#';
  write(damaged);
  EXPECT_EQ(read_old_ledger(system_files(), path()).error().code(), Code::kCorrupt);
  write(whole + line(R"({"op":"unheard of"})"));
  EXPECT_EQ(read_old_ledger(system_files(), path()).error().code(), Code::kNewerVersion);
}

TEST_F(OldLedgerTest, IsBroughtInOnce) {
  write(head() + object_line("a1", 5) + object_line("a2", 5) + object_line("a2", 5, R"(,"certified":1)") +
        object_line("a3", 5) + line(R"({"op":"remove","id":"0xa3"})") + object_line("a4", 1));
  const OldLedger old = read_old_ledger(system_files(), path()).value();
  for (int i = 0; i < 2; ++i) {  // the second time as after a crash
    ASSERT_TRUE(import_old_ledger(*node_, old, wallet_->address()).ok());
    EXPECT_EQ(standing().deletable_total, 2u);
    EXPECT_EQ(standing().deletable_certified, 1u);
  }
  const BlobObject object = ledger_->objects_of(request(1, true).blob).at(0);
  EXPECT_EQ(object.owner, ledger_->wallet_address()) << "the old wallet had no key";
  ASSERT_TRUE(certify(object).ok()) << "it is an object like any other";
  EXPECT_TRUE(ledger_->extend(object.id, 3).ok());
  EXPECT_TRUE(ledger_->remove(object.id).ok());
  const auto field = sui::inner_state_id(node_->network().system, node_->network().packages.walrus_version);
  using SystemField = sui::Field<uint64_t, sui::SystemStateInner>;
  const auto system = bcs_decode<SystemField>(node_->object(field).value().contents, "System").value();
  EXPECT_EQ(system.value.used_capacity_size, 2u * 66'034'000u);
}

}  // namespace
}  // namespace walrusfs::localnet
