// Every Move object and event of objects.json is read, all its values are compared with what the SDK tells, and it is
// written back byte for byte.
#include "client/sui/objects.h"

#include <functional>
#include <map>

#include "leaves.h"
#include "vectors.h"

namespace walrusfs::sui {
namespace {

template <typename T>
void round_trip(const Bytes& bytes, const OrderedJson& value) {
  const auto parsed = bcs_decode<T>(bytes, "an object");
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(leaves_of(*parsed), leaves_of_json(value));
  EXPECT_EQ(bcs_encode(*parsed), bytes);
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(bcs_decode<T>(ByteView(bytes).first(length), "an object").ok()) << length;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(bcs_decode<T>(longer, "an object").ok());
}

using Check = std::function<void(const Bytes&, const OrderedJson&)>;

template <typename Inner>
using VersionField = Field<uint64_t, Inner>;

const std::map<std::string, Check>& checks() {
  using namespace event;
  static const std::map<std::string, Check> all = {
      {"system", round_trip<VersionedObject>},
      {"system_upgrade_announced", round_trip<VersionedObject>},
      {"staking", round_trip<VersionedObject>},
      {"system_inner_field", round_trip<VersionField<SystemStateInner>>},
      {"staking_inner_field_sync", round_trip<VersionField<StakingInner>>},
      {"staking_inner_field_done", round_trip<VersionField<StakingInner>>},
      {"staking_inner_field_params_selected", round_trip<VersionField<StakingInner>>},
      {"staking_pool_0", round_trip<StakingPool>},
      {"staking_pool_1_key_change", round_trip<StakingPool>},
      {"node_metadata_field", round_trip<Field<bool, NodeMetadata>>},
      {"storage", round_trip<Storage>},
      {"blob_registered_deletable", round_trip<Blob>},
      {"blob_certified_permanent", round_trip<Blob>},
      {"shared_blob", round_trip<SharedBlob>},
      {"blob_attributes_field", round_trip<Field<Bytes, Metadata>>},
      {"storage_pool", round_trip<StoragePool>},
      {"storage_pool_inner_field", round_trip<VersionField<StoragePoolInner>>},
      {"pooled_blob", round_trip<PooledBlob>},
      {"pooled_blob_table_entry", round_trip<Field<BlobId, ObjectId>>},
      {"coin_wal", round_trip<Coin>},
      {"coin_sui", round_trip<Coin>},
      {"subsidies", round_trip<Subsidies>},
      {"walrus_subsidies", round_trip<WalrusSubsidies>},
      {"exchange", round_trip<Exchange>},
      {"event_BlobRegistered", round_trip<BlobRegistered>},
      {"event_BlobCertified", round_trip<BlobCertified>},
      {"event_BlobDeleted", round_trip<BlobDeleted>},
      {"event_InvalidBlobID", round_trip<InvalidBlobId>},
      {"event_EpochChangeStart", round_trip<EpochChangeStart>},
      {"event_EpochChangeDone", round_trip<event::EpochChangeDone>},
      {"event_EpochParametersSelected", round_trip<EpochParametersSelected>},
      {"event_PricesUpdated", round_trip<PricesUpdated>},
      {"event_ContractUpgraded", round_trip<ContractUpgraded>},
      {"event_StoragePoolCreated", round_trip<StoragePoolCreated>},
      {"event_PooledBlobRegistered", round_trip<PooledBlobRegistered>},
      {"event_PooledBlobCertified", round_trip<PooledBlobCertified>},
      {"event_PooledBlobDeleted", round_trip<PooledBlobDeleted>},
      {"event_StoragePoolExtended", round_trip<StoragePoolExtended>},
  };
  return all;
}

TEST(SuiObjects, AllValuesAreTheSdksAndTheBytesComeBack) {
  size_t seen = 0;
  const OrderedJson vectors = OrderedJson::parse(vectors_text("objects"));
  for (const OrderedJson& v : vectors.at("objects")) {
    const std::string name = v.at("name");
    SCOPED_TRACE(name);
    ASSERT_TRUE(checks().contains(name));
    checks().at(name)(from_hex(v.at("bcs_hex").get<std::string>()).value(), v.at("value"));
    ++seen;
  }
  EXPECT_EQ(seen, checks().size());
}

// Types stand in objects and effects as text, and are compared as such. Two packages of the vectors have no address.
TEST(SuiObjects, TypesAreWrittenAsTheyAreRead) {
  size_t seen = 0;
  for (const Json& v : load_vectors("objects").at("objects")) {
    const std::string text = v.at("move_type");
    const auto type = TypeTag::parse(text);
    ASSERT_EQ(type.ok(), text.find("SUBSIDIES_PACKAGE") == std::string::npos) << text;
    if (!type.ok()) continue;
    EXPECT_EQ(TypeTag::parse(type->to_string()).value(), *type) << text;
    EXPECT_EQ(bcs_decode<TypeTag>(bcs_encode(*type), "a type").value(), *type) << text;
    EXPECT_TRUE(type->to_string().ends_with(text.substr(text.rfind("::")))) << type->to_string();
    ++seen;
  }
  EXPECT_EQ(seen, 36u);
}

// The contents of one vector as `T`, and its value as the SDK tells it.
template <typename T>
std::pair<T, Json> read(const std::string& name) {
  for (const Json& v : load_vectors("objects").at("objects"))
    if (v.at("name") == name) return {bcs_decode<T>(hex(v.at("bcs_hex")), "an object").value(), v.at("value")};
  throw std::runtime_error("no object is named " + name);
}

TEST(SuiObjects, ABlobSaysWhatItIs) {
  const auto [blob, wanted] = read<Blob>("blob_certified_permanent");
  EXPECT_EQ(blob.id.to_string(), wanted.at("id"));
  EXPECT_EQ(blob.registered_epoch, number(wanted.at("registered_epoch")));
  EXPECT_EQ(blob.size, number(wanted.at("size")));
  EXPECT_EQ(blob.encoding_type, 1);
  EXPECT_EQ(blob.certified_epoch, number(wanted.at("certified_epoch")));
  EXPECT_EQ(blob.storage.id.to_string(), wanted.at("storage").at("id"));
  EXPECT_EQ(blob.storage.end_epoch, number(wanted.at("storage").at("end_epoch")));
  EXPECT_EQ(blob.storage.storage_size, number(wanted.at("storage").at("storage_size")));
  EXPECT_FALSE(blob.deletable);
}

TEST(SuiObjects, ThePricesAndTheCommitteeOfTheSystem) {
  const auto [field, json] = read<VersionField<SystemStateInner>>("system_inner_field");
  const Json& wanted = json.at("value");
  EXPECT_EQ(field.name, 3u);
  EXPECT_EQ(field.value.storage_price_per_unit_size, number(wanted.at("storage_price_per_unit_size")));
  EXPECT_EQ(field.value.write_price_per_unit_size, number(wanted.at("write_price_per_unit_size")));
  EXPECT_EQ(field.value.total_capacity_size, number(wanted.at("total_capacity_size")));
  const Json& members = wanted.at("committee").at("members");
  ASSERT_EQ(field.value.committee.members.size(), members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(field.value.committee.members[i].node_id.to_string(), members[i].at("node_id"));
    EXPECT_EQ(field.value.committee.members[i].weight, number(members[i].at("weight")));
  }
  EXPECT_EQ(field.value.future_accounting.ring.size(), 53u);
  EXPECT_EQ(field.value.committee.epoch, 120u);
}

TEST(SuiObjects, TheStatesOfAnEpoch) {
  const auto sync = read<VersionField<StakingInner>>("staking_inner_field_sync").first;
  const auto done = read<VersionField<StakingInner>>("staking_inner_field_done").first;
  const auto selected = read<VersionField<StakingInner>>("staking_inner_field_params_selected").first;
  EXPECT_TRUE(std::holds_alternative<EpochChangeSync>(sync.value.epoch_state));
  EXPECT_TRUE(std::holds_alternative<EpochChangeDone>(done.value.epoch_state));
  ASSERT_TRUE(std::holds_alternative<NextParamsSelected>(selected.value.epoch_state));
  EXPECT_EQ(std::get<NextParamsSelected>(selected.value.epoch_state).at_ms, 1763500000000u);
  EXPECT_FALSE(done.value.next_committee.has_value());
  ASSERT_TRUE(selected.value.next_committee.has_value());
  EXPECT_EQ(selected.value.next_committee->front().second, (std::vector<uint16_t>{0, 1, 2, 8}));
}

TEST(SuiObjects, ANodeTellsWhereItIs) {
  const auto [pool, wanted] = read<StakingPool>("staking_pool_1_key_change");
  EXPECT_EQ(pool.node_info.network_address, wanted.at("node_info").at("network_address"));
  EXPECT_EQ(pool.node_info.public_key.bytes.size(), 96u);
  EXPECT_TRUE(pool.node_info.next_epoch_public_key.has_value());
  EXPECT_TRUE(std::holds_alternative<AuthorizedObject>(pool.governance_authorized));
}

TEST(SuiObjects, AListLongerThanItsBytesCostsNothing) {
  // A claim of four billion members, and none there.
  Bytes bytes = {0xff, 0xff, 0xff, 0xff, 0x0f};
  EXPECT_EQ(bcs_decode<BlsCommittee>(bytes, "a committee").error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace walrusfs::sui
