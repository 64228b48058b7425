#include "localnet/localnet.h"

#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "localnet/chain.h"
#include "localnet/chain_transactions.h"
#include "localnet/control.h"
#include "localnet/fault_check.h"
#include "localnet/faults_json.h"
#include "localnet/faulty_ledger.h"
#include "localnet/folder_lock.h"
#include "localnet/network_folder.h"
#include "localnet/node_keys.h"
#include "localnet/node_set.h"
#include "localnet/services.h"
#include "localnet/spool_folder.h"
#include "localnet/sui/chain_trouble.h"

namespace walrusfs::localnet {
namespace {

constexpr size_t kControlThreads = 4, kRpcThreads = 64;

}  // namespace

// Members stand in the order in which they need each other; the destructor goes backwards.
struct Localnet::Impl {
  LocalnetConfig config;
  World world;
  FolderLock lock;
  Faults ledger_faults;
  std::unique_ptr<Chain> chain;
  FaultyLedger faulty_ledger;  // as the services meet it
  Deadline::TimePoint started_at;
  std::unique_ptr<NodeSet> nodes;
  ChainTransactions transactions;
  std::unique_ptr<Services> services;
  Mutex state_mutex;
  LocalnetState state;  // once started, under state_mutex
  std::unique_ptr<HttpServer> rpc_server, control_server;

  Impl(const LocalnetConfig& with, World in, FolderLock held, std::unique_ptr<Chain> with_chain)
      : config(with),
        world(in),
        lock(std::move(held)),
        ledger_faults(in.clock),
        chain(std::move(with_chain)),
        faulty_ledger(chain->ledger(), ledger_faults),
        started_at(in.clock.monotonic()),
        transactions(chain->node()) {}

  std::string scratch() const { return config.folder + "/spools"; }

  Status start_nodes(Committee roster, const LocalnetState& before) {
    std::vector<uint16_t> ports;
    for (const auto& node : before.nodes) ports.push_back(node.port);
    const NodeSetOptions options{config.folder, config.address, config.heal,
                                 std::chrono::seconds(config.epoch_seconds), config.services.node_tls,
                                 config.challenges};
    WFS_ASSIGN(nodes, NodeSet::start(*chain, world, std::move(roster), options, ports));
    return {};
  }

  Status start_services(const LocalnetState& before) {
    const ServiceNeeds needs{nodes->membership(), nodes->directory(), faulty_ledger, transactions, world};
    WFS_ASSIGN(services, Services::start(config, needs, scratch(), before));
    HttpServerOptions serve;
    serve.name = "full node";
    serve.address = config.address;
    serve.port = config.rpc_port != 0 ? config.rpc_port : before.chain.rpc_port;
    serve.any_port_if_taken = config.rpc_port == 0;
    serve.max_threads = kRpcThreads;
    WFS_ASSIGN(rpc_server, HttpServer::start(serve, [this](HttpCall& call) {
                 return ledger_faults.answer(call, [this](HttpCall& unharmed) { return answer_rpc(unharmed); });
               }));
    return {};
  }

  // A ledger that is stale lags: with what it reads, not with what it executes.
  HttpAnswer answer_rpc(HttpCall& call) {
    const bool reads = sui::reads_the_chain(call.path());
    const auto stale = reads ? ledger_faults.strike(FaultKind::kStale, call.path()) : std::nullopt;
    return chain->answer(call, stale ? stale->rule.delay : Millis(0));
  }

  ChainInfo chain_info() const {
    ChainInfo info = chain->info();
    info.rpc_url = rpc_server->url();
    info.rpc_port = rpc_server->port();
    if (config.services.node_tls) info.node_url_scheme = "https";
    return info;
  }

  Status start_control(Localnet& network, const LocalnetState& before) {
    state.control_token = random_object_id(world.rng).substr(2);
    HttpServerOptions serve;
    serve.name = "control port";
    serve.address = config.address;
    serve.port = before.control_port;
    serve.max_threads = kControlThreads;
    WFS_ASSIGN(control_server, HttpServer::start(serve, [&network, token = state.control_token](HttpCall& call) {
                 return answer_control(network, token, call);
               }));
    return {};
  }

