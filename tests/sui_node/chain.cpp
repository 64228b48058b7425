#include "chain.h"

#include "codec/shape.h"
#include "localnet/sui/epochs.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::localnet::sui {

TestBlob::TestBlob(const std::string& text) {
  const auto shape = CodeShape::create(kShards).value();
  const auto metadata = compute_metadata(shape, as_bytes(text)).value();
  id = metadata.blob_id();
  root = metadata.root();
  size = text.size();
  encoded = shape.encoded_length(size).value();
}

ChainTest::ChainTest() {
  restart();
  net = node->network();
  const Record granted = node->grant(me.address(), kMuch, kMuch).value();
  gas_coin = only_created(granted.effects, coin_of(sui_coin_type()));
  wal_coin = only_created(granted.effects, coin_of(net.packages.wal_type()));
}

void ChainTest::restart() {
  node.reset();
  store.reset();
  auto opened =
      ChainStore::open(system_files(), folder / "chain.sqlite", [this] { return make_first_state(nodes.genesis); });
  EXPECT_TRUE(opened.ok()) << opened.error().to_string();
  store = std::move(*opened);
  node = std::make_unique<FullNode>(*store, certificates, clock);
}

TransactionData ChainTest::finish() {
  const GasData gas{{node->object(gas_coin).value().ref()}, me.address(), net.gas_price, 100'000'000'000};
  TransactionData data = builder.finish(me.address(), gas, NoExpiration{});
  builder = {};
  return data;
}

Result<Record> ChainTest::try_run() {
  const Bytes transaction = finish().encode();
  return node->execute(transaction, {me.sign_transaction(transaction).value()});
}

Effects ChainTest::run() {
  auto record = try_run();
  EXPECT_TRUE(record.ok()) << record.error().to_string();
  return record.ok() ? std::move(record->effects) : Effects{};
}

std::string ChainTest::outcome(const Effects& effects) const {
  if (!effects.failure) return "";
  if (effects.failure->module.empty()) return effects.failure->description();
  return effects.failure->module + "::" + effects.failure->function + " " + std::to_string(effects.failure->abort_code);
}

ObjectId ChainTest::only_created(const Effects& effects, const TypeTag& type) const {
  std::vector<ObjectId> found;
  for (const ObjectChange& change : effects.changed)
    if (change.id_operation == static_cast<uint8_t>(IdOperation::kCreated) && change.type == type)
      found.push_back(change.id);
  EXPECT_EQ(found.size(), 1u) << outcome(effects);
  return found.empty() ? ObjectId{} : found[0];
}

ObjectId ChainTest::register_blob(const TestBlob& blob, bool deletable, uint32_t epochs) {
  const Argument storage = reserve(blob.encoded, epochs);
  keep(register_in(storage, blob, deletable));
  return only_created(run(), blob_type());
}

Effects ChainTest::certify(const ObjectId& blob, const std::vector<uint16_t>& signers) {
  const auto object = read<Blob>(blob);
  Confirmation confirmation;
  confirmation.epoch = system_state().committee.epoch;
  confirmation.blob_id = object.blob_id;
  if (object.deletable) confirmation.persistence = Deletable{blob};
  const auto certificate = nodes.sign(confirmation, signers);
  walrus("system", "certify_blob",
         {system(false), owned(blob), bytes(certificate[0]), bytes(certificate[1]), bytes(certificate[2])});
  return run();
}

ObjectId ChainTest::certified_blob(const TestBlob& blob, bool deletable, uint32_t epochs) {
  const ObjectId id = register_blob(blob, deletable, epochs);
  EXPECT_EQ(outcome(certify(id)), "");
  return id;
}

SystemStateInner ChainTest::system_state() const {
  return read<SystemField>(inner_state_id(net.system, net.packages.walrus_version)).value;
}

void ChainTest::set_epoch(uint32_t epoch) {
  while (system_state().committee.epoch < epoch) ASSERT_TRUE(advance_epoch(*node).ok());
}

}  // namespace walrusfs::localnet::sui
