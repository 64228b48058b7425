// Storage pools: rooms, entries, time, attributes, and how they abort.
#include "chain.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {
namespace {

constexpr uint64_t kRoom = 1 << 20;
constexpr uint64_t kStoragePrice = 11'000, kWritePrice = 20'000;

class Pools : public ChainTest {
 protected:
  Pools() : pool(create(kRoom, 3)) {}

  ObjectId create(uint64_t capacity, uint32_t epochs) {
    keep(walrus("system", "create_storage_pool", {system(true), builder.pure(capacity), builder.pure(epochs), wal()}));
    return only_created(run(), pool_type());
  }
  TypeTag pool_type() const { return net.packages.newer_type("storage_pool", "StoragePool"); }
  StoragePoolInner inner() const { return read<PoolField>(inner_state_id(pool, 1)).value; }

  std::string add(const TestBlob& blob, bool deletable = true) {
    walrus("system", "register_pooled_blob",
           {system(true), owned(pool), builder.pure(blob.id), builder.pure(blob.root), builder.pure(blob.size),
            builder.pure(uint8_t{1}), builder.pure(deletable), wal()});
    return run_outcome();
  }
  // With the System object taken immutably.
  std::string on_system(const std::string& function, std::vector<Argument> more, bool has_result = false) {
    std::vector<Argument> arguments = {system(false), owned(pool)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Argument result = walrus("system", function, std::move(arguments));
    if (has_result) keep(result);
    return run_outcome();
  }
  std::string on_pool(const std::string& function, std::vector<Argument> more) {
    std::vector<Argument> arguments = {owned(pool)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    walrus("storage_pool", function, std::move(arguments));
    return run_outcome();
  }
  ObjectId entry(const TestBlob& blob) const {
    return read<PoolEntryField>(pooled_blob_entry_id(inner().blobs.id, blob.id)).value;
  }
  std::string certify_entry(const TestBlob& blob, Persistence persistence) {
    Confirmation confirmation;
    confirmation.epoch = system_state().committee.epoch;
    confirmation.blob_id = blob.id;
    confirmation.persistence = persistence;
    const auto certificate = nodes.sign(confirmation, {0, 1, 2, 3});
    return on_system("certify_pooled_blob",
                     {builder.pure(blob.id), bytes(certificate[0]), bytes(certificate[1]), bytes(certificate[2])});
  }

  const TestBlob poem{"a poem of some length"};
  const TestBlob other{"another poem"};
  ObjectId pool;
};

TEST_F(Pools, HoldBlobsAndCountTheirBytes) {
  EXPECT_EQ(wal_left(), kMuch - 3 * kStoragePrice);
  EXPECT_EQ(add(poem), "");
  EXPECT_EQ(add(other), "");
  EXPECT_EQ(inner().used_encoded_bytes, poem.encoded + other.encoded);
  EXPECT_EQ(inner().blob_count, 2u);
  EXPECT_EQ(inner().blobs.size, 2u);
  EXPECT_EQ(wal_left(), kMuch - 3 * kStoragePrice - 2 * kWritePrice);
  const auto blob = read<PooledBlob>(entry(poem));
  EXPECT_EQ(blob.blob_id, poem.id);
  EXPECT_EQ(blob.storage_pool_id, pool);
  EXPECT_EQ(add(poem), "dynamic_field::add 0");
}

TEST_F(Pools, AreFullAtTheirSize) {
  pool = create(poem.encoded + other.encoded - 1, 1);
  EXPECT_EQ(add(poem), "");
  EXPECT_EQ(add(other), "storage_pool::register_blob 6");
  walrus("system", "increase_storage_pool_capacity", {system(true), owned(pool), builder.pure(uint64_t{1}), wal()});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(add(other), "");
}

TEST_F(Pools, EntriesAreCertified) {
  EXPECT_EQ(add(poem), "");
  EXPECT_EQ(certify_entry(other, Permanent{}), "dynamic_field::borrow_child_object 1");
  EXPECT_EQ(certify_entry(poem, Permanent{}), "storage_pool::certify_blob 4");
  EXPECT_EQ(certify_entry(poem, Deletable{pool}), "storage_pool::certify_blob 5");
  EXPECT_EQ(certify_entry(poem, Deletable{entry(poem)}), "");
  EXPECT_EQ(read<PooledBlob>(entry(poem)).certified_epoch, 1u);
  EXPECT_EQ(certify_entry(poem, Deletable{entry(poem)}), "storage_pool::certify_blob 2");
}

TEST_F(Pools, EntriesAreDeleted) {
  EXPECT_EQ(add(poem), "");
  EXPECT_EQ(add(other, false), "");
  const ObjectId blob = entry(poem);
  EXPECT_EQ(on_system("delete_pooled_blob", {builder.pure(poem.id)}), "");
  EXPECT_FALSE(exists(blob));
  EXPECT_EQ(inner().used_encoded_bytes, other.encoded);
  EXPECT_EQ(on_system("delete_pooled_blob", {builder.pure(poem.id)}), "dynamic_field::borrow_child_object 1");
  EXPECT_EQ(on_system("delete_pooled_blob", {builder.pure(other.id)}), "storage_pool::delete_blob 0");
  EXPECT_EQ(on_system("burn_expired_pooled_blob", {builder.pure(other.id)}), "storage_pool::burn_expired_blob 1");
}

TEST_F(Pools, EndTogether) {
  EXPECT_EQ(add(poem), "");
  walrus("system", "extend_storage_pool", {system(true), owned(pool), builder.pure(uint32_t{2}), wal()});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(inner().storage.end_epoch, 6u);
  set_epoch(6);
  EXPECT_EQ(add(other), "storage_pool::register_blob 1");
  EXPECT_EQ(on_system("delete_pooled_blob", {builder.pure(poem.id)}), "storage_pool::delete_blob 1");
  walrus("system", "extend_storage_pool", {system(true), owned(pool), builder.pure(uint32_t{2}), wal()});
  EXPECT_EQ(run_outcome(), "storage_pool::extend 1");
  keep(walrus("storage_pool", "destroy", {owned(pool)}));
  EXPECT_EQ(run_outcome(), "storage_pool::destroy 7");
  EXPECT_EQ(on_system("burn_expired_pooled_blob", {builder.pure(poem.id)}), "");
  const Argument storage = walrus("storage_pool", "destroy", {owned(pool)});
  walrus("storage_resource", "destroy", {storage});
  EXPECT_EQ(run_outcome(), "");
  EXPECT_FALSE(exists(pool));
}

TEST_F(Pools, RoomMovesInAndOut) {
  EXPECT_EQ(add(poem), "");
  const auto by_size = [&](uint64_t size) {
    return on_system("decrease_storage_pool_capacity_by_size", {builder.pure(size)}, true);
  };
  const auto by_percent = [&](uint8_t percent) {
    return on_system("decrease_storage_pool_unused_capacity_by_percent", {builder.pure(percent)}, true);
  };
  EXPECT_EQ(by_size(0), "system::decrease_storage_pool_capacity 2");
  EXPECT_EQ(by_size(kRoom - poem.encoded + 1), "storage_pool::decrease_capacity 6");
  EXPECT_EQ(by_percent(101), "storage_pool::decrease_unused_capacity_by_percent 14");
  EXPECT_EQ(by_percent(0), "system::decrease_storage_pool_capacity 2");
  EXPECT_EQ(by_size(1000), "");
  EXPECT_EQ(by_percent(50), "");
  EXPECT_EQ(inner().storage.storage_size, kRoom - 1000 - (kRoom - 1000 - poem.encoded) / 2);

  const Argument fits = reserve(500, 3);
  walrus("system", "increase_storage_pool_capacity_with_storage", {system(true), owned(pool), fits});
  const uint64_t before = inner().storage.storage_size;
  EXPECT_EQ(run_outcome(), "");
  EXPECT_EQ(inner().storage.storage_size, before + 500);
  const Argument shorter = reserve(500, 2);
  walrus("system", "increase_storage_pool_capacity_with_storage", {system(true), owned(pool), shorter});
  EXPECT_EQ(run_outcome(), "storage_pool::increase_capacity_with_storage 11");
}

TEST_F(Pools, AreMadeFromStorage) {
  keep(walrus("system", "create_storage_pool_with_storage", {system(true), reserve(7777, 2)}));
  pool = only_created(run(), pool_type());
  EXPECT_EQ(inner().storage.storage_size, 7777u);
}

TEST_F(Pools, EntriesHaveAttributes) {
  EXPECT_EQ(add(poem), "");
  EXPECT_EQ(on_pool("insert_or_update_blob_metadata_pair", {builder.pure(poem.id), text("k"), text("v")}), "");
  EXPECT_EQ((read<Field<Bytes, Metadata>>(attributes_id(entry(poem))).value.entries), (MetadataMap{{"k", "v"}}));
  EXPECT_EQ(on_pool("remove_blob_metadata_pair", {builder.pure(poem.id), text("x")}), "vec_map::get_idx 1");
  EXPECT_EQ(on_pool("remove_blob_metadata_pair_if_exists", {builder.pure(poem.id), text("k")}), "");
  EXPECT_EQ(on_pool("take_blob_metadata", {builder.pure(poem.id)}), "");
  EXPECT_EQ(on_pool("take_blob_metadata", {builder.pure(poem.id)}), "storage_pool::take_blob_metadata 13");
  EXPECT_EQ(on_pool("remove_blob_metadata_pair", {builder.pure(poem.id), text("k")}),
            "storage_pool::remove_blob_metadata_pair 13");
  EXPECT_EQ(on_pool("add_blob_metadata", {builder.pure(poem.id), walrus("metadata", "new", {})}), "");
  EXPECT_EQ(on_pool("add_blob_metadata", {builder.pure(poem.id), walrus("metadata", "new", {})}),
            "storage_pool::add_blob_metadata 12");
  EXPECT_EQ(on_pool("insert_or_update_blob_metadata_pair", {builder.pure(other.id), text("k"), text("v")}),
            "dynamic_field::borrow_child_object 1");
}

}  // namespace
}  // namespace walrusfs::localnet::sui