  Status announce() {
    state.running = true;
    state.pid = getpid();
    state.started_at = world.clock.now().seconds();
    state.shards = nodes->membership().shape().n();
    services->tell(state);
    state.control_url = control_server->url();
    state.control_port = control_server->port();
    state.max_body_bytes = config.max_body_bytes;
    state.chain = chain_info();
    return tell_nodes();
  }

  // Where the nodes are; again when one has joined.
  Status tell_nodes() {
    std::vector<NodeAddress> told;
    for (const auto& node : nodes->all()) {
      const NodeStatus now = node->status();
      told.push_back({now.id, now.url, node->port(), now.shards});
    }
    LocalnetState now;
    {
      MutexLock holding(state_mutex);
      state.nodes = std::move(told);
      now = state;
    }
    return write_state(world.files, config.folder, now);
  }

  void stop() {
    ledger_faults.end_waits();
    if (nodes) nodes->end_waits();
    control_server.reset();
    rpc_server.reset();
    services.reset();
    if (nodes) nodes->stop();
    if (!state.running) return;
    state.running = false;
    state.pid = 0;
    if (Status written = write_state(world.files, config.folder, state); !written)
      log_warn("local network: {}", written.error().message());
  }
};

Localnet::Localnet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Localnet::~Localnet() { impl_->stop(); }

Result<std::unique_ptr<Localnet>> Localnet::start(const LocalnetConfig& config, World world) {
  try {
    return start_readable(config, world);
  } catch (const sui::ChainTrouble& trouble) {
    return told_of_chain(trouble.cause(), config.folder);
  }
}

Result<std::unique_ptr<Localnet>> Localnet::start_readable(const LocalnetConfig& config, World world) {
  WFS_TRY(world.files.make_directories(config.folder));
  WFS_ASSIGN(FolderLock lock, FolderLock::take(world.files, config.folder));
  WFS_TRY(check_network_folder(world.files, config.folder));
  WFS_ASSIGN(const bool lived_in, is_lived_in(world.files, config.folder));
  WFS_ASSIGN(Committee committee,
             load_or_create_committee(world.files, world.rng, config.folder, config.shards, config.nodes));
  WFS_ASSIGN(Committee registered, register_nodes(world.files, world.rng, config.folder, std::move(committee)));
  auto before = read_state(world.files, config.folder);
  if (!before && before.error().code() != Code::kNotFound)
    log_warn("local network: {}; its ports are chosen anew", before.error().message());
  WFS_ASSIGN(auto chain, Chain::open(world, config.folder, registered, lived_in ? Chain::Age::kOld : Chain::Age::kAny));
  const LocalnetState ports = before ? *before : LocalnetState();

  std::unique_ptr<Localnet> network(new Localnet(
      std::make_unique<Impl>(config, world, std::move(lock), std::move(chain))));
  Impl& impl = *network->impl_;
  WFS_TRY(SpoolFolder::prepare(world.files, impl.scratch()));
  impl.ledger_faults.on_epoch_change([&impl] {
    if (impl.nodes) impl.nodes->change_epoch_by_fault();
  });
  WFS_TRY(impl.start_nodes(std::move(registered), ports));
  WFS_TRY(impl.start_services(ports));
  WFS_TRY(impl.start_control(*network, ports));
  WFS_TRY(impl.announce());
  return network;
}

LocalnetState Localnet::state() const {
  MutexLock lock(impl_->state_mutex);
  return impl_->state;
}

LocalnetStatus Localnet::status() const {
  LocalnetStatus out;
  out.folder = impl_->config.folder;
  out.pid = getpid();
  out.uptime_seconds = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(impl_->world.clock.monotonic() - impl_->started_at).count());
  out.epoch = impl_->chain->ledger().epoch();
  out.shards = impl_->nodes->membership().shape().n();
  out.aggregator_url = state().aggregator_url;
  out.publisher_url = state().publisher_url;
  out.relay_url = state().relay_url;
  out.max_body_bytes = impl_->config.max_body_bytes;
  out.chain = state().chain;
  out.changing = impl_->nodes->membership().committees()->phase == Phase::kSync;
  out.nodes = impl_->nodes->status();
  for (const NodeStatus& node : out.nodes) {
    out.blobs = std::max(out.blobs, node.blobs);
    out.bytes += node.bytes;
  }
  out.blob_bytes = impl_->chain->ledger().live_bytes();
  ReaderCounts counts = impl_->services->counts();
  out.slivers_fetched = counts.slivers_fetched;
  out.slivers_rebuilt = counts.slivers_rebuilt;
  out.blobs_decoded = counts.blobs_decoded;
  out.lost = lost_blobs();
  out.ledger_faults = impl_->ledger_faults.list();
  return out;
}

