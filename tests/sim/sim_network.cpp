#include "sim_network.h"

#include <algorithm>

#include "codec/encoder.h"
#include "codec/signed_messages.h"
#include "localnet/confirmations.h"
#include "localnet/node_keys.h"
#include "localnet/sui/epochs.h"
#include "localnet/sui/walrus_state.h"
#include "tests/sui_node/all_wal.h"

namespace walrusfs::sim {
namespace {

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

// The chain begins with it.
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

SimNetwork::SimNetwork(Shape shape, Rng& rng, Trace& trace) : rng_(rng), trace_(trace) {
  const net::Committee first = make_committee(shape, rng);
  WFS_CHECK(service_disk_.make_directories(kScratchFolder).ok());
  for (size_t i = 0; i < shape.nodes; ++i)
    WFS_CHECK(system_files().make_directories(net::node_folder(chain_folder_.path(), i)).ok());
  chain_ = net::Chain::open({system_files(), clock_, rng_}, chain_folder_.path(), first).value();
  membership_ = std::make_unique<net::ChainMembership>(chain_->node());
  faulty_ledger_ = std::make_unique<net::FaultyLedger>(chain_->ledger(), ledger_faults_);
  ledger_faults_.on_epoch_change([this] { change_by_fault(); });
  for (const net::Member& member : first.members()) host(member.id);
  make_services();
}

void SimNetwork::make_services() {
  writer_ = std::make_unique<net::BlobWriter>(*membership_, directory_, 1);
  net::PublisherOptions options;
  options.scratch_folder = kScratchFolder;
  options.encode_threads = 1;
  publisher_ = std::make_unique<net::Publisher>(*membership_, *writer_, directory_, *faulty_ledger_, service_disk_,
                                                options);
  challenger_ = std::make_unique<net::Challenger>(*membership_, directory_, ledger(), clock_, rng_);
  restart_driver();
  forget_reads();
}

const bls::SecretKey& SimNetwork::key(size_t number) const { return keys()[number]; }

size_t SimNetwork::number_of(const std::string& id) const {
  for (size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i]->id() == id) return i;
  WFS_CHECK(false);
}

std::unique_ptr<net::NodeWire> SimNetwork::wire_to(size_t node, const std::string& from) {
  return std::make_unique<InProcessWire>(from + "node " + std::to_string(node), nodes_[node]->handler(),
                                         InProcessWire::World{clock_, rng_, trace_});
}

// Runs and is known to all, itself included.
void SimNetwork::host(const std::string& id) {
  const size_t number = nodes_.size();
  nodes_.push_back(std::make_shared<SimNode>(*membership_, id, ledger(), clock_, keys()[number]));
  nodes_[number]->faults().on_epoch_change([this] { change_by_fault(); });
  directory_.enter(id, std::make_shared<net::NodeClient>("node " + std::to_string(number), wire_to(number, ""),
                                                         membership_->shape(), clock_));
  for (size_t i = 0; i <= number; ++i) {
    nodes_[i]->meet(id, wire_to(number, std::to_string(i) + " asks "));
    if (i < number) nodes_[number]->meet(nodes_[i]->id(), wire_to(i, std::to_string(number) + " asks "));
  }
  nodes_[number]->start();
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
  const auto now = committees();
  const net::Committee& committee = *now->current;
  const std::vector<bool> everybody(committee.members().size(), true);
  return net::collect_confirmations(committee, directory_.of(committee), everybody, wanted).certificate;
}

net::BlobCertificate SimNetwork::sign_with_too_few(const Bytes& message) {
  const auto now = committees();
  const net::Committee& committee = *now->current;
  std::vector<bls::Signature> signatures;
  std::vector<uint16_t> signers;
  uint32_t weight = 0;
  for (uint16_t i = 0; i < committee.members().size(); ++i) {
    const net::Member& member = committee.members()[i];
    weight += static_cast<uint32_t>(member.shards.size());
    if (weight >= committee.quorum_weight()) break;
    signatures.push_back(key(number_of(member.id)).sign(message));
    signers.push_back(committee.chain_index(i));
  }
  std::sort(signers.begin(), signers.end());
  Bytes signature;
  if (!signatures.empty()) signature = to_bytes(bls::aggregate(signatures).value().to_bytes());
  return {message, signers_to_bitmap(signers, committee.members().size()), std::move(signature)};
}

Status SimNetwork::spread_wrong_sliver(size_t node, const BlobMetadata& metadata, const std::string& content) {
  const BlobId blob = metadata.blob_id();
  const EncodedBlob encoded = encode_blob(shape(), as_bytes(content)).value();
  const auto now = committees();
  const net::Member* member = now->current->find(nodes_[node]->id());
  if (member == nullptr || member->shards.empty()) return Error(Code::kNotFound, "it has no shards");
  Sliver wrong = encoded.pairs[raw(shape().pair_of(blob, member->shards.front()))].primary;
  wrong.data.front() ^= 1;
  const net::NodeClientPtr client = directory_.find(member->id);
  WFS_TRY(client->put_metadata(blob, metadata.to_bytes()));
  return client->put_sliver(blob, wrong);
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

// ---- the committee

// As its operator would: with a key of its own, and the proof of it.
void SimNetwork::add_node(uint64_t frost) {
  const size_t number = nodes_.size();
  const bls::SecretKey& key = keys()[number];
  net::sui::Candidate candidate;
  candidate.name = "node " + std::to_string(number);
  candidate.address = "127.0.0.1:" + std::to_string(9000 + number);
  candidate.public_key = to_bytes(key.public_key().to_bytes());
  candidate.network_public_key = Bytes(33, 2);
  candidate.operator_address = net::sui::Address::parse(ledger().wallet_address()).value();
  candidate.proof_of_possession =
      to_bytes(prove_possession(key, ledger().epoch(), candidate.operator_address.bytes).to_bytes());
  candidate.votes = nodes_on_chain().front().votes;
  host(net::sui::register_candidate(chain_->node(), candidate).value().to_string());
  WFS_CHECK(stake(number, frost).ok());
}

Status SimNetwork::remove_node(size_t node) {
  return net::sui::withdraw_node(chain_->node(), net::sui::ObjectId::parse(nodes_[node]->id()).value());
}

Status SimNetwork::stake(size_t node, uint64_t frost) {
  const auto id = net::sui::ObjectId::parse(nodes_[node]->id()).value();
  const auto owner = net::sui::Address::parse(ledger().wallet_address()).value();
  auto staked = net::sui::grant_stake(chain_->node(), id, frost, owner);
  return staked ? ok_status() : Status(staked.error());
}

uint64_t SimNetwork::all_wal() const {
  const auto wallet = net::sui::Address::parse(chain_->ledger().wallet_address()).value();
  return net::sui::all_wal(chain_->node(), std::array{wallet, net::sui::Address{}});
}

// ---- epochs

void SimNetwork::restart_driver() {
  change_is_asked_for_ = false;
  auto nodes = [this] { return net::EpochDriver::Nodes(nodes_.begin(), nodes_.end()); };
  auto failed = [this] { return challenger_->failed_nodes(); };
  driver_ = std::make_unique<net::EpochDriver>(chain_->node(), *membership_, clock_, nodes, failed,
                                               net::EpochDriver::Options{});
}

Status SimNetwork::watch_epoch(const std::function<Status()>& act) {
  const uint32_t before = ledger().epoch();
  const auto failed = challenger_->failed_nodes();
  EpochBegun begun{0, {failed.begin(), failed.end()}, nodes_on_chain(), all_wal(), 0};
  Status outcome = act();
  begun.epoch = ledger().epoch();
  begun.wal_after = all_wal();
  if (begun.epoch != before) begun_.push_back(std::move(begun));
  return outcome;
}

Status SimNetwork::begin_change() {
  return watch_epoch([this] { return driver_->begin_change(); });
}

void SimNetwork::drive() {
  if (!change_is_asked_for_) return (void)driver_->step();
  const uint32_t before = ledger().epoch();
  (void)watch_epoch([this] {
    driver_->step();
    return ok_status();
  });
  change_is_asked_for_ = ledger().epoch() == before;
}

// In the middle of somebody's request. When it cannot be now, the driver does it later.
void SimNetwork::change_by_fault() {
  driver_->ask_for_change();
  change_is_asked_for_ = true;
  drive();
}

}  // namespace walrusfs::sim
