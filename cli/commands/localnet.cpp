#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/commands/commands.h"
#include "cli/config.h"
#include "cli/local_network.h"
#include "cli/quantity.h"

namespace walrusfs::cli {
namespace {

struct LocalnetArguments {
  std::string folder;
  std::optional<uint32_t> nodes, shards, epoch_seconds;
  std::optional<std::string> stake;
  std::string max_body;
  size_t node = 0;
  std::string address, sui = "10", wal = "10";  // of the faucet
};

// Nothing that was asked for is passed over in silence.
Status check_same(const LocalnetArguments& wanted, const LocalNetworkOptions& existing) {
  if (wanted.nodes.value_or(existing.nodes) == existing.nodes &&
      wanted.shards.value_or(existing.shards) == existing.shards)
    return {};
  return Error(Code::kInvalidArgument,
               fmt::format("the network in {} has {} nodes and {} shards; --nodes and --shards are for a new one "
                           "(another --folder). A node more: walrusfs localnet add-node",
                           existing.folder, existing.nodes, existing.shards));
}

// What the command line leaves open comes from the network that is there, or from the configuration.
Result<LocalNetworkOptions> resolve(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const Config config, load_config(context.places.config, {}));
  LocalNetworkOptions options{
      .nodes = config.localnet_nodes, .shards = config.localnet_shards, .services = config.localnet_services};
  options.epoch_seconds = arguments.epoch_seconds.value_or(config.localnet_epoch_seconds);
  options.folder = arguments.folder.empty() ? context.places.localnet() : absolute_path(arguments.folder);
  if (keep_settings_of_existing(system_files(), options)) WFS_TRY(check_same(arguments, options));
  if (arguments.nodes) options.nodes = *arguments.nodes;
  if (arguments.shards) options.shards = *arguments.shards;
  if (!arguments.max_body.empty()) {
    WFS_ASSIGN(options.max_body_bytes, parse_bytes(arguments.max_body));
  }
  return options;
}

constexpr uint64_t kFrostPerWal = 1'000'000'000;

std::string wal_text(const nlohmann::json& amounts, const char* name) {
  return fmt::format("{:.6f} WAL", static_cast<double>(amounts.value(name, uint64_t{0})) / double{kFrostPerWal});
}

// What it got for the last epoch that it was in the committee.
void print_rewards(const nlohmann::json& rewards) {
  if (const auto epoch = rewards.value("lastEpoch", uint64_t{0}); epoch > 0)
    fmt::print(", paid {} for epoch {}", wal_text(rewards, "lastPaidFrost"), epoch);
  if (rewards.value("lastWithheldFrost", uint64_t{0}) > 0)
    fmt::print(" (PENALTY: {} withheld)", wal_text(rewards, "lastWithheldFrost"));
}

void print_duties(const nlohmann::json& node) {
  const uint64_t now = node.value("stakeFrost", uint64_t{0}), next = node.value("nextStakeFrost", uint64_t{0});
  fmt::print(", {} WAL staked", now / kFrostPerWal);
  if (next != now) fmt::print(" ({} at the next choice)", next / kFrostPerWal);
  const auto challenges = node.value("challenges", nlohmann::json::object());
  const auto failed = challenges.value("failed", uint64_t{0}), passed = challenges.value("passed", uint64_t{0});
  if (failed > 0)
    fmt::print(", FAILED {} of {} challenges{}", failed, failed + passed,
               challenges.value("losesRewards", false) ? " and loses its rewards" : "");
  else if (passed > 0)
    fmt::print(", passed {} challenges", passed);
  print_rewards(node.value("rewards", nlohmann::json::object()));
}

void print_healing(const nlohmann::json& healing) {
  if (const auto lacking = healing.value("blobsLacking", uint64_t{0}); lacking > 0)
    fmt::print(", HEALING: {} blobs are not whole{}", lacking,
               healing.value("blobsBeyondHealing", uint64_t{0}) > 0 ? ", some BEYOND HEALING" : "");
  if (const auto rebuilt = healing.value("bytesRebuilt", uint64_t{0}); rebuilt > 0)
    fmt::print(", rebuilt {} from {} that others sent", format_bytes(rebuilt),
               format_bytes(healing.value("bytesMoved", uint64_t{0})));
  if (const auto liars = healing.value("liarsFound", uint64_t{0}); liars > 0)
    fmt::print(", LIARS met: {}", liars);
}

// Blobs of which so much is gone that nobody can have them, by name.
void print_lost(const nlohmann::json& lost) {
  const auto count = lost.value("count", uint64_t{0});
  if (count == 0) return;
  fmt::print("  BEYOND HEALING: of {} blob{} too much is gone; {} read and healed again when nodes come back with more "
             "of it.\n", count, count == 1 ? "" : "s", count == 1 ? "it is" : "they are");
  const auto blobs = lost.value("blobs", nlohmann::json::array());
  for (const auto& blob : blobs) {
    const auto primary = blob.value("primary", nlohmann::json::object());
    const auto secondary = blob.value("secondary", nlohmann::json::object());
    fmt::print("    {}  {} primary slivers are left of {} needed, {} secondary ones of {}\n",
               blob.value("blobId", ""), primary.value("found", 0), primary.value("needed", 0),
               secondary.value("found", 0), secondary.value("needed", 0));
  }
  if (count > blobs.size()) fmt::print("    and {} more\n", count - blobs.size());
}

// " FAULTS: slow (3 struck), wrong (rate 0.5, 0 struck)"
std::string faults_text(const nlohmann::json& faults) {
  std::string text;
  for (const auto& fault : faults) {
    const double rate = fault.value("rate", 1.0);
    text += text.empty() ? " FAULTS: " : ", ";
    text += fmt::format("{} ({}{} struck{})", fault.value("kind", ""), rate < 1 ? fmt::format("rate {}, ", rate) : "",
                        fault.value("struck", uint64_t{0}), fault.value("over", false) ? ", over" : "");
  }
  return text;
}

// What `localnet status --json` tells, for people.
void print_contents(const nlohmann::json& network) {
  fmt::print("  relay      {}\n", network.value("uploadRelay", ""));
  const uint64_t stored = network.value("bytes", uint64_t{0}), handed_in = network.value("blobBytes", uint64_t{0});
  fmt::print("  folder     {}\n", network.value("folder", ""));
  fmt::print("  epoch      {}{}\n", network.value("epoch", 0),
             network.value("changing", false) ? ", beginning: nodes copy the shards that they gained" : "");
  fmt::print("  blobs      {}, {}", network.value("blobs", uint64_t{0}), format_bytes(handed_in));
  if (handed_in > 0)
    fmt::print("; {} on disk, {:.1f} times as much", format_bytes(stored),
               static_cast<double>(stored) / static_cast<double>(handed_in));
  fmt::print("\n");
  print_lost(network.value("beyondHealing", nlohmann::json::object()));
  if (const auto faults = faults_text(network.value("ledgerFaults", nlohmann::json::array())); !faults.empty())
    fmt::print("  ledger    {}\n", faults);
  size_t number = 0;
  for (const auto& node : network.value("nodes", nlohmann::json::array())) {
    const bool running = node.value("running", false);
    fmt::print("  node {:<5} {}, {} of {} shards, {}", number++, running ? "runs" : "STOPPED", node.value("shards", 0),
               network.value("shards", 0), node.value("url", ""));
    if (running)
      fmt::print(", {} blobs, {}", node.value("blobs", uint64_t{0}), format_bytes(node.value("bytes", uint64_t{0})));
    if (const auto damaged = node.value("damagedFound", uint64_t{0}); damaged > 0)
      fmt::print(", DAMAGED files found: {}", damaged);
    print_healing(node.value("healing", nlohmann::json::object()));
    print_duties(node);
    fmt::print("{}\n", faults_text(node.value("faults", nlohmann::json::array())));
  }
}

// What a client of its chain is told, above all the official ones.
void print_chain(const nlohmann::json& network) {
  const auto chain = network.value("sui", nlohmann::json::object());
  const auto package = chain.value("packageConfig", nlohmann::json::object());
  fmt::print("  Sui RPC    {}\n", chain.value("rpc", nlohmann::json::object()).value("url", ""));
  fmt::print("  system     {}\n", package.value("systemObjectId", ""));
  fmt::print("  staking    {}\n", package.value("stakingPoolId", ""));
  for (const auto& exchange : package.value("exchangeIds", nlohmann::json::array()))
    fmt::print("  exchange   {}\n", exchange.get<std::string>());
  fmt::print("  WAL        {}\n", chain.value("walType", ""));
  fmt::print("  wallet     {}\n", chain.value("wallet", ""));
}

void print_network(const LocalNetworkState& state, const Context& context) {
  if (context.json) {
    fmt::print("{}\n", state.json);
    return;
  }
  fmt::print("The local network runs (process {}).\n  aggregator {}\n  publisher  {}\n", state.pid,
             state.aggregator_url, state.publisher_url);
  const auto details = nlohmann::json::parse(state.json, nullptr, false);
  if (!details.is_object()) return;
  print_contents(details);
  print_chain(details);
}

Result<int> run_start(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const auto state, ensure_local_network(system_files(), system_clock(), options));
  print_network(state, context);
  return 0;
}

