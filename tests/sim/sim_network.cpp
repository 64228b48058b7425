#include "sim_network.h"

#include "localnet/confirmations.h"
#include "localnet/sui/epochs.h"
#include "localnet/sui/walrus_state.h"

namespace walrusfs::sim {
namespace {

constexpr const char* kBlobFolder = "/node/blobs";
constexpr const char* kScratchFolder = "/services/tmp";
constexpr uint64_t kCacheBytes = 64 << 10;  // small, so that rows fall out of it

// Keys are slow to make, and which ones they are does not matter.
const std::vector<bls::SecretKey>& keys() {
  static const std::vector<bls::SecretKey> made = [] {
    SeededRng rng(1);
    std::vector<bls::SecretKey> all;
    for (int i = 0; i < 16; ++i) all.push_back(bls::SecretKey::generate(rng));
    return all;
  }();
  return made;
}

net::Committee make_committee(Shape shape, Rng& rng) {
  const auto dealt = net::Committee::create(shape.shards, shape.nodes, rng).value();
  std::vector<net::Member> members = dealt.members();
  static const std::vector<bls::PublicKey> public_keys = [] {
    std::vector<bls::PublicKey> all;
    for (const bls::SecretKey& key : keys()) all.push_back(key.public_key());
    return all;
  }();
  for (size_t i = 0; i < members.size(); ++i) members[i].key = public_keys[i];
  return {dealt.shape(), std::move(members)};
}

}  // namespace

SimNode::SimNode(const net::Membership& membership, std::string id, const net::BlobRegistry& registry, Clock& clock,
                 const bls::SecretKey& key)
    : membership_(membership),
      id_(std::move(id)),
      clock_(clock),
      key_(key),
      faults_(clock),
      seen_(registry, faults_) {}

void SimNode::start() {
  if (runs()) return;
  const auto committees = membership_.committees();
  store_ = net::NodeStore::open(files_, kBlobFolder, membership_.shape(), net::shards_of(id_, *committees)).value();
  node_ = std::make_unique<net::StorageNode>(membership_, id_, *store_, seen_, clock_, key_);
  // No blob here is inconsistent, so whoever is accused of it is not to blame.
  auto accuse = [](const BlobId&, const InconsistencyProof&) { return Status(Error(Code::kInternal, "accused")); };
  healer_ = std::make_unique<net::Healer>(membership_, id_, *store_, peers_, seen_, clock_, traffic_, accuse);
  handler_ = [this](HttpCall& call) {
    return faults_.answer(call, [this](HttpCall& unharmed) { return node_->answer(unharmed); });
  };
}

void SimNode::meet(const std::string& id, std::unique_ptr<net::NodeWire> wire) {
  auto counted = std::make_unique<net::CountingWire>(std::move(wire), traffic_);
  peers_.enter(id, std::make_shared<net::NodeClient>("peer", std::move(counted), membership_.shape(), clock_));
}

void SimNode::stop() {
  handler_ = nullptr;
  healer_.reset();
  node_.reset();
  store_.reset();
}

void SimNode::power_cut(Rng& rng) {
  stop();
  files_.power_cut(rng);
}

void SimNode::wipe() {
  stop();
  WFS_CHECK(files_.sync_filesystem("/").ok());  // or the next power cut would bring back what is gone
  disk_.wipe(kBlobFolder);
}

SimNetwork::SimNetwork(Shape shape, Rng& rng, Trace& trace) : rng_(rng), trace_(trace) {
  membership_ = std::make_unique<net::FixedMembership>(make_committee(shape, rng));
  WFS_CHECK(service_disk_.make_directories(kScratchFolder).ok());
  for (size_t i = 0; i < shape.nodes; ++i)
    WFS_CHECK(system_files().make_directories(net::node_folder(chain_folder_.path(), i)).ok());
  chain_ = net::Chain::open({system_files(), clock_, rng_}, chain_folder_.path(), committee()).value();
  faulty_ledger_ = std::make_unique<net::FaultyLedger>(chain_->ledger(), ledger_faults_);
  ledger_faults_.on_epoch_change([this] { advance_epoch(); });
  make_nodes();
  writer_ = std::make_unique<net::BlobWriter>(*membership_, directory_, 1);
  net::PublisherOptions options;
  options.scratch_folder = kScratchFolder;
  options.encode_threads = 1;
  publisher_ = std::make_unique<net::Publisher>(*membership_, *writer_, directory_, *faulty_ledger_, service_disk_,
                                                options);
  forget_reads();
}

std::unique_ptr<net::NodeWire> SimNetwork::wire_to(size_t node, const std::string& from) {
  return std::make_unique<InProcessWire>(from + "node " + std::to_string(node), nodes_[node]->handler(),
                                         InProcessWire::World{clock_, rng_, trace_});
}

void SimNetwork::make_nodes() {
  const std::vector<net::Member>& members = committee().members();
  for (size_t i = 0; i < members.size(); ++i) {
    nodes_.push_back(std::make_unique<SimNode>(*membership_, members[i].id, ledger(), clock_, keys()[i]));
    nodes_.back()->faults().on_epoch_change([this] { advance_epoch(); });
    directory_.enter(members[i].id, std::make_shared<net::NodeClient>("node " + std::to_string(i), wire_to(i, ""),
                                                                      membership_->shape(), clock_));
  }
  for (size_t i = 0; i < members.size(); ++i)
    for (size_t j = 0; j < members.size(); ++j)
      nodes_[i]->meet(members[j].id, wire_to(j, std::to_string(i) + " asks "));
  for (auto& node : nodes_) node->start();
}

void SimNetwork::forget_reads() {
  aggregator_.reset();
  reader_ = std::make_unique<net::BlobReader>(*membership_, directory_, clock_, kCacheBytes);
  net::AggregatorOptions options;
  options.scratch_folder = kScratchFolder;
  aggregator_ = std::make_unique<net::Aggregator>(*reader_, *faulty_ledger_, service_disk_, clock_, options);
}

std::optional<HttpReply> SimNetwork::ask_publisher(const WireRequest& request) {
  return ask([this](HttpCall& call) { return publisher_->answer(call); }, request);
}

std::optional<HttpReply> SimNetwork::ask_aggregator(const WireRequest& request) {
  return ask([this](HttpCall& call) { return aggregator_->answer(call); }, request);
}

void SimNetwork::spread(const BlobMetadata& metadata, const std::string& content) {
  WFS_CHECK(writer_->spread(metadata.blob_id(), metadata, as_bytes(content)).ok());
}

std::optional<Certificate> SimNetwork::confirm(const net::BlobObject& object) {
  StorageConfirmation wanted{ledger().epoch(), object.blob, {}};
  if (object.deletable) wanted.persistence.deletable = parse_object_id(object.id).value();
  const std::vector<bool> everybody(node_count(), true);
  return net::collect_confirmations(committee(), directory_.of(committee()), everybody, wanted).certificate;
}

uint64_t SimNetwork::used_capacity() {
  const net::sui::Network network = chain_->node().network();
  const auto id = net::sui::inner_state_id(network.system, network.packages.walrus_version);
  const net::sui::Object system = chain_->node().object(id).value();
  return bcs_decode<net::sui::SystemField>(system.contents, "System").value().value.used_capacity_size;
}

uint64_t SimNetwork::reserved_capacity() {
  constexpr size_t kAll = 1'000'000;
  const net::sui::Packages packages = chain_->node().network().packages;
  const auto wallet = net::sui::Address::parse(ledger().wallet_address()).value();
  const uint32_t epoch = ledger().epoch();
  uint64_t bytes = 0;
  auto count = [&](const walrusfs::sui::Storage& room) {
    if (room.start_epoch <= epoch && epoch < room.end_epoch) bytes += room.storage_size;
  };
  for (const auto& object : chain_->node().owned_by(wallet, packages.walrus_type("blob", "Blob"), {}, kAll))
    count(bcs_decode<walrusfs::sui::Blob>(object.contents, "a blob object").value().storage);
  const auto storage = packages.walrus_type("storage_resource", "Storage");
  for (const auto& object : chain_->node().owned_by(wallet, storage, {}, kAll))
    count(bcs_decode<walrusfs::sui::Storage>(object.contents, "a storage object").value());
  return bytes;
}

uint32_t SimNetwork::advance_epoch() {
  const uint32_t epoch = net::sui::advance_epoch(chain_->node()).value();
  for (auto& node : nodes_) {
    if (!node->runs()) continue;
    for (const BlobId& blob : node->store()->blobs())
      if (!ledger().standing(blob).registered()) WFS_CHECK(node->store()->drop(blob).ok());
  }
  return epoch;
}

}  // namespace walrusfs::sim