LostBlobs Localnet::lost_blobs() const { return impl_->nodes->lost_blobs(); }

Status Localnet::stop_node(size_t node) { return impl_->nodes->stop_node(node); }

Status Localnet::start_node(size_t node) { return impl_->nodes->start_node(node); }

Status Localnet::set_fault(std::optional<size_t> node, FaultRule rule) {
  WFS_TRY(check_effective(rule, node ? FaultTarget::kNode : FaultTarget::kLedger));
  if (!node) return impl_->ledger_faults.set(std::move(rule));
  WFS_ASSIGN(const auto host, impl_->nodes->node(*node));
  WFS_TRY(host->faults().set(std::move(rule)));
  return impl_->nodes->follow_faults(*node);
}

Status Localnet::clear_faults(std::optional<size_t> node, std::optional<FaultKind> kind) {
  Faults* faults = &impl_->ledger_faults;
  if (node) {
    WFS_ASSIGN(const auto host, impl_->nodes->node(*node));
    faults = &host->faults();
  }
  kind ? faults->clear(*kind) : faults->clear();
  return node ? impl_->nodes->follow_faults(*node) : ok_status();
}

Result<size_t> Localnet::add_node(std::optional<uint64_t> frost) {
  WFS_ASSIGN(const size_t number, impl_->nodes->add_node(frost));
  WFS_TRY(impl_->tell_nodes());
  return number;
}

Status Localnet::remove_node(size_t node) { return impl_->nodes->remove_node(node); }

Status Localnet::stake(size_t node, uint64_t frost) { return impl_->nodes->stake(node, frost); }

Result<uint32_t> Localnet::advance_epoch() { return impl_->nodes->advance_epoch(); }

Ledger& Localnet::ledger() { return impl_->chain->ledger(); }

sui::FullNode& Localnet::full_node() { return impl_->chain->node(); }

Result<std::string> Localnet::faucet(const FaucetWish& wish) {
  auto to = sui::Address::parse(wish.address);
  if (!to) return Error(Code::kInvalidArgument, to.error().message());
  if (wish.mist > sui::kFaucetMost || wish.frost > sui::kFaucetMost)
    return Error(Code::kInvalidArgument, "the faucet gives ten million SUI and WAL at once, not more");
  WFS_ASSIGN(const sui::Record granted, impl_->chain->node().grant(*to, wish.mist, wish.frost));
  return granted.effects.transaction.to_string();
}