Result<int> run_run(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  log_setup(LogLevel::kInfo);
  WFS_TRY(serve_local_network(options, [] {}));
  return 0;
}

Result<int> run_stop(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_TRY(stop_local_network(system_files(), system_clock(), options.folder));
  fmt::print("The local network is stopped; what it stores stays in {}.\n", options.folder);
  return 0;
}

Result<int> run_status(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const auto state, local_network_state(system_files(), options.folder));
  print_network(state, context);
  return 0;
}

Result<int> run_node(const LocalnetArguments& arguments, const Context& context, bool run) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_TRY(control_local_node(system_files(), options.folder, arguments.node, run));
  fmt::print("Node {} is {}.\n", arguments.node, run ? "started" : "stopped");
  return 0;
}
Result<int> run_stop_node(const LocalnetArguments& arguments, const Context& context) {
  return run_node(arguments, context, false);
}
Result<int> run_start_node(const LocalnetArguments& arguments, const Context& context) {
  return run_node(arguments, context, true);
}

// Whether the epoch changes by itself is the configuration's affair; this is by hand.
Result<int> run_advance_epoch(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const std::string answer, advance_local_epoch(system_files(), options.folder));
  if (context.json) {
    fmt::print("{}\n", answer);
    return 0;
  }
  const auto told = nlohmann::json::parse(answer, nullptr, false);
  if (!told.is_object() || !told.contains("epoch"))
    return Error(Code::kInternal, "the local network's answer makes no sense: " + answer);
  fmt::print("It is epoch {} now; its nodes have the shards that are theirs.\n", told.value("epoch", 0));
  print_lost(told.value("beyondHealing", nlohmann::json::object()));
  return 0;
}

