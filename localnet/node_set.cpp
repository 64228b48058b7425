#include "localnet/node_set.h"

#include <algorithm>

#include "base/log.h"
#include "localnet/node_keys.h"
#include "localnet/sui/epochs.h"

namespace walrusfs::localnet {
namespace {

constexpr Millis kChangePatience{300'000};
constexpr Millis kHealPatience{60'000};
constexpr Millis kFaultPatience{2'000}, kLook{20};
constexpr uint64_t kFrostPerWal = 1'000'000'000;
constexpr const char* kNowhere = "127.0.0.1:0";  // until the node runs

static_assert(kMostNodes == sui::kMostActiveNodes);

// Who counts at the next choice.
uint64_t nodes_with_stake(const sui::FullNode& chain) {
  const auto nodes = sui::view_nodes(chain);
  return static_cast<uint64_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const sui::NodeView& node) {
        return node.next_stake > 0 && std::holds_alternative<walrusfs::sui::PoolActive>(node.state);
      }));
}

NodeRewards rewards_of(const sui::NodeRecord& record) {
  return {record.last_epoch,   record.last_earned_frost, record.last_withheld_frost,
          record.earned_frost, record.withheld_frost,    record.failures};
}

}  // namespace

NodeSet::NodeSet(Chain& chain, World world, Committee roster, NodeSetOptions options)
    : chain_(chain), world_(world), options_(std::move(options)), roster_(std::move(roster)) {}

NodeSet::~NodeSet() { stop(); }

Result<std::unique_ptr<NodeSet>> NodeSet::start(Chain& chain, World world, Committee roster,
                                                const NodeSetOptions& options, const std::vector<uint16_t>& ports) {
  std::vector<std::string> addresses;
  for (size_t i = 0; i < roster.members().size(); ++i)
    addresses.push_back(i < ports.size() ? options.address + ":" + std::to_string(ports[i]) : kNowhere);
  WFS_TRY(chain.place_nodes(roster, addresses));  // keys above all: some node may have come back with a new one
  std::unique_ptr<NodeSet> set(new NodeSet(chain, world, std::move(roster), options));
  set->membership_ = std::make_unique<ChainMembership>(chain.node());
  WFS_TRY(set->start_all(ports));
  WFS_TRY(set->say_epoch_length());
  set->start_work();
  return set;
}

Status NodeSet::start_all(const std::vector<uint16_t>& ports) {
  const Committee roster = this->roster();
  const std::vector<Member>& members = roster.members();
  for (size_t i = 0; i < members.size(); ++i) WFS_TRY(host_node(members[i], i < ports.size() ? ports[i] : 0));
  std::vector<std::string> addresses;
  for (const auto& host : all()) addresses.push_back(url_of(*host));
  return chain_.place_nodes(roster, addresses);
}

Status NodeSet::say_epoch_length() {
  const auto wanted = static_cast<uint64_t>(options_.epoch_length.count());
  if (wanted == 0 || sui::view_epoch(chain_.node()).epoch_duration_ms == wanted) return {};
  return sui::set_epoch_duration(chain_.node(), wanted);
}

void NodeSet::start_work() {
  challenger_ = std::make_unique<Challenger>(*membership_, directory_, chain_.ledger(), world_.clock, world_.rng,
                                             options_.challenges);
  auto nodes = [this] {
    EpochDriver::Nodes out;
    for (auto& host : all()) out.push_back(std::move(host));
    return out;
  };
  driver_ = std::make_unique<EpochDriver>(
      chain_.node(), *membership_, world_.clock, nodes, [this] { return challenger_->failed_nodes(); },
      EpochDriver::Options{options_.epoch_length});
  challenging_ = std::make_unique<Stepper>([challenger = challenger_.get()] { return challenger->step(); });
  MutexLock lock(mutex_);
  driving_ = std::make_unique<Stepper>([driver = driver_.get()] { return driver->step(); });
}

void NodeSet::stop() {
  challenging_.reset();
  std::unique_ptr<Stepper> driving;
  {
    MutexLock lock(mutex_);
    driving = std::move(driving_);
  }
  driving.reset();
  directory_.close_idle();  // or the nodes would wait for their keep-alive to end
  const auto hosts = all();
  for (const auto& host : hosts) host->stop_work();  // it asks the others
  for (const auto& host : hosts) host->close_idle();
  for (const auto& host : hosts) host->stop();
}

void NodeSet::end_waits() {
  ending_ = true;
  driver_->end_waits();
  for (const auto& host : all()) host->faults().end_waits();
}

void NodeSet::nudge_driver() {
  MutexLock lock(mutex_);
  if (driving_) driving_->nudge();
}

// Runs and is known to all, itself included.
Status NodeSet::host_node(const Member& member, uint16_t port) {
  const auto others = all();
  const std::string number = std::to_string(others.size()), name = "node " + number;
  auto host = std::make_shared<NodeHost>(*membership_, member.id, "storage node " + number,
                                         node_folder(options_.folder, others.size()), options_.address,
                                         chain_.ledger(), world_,
                                         NodeHostOptions{options_.heal, member.key, options_.tls});
  host->faults().on_epoch_change([this] { change_epoch_by_fault(); });
  WFS_TRY(host->start(port));
  WFS_ASSIGN(auto wire, reach_node(place_of(*host), world_.clock));
  directory_.enter(member.id,
                   std::make_shared<NodeClient>(name, std::move(wire), membership_->shape(), world_.clock));
  WFS_TRY(host->meet(member.id, name, place_of(*host)));
  for (size_t i = 0; i < others.size(); ++i) {
    WFS_TRY(others[i]->meet(member.id, name, place_of(*host)));
    WFS_TRY(host->meet(others[i]->id(), "node " + std::to_string(i), place_of(*others[i])));
  }
  MutexLock lock(mutex_);
  hosts_.push_back(std::move(host));
  return {};
}

Committee NodeSet::roster() const {
  MutexLock lock(mutex_);
  return roster_;
}

std::vector<std::shared_ptr<NodeHost>> NodeSet::all() const {
  MutexLock lock(mutex_);
  return hosts_;
}

Result<std::shared_ptr<NodeHost>> NodeSet::node(size_t number) const {
  MutexLock lock(mutex_);
  if (number >= hosts_.size()) return Error(Code::kInvalidArgument, "there is no node " + std::to_string(number));
  return hosts_[number];
}

Result<sui::ObjectId> NodeSet::id_of(size_t number) const {
  WFS_ASSIGN(const auto host, node(number));
  return sui::ObjectId::parse(host->id());
}

std::vector<NodeStatus> NodeSet::status() const {
  std::map<std::string, sui::NodeView> on_chain;
  for (sui::NodeView& view : sui::view_nodes(chain_.node())) on_chain.emplace(view.id.to_string(), std::move(view));
  const auto scores = challenger_->scores();
  std::vector<NodeStatus> out;
  for (const auto& host : all()) {
    NodeStatus status = host->status();
    if (auto view = on_chain.find(host->id()); view != on_chain.end()) {
      status.stake_frost = view->second.stake;
      status.next_stake_frost = view->second.next_stake;
      status.rewards = rewards_of(view->second.record);
    }
    if (auto score = scores.find(host->id()); score != scores.end()) {
      status.challenges_passed = score->second.passed;
      status.challenges_failed = score->second.failed;
      status.loses_rewards = score->second.too_bad();
    }
    out.push_back(std::move(status));
  }
  return out;
}

LostBlobs NodeSet::lost_blobs() const {
  std::map<BlobId, LostBlobStatus> all;
  for (const auto& host : this->all())
    for (const LostBlob& lost : host->lost()) {
      LostBlobStatus& told = all[lost.blob];
      told.blob = lost.blob;
      if (lost.left.found[0] + lost.left.found[1] >= told.left.found[0] + told.left.found[1]) told.left = lost.left;
      ++told.nodes;
    }
  LostBlobs out;
  out.count = all.size();
  for (auto& [blob, told] : all) {
    if (out.told.size() == LostBlobs::kMostTold) break;
    out.told.push_back(told);
  }
  return out;
}

Status NodeSet::stop_node(size_t number) {
  WFS_ASSIGN(const auto host, node(number));
  directory_.find(host->id())->close_idle();
  for (const auto& other : all()) other->close_idle();
  host->stop();
  return {};
}

Status NodeSet::start_node(size_t number) {
  WFS_ASSIGN(const auto host, node(number));
  WFS_TRY(host->restart());
  for (const auto& other : all())
    if (other != host) other->expect_work();
  return {};
}

Status NodeSet::follow_faults(size_t number) {
  WFS_ASSIGN(const auto host, node(number));
  directory_.find(host->id())->close_idle();
  for (const auto& other : all()) other->close_idle();
  return host->apply_faults();
}

// In the middle of somebody's request, which must not wait for locks or for the end of the change.
void NodeSet::change_epoch_by_fault() {
  if (!driver_) return;
  const uint32_t before = membership_->committees()->epoch;
  driver_->ask_for_change();
  nudge_driver();
  // It may be busy with a node that waits for this very request to end.
  const Deadline deadline = world_.clock.in(kFaultPatience);
  while (membership_->committees()->epoch == before && !ending_ && !world_.clock.passed(deadline))
    world_.clock.sleep_for(kLook);
}

// As its operator would: keys of its own, and the proof that it possesses them.
Result<Member> NodeSet::register_node(size_t number, const bls::SecretKey& key) {
  const std::string folder = node_folder(options_.folder, number);
  WFS_ASSIGN(const SigningKey network, load_network_key(world_.files, world_.rng, folder));
  sui::Candidate candidate;
  candidate.name = "node " + std::to_string(number);
  candidate.address = kNowhere;
  candidate.public_key = to_bytes(key.public_key().to_bytes());
  candidate.network_public_key = network.public_key();
  WFS_ASSIGN(candidate.operator_address, sui::Address::parse(chain_.ledger().wallet_address()));
  candidate.proof_of_possession = to_bytes(
      prove_possession(key, membership_->committees()->epoch, candidate.operator_address.bytes).to_bytes());
  const auto known = sui::view_nodes(chain_.node());
  if (!known.empty()) candidate.votes = known.front().votes;
  WFS_ASSIGN(const sui::ObjectId id, sui::register_candidate(chain_.node(), candidate));
  return Member{id.to_string(), {}, key.public_key()};
}

uint64_t NodeSet::usual_stake() const {
  uint64_t sum = 0, count = 0;
  for (const sui::NodeView& view : sui::view_nodes(chain_.node())) {
    sum += view.next_stake;
    count += view.next_stake > 0;
  }
  return std::max(kFrostPerWal, count == 0 ? 0 : sum / count);
}

Result<size_t> NodeSet::add_node(std::optional<uint64_t> frost) {
  MutexLock joining(joining_mutex_);
  const size_t number = all().size();
  if (const uint64_t staked = nodes_with_stake(chain_.node()); staked >= kMostNodes) return too_many_nodes(staked + 1);
  WFS_ASSIGN(const NodeKeys keys,
             load_or_create_node_keys(world_.files, world_.rng, node_folder(options_.folder, number)));
  WFS_ASSIGN(const Member member, register_node(number, keys.protocol));
  WFS_TRY(host_node(member, 0));  // one that cannot run is not remembered
  std::vector<Member> members = roster().members();
  members.push_back(member);
  Committee longer(membership_->shape(), std::move(members));
  WFS_TRY(save_committee(world_.files, options_.folder, longer));
  {
    MutexLock lock(mutex_);
    roster_ = std::move(longer);
  }
  WFS_ASSIGN(const sui::ObjectId id, sui::ObjectId::parse(member.id));
  WFS_TRY(sui::set_node_address(chain_.node(), id, url_of(*all().back())));
  WFS_TRY(stake(number, frost.value_or(usual_stake())));
  return number;
}

Status NodeSet::remove_node(size_t number) {
  WFS_ASSIGN(const sui::ObjectId id, id_of(number));
  return sui::withdraw_node(chain_.node(), id);
}

Status NodeSet::stake(size_t number, uint64_t frost) {
  if (frost < kFrostPerWal) return Error(Code::kInvalidArgument, "one WAL is the least that can be staked");
  WFS_ASSIGN(const sui::ObjectId id, id_of(number));
  WFS_ASSIGN(const sui::Address owner, sui::Address::parse(chain_.ledger().wallet_address()));
  auto staked = sui::grant_stake(chain_.node(), id, frost, owner);
  return staked ? ok_status() : Status(staked.error());
}

Result<uint32_t> NodeSet::advance_epoch() {
  const Deadline patience = world_.clock.in(kHealPatience);
  Status begun = driver_->begin_change();
  while (!begun && begun.error().code() == Code::kBusy && !ending_ && !world_.clock.passed(patience)) {
    world_.clock.sleep_for(kLook);  // nodes heal or copy
    begun = driver_->begin_change();
  }
  WFS_TRY(begun);
  nudge_driver();
  WFS_TRY(driver_->wait_until_done(world_.clock.in(kChangePatience)));
  return membership_->committees()->epoch;
}

}  // namespace walrusfs::localnet
