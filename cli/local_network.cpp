#include "cli/local_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "base/rng.h"
#include "cli/exit_code.h"
#include "localnet/localnet.h"

extern char** environ;

namespace walrusfs::cli {
namespace {

constexpr Millis kStartPatience{600'000};  // it looks through all that its nodes keep

// Of somebody else's: the first start of a network takes no longer, and the others have a file that tells of them.
constexpr Millis kFirstStartPatience{60'000};
constexpr Millis kStopPatience{30'000};
constexpr Millis kLook{50};

Result<LocalNetworkState> running_network(Files& files, const std::string& folder) {
  WFS_ASSIGN(const localnet::LocalnetState found, localnet::find_running(files, folder));
  LocalNetworkState state;
  state.pid = static_cast<int>(found.pid);
  state.shards = found.shards;
  state.max_body_bytes = found.max_body_bytes;
  state.aggregator_url = found.aggregator_url;
  state.publisher_url = found.publisher_url;
  return state;
}

// A program of its own, not a fork: it must not inherit the locks and sockets of a mount.
Result<pid_t> spawn_network(const LocalNetworkOptions& options, const std::string& log_path) {
  const std::string nodes = std::to_string(options.nodes);
  const std::string shards = std::to_string(options.shards);
  const std::string max_body = std::to_string(options.max_body_bytes);
  const std::string epoch = std::to_string(options.epoch_seconds);
  const char* argv[] = {"walrusfs", "localnet", "run", "--folder", options.folder.c_str(), "--nodes", nodes.c_str(),
                        "--shards", shards.c_str(), "--max-body", max_body.c_str(), "--epoch-seconds", epoch.c_str(),
                        nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, "/proc/self/exe", &actions, &attributes, const_cast<char* const*>(argv), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return error_from_errno(failed, "start the local network, whose log is " + log_path);
  return child;
}

Result<localnet::Tip> to_tip(const LocalServicesConfig& from) {
  if (from.relay_tip_address.empty()) return localnet::Tip();
  localnet::TipConfig tip;
  auto address = sui::Address::parse(from.relay_tip_address);
  if (!address) return Error(Code::kInvalidArgument, "localnet.relay_tip_address: " + address.error().message());
  tip.address = *address;
  tip.kind = localnet::ConstTip{from.relay_tip};
  if (from.relay_tip_per_kib > 0) tip.kind = localnet::LinearTip{from.relay_tip, from.relay_tip_per_kib};
  return localnet::Tip(tip);
}

Result<localnet::JwtOptions> to_jwt(const LocalServicesConfig& from) {
  localnet::JwtOptions jwt;
  const auto algorithm = parse_jws_algorithm(from.jwt_algorithm);
  if (!algorithm)
    return Error(Code::kInvalidArgument, "localnet.jwt_algorithm: must be HS256, HS384, HS512, ES256, ES384, RS256, "
                                         "RS384, RS512, PS256, PS384, PS512 or EdDSA");
  jwt.secret = from.jwt_secret;
  jwt.algorithm = *algorithm;
  jwt.expiry_window_seconds = static_cast<uint64_t>(from.jwt_window.count()) / 1000;
  jwt.verify_upload = from.jwt_verify_upload;
  return jwt;
}

Result<localnet::ServiceConfig> to_services(const LocalServicesConfig& from) {
  localnet::ServiceConfig services;
  services.aggregator_max_blob_bytes = from.aggregator_max_blob_bytes;
  services.keep_not_found = from.aggregator_keep_404;
  services.all_quilt_tags = from.aggregator_all_quilt_tags;
  WFS_ASSIGN(services.jwt, to_jwt(from));
  services.max_quilt_bytes = from.max_quilt_bytes;
  WFS_ASSIGN(services.relay_tip, to_tip(from));
  services.relay_freshness = from.relay_freshness;
  services.node_tls = from.node_tls;
  return services;
}

Result<localnet::LocalnetConfig> to_config(const LocalNetworkOptions& options) {
  localnet::LocalnetConfig config;
  config.folder = options.folder;
  config.nodes = options.nodes;
  config.shards = options.shards;
  config.max_body_bytes = options.max_body_bytes;
  config.epoch_seconds = options.epoch_seconds;
  WFS_ASSIGN(config.services, to_services(options.services));
  return config;
}

// Of a `localnet run` that could not start.
Code why_it_ended(int outcome) {
  for (const Code code : {Code::kCorrupt, Code::kNoSpace, Code::kNewerVersion, Code::kInvalidArgument})
    if (WIFEXITED(outcome) && WEXITSTATUS(outcome) == to_exit(code)) return code;
  return Code::kUnavailable;
}

// What a process wrote last before it ended, without the name that its own errors begin with.
std::string last_line(Files& files, const std::string& log_path) {
  constexpr uint64_t kLogBytes = 16 << 20;
  auto log = read_file(files, log_path, kLogBytes);
  if (!log.ok()) return "it left no log";
  std::string_view text = as_text(*log);
  while (text.ends_with('\n')) text.remove_suffix(1);
  text.remove_prefix(text.rfind('\n') + 1);
  constexpr std::string_view kOwnName = "walrusfs: ";
  if (text.starts_with(kOwnName)) text.remove_prefix(kOwnName.size());
  return std::string(text);
}

// Whether no file tells of a network there.
bool is_nowhere(Files& files, const std::string& folder) {
  const auto state = localnet::read_state(files, folder);
  return !state.ok() && state.error().code() == Code::kNotFound;
}

}  // namespace

bool keep_settings_of_existing(Files& files, LocalNetworkOptions& options) {
  const auto before = localnet::read_state(files, options.folder);
  if (!before.ok()) return false;
  options.nodes = static_cast<uint32_t>(before->nodes.size());
  options.shards = before->shards;
  options.max_body_bytes = before->max_body_bytes;
  return true;
}

Result<LocalNetworkState> local_network_state(Files& files, const std::string& folder) {
  WFS_ASSIGN(LocalNetworkState state, running_network(files, folder));
  WFS_ASSIGN(state.json, localnet::fetch_status_json(files, folder));
  return state;
}

Result<LocalNetworkState> ensure_local_network(Files& files, Clock& clock, const LocalNetworkOptions& options) {
  if (auto state = local_network_state(files, options.folder); state.ok() || state.error().code() != Code::kNotFound)
    return state;
  WFS_TRY(files.make_directories(options.folder));
  const std::string log_path = options.folder + "/localnet.log";
  WFS_ASSIGN(const pid_t child, spawn_network(options, log_path));
  const Deadline deadline = clock.in(kStartPatience), first_start = clock.in(kFirstStartPatience);
  bool another_runs = false;
  while (!clock.passed(deadline)) {
    auto state = local_network_state(files, options.folder);
    if (state.ok()) return state;
    if (another_runs && clock.passed(first_start) && is_nowhere(files, options.folder)) return state;
    int outcome = 0;
    // Two mounts may start it at the same moment: the lock lets one through, the other's child ends and
    // finds the first one's network a little later.
    if (waitpid(child, &outcome, WNOHANG) == child) {
      another_runs = WEXITSTATUS(outcome) == static_cast<int>(Exit::kBusy);
      if (!another_runs)
        return Error(why_it_ended(outcome), "the local network did not start: " + last_line(files, log_path));
    }
    clock.sleep_for(kLook);
  }
  return Error(Code::kTimeout, "the local network does not answer; see " + log_path);
}

Status stop_local_network(Files& files, Clock& clock, const std::string& folder) {
  WFS_ASSIGN(const LocalNetworkState state, local_network_state(files, folder));
  if (kill(state.pid, SIGTERM) != 0) return error_from_errno(errno, fmt::format("stop process {}", state.pid));
  const Deadline deadline = clock.in(kStopPatience);
  while (!clock.passed(deadline)) {
    // Its lock tells; the process itself may wait as a zombie for a parent that is busy.
    if (auto left = local_network_state(files, folder); !left.ok() && left.error().code() == Code::kNotFound) return {};
    clock.sleep_for(kLook);
  }
  return Error(Code::kTimeout, fmt::format("process {} of the local network does not end", state.pid));
}

Status serve_local_network(const LocalNetworkOptions& options, const std::function<void()>& on_ready) {
  WFS_ASSIGN(const localnet::LocalnetConfig config, to_config(options));
  return localnet::serve_until_signalled(
      config, {system_files(), system_clock(), system_rng()}, [&](const localnet::Localnet& network) {
        const auto state = network.state();
        log_info("the local network runs: aggregator {}, publisher {}", state.aggregator_url, state.publisher_url);
        on_ready();
      });
}

Result<size_t> add_local_node(Files& files, const std::string& folder, std::optional<uint64_t> frost) {
  return localnet::control_add_node(files, folder, frost);
}

Status remove_local_node(Files& files, const std::string& folder, size_t node) {
  return localnet::control_node(files, folder, node, "remove");
}

Status stake_with_local_node(Files& files, const std::string& folder, size_t node, uint64_t frost) {
  return localnet::control_stake(files, folder, node, frost);
}

Result<std::string> advance_local_epoch(Files& files, const std::string& folder) {
  return localnet::control_advance_epoch(files, folder);
}

Status control_local_node(Files& files, const std::string& folder, size_t node, bool run) {
  return localnet::control_node(files, folder, node, run ? "start" : "stop");
}

Result<std::string> local_faucet(Files& files, const std::string& folder, const std::string& address, uint64_t mist,
                                 uint64_t frost) {
  return localnet::control_faucet(files, folder, {address, mist, frost});
}

}  // namespace walrusfs::cli