Result<int> run_add_node(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  std::optional<uint64_t> frost;
  if (arguments.stake) {
    WFS_ASSIGN(frost, parse_coins(*arguments.stake));
  }
  WFS_ASSIGN(const size_t node, add_local_node(system_files(), options.folder, frost));
  if (context.json) {
    fmt::print("{}\n", nlohmann::json({{"node", node}}).dump());
  } else {
    fmt::print("Node {} runs. It gets shards in the next epoch (walrusfs localnet advance-epoch).\n", node);
  }
  return 0;
}

Result<int> run_remove_node(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_TRY(remove_local_node(system_files(), options.folder, arguments.node));
  fmt::print("Node {} leaves: the next epoch's committee is without it (walrusfs localnet advance-epoch).\n",
             arguments.node);
  return 0;
}

Result<int> run_stake(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const uint64_t frost, parse_coins(arguments.wal));
  WFS_TRY(stake_with_local_node(system_files(), options.folder, arguments.node, frost));
  fmt::print("Node {} has {} WAL more stake. It counts when the next committee is chosen.\n", arguments.node,
             arguments.wal);
  return 0;
}

Result<int> run_faucet(const LocalnetArguments& arguments, const Context& context) {
  WFS_ASSIGN(const auto options, resolve(arguments, context));
  WFS_ASSIGN(const uint64_t mist, parse_coins(arguments.sui));
  WFS_ASSIGN(const uint64_t frost, parse_coins(arguments.wal));
  WFS_ASSIGN(const auto digest, local_faucet(system_files(), options.folder, arguments.address, mist, frost));
  if (context.json) {
    fmt::print("{}\n", nlohmann::json({{"digest", digest}, {"mist", mist}, {"frost", frost}}).dump());
  } else {
    fmt::print("{} has {} SUI and {} WAL more.\n", arguments.address, arguments.sui, arguments.wal);
  }
  return 0;
}