namespace {

nlohmann::ordered_json healing_to_json(const HealCounts& counts) {
  return {{"sliversRebuilt", counts.slivers_rebuilt}, {"bytesRebuilt", counts.bytes_rebuilt},
          {"bytesMoved", counts.bytes_moved},         {"liarsFound", counts.liars_found},
          {"inconsistentBlobs", counts.inconsistent_blobs}, {"blobsLacking", counts.blobs_lacking},
          {"blobsBeyondHealing", counts.blobs_lost}};
}

nlohmann::ordered_json rewards_to_json(const NodeRewards& rewards) {
  return {{"lastEpoch", rewards.last_epoch},
          {"lastPaidFrost", rewards.last_paid},
          {"lastWithheldFrost", rewards.last_withheld},
          {"paidFrost", rewards.paid},
          {"withheldFrost", rewards.withheld},
          {"epochsFailed", rewards.epochs_failed}};
}

nlohmann::ordered_json lost_to_json(const LostBlobs& lost) {
  using nlohmann::ordered_json;
  ordered_json blobs = ordered_json::array();
  for (const LostBlobStatus& blob : lost.told)
    blobs.push_back({{"blobId", blob.blob.to_string()},
                     {"primary", {{"found", blob.left.found[0]}, {"needed", blob.left.needed[0]}}},
                     {"secondary", {{"found", blob.left.found[1]}, {"needed", blob.left.needed[1]}}},
                     {"nodes", blob.nodes}});
  return {{"count", lost.count}, {"blobs", std::move(blobs)}};
}

}  // namespace

std::string to_json(const LostBlobs& lost) { return lost_to_json(lost).dump(); }

std::string to_json(const LocalnetStatus& status) {
  using nlohmann::ordered_json;
  ordered_json nodes = ordered_json::array();
  for (const NodeStatus& node : status.nodes) {
    ordered_json item = {{"id", node.id},         {"url", node.url},     {"folder", node.folder},
                         {"running", node.running}, {"shards", node.shards}, {"blobs", node.blobs},
                         {"slivers", node.slivers}, {"bytes", node.bytes},   {"damagedFound", node.damaged_found}};
    item["shardsInTransfer"] = node.shards_in_transfer;
    item["shardsInRecovery"] = node.shards_in_recovery;
    item["sliversCopied"] = node.slivers_copied;
    item["healing"] = healing_to_json(node.healing);
    item["faults"] = ordered_json::parse(faults_to_json(node.faults));
    item["stakeFrost"] = node.stake_frost;
    item["nextStakeFrost"] = node.next_stake_frost;
    item["challenges"] = {{"passed", node.challenges_passed},
                          {"failed", node.challenges_failed},
                          {"losesRewards", node.loses_rewards}};
    item["rewards"] = rewards_to_json(node.rewards);
    if (!node.pinned_key.empty()) item["pinnedKey"] = node.pinned_key;
    nodes.push_back(std::move(item));
  }
  ordered_json out = {{"folder", status.folder},
                      {"pid", status.pid},
                      {"uptimeSeconds", status.uptime_seconds},
                      {"epoch", status.epoch},
                      {"changing", status.changing},
                      {"shards", status.shards},
                      {"aggregator", status.aggregator_url},
                      {"publisher", status.publisher_url},
                      {"uploadRelay", status.relay_url},
                      {"maxBodyBytes", status.max_body_bytes},
                      {"sui", ordered_json::parse(to_json(status.chain))},
                      {"blobs", status.blobs},
                      {"bytes", status.bytes},
                      {"blobBytes", status.blob_bytes},
                      {"sliversFetched", status.slivers_fetched},
                      {"sliversRebuilt", status.slivers_rebuilt},
                      {"blobsDecoded", status.blobs_decoded},
                      {"beyondHealing", lost_to_json(status.lost)},
                      {"ledgerFaults", ordered_json::parse(faults_to_json(status.ledger_faults))},
                      {"nodes", std::move(nodes)}};
  return out.dump();
}

Status serve_until_signalled(const LocalnetConfig& config, World world,
                             const std::function<void(const Localnet&)>& started) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  if (int problem = pthread_sigmask(SIG_BLOCK, &ends, nullptr); problem != 0)
    return error_from_errno(problem, "block signals");
  WFS_ASSIGN(auto network, Localnet::start(config, world));
  if (started) started(*network);
  int received = 0;
  if (int problem = sigwait(&ends, &received); problem != 0) return error_from_errno(problem, "wait for signals");
  log_info("local network: stopping");
  return {};
}

}  // namespace walrusfs::localnet