using Runner = Result<int> (*)(const LocalnetArguments&, const Context&);

// Which further options an action has.
enum class Takes { kNothing, kNetwork, kNode, kNewNode, kStake, kFaucet };

void add_action(CLI::App& parent, Chosen& chosen, const std::string& name, const std::string& help, Runner runner,
                Takes takes) {
  auto arguments = std::make_shared<LocalnetArguments>();
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("--folder", arguments->folder, "where its state is kept (default: beside the volumes)");
  if (takes == Takes::kNode || takes == Takes::kStake)
    command->add_option("node", arguments->node, "number of the node, from 0")
        ->required()
        ->check(CLI::NonNegativeNumber);
  if (takes == Takes::kStake) command->add_option("wal", arguments->wal, "how much, at least 1")->required();
  if (takes == Takes::kNewNode)
    command->add_option("--stake", arguments->stake, "WAL (default: as much as the others have on average)");
  if (takes == Takes::kNetwork) {
    command->add_option("--nodes", arguments->nodes, "storage nodes of a new network (default: 5)")
        ->check(CLI::Range(kFewestLocalNodes, kMostLocalNodes));
    command->add_option("--shards", arguments->shards, "shards of a new network, all nodes together (default: 301)")
        ->check(CLI::Range(kFewestLocalShards, kMostLocalShards));
    command->add_option("--max-body", arguments->max_body,
                        "largest blob the publisher takes (default: as before; a new network: 10MiB, as official)");
    command->add_option("--epoch-seconds", arguments->epoch_seconds,
                        "epochs end by themselves after that long (default: localnet.epoch_seconds; 0: never)");
  }
  if (takes == Takes::kFaucet) {
    command->add_option("address", arguments->address, "who gets the coins: 0x and 64 hex digits")->required();
    command->add_option("--sui", arguments->sui, "SUI, for gas (default: 10)");
    command->add_option("--wal", arguments->wal, "WAL, for storage (default: 10)");
  }
  command->callback([arguments, runner, &chosen] {
    chosen = [arguments, runner](const Context& context) { return runner(*arguments, context); };
  });
}

}  // namespace

void add_localnet(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("localnet", "the embedded Walrus network of this machine");
  command->require_subcommand(1);
  command->footer(
      "A mount of a volume with backend 'local' starts it by itself and leaves it running.\n"
      "Examples:\n  walrusfs localnet start\n  walrusfs localnet status --json | jq .nodes\n  walrusfs localnet stop");
  add_action(*command, chosen, "start", "start it in the background, unless it runs", run_start, Takes::kNetwork);
  add_action(*command, chosen, "run", "run it in the foreground", run_run, Takes::kNetwork);
  add_action(*command, chosen, "stop", "stop it; what is stored stays", run_stop, Takes::kNothing);
  add_action(*command, chosen, "status", "URLs, nodes, bytes, and what clients of its chain need", run_status,
             Takes::kNothing);
  add_action(*command, chosen, "faucet", "coins of its chain for an address", run_faucet, Takes::kFaucet);
  add_action(*command, chosen, "advance-epoch", "end the epoch: the next committee takes over, what expired goes",
             run_advance_epoch, Takes::kNothing);
  add_action(*command, chosen, "add-node", "a node more, from the next epoch on", run_add_node, Takes::kNewNode);
  add_action(*command, chosen, "remove-node", "a node less, from the next epoch on", run_remove_node, Takes::kNode);
  add_action(*command, chosen, "stake", "new WAL staked with a node: more shards for it in the next committee",
             run_stake, Takes::kStake);
  add_action(*command, chosen, "stop-node", "a fault to try: one node is gone", run_stop_node, Takes::kNode);
  add_action(*command, chosen, "start-node", "and it is back", run_start_node, Takes::kNode);
  add_localnet_fault(*command, chosen);
}

}  // namespace walrusfs::cli
